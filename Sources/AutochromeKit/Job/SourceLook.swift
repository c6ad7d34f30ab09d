package import Colorization
import Imaging
import Media

/// What a look at some frames of an input tells before the work.
struct SourceLook {
  /// What color it has.
  let colors: ColorFinding
  /// The black bars around the picture; nil if they are not looked for.
  let bars: BarsFound?

  /// Frames that are looked at.
  private static let frames = 12

  /// Looks at key frames that are spread over the input, or at so many pictures of a folder.
  /// - Parameters:
  ///   - pictures: the names in the folder `input` that count; nil for all.
  ///   - info: what is known of the input.
  /// - Returns: nil where that can't be done without taking what the job needs (a pipe).
  static func examine(
    input: String, pictures: [String]? = nil, info: SourceInfo, settings: Settings,
    interruption: MediaInterruption
  ) throws -> SourceLook? {
    guard input != "-", !info.isPipe else { return nil }
    let isGray = info.format.model == .gray && !info.isFrameFolder
    let seeksBars = settings.bars == .auto
    if isGray, !seeksBars {
      return SourceLook(colors: ColorCount(leastRun: 1).finding, bars: nil)
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
    var follower = AreaFollower(isFilm: !info.isFrameFolder)
    var areas: [PictureArea] = []
    while let frame = try spread.next() {
      if !isGray {
        _ = count.add(
          ColorSurvey(frame.frame.picture), seconds: frame.seconds, fileName: frame.frame.fileName)
      }
      if seeksBars {
        // Frames that lie far apart belong to shots of their own.
        areas.append(
          follower.follow(frame.frame, startsShot: true, format: info.likelyOutputFormat))
      }
    }
    return SourceLook(colors: count.finding, bars: seeksBars ? BarsFound(areas) : nil)
  }
}

/// What was found of black bars in some frames.
package struct BarsFound: Codable, Hashable, Sendable {
  /// Frames that were examined.
  package var framesExamined: Int
  /// Of these, frames with bars or rounded corners.
  package var framesWithBars: Int
  /// The commonest picture inside of bars; absent if there is none.
  package var area: PictureArea?

  init(_ areas: [PictureArea]) {
    let found = areas.filter { !$0.isWhole }
    var counts: [PictureArea: Int] = [:]
    for area in found { counts[area, default: 0] += 1 }
    framesExamined = areas.count
    framesWithBars = found.count
    // The first of those that are as common.
    area = found.max { counts[$0, default: 0] < counts[$1, default: 0] }
  }

  /// For people.
  var text: String {
    area.map { "\($0), in \(framesWithBars) of \(framesExamined) frames examined" } ?? "none found"
  }

  /// The picture of most frames; nil if most have no bars.
  fileprivate var usualArea: PictureArea? { 2 * framesWithBars > framesExamined ? area : nil }
}

extension FrameColorizer {
  /// What the network sees of most frames of an input.
  func geometry(of info: SourceInfo, bars: BarsFound?) -> WorkingGeometry {
    let area = bars?.usualArea
    return geometry(
      width: area?.width ?? info.width, height: area?.height ?? info.height,
      sampleAspectRatio: info.sampleAspectRatio)
  }
}
