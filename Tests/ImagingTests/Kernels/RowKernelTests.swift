import CKernels
import TestSupport
import Testing

extension KernelTests {
  @Suite("Rows") struct Rows {
    @Test func weighRows() {
      var random = SeededGenerator()
      for n in lengths {
        for count in [1, 2, 7] {
          let rows8: [[UInt8]] = (0..<count).map { _ in random.codes(n) }
          let rows16: [[UInt16]] = (0..<count).map { _ in random.codes(n) }
          let weights = random.floats(count, in: -1...1)
          // In double, independent of both versions.
          let expected8 = (0..<n).map { i in
            rows8.indices.reduce(0.25) { $0 + Double(weights[$1]) * Double(rows8[$1][i]) }
          }
          let expected16 = (0..<n).map { i in
            rows16.indices.reduce(0.25) { $0 + Double(weights[$1]) * Double(rows16[$1][i]) }
          }
          onEachPath { path in
            let note: Comment = "seed \(random.seed), n \(n), \(count) rows, path \(path)"
            let actual8 = withPointers(rows8) { rows in
              guarded(n, fill: Float(-7)) {
                ac_weigh_rows_u8(rows, weights, Int32(count), 0.25, $0, Int32(n))
              }
            }
            #expect(mismatch(doubles(actual8), expected8, absolute: 1e-3) == nil, note)
            let actual16 = withPointers(rows16) { rows in
              guarded(n, fill: Float(-7)) {
                ac_weigh_rows_u16(rows, weights, Int32(count), 0.25, $0, Int32(n))
              }
            }
            #expect(mismatch(doubles(actual16), expected16, absolute: 0.2) == nil, note)
          }
        }
      }
    }

    @Test func weighColumns() {
      var random = SeededGenerator()
      for n in lengths {
        for taps in [8, 16] {
          let row = random.floats(n + taps, in: -1...1)
          let first = (0..<n).map { _ in Int32.random(in: 0...Int32(n), using: &random) }
          let weights = random.floats(n * taps, in: -1...1)
          let expected = guarded(n, fill: Float(-7)) {
            ac_weigh_columns_ref(row, first, weights, Int32(taps), $0, Int32(n))
          }
          onEachPath { path in
            let actual = guarded(n, fill: Float(-7)) {
              ac_weigh_columns(row, first, weights, Int32(taps), $0, Int32(n))
            }
            #expect(
              mismatch(doubles(actual), doubles(expected), absolute: 1e-5) == nil,
              "seed \(random.seed), n \(n), path \(path)")
          }
        }
      }
    }

    @Test func halveRows() {
      var random = SeededGenerator()
      for n in lengths {
        let row = random.floats(n, in: -1...1)
        let half = (n + 1) / 2
        let at = { (i: Int) in Double(row[min(max(i, 0), n - 1)]) }
        let centered = (0..<half).map { (at(2 * $0) + at(2 * $0 + 1)) / 2 }
        let cosited = (0..<half).map { (at(2 * $0 - 1) + 2 * at(2 * $0) + at(2 * $0 + 1)) / 4 }
        onEachPath { path in
          let note: Comment = "seed \(random.seed), n \(n), path \(path)"
          let a = guarded(half, fill: Float(-7)) { ac_halve_row_centered(row, $0, Int32(n)) }
          let b = guarded(half, fill: Float(-7)) { ac_halve_row_cosited(row, $0, Int32(n)) }
          #expect(mismatch(doubles(a), centered, absolute: 1e-6) == nil, note)
          #expect(mismatch(doubles(b), cosited, absolute: 1e-6) == nil, note)
        }
      }
    }

    @Test func interpolate() {
      var random = SeededGenerator()
      for n in lengths {
        let (r0, r1) = (random.floats(n + 1, in: -9...9), random.floats(n + 1, in: -9...9))
        let index = (0..<n).map { _ in Int32.random(in: 0..<Int32(n), using: &random) }
        let fraction = random.floats(n, in: 0...1)
        let rows = guarded(n, fill: Float(-7)) { ac_lerp_rows_ref(r0, r1, 0.3, 1.5, $0, Int32(n)) }
        let columns = guarded(n, fill: Float(-7)) {
          ac_lerp_columns_ref(r0, index, fraction, $0, Int32(n))
        }
        onEachPath { path in
          let note: Comment = "seed \(random.seed), n \(n), path \(path)"
          let a = guarded(n, fill: Float(-7)) { ac_lerp_rows(r0, r1, 0.3, 1.5, $0, Int32(n)) }
          let b = guarded(n, fill: Float(-7)) {
            ac_lerp_columns(r0, index, fraction, $0, Int32(n))
          }
          #expect(mismatch(doubles(a), doubles(rows), absolute: 1e-5) == nil, note)
          #expect(mismatch(doubles(b), doubles(columns), absolute: 1e-5) == nil, note)
        }
      }
    }

