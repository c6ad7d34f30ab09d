import AutochromeKit
import Foundation
import Imaging
import Media

/// Takes the frames of a shot and hands them on as JPEGs.
///
/// `@unchecked Sendable`: called serially, as any sink.
final class ReelSink: FrameSink, @unchecked Sendable {
  private let encoder: PageEncoder
  private let wanted: Int?
  private let widest: Int
  private let hand: (_ frame: Int, _ jpeg: Data) throws -> Void

  /// - Parameters:
  ///   - wanted: the number of the one frame that is wanted, as large as it is; nil for all.
  ///   - widest: frames that are wider are made smaller.
  ///   - hand: takes the frames in their order.
  init(
    encoder: PageEncoder, wanted: Int?, widest: Int,
    hand: @escaping (_ frame: Int, _ jpeg: Data) throws -> Void
  ) {
    (self.encoder, self.wanted, self.widest, self.hand) = (encoder, wanted, widest, hand)
  }

  func outputFormat(for frame: Frame) throws -> OutputFormat {
    try encoder.colorFormat(for: frame)
  }

  func write(_ element: SourceElement) throws {
    guard let frame = element.frame, wanted ?? frame.index == frame.index else { return }
    var picture = frame.picture
    if wanted == nil, picture.width > widest {
      picture = picture.reduced(by: (picture.width + widest - 1) / widest)
    }
    try hand(frame.index, try encoder.bytes(of: picture))
  }

  func finish() {}
  func finishEarly() -> String? { nil }
  func discard() {}
}
