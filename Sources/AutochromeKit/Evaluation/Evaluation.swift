import Colorization
import Foundation
import FramePipeline
import Imaging
import Locking
import Media
import Quality

/// How good a network is on pictures of which the colors are known: takes their color away, gives it
/// back as a job would, each picture for itself, and compares.
public struct Evaluation: Sendable {
  /// What to read: a folder of color pictures, a pattern, or a film.
  public var input: String
  /// The network and how it is used; what concerns sound, shots and encoders has no effect. `frames`
  /// limits the pictures that are measured.
  public var settings: Settings
  /// A row of figures for each; empty for the settings' own.
  public var dials: [ColorDial] = []
  /// Takes only every so many pictures, from the first.
  public var every = 1
  /// A file with the probabilities of the 313 bins that weigh rare colors; nil for those of the default
  /// network.
  public var prior: String?
  /// Where a sheet of gray, results and truth goes, if wanted.
  public var sheet: String?

  /// Pictures of which none is more colorful than this are black-and-white film, with the noise of its
  /// encoding.
  static let grayColorfulness = 3.0

  /// Measures `input`; nothing is opened before `run`.
  public init(input: String, settings: Settings) {
    self.input = input
    self.settings = settings
  }

  /// Runs over all pictures, on the threads of the settings. The figures do not depend on their number.
  /// - Parameters:
  ///   - interruption: the user's wish to stop.
  ///   - onEvent: told of progress and warnings, from several threads, one call at a time.
  /// - Throws: `AutochromeError`; pictures that are damaged are an error in the end.
  public func run(
    interruption: Interruption = Interruption(),
    onEvent: @escaping @Sendable (JobEvent) -> Void = { _ in }
  ) throws(AutochromeError) -> EvaluationReport {
    try AutochromeError.wrapping { try measure(interruption, onEvent) }
  }

  /// What comes out at the pipeline's end, gathered in the order of the pictures.
  private struct Sums {
    var gray = Figures()
    var results: [Figures]
    var largestColorfulness = 0.0
  }

  private func measure(
    _ interruption: Interruption, _ onEvent: @escaping @Sendable (JobEvent) -> Void
  ) throws -> EvaluationReport {
    let prior = try prior.map { try BinPrior(contentsOf: $0) } ?? BinPrior.shipped()
    let colorizers = try makeColorizers()
    let log = JobLog(onEvent: onEvent)
    let blocking = Media.Interruption()
    let token = CancellationToken()
    interruption.observe { count in
      token.cancel(count == 1 ? .drain : .abort)
      blocking.request()
    }
    defer { interruption.observe(nil) }
    let source = try openSource(blocking, log)
    let expected = source.info.estimatedFrameCount.map { ($0 + every - 1) / every }
    let contacts = sheet.map { _ in ContactSheet(expected: expected, arrangement: .rows) }
    let sums = Locked(Sums(results: colorizers.map { _ in Figures() }))

    let pipeline = Pipeline(
      permits: settings.threads + 2, threads: settings.threads, sourceName: "decode",
      source: { try nextPicture(of: source) }
    ).parallel("measure") { frame in
      do {
        return try PictureTrial(frame, colorizers: colorizers)
      } catch let error as QualityError {
        throw AutochromeError(.badData, "Picture \(Self.name(frame)): \(error).")
      }
    }
    let summary = try pipeline.run(
      cancellation: token, sinkName: "gather",
      onProgress: { log.progress($0.elapsed, framesTotal: expected) },
      sink: { trial in
        try contacts?.offer { try trial.thumbnails() }
        sums.withLock { sums in
          sums.gray.add(trial.grayFigures)
          for (index, figures) in trial.figures.enumerated() { sums.results[index].add(figures) }
          sums.largestColorfulness = max(
            sums.largestColorfulness, trial.grayFigures.referenceColorfulness)
        }
        log.wrote(frameIndex: log.framesDone, startsShot: false)
      })
    guard summary.ending == .completed else {
      throw AutochromeError(
        .interrupted, "Stopped after \(log.framesDone) pictures; no figures were made.")
    }
    guard source.damagedFrameCount == 0 else {
      throw AutochromeError(
        .badData,
        "\(source.damagedFrameCount) pictures of '\(input)' are damaged; figures without them would "
          + "not compare with others. Take them out.")
    }
    let found = sums.withLock { $0 }
    let hasTruth = found.largestColorfulness >= Self.grayColorfulness
    if let sheet {
      // Without the truth, which comes last, where there is none.
      try contacts?.write(
        to: sheet, thumbnailsPerSample: hasTruth ? .max : 1 + colorizers.count)
    }
    return try report(
      found, hasTruth: hasTruth, prior: prior, colorizers: colorizers, log: log, summary: summary)
  }

  private func report(
    _ sums: Sums, hasTruth: Bool, prior: BinPrior, colorizers: [FrameColorizer], log: JobLog,
    summary: PipelineSummary
  ) throws -> EvaluationReport {
    let gray =
      hasTruth
      ? try EvaluationReport.Row(name: "gray", figures: sums.gray, prior: prior.values) : nil
    let rows = try zip(colorizers, sums.results).map { colorizer, figures in
      var row = try EvaluationReport.Row(
        name: "vividness \(colorizer.vividness), T \(colorizer.temperature)", figures: figures,
        prior: prior.values, hasTruth: hasTruth, gray: gray)
      row.vividness = colorizer.vividness
      row.temperature = colorizer.temperature
      return row
    }
    return EvaluationReport(
      input: input, network: colorizers[0].network.title, pictures: sums.gray.pictures,
      hasTruth: hasTruth, prior: prior.origin, priorIsGiven: self.prior != nil,
      truthColorfulness: sums.gray.referenceColorfulness, gray: gray, rows: rows,
      published: hasTruth ? PublishedRow.zhang2016 : [], seconds: summary.elapsed.seconds,
      warnings: log.warnings)
  }

  /// One for each setting of the dials, with one network.
  private func makeColorizers() throws -> [FrameColorizer] {
    let first = try JobParts.openColorizer(settings)
    guard !dials.isEmpty else { return [first] }
    return try dials.map { dial in
      var options = FrameColorizer.Options(settings)
      options.vividness = dial.vividness ?? options.vividness
      options.temperature = dial.temperature ?? options.temperature
      return try FrameColorizer(network: first.network, options: options)
    }
  }

  private func openSource(_ interruption: Media.Interruption, _ log: JobLog) throws
    -> any FrameSource
  {
    guard every >= 1 else {
      throw AutochromeError(.usage, "--every \(every) is less than 1.")
    }
    var settings = settings
    settings.audio = .none
    settings.extras = .none
    settings.frames = settings.frames.map { ($0 - 1) * every + 1 }
    return try JobParts.openSource(
      input: input, settings: settings, interruption: interruption, warn: { log.warn($0) })
  }

  private func nextPicture(of source: any FrameSource) throws -> Frame? {
    while let element = try source.next() {
      if let frame = element.frame, frame.index % every == 0 { return frame }
    }
    return nil
  }

  private static func name(_ frame: Frame) -> String {
    frame.fileName.map { "'\($0)'" } ?? "\(frame.index)"
  }
}
