import CKernels
import Foundation
import TestSupport
import Testing

extension KernelTests {
  @Suite("Bins") struct Bins {
    /// What a kernel says of each position: a, b, certainty.
    typealias Decode = (
      UnsafePointer<Float>?, Int32, UnsafePointer<ac_bins>?, Int32, UnsafeMutablePointer<Float>?,
      UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?
    ) -> Void

    static func decode(
      _ logits: [Float], bias: [Float], centers: [[Float]], temperature: Float, with kernel: Decode
    ) -> [[Float]] {
      let (bins, count) = (bias.count, logits.count / bias.count)
      var (b, sure): ([Float], [Float]) = ([], [])
      let a = guarded(count, fill: Float(-7)) { a in
        b = guarded(count, fill: Float(-7)) { b in
          sure = guarded(count, fill: Float(-7)) { sure in
            bias.withUnsafeBufferPointer { bias in
              centers[0].withUnsafeBufferPointer { centerA in
                centers[1].withUnsafeBufferPointer { centerB in
                  var table = ac_bins(
                    count: Int32(bins), bias: bias.baseAddress, center_a: centerA.baseAddress,
                    center_b: centerB.baseAddress, temperature: temperature)
                  kernel(logits, Int32(bins), &table, Int32(count), a, b, sure)
                }
              }
            }
          }
        }
      }
      return [a, b, sure]
    }

    @Test func rootsOfCells() {
      var random = SeededGenerator()
      for (bins, cellCount) in [(1, 1), (7, 3), (8, 8), (17, 4), (313, 88)] {
        let cells = (0..<bins).map { _ in Int32.random(in: 0..<Int32(cellCount), using: &random) }
        for areShares: Int32 in [0, 1] {
          for count in [1, 5, 8, 19] {
            var values = random.floats(count * bins, in: areShares == 1 ? 0...1 : -20...20)
            // Of one position nothing is known.
            if count > 1 { values[bins + bins / 2] = .nan }
            typealias Kernel = (
              UnsafePointer<Float>?, Int32, Int32, Int32, UnsafePointer<Int32>?, Int32, Int32,
              UnsafeMutablePointer<Float>?, Int64
            ) -> Void
            func run(_ kernel: Kernel) -> [Float] {
              guarded(cellCount * count, fill: Float(-7)) { out in
                kernel(
                  values, Int32(bins), Int32(bins), areShares, cells, Int32(cellCount),
                  Int32(count), out, Int64(count))
              }
            }
            let expected = run(ac_cell_roots_ref)
            func isWrong(_ actual: [Float]) -> Bool {
              mismatch(doubles(actual), doubles(expected), absolute: 1e-5) != nil
            }
            onEachPath { path in
              #expect(
                !isWrong(run(ac_cell_roots)),
                "seed \(random.seed), \(bins) bins, \(count) positions, path \(path)")
            }
            if count > 1 {
              for c in 0..<cellCount {
                #expect(abs(expected[c * count + 1] - (1 / Float(cellCount)).squareRoot()) < 1e-6)
              }
            }
            #expect(isWrong(expected.map { $0 * 1.01 + 1e-4 }))
          }
        }
      }
    }

    @Test func decoding() {
      var random = SeededGenerator()
      for bins in [1, 2, 7, 8, 15, 16, 17, 40, 313] {
        let bias = random.floats(bins, in: -2...2)
        let centers = (0..<2).map { _ in random.floats(bins, in: -110...110) }
        for spread: Float in [0.01, 4, 60] {
          let logits = random.floats(5 * bins, in: -spread...spread)
          for temperature: Float in [0, 0.05, 0.38, 0.5, 0.7, 1] {
            func run(_ kernel: Decode) -> [[Float]] {
              Self.decode(
                logits, bias: bias, centers: centers, temperature: temperature, with: kernel)
            }
            let expected = run(ac_decode_bins_ref)
            onEachPath { path in
              let actual = run(ac_decode_bins)
              let note: Comment =
                "seed \(random.seed), \(bins) bins, T \(temperature), ±\(spread), path \(path)"
              for (channel, tolerance) in [(0, 5e-3), (1, 5e-3), (2, 1e-5)] {
                #expect(
                  mismatch(
                    doubles(actual[channel]), doubles(expected[channel]), absolute: tolerance)
                    == nil, note)
              }
            }
            // The comparison sees one color that is a little off.
            var wrong = expected[0]
            wrong[3] += 0.02
            #expect(mismatch(doubles(wrong), doubles(expected[0]), absolute: 5e-3) != nil)
          }
        }
      }
    }

    /// The centers of as many bins: the bin's number, and its square root.
    static func numbered(_ bins: Int) -> [[Float]] {
      [(0..<bins).map { Float($0) }, (0..<bins).map { Float($0).squareRoot() }]
    }

    @Test func certaintyRunsFromUniformToOneBin() {
      onEachPath { path in
        let sharp = (0..<313).map { $0 == 100 ? Float(80) : 0 }
        let out = Self.decode(
          [Float](repeating: 3, count: 313) + sharp, bias: [Float](repeating: 0, count: 313),
          centers: Self.numbered(313), temperature: 1, with: ac_decode_bins)
        #expect(abs(out[2][0]) < 1e-5 && abs(out[2][1] - 1) < 1e-5, "path \(path)")
        #expect(abs(out[0][0] - 156) < 1e-3 && abs(out[0][1] - 100) < 1e-3, "path \(path)")
        #expect(abs(out[1][1] - 10) < 1e-4, "path \(path)")
      }
    }

    @Test func whatIsNoNumberComesOutGray() {
      for bad in [Float.nan, .infinity] {
        for place in [0, 8, 100, 312] {
          onEachPath { path in
            var logits = [Float](repeating: 1, count: 626)
            logits[place] = bad
            logits[313 + place] = -.infinity
            let out = Self.decode(
              logits, bias: [Float](repeating: 0, count: 313), centers: Self.numbered(313),
              temperature: 1, with: ac_decode_bins)
            let note: Comment = "\(bad) at \(place), path \(path)"
            #expect(out[0][0] == 0 && out[1][0] == 0 && out[2][0] == 0, note)
            // −∞ is a legitimate way to forbid a bin.
            #expect(abs(out[0][1] - Float(48828 - place) / 312) < 1e-2, note)
          }
        }
      }
    }

    @Test func logarithms() {
      var random = SeededGenerator()
      for n in lengths {
        var input = random.floats(n, in: 0...1)
        input[0] = 0
        if n > 2 { input[1] = 1 }
        if n > 3 { input[2] = .nan }
        let expected = input.map { $0.isNaN ? Double.nan : log(max(Double($0), 1e-30)) }
        onEachPath { path in
          let actual = guarded(n, fill: Float(-7)) { ac_log_row(input, $0, Int32(n)) }
          #expect(
            mismatch(doubles(actual), expected, absolute: 1e-6, relative: 1e-6) == nil,
            "seed \(random.seed), n \(n), path \(path)")
        }
      }
    }

    @Test func modeOfTiesIsTheirMean() {
      var logits = [Float](repeating: 0, count: 16)
      logits[2] = 4
      logits[9] = 4
      logits[10] = 3
      onEachPath { path in
        let out = Self.decode(
          logits, bias: [Float](repeating: 0, count: 16), centers: Self.numbered(16),
          temperature: 0, with: ac_decode_bins)
        #expect(out[0][0] == 5.5, "path \(path)")
      }
    }
  }
}
