import Quality
import Testing

/// The 34 pairs of Sharma, Wu and Dalal 2005, Table 1.
private let pairs: [(SIMD3<Double>, SIMD3<Double>, Double)] = [
  (SIMD3(50, 2.6772, -79.7751), SIMD3(50, 0, -82.7485), 2.0425),
  (SIMD3(50, 3.1571, -77.2803), SIMD3(50, 0, -82.7485), 2.8615),
  (SIMD3(50, 2.8361, -74.0200), SIMD3(50, 0, -82.7485), 3.4412),
  (SIMD3(50, -1.3802, -84.2814), SIMD3(50, 0, -82.7485), 1.0000),
  (SIMD3(50, -1.1848, -84.8006), SIMD3(50, 0, -82.7485), 1.0000),
  (SIMD3(50, -0.9009, -85.5211), SIMD3(50, 0, -82.7485), 1.0000),
  (SIMD3(50, 0, 0), SIMD3(50, -1, 2), 2.3669),
  (SIMD3(50, -1, 2), SIMD3(50, 0, 0), 2.3669),
  (SIMD3(50, 2.4900, -0.0010), SIMD3(50, -2.4900, 0.0009), 7.1792),
  (SIMD3(50, 2.4900, -0.0010), SIMD3(50, -2.4900, 0.0010), 7.1792),
  (SIMD3(50, 2.4900, -0.0010), SIMD3(50, -2.4900, 0.0011), 7.2195),
  (SIMD3(50, 2.4900, -0.0010), SIMD3(50, -2.4900, 0.0012), 7.2195),
  (SIMD3(50, -0.0010, 2.4900), SIMD3(50, 0.0009, -2.4900), 4.8045),
  (SIMD3(50, -0.0010, 2.4900), SIMD3(50, 0.0010, -2.4900), 4.8045),
  (SIMD3(50, -0.0010, 2.4900), SIMD3(50, 0.0011, -2.4900), 4.7461),
  (SIMD3(50, 2.5, 0), SIMD3(50, 0, -2.5), 4.3065),
  (SIMD3(50, 2.5, 0), SIMD3(73, 25, -18), 27.1492),
  (SIMD3(50, 2.5, 0), SIMD3(61, -5, 29), 22.8977),
  (SIMD3(50, 2.5, 0), SIMD3(56, -27, -3), 31.9030),
  (SIMD3(50, 2.5, 0), SIMD3(58, 24, 15), 19.4535),
  (SIMD3(50, 2.5, 0), SIMD3(50, 3.1736, 0.5854), 1.0000),
  (SIMD3(50, 2.5, 0), SIMD3(50, 3.2972, 0), 1.0000),
  (SIMD3(50, 2.5, 0), SIMD3(50, 1.8634, 0.5757), 1.0000),
  (SIMD3(50, 2.5, 0), SIMD3(50, 3.2592, 0.3350), 1.0000),
  (SIMD3(60.2574, -34.0099, 36.2677), SIMD3(60.4626, -34.1751, 39.4387), 1.2644),
  (SIMD3(63.0109, -31.0961, -5.8663), SIMD3(62.8187, -29.7946, -4.0864), 1.2630),
  (SIMD3(61.2901, 3.7196, -5.3901), SIMD3(61.4292, 2.2480, -4.9620), 1.8731),
  (SIMD3(35.0831, -44.1164, 3.7933), SIMD3(35.0232, -40.0716, 1.5901), 1.8645),
  (SIMD3(22.7233, 20.0904, -46.6940), SIMD3(23.0331, 14.9730, -42.5619), 2.0373),
  (SIMD3(36.4612, 47.8580, 18.3852), SIMD3(36.2715, 50.5065, 21.2231), 1.4146),
  (SIMD3(90.8027, -2.0831, 1.4410), SIMD3(91.1528, -1.6435, 0.0447), 1.4441),
  (SIMD3(90.9257, -0.5406, -0.9208), SIMD3(88.6381, -0.8985, -0.7239), 1.5381),
  (SIMD3(6.7747, -0.2908, -2.4247), SIMD3(5.8714, -0.0985, -2.2286), 0.6377),
  (SIMD3(2.0776, 0.0795, -1.1350), SIMD3(0.9033, -0.0636, -0.5514), 0.9082),
]

@Suite("Color difference")
struct ColorDifferenceTests {
  @Test(arguments: pairs.indices) func matchesThePublishedPairs(index: Int) {
    let (first, second, expected) = pairs[index]
    #expect(abs(ColorDifference.ciede2000(first, second) - expected) < 5.1e-5)
    #expect(abs(ColorDifference.ciede2000(second, first) - expected) < 5.1e-5)
  }

  @Test func equalColorsDoNotDiffer() {
    for (color, _, _) in pairs { #expect(ColorDifference.ciede2000(color, color) == 0) }
  }

  @Test func theMeanIsThatOfThePixels() throws {
    let (first, second) = (pairs.map(\.0), pairs.map(\.1))
    let mean = try ColorDifference.mean(
      reference: LabImage(width: 34, height: 1, values: first.map { SIMD3<Float>($0) }),
      result: LabImage(width: 34, height: 1, values: second.map { SIMD3<Float>($0) }))
    // The pairs at which the hue turns over lie within rounding to Float of it.
    #expect(abs(mean - pairs.map(\.2).reduce(0, +) / 34) < 0.01)
  }
}
