/// sRGB, coded (not linear), 0…1.
typealias Color = SIMD3<Float>

/// A color from 8-bit values, as palettes are written.
@inline(__always)
func rgb(_ red: Float, _ green: Float, _ blue: Float) -> Color {
  Color(red, green, blue) * (1 / 255)
}

/// From `a` (t = 0) to `b` (t = 1).
@inline(__always)
func mix(_ a: Color, _ b: Color, _ t: Float) -> Color { a + (b - a) * t }

/// Colors along a line, evenly spaced over 0…1.
struct Ramp: Sendable {
  private let colors: [Color]

  init(_ colors: Color...) { self.colors = colors }

  func callAsFunction(_ t: Float) -> Color {
    let place = min(1, max(0, t)) * Float(colors.count - 1)
    let index = min(colors.count - 2, Int(place))
    return mix(colors[index], colors[index + 1], place - Float(index))
  }
}

extension SIMD4<Float> {
  /// The nearest 8-bit values to 255 times these.
  @inline(__always)
  var bytes: SIMD4<UInt8> {
    SIMD4<UInt8>(byte(x * 255), byte(y * 255), byte(z * 255), byte(w * 255))
  }
}

/// The nearest 8-bit value.
@inline(__always)
func byte(_ value: Float) -> UInt8 {
  UInt8(truncatingIfNeeded: Int32(min(255, max(0, value + 0.5))))
}