    @Test func curves() {
      var random = SeededGenerator()
      let last = 64
      let table = (0...last).map { Float($0 * $0) } + [-1e9]
      for n in lengths {
        var input = random.floats(n, in: -0.5...1.5)
        input[0] = .nan
        input[n - 1] = n > 1 ? 1 : .nan
        let expected = guarded(n, fill: Float(-7)) {
          ac_curve_row_ref(input, table, Int32(last), $0, Int32(n))
        }
        #expect(expected[0] == 0 && (n == 1 || expected[n - 1] == Float(last * last)))
        onEachPath { path in
          let actual = guarded(n, fill: Float(-7)) {
            ac_curve_row(input, table, Int32(last), $0, Int32(n))
          }
          #expect(
            mismatch(doubles(actual), doubles(expected), absolute: 2e-3) == nil,
            "seed \(random.seed), n \(n), path \(path)")
        }
      }
    }

    @Test func quantization() {
      var random = SeededGenerator()
      for n in lengths {
        var input = random.floats(n, in: -0.7...0.7)
        input[n / 2] = [.nan, .infinity, -.infinity][n % 3]
        let thresholds = random.floats(8, in: 0...0.99)
        let expected8 = guarded(n, fill: UInt8(77)) {
          ac_quantize_row_u8_ref(input, 224, 128, 255, thresholds, $0, Int32(n))
        }
        let expected16 = guarded(n, fill: UInt16(77)) {
          ac_quantize_row_u16_ref(input, 65535, 32768, 65535, thresholds, $0, Int32(n))
        }
        onEachPath { path in
          let note: Comment = "seed \(random.seed), n \(n), path \(path)"
          let a = guarded(n, fill: UInt8(77)) {
            ac_quantize_row_u8(input, 224, 128, 255, thresholds, $0, Int32(n))
          }
          let b = guarded(n, fill: UInt16(77)) {
            ac_quantize_row_u16(input, 65535, 32768, 65535, thresholds, $0, Int32(n))
          }
          // A fused multiply-add may round a half the other way.
          #expect(mismatch(doubles(a), doubles(expected8), absolute: 1) == nil, note)
          #expect(mismatch(doubles(b), doubles(expected16), absolute: 1) == nil, note)
        }
      }
    }

    @Test func quantizationRoundsHalvesUp() {
      onEachPath { path in
        let input = (0..<40).map { Float($0) + 0.5 }
        let halves = [Float](repeating: 0.5, count: 8)
        let codes = guarded(40, fill: UInt8(77)) {
          ac_quantize_row_u8(input, 1, 0, 255, halves, $0, 40)
        }
        #expect(codes == (1...40).map { UInt8($0) }, "path \(path)")
      }
    }

    @Test func quantizationRoundsUpFromTheThresholdOn() {
      onEachPath { path in
        let thresholds = (0..<8).map { Float($0) / 8 }
        let codes = guarded(40, fill: UInt16(77)) {
          ac_quantize_row_u16([Float](repeating: 5.5, count: 40), 1, 0, 1023, thresholds, $0, 40)
        }
        #expect(codes == (0..<40).map { $0 % 8 < 4 ? 5 : 6 }, "path \(path)")
      }
    }

    @Test func lumaOfRGB() {
      var random = SeededGenerator()
      let weights: [Float] = [0.2126 * 257, 0.7152 * 257, 0.0722 * 257]
      let weights16: [Float] = [0.2126, 0.7152, 0.0722]
      for n in lengths {
        let rgb8: [[UInt8]] = (0..<3).map { _ in random.codes(n) }
        let rgb16: [[UInt16]] = (0..<3).map { _ in random.codes(n) }
        let expected8 = guarded(n, fill: UInt16(77)) {
          ac_luma_row_u8_ref(rgb8[0], rgb8[1], rgb8[2], weights, $0, Int32(n))
        }
        let expected16 = guarded(n, fill: UInt16(77)) {
          ac_luma_row_u16_ref(rgb16[0], rgb16[1], rgb16[2], weights16, $0, Int32(n))
        }
        onEachPath { path in
          let note: Comment = "seed \(random.seed), n \(n), path \(path)"
          let a = guarded(n, fill: UInt16(77)) {
            ac_luma_row_u8(rgb8[0], rgb8[1], rgb8[2], weights, $0, Int32(n))
          }
          let b = guarded(n, fill: UInt16(77)) {
            ac_luma_row_u16(rgb16[0], rgb16[1], rgb16[2], weights16, $0, Int32(n))
          }
          #expect(mismatch(doubles(a), doubles(expected8), absolute: 1) == nil, note)
          #expect(mismatch(doubles(b), doubles(expected16), absolute: 1) == nil, note)
        }
      }
    }

    @Test func grayStaysGray() {
      let weights: [Float] = [0.2126 * 257, 0.7152 * 257, 0.0722 * 257]
      let gray = (0...255).map { UInt8($0) }
      onEachPath { path in
        let luma = guarded(256, fill: UInt16(77)) {
          ac_luma_row_u8(gray, gray, gray, weights, $0, 256)
        }
        #expect(luma == (0...255).map { UInt16($0 * 257) }, "path \(path)")
      }
    }
  }
}

/// Hands out the addresses of several rows.
private func withPointers<T, Result>(
  _ rows: [[T]], _ body: ([UnsafePointer<T>?]) -> Result
) -> Result {
  func step(_ index: Int, _ found: [UnsafePointer<T>?]) -> Result {
    guard index < rows.count else { return body(found) }
    return rows[index].withUnsafeBufferPointer { step(index + 1, found + [$0.baseAddress]) }
  }
  return step(0, [])
}
