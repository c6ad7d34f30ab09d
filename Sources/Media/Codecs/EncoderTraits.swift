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

  /// How many threads it works with.
  enum Threading: Hashable, Sendable {
    /// As many as are wanted: they do not show in the bytes.
    case asWanted
    /// Always so many: each number gives other bytes.
    case fixed(Int)
  }

  var name: String
  var family: Family
  var threading = Threading.fixed(4)
  /// Whether 4:2:0 of odd width or height works.
  var takesOddSizes = true
  /// Whether full range can be told in the stream.
  var signalsFullRange = true
  /// Whether decoders find out from the frames that they hold two fields.
  var signalsFields = false
  /// Whether a key frame comes out the same, and at once, whatever was encoded before.
  var forgetsAtKeyFrames = false

  static let known: [EncoderTraits] = [
    EncoderTraits(
      name: "libx264", family: .lossyVideo, takesOddSizes: false, signalsFields: true),
    // Of its threads only those that work on different frames show in the bytes, and those are fixed
    // by a parameter of its own.
    EncoderTraits(
      name: "libx265", family: .lossyVideo, threading: .asWanted, takesOddSizes: false),
    EncoderTraits(
      name: "libsvtav1", family: .lossyVideo, threading: .asWanted, takesOddSizes: false),
    EncoderTraits(
      name: "prores_ks", family: .lossyVideo, threading: .asWanted, signalsFullRange: false,
      signalsFields: true),
    // As DNxHR, which has no fields.
    EncoderTraits(
      name: "dnxhd", family: .lossyVideo, threading: .asWanted, signalsFullRange: false),
    EncoderTraits(
      name: "ffv1", family: .losslessVideo, threading: .asWanted, signalsFields: true,
      forgetsAtKeyFrames: true),
    EncoderTraits(name: "png", family: .pictureRGB, threading: .asWanted),
    EncoderTraits(name: "tiff", family: .pictureRGB, threading: .asWanted),
    EncoderTraits(name: "mjpeg", family: .pictureYUV, threading: .asWanted),
    EncoderTraits(name: "ppm", family: .pictureRGB, threading: .asWanted),
    EncoderTraits(name: "bmp", family: .pictureRGB, threading: .asWanted),
    EncoderTraits(name: "dpx", family: .pictureRGB, threading: .asWanted),
    EncoderTraits(name: "exr", family: .pictureRGB, threading: .asWanted),
  ]

  /// Others that tell fields in their frames, as trials with FFmpeg 5.1 showed.
  private static let othersWithFields: Set<String> = [
    "libx264rgb", "prores", "prores_aw", "mpeg2video", "mpeg4", "rawvideo", "v210",
  ]

  /// Of what takes frames as they are.
  static func raw(_ name: String) -> EncoderTraits {
    EncoderTraits(name: name, family: .losslessVideo)
  }

  /// The traits of `name`; those of an ordinary video encoder if it is not among the known.
  static func of(_ name: String) -> EncoderTraits {
    known.first { $0.name == name }
      ?? EncoderTraits(
        name: name, family: .lossyVideo, signalsFields: othersWithFields.contains(name))
  }
}
