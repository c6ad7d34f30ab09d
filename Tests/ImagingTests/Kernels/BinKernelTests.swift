import CKernels
import Foundation
import Testing

extension KernelTests {
  @Suite("Bins") struct Bins {
    @Test func softmax() {
      var random = SeededGenerator()
      for bins in [1, 2, 7, 8, 15, 16, 17, 40, 313] {
        let stride = (bins + 15) / 16 * 16
        let count = 5
        for spread: Float in [0.01, 4, 60] {
          let logits = random.floats(count * bins, in: -spread...spread)
          let bias = random.floats(bins, in: -2...2)
          var expectedSure = [Float](repeating: -1, count: count)
          let expected = guarded(count * stride, fill: Float(-7)) {
            ac_softmax_ref(
              logits, Int32(bins), bias, Int32(bins), Int32(count), $0, Int32(stride),
              &expectedSure)
          }
          for position in 0..<count {
            let row = expected[position * stride..<(position + 1) * stride]
            #expect(abs(row.reduce(0, +) - 1) < 1e-5)
            #expect(row.dropFirst(bins).allSatisfy { $0 == 0 })
          }
          onEachPath { path in
            let note: Comment = "seed \(random.seed), \(bins) bins, ±\(spread), path \(path)"
            var sure: [Float] = []
            let actual = guarded(count * stride, fill: Float(-7)) { out in
              sure = guarded(count, fill: Float(-7)) {
                ac_softmax(
                  logits, Int32(bins), bias, Int32(bins), Int32(count), out, Int32(stride), $0)
              }
            }
            #expect(
              mismatch(doubles(actual), doubles(expected), absolute: 1e-12, relative: 2e-5) == nil,
              note)
            #expect(mismatch(doubles(sure), doubles(expectedSure), absolute: 1e-5) == nil, note)
          }
        }
      }
    }

    @Test func certaintyRunsFromUniformToOneBin() {
      onEachPath { path in
        var sure = [Float](repeating: -1, count: 2)
        let sharp = (0..<313).map { $0 == 100 ? Float(80) : 0 }
        let logits = [Float](repeating: 3, count: 313) + sharp
        let bias = [Float](repeating: 0, count: 313)
        _ = guarded(640, fill: Float(-7)) {
          ac_softmax(logits, 313, bias, 313, 2, $0, 320, &sure)
        }
        #expect(abs(sure[0]) < 1e-5 && abs(sure[1] - 1) < 1e-5, "path \(path)")
      }
    }

    @Test func whatIsNoNumberComesOutUniform() {
      for bad in [Float.nan, .infinity] {
        for place in [0, 8, 100, 312] {
          onEachPath { path in
            var logits = [Float](repeating: 1, count: 626)
            logits[place] = bad
            logits[313 + place] = -.infinity
            let bias = [Float](repeating: 0, count: 313)
            var sure: [Float] = [-1, -1]
            let out = guarded(640, fill: Float(-7)) {
              ac_softmax(logits, 313, bias, 313, 2, $0, 320, &sure)
            }
            let note: Comment = "\(bad) at \(place), path \(path)"
            #expect(out[..<313].allSatisfy { $0 == 1 / Float(313) } && sure[0] == 0, note)
            // −∞ is a legitimate way to forbid a bin.
            #expect(out[320 + place] < 1e-30 && abs(out[320 + (place + 1) % 313] - 1 / 312) < 1e-6)
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

    @Test func annealedMean() {
      var random = SeededGenerator()
      let (stride, count) = (320, 6)
      let centers = (0..<2).map { _ in random.floats(stride, in: -110...110) }
      for spread: Float in [0.5, 5, 20] {
        // Distributions, the last one empty.
        var probabilities: [Float] = []
        for position in 0..<count {
          let raw = random.floats(313, in: 0...spread).map { exp($0) }
          let sum = raw.reduce(0, +)
          let row = position == count - 1 ? raw.map { _ in 0 } : raw.map { $0 / sum }
          probabilities += row + [Float](repeating: 0, count: 7)
        }
        for temperature: Float in [0, 0.05, 0.38, 0.5, 0.7, 1] {
          var expected: [[Float]] = [[], []]
          expected[0] = guarded(count, fill: Float(-7)) { a in
            expected[1] = guarded(count, fill: Float(-7)) { b in
              ac_annealed_mean_ref(
                probabilities, 320, Int32(count), centers[0], centers[1], temperature, a, b)
            }
          }
          onEachPath { path in
            var actualB: [Float] = []
            let actualA = guarded(count, fill: Float(-7)) { a in
              actualB = guarded(count, fill: Float(-7)) { b in
                ac_annealed_mean(
                  probabilities, 320, Int32(count), centers[0], centers[1], temperature, a, b)
              }
            }
            let note: Comment = "seed \(random.seed), T \(temperature), ±\(spread), path \(path)"
            #expect(mismatch(doubles(actualA), doubles(expected[0]), absolute: 5e-3) == nil, note)
            #expect(mismatch(doubles(actualB), doubles(expected[1]), absolute: 5e-3) == nil, note)
            #expect(actualA[count - 1] == 0 && actualB[count - 1] == 0, note)
          }
        }
      }
    }

    @Test func modeOfTiesIsTheirMean() {
      var probabilities = [Float](repeating: 0, count: 16)
      probabilities[2] = 0.4
      probabilities[9] = 0.4
      probabilities[10] = 0.2
      let centers = (0..<16).map { Float($0) }
      onEachPath { path in
        var (a, b): (Float, Float) = (0, 0)
        ac_annealed_mean(probabilities, 16, 1, centers, centers, 0, &a, &b)
        #expect(a == 5.5 && b == 5.5, "path \(path)")
      }
    }
  }
}
