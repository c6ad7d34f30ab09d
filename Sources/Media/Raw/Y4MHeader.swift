import CFFmpeg
import Imaging

/// The first line of a YUV4MPEG2 stream, as the MJPEG tools (yuv4mpeg(5)) and FFmpeg write it.
struct Y4MHeader: Hashable, Sendable {
  static let magic = "YUV4MPEG2"
  /// Longer first lines are taken for damage.
  static let lengthLimit = 1024

  var width = 0
  var height = 0
  /// `nil` if unknown.
  var frameRate: Rational?
  var sampleAspectRatio = Rational(0, 1)
  var fieldOrder = FieldOrder.progressive
  /// FFmpeg's name of the pixel format.
  var pixelFormat = "yuv420p"
  var range = ColorRange.unspecified
  var chromaLocation = ChromaLocation.unspecified

  /// What may follow `C`, and FFmpeg's names. Deep samples are little-endian.
  static let colorSpaces: [(tag: String, pixelFormat: String)] =
    [
      ("420jpeg", "yuv420p"), ("420mpeg2", "yuv420p"), ("420paldv", "yuv420p"), ("420", "yuv420p"),
      ("411", "yuv411p"), ("422", "yuv422p"), ("444", "yuv444p"), ("444alpha", "yuva444p"),
      ("mono", "gray"),
    ]
    + [9, 10, 12, 14, 16].flatMap { depth in
      ["420", "422", "444"].map { ("\($0)p\(depth)", "yuv\($0)p\(depth)le") }
        + [("mono\(depth)", "gray\(depth)le")]
    }

  init() {}

  /// - Parameter line: The first line without its end.
  init(_ line: String, in file: String) throws {
    var words = line.split(separator: " ")
    guard !words.isEmpty, words.removeFirst() == Self.magic else {
      throw MediaError(.notMedia, "\(file) does not begin with the signature YUV4MPEG2.")
    }
    var colorSpace = "420jpeg"
    for word in words {
      let value = String(word.dropFirst())
      switch word.first {
      case "W": width = Int(value) ?? 0
      case "H": height = Int(value) ?? 0
      case "F": frameRate = Self.ratio(value)
      case "A": sampleAspectRatio = Self.ratio(value) ?? Rational(0, 1)
      case "I": fieldOrder = value == "t" ? .topFirst : value == "b" ? .bottomFirst : .progressive
      case "C": colorSpace = value
      case "X":
        if value == "COLORRANGE=FULL" { range = .full }
        if value == "COLORRANGE=LIMITED" { range = .limited }
      default: break
      }
    }
    guard (1...65535).contains(width), (1...65535).contains(height) else {
      throw MediaError(
        .corrupt, "The header of \(file) does not give a frame size within 1…65535: \(line)")
    }
    guard let known = Self.colorSpaces.first(where: { $0.tag == colorSpace }) else {
      throw MediaError(
        .unsupported,
        "\(file) has the color space '\(colorSpace)', which YUV4MPEG2 does not define; expected one of "
          + Self.colorSpaces.map(\.tag).joined(separator: ", ") + ".")
    }
    pixelFormat = known.pixelFormat
    switch colorSpace {
    case "420jpeg", "420": chromaLocation = .center
    case "420mpeg2": chromaLocation = .left
    case "420paldv": chromaLocation = .topLeft
    default: break
    }
  }

  /// Both of a ratio; `nil` if either is 0.
  private static func ratio(_ text: String) -> Rational? {
    let parts = text.split(separator: ":").compactMap { Int($0) }
    guard parts.count == 2, parts[0] > 0, parts[1] > 0,
      parts.allSatisfy({ $0 <= Int(Int32.max) })
    else { return nil }
    return Rational(parts[0], parts[1])
  }

  /// The first line, its end included.
  var line: String {
    let rate = frameRate ?? Rational(25, 1)
    let interlacing =
      switch fieldOrder {
      case .progressive: "p"
      case .topFirst: "t"
      case .bottomFirst: "b"
      }
    let tags = Self.colorSpaces.filter { $0.pixelFormat == pixelFormat }.map(\.tag)
    var colorSpace = tags.first ?? "420jpeg"
    if colorSpace == "420jpeg" {
      if chromaLocation == .left { colorSpace = "420mpeg2" }
      if chromaLocation == .topLeft { colorSpace = "420paldv" }
    }
    var line = "\(Self.magic) W\(width) H\(height) F\(rate.numerator):\(rate.denominator)"
    line += " I\(interlacing) A\(sampleAspectRatio.numerator):"
    line += "\(sampleAspectRatio.numerator == 0 ? 0 : sampleAspectRatio.denominator) C\(colorSpace)"
    // FFmpeg's older name of the same.
    line += " XYSCSS=\(colorSpace.uppercased())"
    if range == .full { line += " XCOLORRANGE=FULL" }
    if range == .limited { line += " XCOLORRANGE=LIMITED" }
    return line + "\n"
  }
}
