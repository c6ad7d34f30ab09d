import CKernels

/// L\* of neutral Y′ and back, as tables for whole rows: 4097 points, linear between, within 0.001 of
/// the exact curves.
package struct LightnessCurve: Sendable {
  private static let last = 4096
  private let lightness: [Float]
  private let luma: [Float]

  /// Tabulates the neutral axis of `model`.
  package init(_ model: ColorModel) {
    let white = model.lightness(luma: 1)
    let points = (0...Self.last).map { Double($0) / Double(Self.last) }
    lightness = points.map { Float(min(max(model.lightness(luma: $0), 0), 100)) } + [0]
    luma = points.map { Float(min(model.luma(lightness: min($0 * 100, white)), 1)) } + [0]
  }

  /// Replaces `count` values of Y′ (0…1; values beyond count as the border) by L\* (0…100), in place.
  package func lightness(ofLuma row: UnsafeMutablePointer<Float>, count: Int) {
    ac_curve_row(row, lightness, Int32(Self.last), row, Int32(count))
  }

  /// Writes Y′ (0…1) of `count` values of L\* ÷ 100.
  package func luma(
    ofHundredthLightness row: UnsafePointer<Float>, count: Int,
    into out: UnsafeMutablePointer<Float>
  ) {
    ac_curve_row(row, luma, Int32(Self.last), out, Int32(count))
  }
}
