package import Foundation
package import Imaging
import Locking

/// Encodes single pictures into memory: a JPEG, a PNG.
package final class PictureEncoder: Sendable {
  private struct Key: Hashable {
    var output: OutputFormat
    var width: Int
    var height: Int
  }

  private let name: String
  private let options: SinkOptions
  private struct Made {
    var key: Key
    var encoder: VideoEncoder
    /// Encoders take frames in the order of their times alone.
    var nextTime: Int64 = 0
  }

  private let made = Locked<Made?>(nil)

  /// - Parameters:
  ///   - encoder: FFmpeg's name, such as `mjpeg` or `png`.
  ///   - quantizer: of `mjpeg`, 2…31, less is better; nil where the encoder has none.
  package init(_ encoder: String, quantizer: Double? = nil) {
    LibraryLog.install()
    name = encoder
    var options = SinkOptions()
    options.crf = quantizer
    options.threads = 1
    self.options = options
  }

  /// The form in which it takes a frame's picture.
  /// - Throws: `MediaError` if the encoder is missing.
  package func outputFormat(for frame: Frame) throws -> OutputFormat {
    let picture = frame.picture
    return try OutputFormat.choose(
      source: picture.format, color: picture.color, width: picture.width, height: picture.height,
      encoder: name, requested: nil)
  }

  /// The file that holds `picture`, which has the form of `output`.
  /// - Throws: `MediaError` if the encoder refuses it.
  package func bytes(of picture: Picture, as output: OutputFormat) throws -> Data {
    try made.withLock { made in
      let key = Key(output: output, width: picture.width, height: picture.height)
      var current: Made
      if let known = made, known.key == key {
        current = known
      } else {
        current = Made(
          key: key,
          encoder: try VideoEncoder(
            name, output: output,
            stream: VideoEncoder.Stream(
              width: key.width, height: key.height, timeBase: Rational(1, 25)), options: options))
      }
      // One that has failed is not used again.
      made = nil
      let frame = Frame(index: 0, picture: picture, presentationTime: current.nextTime)
      let bytes = Data(try current.encoder.picture(of: frame))
      current.nextTime += 1
      made = current
      return bytes
    }
  }
}
