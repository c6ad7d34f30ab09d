package import AutochromeKit
import Foundation
import Imaging
import Locking
import Media
import Quality

/// Holds a colorized film or picture against another, frame by frame: against the truth, where the
/// reference is in color, and for steadiness and untouched luma in any case.
package struct Comparison: Sendable {
  /// What the result should be like: a film, a picture, a folder of pictures, or a pattern.
  package var reference: String
  /// What is judged, frame by frame the same.
  package var result: String
  /// Processor threads, limits on what is read, and the list of cuts, if there is one; nothing else of the
  /// settings has an effect.
  package var settings: Settings
  /// A file with the probabilities of the 313 bins; nil for those of the default network.
  package var prior: String?
  /// Where a page for people goes, if wanted.
  package var page: String?
  /// Whether a page that exists may be replaced.
  package var overwrite = false

  package init(reference: String, result: String, settings: Settings) {
    self.reference = reference
    self.result = result
    self.settings = settings
  }

  /// Reads both to their ends. The figures do not depend on the number of threads.
  /// - Parameters:
  ///   - interruption: the user's wish to stop.
  ///   - onEvent: told of progress and warnings, from several threads, one call at a time.
  /// Where one goes on after the other's end, what both have is compared.
  /// - Throws: `AutochromeError`; damage is an error.
  package func run(
    interruption: AutochromeKit.Interruption = AutochromeKit.Interruption(),
    onEvent: @escaping @Sendable (JobEvent) -> Void = { _ in }
  ) throws(AutochromeError) -> ComparisonReport {
    try MeasuringRun.with(interruption, onEvent: onEvent) { run in
      var files = CommandFiles()
      for input in [reference, result] { files.reads(input, as: CommandFiles.input) }
      files.reads(prior, as: "--prior")
      try files.reads(settings)
      files.writes(page, as: "--html")
      try files.check()
      let page = try page.map { try files.place($0, overwrite: overwrite) }
      return try measure(run, page: page)
    }
  }

  /// What is gathered in the order of the frames.
  private struct Sums {
    var figures = Figures()
    var film = FilmFigures()
    var rows: [ComparisonReport.FrameRow] = []
    var identicalFrames = 0
    var luma = LumaDifference()
    var referenceColors: [ColorContent: Int] = [:]
    var size: (width: Int, height: Int)?
    var worst = WorstFrames()
  }

  private func measure(_ run: MeasuringRun, page: SideFile?) throws -> ComparisonReport {
    let prior = try BinPrior.given(prior)
    let list = try ShotList.given(by: settings)
    let sources = try (
      run.open(reference, settings: settings, countsFrames: list?.countsFrames ?? false),
      run.open(result, settings: settings)
    )
    let info = sources.0.info
    let reader = Locked(try list.map { try ShotList.Reader($0, of: info) })
    let sums = Locked(Sums())
    let lengthNote = Locked<String?>(nil)
    let elapsed = try run.measure(
      "frames", expected: sources.0.info.estimatedFrameCount, threads: settings.threads,
      next: {
        let (pair, note) = try nextPair(of: sources)
        if let note { lengthNote.withLock { $0 = note } }
        return pair.map { pair in
          (pair.0, pair.1, reader.withLock { $0?.startsShot(at: pair.0) })
        }
      },
      by: { pair in
        do {
          return try ComparedFrame(pair.0, pair.1, info: info, startsShot: pair.2)
        } catch let error as QualityError {
          throw AutochromeError(.badData, "Frame \(pair.0.index) of '\(result)': \(error).")
        }
      },
      gather: { frame in try sums.withLock { try Self.gather(frame, in: &$0) } })
    for (path, source) in [(reference, sources.0), (result, sources.1)] {
      guard source.damagedFrameCount == 0 else {
        throw AutochromeError(
          .badData,
          "'\(path)' holds \(counted(source.damagedFrameCount, "damaged frame")), so the wrong frames would be "
            + "compared with each other; compare intact files.")
      }
    }
    let found = sums.withLock { $0 }
    let note = lengthNote.withLock { $0 }
    let report = try report(
      found, prior: prior, lengthNote: note, warnings: run.log.warnings, elapsed: elapsed)
    if let page {
      try ComparisonPage(report: report, frames: found.worst.frames).write(to: page)
    }
    return report
  }

  private static func gather(_ frame: ComparedFrame, in sums: inout Sums) throws -> Bool {
    let size = (frame.reference.rgb.width, frame.reference.rgb.height)
    sums.size = sums.size ?? size
    sums.figures.add(frame.figures)
    let step = try sums.film.add(frame)
    if frame.luma.largest == 0 { sums.identicalFrames += 1 }
    sums.luma.add(frame.luma)
    sums.referenceColors[frame.referenceColor, default: 0] += 1
    if step.previousIsFlash, let flash = sums.rows.indices.last {
      sums.rows[flash].startsShot = false
      sums.rows[flash].warpErrorAB = nil
    }
    let hasColor = frame.referenceColor == .color
    let row = ComparisonReport.FrameRow(
      index: frame.index, name: frame.name, seconds: frame.time, startsShot: step.startsShot,
      auc: hasColor ? frame.figures.accuracy.area.map { 100 * $0 } : nil,
      deltaE2000: hasColor ? frame.figures.colorDifference : nil,
      warpErrorAB: step.startsShot
        ? nil : .init(reference: step.referenceWarp, result: step.resultWarp),
      lumaDifference: frame.luma.largest)
    sums.rows.append(row)
    try sums.worst.offer(row, frame.pictures)
    return step.startsShot
  }

  private func report(
    _ sums: Sums, prior: BinPrior, lengthNote: String?, warnings: [String], elapsed: Duration
  ) throws -> ComparisonReport {
    guard let size = sums.size else {
      throw AutochromeError(.badData, "'\(reference)' has no frames to compare.")
    }
    let hasTruth = sums.referenceColors[.color] != nil
    let isToned = sums.referenceColors[.toned] != nil
    let (film, paths) = (sums.film, sums.film.allPaths)
    let starts = sums.rows.indices.filter { sums.rows[$0].startsShot }
    let ends = starts.dropFirst() + [sums.rows.count]
    return ComparisonReport(
      reference: reference, result: result, size: "\(size.width)×\(size.height)",
      frames: sums.rows.count, lengthNote: lengthNote, hasTruth: hasTruth,
      referenceColor: hasTruth ? .color : isToned ? .toned : .gray, prior: prior.origin,
      figures: hasTruth
        ? try EvaluationReport.Row(name: result, figures: sums.figures, prior: prior.values) : nil,
      colorfulness: .init(
        reference: sums.figures.referenceColorfulness, result: sums.figures.colorfulness),
      luma: .init(
        kind: sums.luma.kind, identicalFrames: sums.identicalFrames,
        largestDifference: sums.luma.largest, psnr: sums.luma.psnr),
      film: film.pairs > 0
        ? .init(
          pairs: film.pairs, comparedShare: film.comparedShare / Double(film.pairs),
          warpErrorAB: .init(reference: film.reference.ab.mean, result: film.result.ab.mean),
          warpErrorRGB: .init(reference: film.reference.rgb.mean, result: film.result.rgb.mean),
          colorDistributionConsistency: .init(
            reference: film.reference.distribution.index, result: film.result.distribution.index),
          spectrum: ComparisonReport.Both.spectrum(paths.reference.spectrum, paths.result.spectrum),
          drift: .init(reference: paths.reference.drift.mean, result: paths.result.drift.mean))
        : nil,
      shots: zip(zip(starts, ends), film.shotPaths).map { range, paths in
        .init(
          first: sums.rows[range.0].index, frames: range.1 - range.0,
          spectrum: ComparisonReport.Both.spectrum(paths.reference.spectrum, paths.result.spectrum),
          drift: .init(reference: paths.reference.drift.mean, result: paths.result.drift.mean))
      },
      frameRows: sums.rows, seconds: elapsed.seconds, warnings: warnings)
  }

  /// The next frames of both; where only one goes on, what to say of it.
  private func nextPair(
    of sources: (any FrameSource, any FrameSource)
  ) throws -> (pair: (Frame, Frame)?, note: String?) {
    func note(_ shorter: String, _ count: Int, _ longer: String) -> String {
      "'\(shorter)' ends after \(counted(count, "frame")), but '\(longer)' is longer; only the frames that both have "
        + "were compared."
    }
    switch (try sources.0.nextFrame(), try sources.1.nextFrame()) {
    case (let first?, let second?): return ((first, second), nil)
    case (nil, nil): return (nil, nil)
    case (let first?, nil): return (nil, note(result, first.index, reference))
    case (nil, let second?): return (nil, note(reference, second.index, result))
    }
  }
}
