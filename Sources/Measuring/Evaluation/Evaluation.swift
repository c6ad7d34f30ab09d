package import AutochromeKit
package import Colorization
import Foundation
import Imaging
import Locking
import Media
import Quality

/// How good a network is on pictures of which the colors are known: takes their color away, gives it
/// back as a job would, each picture for itself, and compares.
package struct Evaluation: Sendable {
  /// What to read: a folder of color pictures, a pattern, or a film.
  package var input: String
  /// The network and how it is used; what concerns sound, shots and encoders has no effect. `frames`
  /// limits the pictures that are measured.
  package var settings: Settings
  /// A row of figures for each; empty for that of the settings alone.
  package var looks: [Look] = []
  /// Takes only every so many pictures, from the first.
  package var every = 1
  /// A file with the probabilities of the 313 bins that weigh rare colors; nil for those of the default
  /// network.
  package var prior: String?
  /// Where a sheet of gray, results and truth goes, if wanted.
  package var sheet: String?
  /// A classifier that is asked what it recognizes in the original, gray and colorized pictures, if wanted.
  package var semantic: String?
  /// A file that says what each picture shows; nil to go by the name of the folder, or by the originals.
  package var labels: String?
  /// Where a page with a colorization Turing test goes, if wanted.
  package var turing: String?
  /// Whether a sheet or page that exists may be replaced.
  package var overwrite = false

  /// Pictures on a sheet.
  private static let sheetRows = 8

  /// Measures `input`; nothing is opened before `run`.
  package init(input: String, settings: Settings) {
    self.input = input
    self.settings = settings
  }

  /// Runs over all pictures, on the threads of the settings. The figures do not depend on their number.
  /// - Parameters:
  ///   - interruption: the user's wish to stop.
  ///   - onEvent: told of progress and warnings, from several threads, one call at a time.
  /// - Throws: `AutochromeError`; pictures that are damaged are an error in the end.
  package func run(
    interruption: AutochromeKit.Interruption = AutochromeKit.Interruption(),
    onEvent: @escaping @Sendable (JobEvent) -> Void = { _ in }
  ) throws(AutochromeError) -> EvaluationReport {
    try MeasuringRun.with(interruption, onEvent: onEvent) { run in
      if let sheet { try Thumbnail.checkName(sheet) }
      try checkJudges()
      var files = CommandFiles()
      files.reads(input, as: CommandFiles.input)
      files.reads(prior, as: "--prior")
      files.reads(semantic, as: "--semantic")
      files.reads(labels, as: "--labels")
      try files.reads(settings)
      files.writes(sheet, as: "--sheet")
      files.writes(turing, as: "--turing")
      try files.check()
      let sheet = try sheet.map { try files.place($0, overwrite: overwrite) }
      let page = try turing.map { try files.place($0, overwrite: overwrite) }
      return try measure(run, sheet: sheet, page: page)
    }
  }

  private func checkJudges() throws(AutochromeError) {
    guard labels == nil || semantic != nil else {
      throw AutochromeError(
        .usage,
        "--labels says what a classifier should recognize; name the classifier with --semantic.")
    }
    guard turing == nil || looks.count < 2 else {
      throw AutochromeError(
        .usage,
        "--turing shows the pictures in one look, but --dials has \(looks.count); give one vividness."
      )
    }
  }

  /// What comes out at the pipeline's end, gathered in the order of the pictures.
  private struct Sums {
    var gray = Figures()
    var results: [Figures]
    var semantic = SemanticSums()
    /// Whether any picture has color, be it a single one.
    var hasTruth = false
    /// ln of the probability of the truth's small chroma, and how many numbers that has.
    var likelihood = (nats: 0.0, count: 0)
  }

  private func measure(
    _ run: MeasuringRun, sheet: SideFile?, page: SideFile?
  ) throws -> EvaluationReport {
    let judge = try semantic.map {
      try SemanticJudge(classifier: $0, labels: labels, input: input)
    }
    let prior = try BinPrior.given(prior)
    let looks = looks.isEmpty ? [settings.look] : looks
    let colorizer = try JobParts.openColorizer(settings, looks: looks)
    let network = colorizer.network
    let source = try open(run)
    let expected = source.info.estimatedFrameCount.map { ($0 + every - 1) / every }
    let samples = EvenSamples<[ContactSheet.Cell]>(expected: expected, limit: Self.sheetRows)
    let pairs = page.map { _ in TuringPairs(expected: expected) }
    let info = source.info
    let sums = Locked(Sums(results: looks.map { _ in Figures() }))
    let elapsed = try run.measure(
      "pictures", expected: expected, threads: settings.threads,
      next: { try nextPicture(of: source) },
      by: { frame in
        do {
          let trial = try PictureTrial(frame, colorizer: colorizer, looks: looks)
          return (trial, try judge?.verdicts(of: trial))
        } catch let error as QualityError {
          throw AutochromeError(.badData, "Picture \(Self.name(frame)): \(error).")
        }
      },
      gather: { trial, verdicts in
        try pairs?.offer(trial, name: trial.frame.fileName ?? "frame \(trial.frame.index)")
        if sheet != nil {
          try samples.offer {
            try trial.row(
              captioned: SpreadFrame(frame: trial.frame, seconds: info.seconds(of: trial.frame))
                .caption)
          }
        }
        sums.withLock { sums in
          sums.gray.add(trial.grayFigures)
          for (index, figures) in trial.figures.enumerated() { sums.results[index].add(figures) }
          if let verdicts { sums.semantic.add(verdicts) }
          sums.hasTruth = sums.hasTruth || trial.content != .gray
          if let judged = trial.judged {
            sums.likelihood.nats += judged.logLikelihood
            sums.likelihood.count += judged.drawnCount
          }
        }
        return false
      })
    guard source.damagedFrameCount == 0 else {
      throw AutochromeError(
        .badData,
        "'\(input)' holds \(counted(source.damagedFrameCount, "damaged picture")); remove them first, because skipping "
          + "them silently would give figures that are not comparable.")
    }
    let found = sums.withLock { $0 }
    let hasTruth = found.hasTruth
    guard hasTruth || (judge == nil && page == nil) else {
      throw AutochromeError(
        .badData,
        "'\(input)' is black and white; \(judge == nil ? "--turing" : "--semantic") compares with the original colors, so it "
          + "needs pictures in color.")
    }
    if let sheet {
      // Without the truth, which comes last, where there is none.
      let columns = 1 + looks.count + (hasTruth ? 1 : 0)
      let headings = [["gray"]] + looks.map { $0.heading(for: network.description) } + [["truth"]]
      try ContactSheet(
        rows: samples.samples.map { Array($0.prefix(columns)) },
        headings: Array(headings.prefix(columns))
      ).write(to: sheet)
    }
    var report = try report(
      found, hasTruth: hasTruth, prior: prior, network: network, looks: looks,
      warnings: run.log.warnings, elapsed: elapsed)
    report.semantic = judge.map { found.semantic.report(of: $0, names: report.rows.map(\.name)) }
    if let page, let pairs {
      let look = report.rows.map(\.name).joined()
      try TuringPage(input: input, network: "\(network.title), \(look)", pairs: pairs.pairs)
        .write(to: page)
    }
    return report
  }

  private func report(
    _ sums: Sums, hasTruth: Bool, prior: BinPrior, network: ColorNetwork, looks: [Look],
    warnings: [String], elapsed: Duration
  ) throws -> EvaluationReport {
    let gray =
      hasTruth
      ? try EvaluationReport.Row(name: "gray", figures: sums.gray, prior: prior.values) : nil
    let rows = try zip(looks, sums.results).map { look, figures in
      let vividness = look.vividness(of: network.description)
      let temperature = look.temperature(of: network.description)
      var row = try EvaluationReport.Row(
        name: "vividness \(vividness), T \(temperature)", figures: figures,
        prior: prior.values, hasTruth: hasTruth, gray: gray)
      row.vividness = vividness
      row.temperature = temperature
      return row
    }
    return EvaluationReport(
      input: input, network: network.title, pictures: sums.gray.pictures,
      hasTruth: hasTruth, prior: prior.origin, priorIsGiven: self.prior != nil,
      truthColorfulness: sums.gray.referenceColorfulness,
      bitsPerDimension: hasTruth && sums.likelihood.count > 0
        ? -sums.likelihood.nats / log(2) / Double(sums.likelihood.count) : nil,
      gray: gray, rows: rows,
      published: hasTruth ? PublishedRow.zhang2016 : [], seconds: elapsed.seconds,
      warnings: warnings)
  }

  private static let mostApart = 1_000_000

  private func open(_ run: MeasuringRun) throws -> any FrameSource {
    guard (1...Self.mostApart).contains(every) else {
      throw AutochromeError(.usage, "--every \(every) is outside of 1…\(Self.mostApart).")
    }
    var settings = settings
    settings.frames = settings.frames.flatMap { frames in
      let (last, isTooMany) = (frames - 1).multipliedReportingOverflow(by: every)
      return isTooMany || last == Int.max ? nil : last + 1
    }
    return try run.open(input, settings: settings)
  }

  private func nextPicture(of source: any FrameSource) throws -> Frame? {
    while let frame = try source.nextFrame() {
      if frame.index % every == 0 { return frame }
    }
    return nil
  }

  private static func name(_ frame: Frame) -> String {
    frame.fileName.map { "'\($0)'" } ?? "\(frame.index)"
  }
}
