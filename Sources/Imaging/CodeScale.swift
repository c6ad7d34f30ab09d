/// Between code values and what they stand for: Y′ 0…1 (black to white), Cb and Cr −½…½
/// (ITU-T H.273 §8.3, equations for limited and full range).
public struct CodeScale: Hashable, Sendable {
  public let bitDepth: Int
  /// Code of black.
  public let lumaOffset: Double
  /// Codes from black to white.
  public let lumaSpan: Double
  /// Code of Cb = Cr = 0.
  public let chromaOffset: Double
  /// Codes from −½ to ½.
  public let chromaSpan: Double
  /// The largest code.
  public let maximum: Double

  /// - Parameter range: `.unspecified` counts as limited.
  public init(bitDepth: Int, range: ColorRange) {
    self.bitDepth = bitDepth
    maximum = Double((1 << bitDepth) - 1)
    let unit = Double(1 << (bitDepth - 8))
    chromaOffset = 128 * unit
    if range == .full {
      lumaOffset = 0
      lumaSpan = maximum
      chromaSpan = maximum
    } else {
      lumaOffset = 16 * unit
      lumaSpan = 219 * unit
      chromaSpan = 224 * unit
    }
  }

  /// Y′ of a code.
  public func luma(_ code: Double) -> Double { (code - lumaOffset) / lumaSpan }

  /// Cb or Cr of a code.
  public func chroma(_ code: Double) -> Double { (code - chromaOffset) / chromaSpan }

  /// The nearest code for a Cb or Cr, halves up.
  public func chromaCode(_ value: Double) -> Int {
    Int(min(max(value * chromaSpan + chromaOffset, 0), maximum) + 0.5)
  }
}
