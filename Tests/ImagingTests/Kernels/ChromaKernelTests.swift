import CKernels
import Imaging
import TestSupport
import Testing

extension KernelTests {
  @Suite("Chroma") struct Chroma {
    @Test func applyModels() {
      var random = SeededGenerator()
      for n in lengths {
        let models = random.floats(4 * (n + 1), in: -50...50)
        let index = (0..<n).map { _ in Int32.random(in: 0..<Int32(n), using: &random) }
        let fraction = random.floats(n, in: 0...1)
        let guide = random.floats(n, in: 0...1)
        var expectedB: [Float] = []
        let expectedA = guarded(n, fill: Float(-7)) { a in
          expectedB = guarded(n, fill: Float(-7)) { b in
            ac_apply_models_ref(models, index, fraction, guide, a, b, Int32(n))
          }
        }
        onEachPath { path in
          var actualB: [Float] = []
          let actualA = guarded(n, fill: Float(-7)) { a in
            actualB = guarded(n, fill: Float(-7)) { b in
              ac_apply_models(models, index, fraction, guide, a, b, Int32(n))
            }
          }
          let note: Comment = "seed \(random.seed), n \(n), path \(path)"
          #expect(mismatch(doubles(actualA), doubles(expectedA), absolute: 1e-4) == nil, note)
          #expect(mismatch(doubles(actualB), doubles(expectedB), absolute: 1e-4) == nil, note)
        }
      }
    }

    @Test func tableLookup() throws {
      var random = SeededGenerator()
      let table = try ChromaTable.shared(for: ColorDescription(matrix: .bt709))
      for n in lengths {
        let luma = random.floats(n, in: -0.1...1.1)
        var a = random.floats(n, in: -200...200)
        let b = random.floats(n, in: -200...200)
        a[n / 2] = [0, .nan, .infinity][n % 3]
        withUnsafePointer(to: table.kernel) { kernel in
          var expectedCr: [Float] = []
          let expectedCb = guarded(n, fill: Float(-7)) { cb in
            expectedCr = guarded(n, fill: Float(-7)) { cr in
              ac_chroma_row_ref(kernel, luma, a, b, cb, cr, Int32(n))
            }
          }
          onEachPath { path in
            var actualCr: [Float] = []
            let actualCb = guarded(n, fill: Float(-7)) { cb in
              actualCr = guarded(n, fill: Float(-7)) { cr in
                ac_chroma_row(kernel, luma, a, b, cb, cr, Int32(n))
              }
            }
            let note: Comment = "seed \(random.seed), n \(n), path \(path)"
            #expect(mismatch(doubles(actualCb), doubles(expectedCb), absolute: 2e-5) == nil, note)
            #expect(mismatch(doubles(actualCr), doubles(expectedCr), absolute: 2e-5) == nil, note)
          }
        }
      }
    }

    @Test func rgbRowsMayLieOnTheirInput() throws {
      let table = try ChromaTable.shared(for: ColorDescription(matrix: .bt709))
      let weights = try LumaWeights(.bt709)
      let (luma, cb, cr) = (0.4, 0.1, -0.2)
      var (u, v, g) = ([Float(cb)], [Float(cr)], [Float(0)])
      u.withUnsafeMutableBufferPointer { u in
        v.withUnsafeMutableBufferPointer { v in
          withUnsafePointer(to: table.kernel) {
            ac_rgb_row(
              $0, [Float(luma)], u.baseAddress, v.baseAddress, v.baseAddress, &g,
              u.baseAddress, 1)
          }
        }
      }
      let exact = weights.rgb(luma: luma, cb: cb, cr: cr)
      #expect(
        mismatch(
          doubles([v[0], g[0], u[0]]), [exact.x, exact.y, exact.z], absolute: 1e-6) == nil)
    }

    @Test func guidedFilter() {
      var random = SeededGenerator()
      for (w, h) in [(1, 1), (1, 9), (9, 1), (5, 4), (17, 13), (40, 23)] {
        for radius in [0, 1, 3, 30] {
          let guide = random.floats(w * h, in: 0...1)
          let a = random.floats(w * h, in: -100...100)
          let b = random.floats(w * h, in: -100...100)
          let scratch = Int(ac_guided_scratch(Int32(w), Int32(h)))
          func run(_ isReference: Bool) -> [Float] {
            guarded(4 * w * h, fill: Float(-7)) { out in
              _ = guarded(scratch, fill: Float(-7)) { scratch in
                (isReference ? ac_guided_coefficients_ref : ac_guided_coefficients)(
                  guide, a, b, Int32(w), Int32(h), Int32(radius), 1e-2, out, scratch)
              }
            }
          }
          let expected = doubles(run(true))
          onEachPath { path in
            #expect(
              mismatch(doubles(run(false)), expected, absolute: 0.02) == nil,
              "seed \(random.seed), \(w)×\(h), radius \(radius), path \(path)")
          }
        }
      }
    }

    @Test func guidedFilterReproducesALinearRelation() {
      // a = 30·guide − 10 everywhere: with a tiny ε the models are that relation.
      var random = SeededGenerator()
      let guide = random.floats(20 * 15, in: 0...1)
      let a = guide.map { 30 * $0 - 10 }
      let b = guide.map { 5 - 80 * $0 }
      onEachPath { path in
        var scratch = [Float](repeating: 0, count: ac_guided_scratch(20, 15))
        var models = [Float](repeating: 0, count: 4 * 300)
        ac_guided_coefficients(guide, a, b, 20, 15, 2, 1e-6, &models, &scratch)
        for pixel in 0..<300 {
          let model = doubles(Array(models[4 * pixel..<4 * pixel + 4]))
          #expect(
            mismatch(model, [30, -10, -80, 5], absolute: 0.02) == nil,
            "seed \(random.seed), path \(path)")
        }
      }
    }
  }
}
