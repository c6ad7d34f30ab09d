/// Between code values and what they stand for: Y′ 0…1 (black to white), Cb and Cr −½…½
/// (ITU-T H.273 §8.3, equations for limited and full range).
package struct CodeScale: Hashable, Sendable {
  package let bitDepth: Int
  /// Code of black.
  package let lumaOffset: Double
  /// Codes from black to white.
  package let lumaSpan: Double
  /// Code of Cb = Cr = 0.
  package let chromaOffset: Double
  /// Codes from −½ to ½.
  package let chromaSpan: Double
  /// The largest code.
  package let maximum: Double

  /// - Parameter range: `.unspecified` counts as limited.
  package init(bitDepth: Int, range: ColorRange) {
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
  package func luma(_ code: Double) -> Double { (code - lumaOffset) / lumaSpan }

  /// Cb or Cr of a code.
  package func chroma(_ code: Double) -> Double { (code - chromaOffset) / chromaSpan }

  /// The nearest code for a Cb or Cr, halves up.
  package func chromaCode(_ value: Double) -> Int {
    Int(min(max(value * chromaSpan + chromaOffset, 0), maximum) + 0.5)
  }
}
