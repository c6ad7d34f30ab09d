/// Where in a source a frame was, so that another run finds it without decoding all that is before.
package struct FramePlace: Codable, Hashable, Sendable {
  /// The frame's number among those that the source gave.
  var index: Int
  /// Its number among those that were decoded, or its place in a list of pictures.
  var number: Int
  /// Its time stamp in the file, in units of the stream.
  var time: Int64
  /// Those of the frame before it.
  var previousTime: Int64?
  var previousDuration: Int64 = 0
  /// What was damaged up to it: then all is decoded again, and told again.
  var isDamagedBefore: Bool
}
