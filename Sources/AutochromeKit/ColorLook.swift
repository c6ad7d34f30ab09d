import Imaging
import Media

/// A look at the colors of an input before the work.
enum ColorLook {
  /// Frames that are looked at.
  private static let frames = 12

  /// Looks at key frames that are spread over the input, or at so many pictures of a folder.
  /// - Parameters:
  ///   - pictures: the names in the folder `input` that count; nil for all.
  ///   - info: what is known of the input.
  /// - Returns: nil where that can't be done without taking what the job needs (a pipe).
  static func examine(
    input: String, pictures: [String]? = nil, info: SourceInfo, settings: Settings,
    interruption: Media.Interruption
  ) throws -> ColorFinding? {
    guard input != "-", !info.isPipe else { return nil }
    if info.format.model == .gray, !info.isFrameFolder {
      return ColorCount(leastRun: 1).finding
    }
    var settings = settings
    settings.audio = .none
    settings.extras = .none
    // What is damaged is told when the job meets it.
    let source = UndamagedPart(
      of: try JobParts.openSource(
        input: input, pictures: pictures, settings: settings, interruption: interruption,
        warn: { _ in }),
      report: { _ in })
    let spread = try SpreadFrames.glance(at: source, count: frames)
    var count = ColorCount(leastRun: 1)
    while let frame = try spread.next() {
      _ = count.add(
        ColorSurvey(frame.frame.picture), seconds: frame.seconds, fileName: frame.frame.fileName)
    }
    return count.finding
  }
}
