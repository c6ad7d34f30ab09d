package import Colorization
import Foundation
import Imaging
import Media

/// Finds the frames of a film that are worth coloring by hand, and writes them as stills that `--references` takes
/// back once they are colored.
package struct StillSurvey: Sendable {
  /// A frame that was chosen.
  package struct Still: Codable, Sendable {
    /// Its number in the film, from 0.
    package var frame: Int
    /// When it is shown, in seconds.
    package var time: Double
    /// The number of its shot, from 1.
    package var shot: Int
    package var reason: StillChooser.Reason
    /// How sure the network is of its colors, 0…1; the mean of the picture.
    package var certainty: Double
    /// The name of the file in the folder.
    package var file: String
  }

  /// What to read: a film, a folder of frames or a pattern.
  package var input: String
  /// The folder of the stills.
  package var output: String
  /// How it would be colorized.
  package var settings: Settings
  /// How many frames of a shot one still serves, at most.
  package var distance = 240
  /// How many stills at most, those of which the network is least sure; nil for all.
  package var limit: Int?
  /// Whether the stills have the network's colors, to be corrected; otherwise they are gray.
  package var isColored = false
  /// Whether stills that exist may be replaced.
  package var overwrite = false

  /// Describes a survey; nothing is opened before `run`.
  package init(input: String, output: String, settings: Settings) {
    self.input = input
    self.output = output
    self.settings = settings
  }

  /// Looks at the film and writes the stills, in the order of the film.
  /// - Parameters:
  ///   - interruption: the user's wish to stop.
  ///   - onEvent: told of progress and warnings, from several threads, one call at a time.
  /// - Throws: `AutochromeError`; stills that were written before stay.
  package func run(
    interruption: Interruption = Interruption(),
    onEvent: @escaping @Sendable (JobEvent) -> Void = { _ in }
  ) throws(AutochromeError) -> [Still] {
    try MeasuringRun.with(interruption, onEvent: onEvent) { run in
      var files = CommandFiles()
      files.reads(input, as: CommandFiles.input)
      try files.reads(settings)
      try files.check()
      let list = try ShotList.given(by: settings)
      let colorizer = try JobParts.openColorizer(settings)
      let open = {
        try run.open(input, settings: settings, countsFrames: true)
      }
      let source = try open()
      guard !source.info.isPipe, input != "-" else {
        throw AutochromeError(
          .usage, "A pipe can be read only once; give a film or a folder of frames instead.")
      }
      var found = try choose(from: source, list: list, colorizer: colorizer)
      guard !found.isEmpty else {
        throw AutochromeError(.badData, "'\(input)' holds no frames, so no stills were written.")
      }
      if let limit, found.count > limit {
        let kept = found.sorted { $0.certainty < $1.certainty }.prefix(limit).map(\.frame)
        found = found.filter { kept.contains($0.frame) }
      }
      try write(found, from: open(), colorizer: colorizer, interruption: run.blocking)
      return found
    }
  }

  private func choose(
    from source: any FrameSource, list: ShotList?, colorizer: FrameColorizer
  ) throws -> [Still] {
    let info = source.info
    var stage = TrackingStage(
      colorizer: colorizer, settings: settings, info: info, followsMotion: true,
      list: try list.map { try ShotList.Reader($0, of: info) })
    var chooser = StillChooser(distance: distance)
    let format = info.likelyOutputFormat
    var stills: [Still] = []
    var shots = 0
    while let frame = try source.nextFrame() {
      let survey = try colorizer.survey(frame)
      let tracked = try stage.track(frame, survey: survey, format: format)
      if tracked.tracking.shot.takesBackCut {
        shots -= 1
        if stills.last?.reason == .shot { stills.removeLast() }
      }
      if tracked.tracking.shot.startsShot || shots == 0 { shots += 1 }
      guard let reason = chooser.choose(tracked.tracking) else { continue }
      let number = info.number(of: frame) ?? frame.index
      let estimate = try colorizer.analyze(survey, look: settings.look).estimate
      stills.append(
        Still(
          frame: number, time: info.seconds(of: frame), shot: shots, reason: reason,
          certainty: estimate.certainty.mean(ofChannel: 0),
          file: GivenColors.prefix + String(format: "%06d", number) + ".png"))
    }
    return stills
  }

  private func write(
    _ stills: [Still], from source: any FrameSource, colorizer: FrameColorizer,
    interruption: MediaInterruption
  ) throws {
    var options = SinkOptions()
    options.overwrite = overwrite
    options.createsFolder = true
    options.interruption = interruption
    let sink = try MediaSink.open(
      PathParts.join(output, GivenColors.prefix + "%06d.png"), source: source.info,
      options: options)
    do {
      var next = 0
      while next < stills.count, let frame = try source.nextFrame() {
        guard (source.info.number(of: frame) ?? frame.index) == stills[next].frame else { continue }
        var still = frame.with(frame.picture.withNeutralChroma())
        let output = try sink.outputFormat(for: still)
        let (format, color) = (output.pictureFormat, output.color)
        if isColored {
          still.picture = try colorizer.colorize(
            still, analysis: colorizer.analyze(colorizer.survey(still), look: settings.look),
            look: settings.look, format: format, wanted: color)
        } else {
          still.picture = try colorizer.keepColors(of: still, format: format, wanted: color)
        }
        still.fileName = stills[next].file
        try sink.write(SourceElement(frame: still))
        next += 1
      }
      try sink.finish()
    } catch {
      sink.discard()
      throw error
    }
  }
}

extension StillSurvey {
  /// A line for each still.
  package static func text(_ stills: [Still]) -> String {
    stills.map { still in
      let why =
        switch still.reason {
        case .shot: "shot \(still.shot) begins"
        case .news: "something new in shot \(still.shot)"
        case .length: "shot \(still.shot) is long"
        }
      return "\(still.file)  \(TimePosition.clock(still.time))  \(why), certainty "
        + String(format: "%.2f", still.certainty)
    }.joined(separator: "\n")
  }
}
