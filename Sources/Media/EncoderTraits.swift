/// What this module knows of an encoder that FFmpeg does not tell.
struct EncoderTraits: Sendable {
  enum Family: Sendable {
    /// Keeps every sample: the depth of the source is kept.
    case losslessVideo
    case lossyVideo
    /// One picture per file, R′G′B′.
    case pictureRGB
    /// One picture per file, Y′CbCr of full range.
    case pictureYUV
  }

  var name: String
  var family: Family
  /// Whether 4:2:0 of odd width or height works.
  var takesOddSizes = true
  /// Whether full range can be told in the stream.
  var signalsFullRange = true

  static let known: [EncoderTraits] = [
    EncoderTraits(name: "libx264", family: .lossyVideo, takesOddSizes: false),
    EncoderTraits(name: "libx265", family: .lossyVideo, takesOddSizes: false),
    EncoderTraits(name: "libsvtav1", family: .lossyVideo, takesOddSizes: false),
    EncoderTraits(name: "prores_ks", family: .lossyVideo, signalsFullRange: false),
    EncoderTraits(name: "ffv1", family: .losslessVideo),
    EncoderTraits(name: "png", family: .pictureRGB),
    EncoderTraits(name: "tiff", family: .pictureRGB),
    EncoderTraits(name: "mjpeg", family: .pictureYUV),
    EncoderTraits(name: "ppm", family: .pictureRGB),
    EncoderTraits(name: "bmp", family: .pictureRGB),
    EncoderTraits(name: "dpx", family: .pictureRGB),
    EncoderTraits(name: "exr", family: .pictureRGB),
  ]

  /// The traits of `name`; those of an ordinary video encoder if it is not among the known.
  static func of(_ name: String) -> EncoderTraits {
    known.first { $0.name == name } ?? EncoderTraits(name: name, family: .lossyVideo)
  }
}
