import Foundation
import Imaging

/// A color without its lightness, which is the picture's own: a\* and b\* of CIELAB. Gray is a color too.
package struct HintColor: Hashable, Sendable {
  /// What a\* and b\* may be: beyond any color of a screen.
  package static let allowed: ClosedRange<Float> = -150...150

  package let a: Float
  package let b: Float

  /// - Throws: `ColorizationError.settingOutOfRange` if one is outside of −150…150.
  package init(a: Float, b: Float) throws(ColorizationError) {
    for (name, value) in [("a* of a hint", a), ("b* of a hint", b)]
    where !Self.allowed.contains(value) {
      throw .settingOutOfRange(name: name, expected: "a number in -150…150", actual: "\(value)")
    }
    (self.a, self.b) = (a, b)
  }

  /// a\* and b\* of an sRGB color such as `#5b6b3a`; its lightness is ignored.
  /// - Throws: `ColorizationError.settingOutOfRange` if the text is no such color.
  package init(hex text: String) throws(ColorizationError) {
    let digits = text.dropFirst()
    guard text.hasPrefix("#"), digits.count == 6, digits.allSatisfy(\.isHexDigit),
      let number = UInt32(digits, radix: 16)
    else {
      throw .settingOutOfRange(
        name: "the color of a hint", expected: "#rrggbb, such as \"#5b6b3a\"",
        actual: "\"\(text)\"")
    }
    let color: SIMD3<Double>
    do {
      let transfer = try TransferFunction(.iec61966_2_1)
      let codes = [number >> 16, number >> 8 & 255, number & 255].map { Double($0) / 255 }
      color = Lab.lab(
        relativeXYZ: try RGBPrimaries(.bt709).relativeXYZ(
          SIMD3(transfer.linear(codes[0]), transfer.linear(codes[1]), transfer.linear(codes[2]))))
    } catch {
      throw .settingOutOfRange(
        name: "the color of a hint", expected: "an sRGB color", actual: "\(error)")
    }
    try self.init(a: Float(color.y), b: Float(color.z))
  }
}

extension HintColor: Codable {
  /// Reads `"#rrggbb"` or the two numbers `[a, b]`.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    do {
      let numbers: [Float]
      do { numbers = try container.decode([Float].self) } catch is DecodingError {
        try self.init(hex: try container.decode(String.self))
        return
      }
      guard numbers.count == 2 else {
        throw DecodingError.dataCorruptedError(
          in: container,
          debugDescription: "a color must be \"#rrggbb\" or [a, b], not \(numbers.count) numbers")
      }
      try self.init(a: numbers[0], b: numbers[1])
    } catch let error as ColorizationError {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(error)")
    }
  }

  /// Writes `[a, b]`, from which the same color is read.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode([a, b])
  }
}
