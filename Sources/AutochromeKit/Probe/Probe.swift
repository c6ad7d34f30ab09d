package import Colorization
import Foundation
import Imaging
import Media

/// What an input is, and what would be done with it.
package struct Probe: Codable, Sendable {
  /// The input as given.
  package var input: String
  /// FFmpeg's short name of the container; `folder` for pictures.
  package var container: String
  /// FFmpeg's name of the video codec.
  package var codec: String
  /// Luma size.
  package var width: Int
  /// Luma size.
  package var height: Int
  /// Samples, subsampling and depth.
  package var pixelFormat: String
  /// The color tags, and what stands for those that are absent.
  package var color: String
  /// The same for programs.
  package var colorTags: ColorTags
  /// What color it has, as far as a look at some frames tells; absent for pipes.
  package var sourceColors: ColorFinding?
  /// What black bars it has, as far as a look at some frames tells; absent for pipes, and where they are not
  /// looked for.
  package var bars: BarsFound?
  /// Frames per second; absent if unknown.
  package var frameRate: Double?
  /// Seconds; absent if unknown.
  package var duration: Double?
  /// Frames, estimated from the container; absent if unknown.
  package var estimatedFrames: Int?
  /// Width ÷ height of one sample; absent if unknown.
  package var sampleAspectRatio: String?
  /// progressive, topFirst or bottomFirst.
  package var fieldOrder: String
  /// Clockwise rotation that a player applies; it is carried on.
  package var rotationDegrees: Double?
  /// The other streams, and whether they are copied.
  package var otherStreams: [String]
  /// Number of chapters.
  package var chapters: Int
  /// What the pipeline does, in words.
  package var workingSize: String
  /// The pipeline that would be taken, and why.
  package var pipeline: String
  /// The greatest distance between frames that the network sees; absent if it sees them all.
  package var keyFrameDistance: Int?
  /// How many of how many frames the network would see, if that was looked for.
  package var seen: Seen?
  /// First frames of the shots and their times in seconds, if they were looked for.
  package var shots: [Shot]?

  /// Where a shot begins.
  package struct Shot: Codable, Sendable {
    /// From 0.
    package var frame: Int
    /// Seconds after the start of the film.
    package var time: Double
    /// The picture, where there are black bars around it.
    package var area: PictureArea?
  }

  /// What the network would see.
  package struct Seen: Codable, Sendable {
    /// Frames that the network would see.
    package var frames: Int
    /// All frames.
    package var of: Int
  }

  /// Opens the input and, when asked, decodes all of it to find the shots.
  /// - Throws: `AutochromeError`.
  package static func examine(
    input: String, settings: Settings, findShots: Bool
  ) throws(AutochromeError) -> Probe {
    try AutochromeError.wrapping {
      let colorizer = try JobParts.openColorizer(settings)
      let list = try ShotList.given(by: settings)
      let source = try JobParts.openSource(
        input: input, settings: settings, interruption: MediaInterruption(),
        countsFrames: findShots && list?.countsFrames ?? false, warn: { _ in })
      let look = try SourceLook.examine(
        input: input, info: source.info, settings: settings, interruption: MediaInterruption())
      var probe = Probe(
        input: input, info: source.info, settings: settings, look: look, colorizer)
      if findShots {
        let found = try FoundShots(
          in: source, colorizer: colorizer, settings: settings, list: list)
        probe.shots = found.shots
        probe.seen = found.seen
      }
      return probe
    }
  }

  private init(
    input: String, info: SourceInfo, settings: Settings, look: SourceLook?,
    _ colorizer: FrameColorizer
  ) {
    self.input = input
    container = info.containerName
    codec = info.codecName
    width = info.width
    height = info.height
    pixelFormat = info.format.description
    colorTags = ColorTags(info)
    color = colorTags.text
    frameRate = info.frameRate?.value
    duration = info.duration
    estimatedFrames = info.estimatedFrameCount
    sampleAspectRatio =
      info.sampleAspectRatio.numerator > 0 ? info.sampleAspectRatio.description : nil
    fieldOrder = info.fieldOrder.rawValue
    rotationDegrees = info.rotationDegrees
    otherStreams = info.streams.filter { $0.index != info.videoStreamIndex }.map { stream in
      [
        "#\(stream.index) \(stream.kind.rawValue) \(stream.codecName)", stream.language,
        stream.title, stream.isCopied ? "copied" : "left out",
      ].compactMap { $0 }.joined(separator: ", ")
    }
    chapters = info.chapters.count
    sourceColors = look?.colors
    bars = look?.bars
    let geometry = colorizer.geometry(of: info, bars: look?.bars)
    workingSize =
      "\(geometry.workingWidth)×\(geometry.workingHeight), colors on "
      + "\(geometry.gridWidth)×\(geometry.gridHeight)"
    pipeline = settings.pipeline
    keyFrameDistance = settings.keyFrames == .off ? nil : settings.keyFrames.distance
  }

  /// Writes the shots for people to correct; `--cuts` takes them back.
  /// - Throws: `AutochromeError` if the file exists, since it may have been corrected, or can't be
  ///   written.
  package func writeCuts(to file: SideFile) throws(AutochromeError) {
    try file.write(ShotList.cutText(of: shots ?? []))
  }

  /// For people.
  package var text: String {
    var rows = AlignedList()
    rows.add("source", "\(input): \(container), \(codec), \(width)×\(height), \(pixelFormat)")
    rows.add("picture", sourceColors?.text)
    rows.add("bars", bars?.text)
    rows.add("color", color)
    rows.add("rate", frameRate.map { String(format: "%.3f frames/s", $0) } ?? "unknown")
    rows.add(
      "length",
      [
        duration.map { TimePosition.clock($0) },
        estimatedFrames.map { "about " + counted($0, "frame") },
      ]
      .compactMap { $0 }.joined(separator: ", "))
    rows.add("sample aspect", sampleAspectRatio ?? "unknown")
    rows.add("fields", fieldOrder)
    rows.add("rotation", rotationDegrees.map { "\($0)°, kept" })
    for stream in otherStreams { rows.add("stream", stream) }
    rows.add("chapters", chapters > 0 ? "\(chapters)" : nil)
    rows.add("pipeline", pipeline)
    rows.add("network", "sees \(workingSize)")
    rows.add(
      "key frames",
      keyFrameDistance.map {
        "at most \($0) apart, and wherever motion does not explain the picture"
          + (seen.map { "; the network sees \($0.frames) of \(counted($0.of, "frame"))" } ?? "")
      })
    rows.add("shots", shots.map { "\($0.count)" })
    for shot in shots ?? [] {
      rows.add(
        "",
        "\(TimePosition.clock(shot.time))  frame \(shot.frame)"
          + (shot.area.map { ", \($0)" } ?? ""))
    }
    return rows.description
  }
}
