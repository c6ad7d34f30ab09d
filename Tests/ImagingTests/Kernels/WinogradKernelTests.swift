import CKernels
import TestSupport
import Testing

extension KernelTests {
  @Suite("Winograd") struct Winograd {
    /// Whole and cut tiles, several phases, more than one image, channels between the vector widths.
    private static let maps = [
      map(1, 4, 4, 8), map(1, 9, 13, 24), map(2, 5, 6, 16), map(1, 11, 7, 40, dilation: 2),
      map(1, 16, 20, 32, dilation: 3), map(2, 1, 2, 8, dilation: 2),
    ]

    private static func map(
      _ images: Int32, _ height: Int32, _ width: Int32, _ channels: Int32, dilation: Int32 = 1
    ) -> ac_winograd_map {
      ac_winograd_map(
        images: images, height: height, width: width, channels: channels, dilation: dilation)
    }

    private static func count(_ map: ac_winograd_map) -> Int {
      Int(map.images * map.height * map.width * map.channels)
    }

    /// The tiles, and how many numbers they are at all points.
    private static func tiles(_ map: ac_winograd_map) -> (tiles: Int32, count: Int) {
      let tiles = withUnsafePointer(to: map) { ac_winograd_tiles($0) }
      return (tiles, Int(AC_WINOGRAD_POINTS) * Int(tiles * map.channels))
    }

    @Test func inputs() {
      var random = SeededGenerator()
      for map in Self.maps {
        let x = random.floats(Self.count(map), in: -3...3)
        let (tiles, count) = Self.tiles(map)
        let expected = guarded(count, fill: Float(-7)) { v in
          withUnsafePointer(to: map) { ac_winograd_input_ref($0, x, 0, tiles, v) }
        }
        onEachPath { path in
          let actual = guarded(count, fill: Float(-7)) { v in
            withUnsafePointer(to: map) {
              ac_winograd_input($0, x, 0, tiles / 2, v)
              ac_winograd_input($0, x, tiles / 2, tiles - tiles / 2, v)
            }
          }
          #expect(
            mismatch(doubles(actual), doubles(expected), absolute: 2e-5) == nil,
            "seed \(random.seed), \(map), path \(path)")
        }
      }
    }

    @Test(arguments: [0, 1, 2, 3]) func outputs(steps: Int) {
      var random = SeededGenerator()
      for map in Self.maps {
        let (tiles, count) = Self.tiles(map)
        let (products, channels) = (random.floats(count, in: -2...2), Int(map.channels))
        let (bias, scale) = (
          random.floats(channels, in: -2...2), random.floats(channels, in: -2...2)
        )
        let shift = random.floats(channels, in: -2...2)
        let summand = random.floats(Self.count(map), in: -9...9)
        func finished(
          _ run: (
            UnsafePointer<ac_winograd_map>, UnsafePointer<ac_winograd_finish>,
            UnsafeMutablePointer<Float>
          ) -> Void
        ) -> [Float] {
          guarded(Self.count(map), fill: Float(-7)) { y in
            bias.withUnsafeBufferPointer { bias in
              scale.withUnsafeBufferPointer { scale in
                shift.withUnsafeBufferPointer { shift in
                  // The summand's memory may be the result's.
                  if steps > 0 { y.update(from: summand, count: summand.count) }
                  let finish = ac_winograd_finish(
                    bias: steps > 1 ? bias.baseAddress : nil,
                    summand: steps > 0 ? UnsafePointer(y) : nil,
                    slope: [1, 0, 0.25, -2][steps],
                    scale: steps > 2 ? scale.baseAddress : nil,
                    shift: steps > 2 ? shift.baseAddress : nil)
                  withUnsafePointer(to: map) { map in
                    withUnsafePointer(to: finish) { run(map, $0, y) }
                  }
                }
              }
            }
          }
        }
        let expected = finished { ac_winograd_output_ref($0, products, $1, 0, tiles, $2) }
        onEachPath { path in
          let actual = finished {
            ac_winograd_output($0, products, $1, 0, tiles / 2, $2)
            ac_winograd_output($0, products, $1, tiles / 2, tiles - tiles / 2, $2)
          }
          #expect(
            mismatch(doubles(actual), doubles(expected), absolute: 2e-4) == nil,
            "seed \(random.seed), \(map), path \(path)")
        }
      }
    }

    /// Kernels, tiles and products together are a convolution; one number that is off is noticed.
    @Test func theThreeTransformationsAreAConvolution() {
      var random = SeededGenerator()
      let (size, inputs, outputs) = (6, 8, 16)
      let x = random.floats(size * size * inputs, in: -1...1)
      let kernels = random.floats(outputs * inputs * 9, in: -1...1)
      var expected = [Double](repeating: 0, count: size * size * outputs)
      for (row, column) in (0..<size).flatMap({ row in (0..<size).map { (row, $0) } }) {
        for (i, j) in (-1...1).flatMap({ i in (-1...1).map { (i, $0) } })
        where (0..<size).contains(row + i) && (0..<size).contains(column + j) {
          for o in 0..<outputs {
            for c in 0..<inputs {
              expected[(row * size + column) * outputs + o] +=
                Double(kernels[(o * inputs + c) * 9 + (i + 1) * 3 + j + 1])
                * Double(x[((row + i) * size + column + j) * inputs + c])
            }
          }
        }
      }
      func map(_ channels: Int) -> ac_winograd_map {
        Self.map(1, Int32(size), Int32(size), Int32(channels))
      }
      func convolved(_ kernels: [Float]) -> [Double] {
        let (points, tiles) = (Int(AC_WINOGRAD_POINTS), 4)
        let u = guarded(points * inputs * outputs, fill: Float(-7)) {
          ac_winograd_weights(kernels, Int32(outputs), Int32(inputs), $0)
        }
        let v = guarded(points * tiles * inputs, fill: Float(-7)) { v in
          withUnsafePointer(to: map(inputs)) { ac_winograd_input($0, x, 0, 4, v) }
        }
        var products = [Float](repeating: 0, count: points * tiles * outputs)
        for (point, tile) in (0..<points).flatMap({ point in (0..<tiles).map { (point, $0) } }) {
          for o in 0..<outputs {
            products[(point * tiles + tile) * outputs + o] = (0..<inputs).reduce(0) {
              $0 + v[(point * tiles + tile) * inputs + $1] * u[(point * inputs + $1) * outputs + o]
            }
          }
        }
        let none = ac_winograd_finish(
          bias: nil, summand: nil, slope: 1, scale: nil, shift: nil)
        return doubles(
          guarded(size * size * outputs, fill: Float(-7)) { y in
            withUnsafePointer(to: map(outputs)) { map in
              withUnsafePointer(to: none) { ac_winograd_output(map, products, $0, 0, 4, y) }
            }
          })
      }
      onEachPath { path in
        let note: Comment = "seed \(random.seed), path \(path)"
        #expect(mismatch(convolved(kernels), expected, absolute: 1e-4) == nil, note)
        var wrong = kernels
        wrong[inputs * 9 + 4] += 0.01
        #expect(mismatch(convolved(wrong), expected, absolute: 1e-4) != nil, note)
      }
    }
  }
}
