import Foundation
import Network
import Testing

/// The network that ships with the package.
@Suite struct ShippedModelTests {
  static func model() throws -> Model {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent(
        "../../Sources/AutochromeKit/Resources/models/autochrome.onnx"
      ).path
    return try Model(contentsOf: path)
  }

  @Test(arguments: [(64, 64), (128, 176), (256, 240)])
  func backEndsAgree(height: Int, width: Int) throws {
    let model = try Self.model()
    let x = try Tensor(shape: [1, 1, height, width]) { values in
      for i in values.indices {
        values[i] = sinf(Float(i % width) * 0.07) * cosf(Float(i / width) * 0.05)
      }
    }
    var results: [[Float]] = []
    for backend in Backend.allCases {
      let session = try Session(model: model, backend: backend, precision: .float32)
      let y = try #require(try session.run(["L": x])["logits"])
      #expect(y.shape == [1, 313, height / 4, width / 4])
      results.append(y.floats)
    }
    let range = try #require(results[1].max()) - (try #require(results[1].min()))
    #expect(range > 1)
    let worst = zip(results[0], results[1]).map { abs($0 - $1) }.max()
    #expect(try #require(worst) < 1e-4 * range)
  }
}
