import Colorization
import Imaging

/// How sure the network is of the colors of a frame, place by place.
package struct CertaintyMap: Codable, Hashable, Sendable {
  /// Places in a row, and rows.
  package var width = 0
  package var height = 0
  /// 0 (any color is as likely) … 255 (sure), row by row; empty for a frame that keeps its own colors.
  package var values: [UInt8] = []
  /// The part of the frame that they cover: left, top, width and height in parts of the frame's.
  package var area: [Double] = [0, 0, 1, 1]

  init(_ analysis: FrameAnalysis?) {
    guard let analysis else { return }
    let certainty = analysis.estimate.certainty
    (width, height) = (certainty.width, certainty.height)
    let first = certainty.channel(0)
    values = withExtendedLifetime(certainty) {
      (0..<certainty.area).map { UInt8((255 * min(max(first[$0], 0), 1)).rounded()) }
    }
    let part = analysis.survey.area
    let (across, down) = (Double(max(1, part.frameWidth)), Double(max(1, part.frameHeight)))
    area = [
      Double(part.left) / across, Double(part.top) / down, Double(part.width) / across,
      Double(part.height) / down,
    ]
  }
}
