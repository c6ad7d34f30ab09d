import Dispatch
import Foundation
import NeuralNetwork
import Synchronization
import Testing

/// The network that ships with the package.
@Suite struct ShippedModelTests {
  static func model() throws -> Model {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/AutochromeKit/Resources/models/autochrome.onnx").path
    return try Model(contentsOf: path)
  }

  static func input(_ height: Int, _ width: Int) throws -> [String: Tensor] {
    let x = try Tensor(shape: [1, 1, height, width]) { values in
      for i in values.indices {
        values[i] = sinf(Float(i % width) * 0.07) * cosf(Float(i / width) * 0.05)
      }
    }
    return ["L": x]
  }

  @Test func isDescribed() throws {
    let model = try Self.model()
    #expect(model.inputs.map(\.name) == ["L"])
    #expect(model.outputs.map(\.name) == ["logits"])
    #expect(model.metadata["autochrome.stride"] == "32")
    #expect(model.operators["Conv"] == 83 && model.operators["Clip"] == 42)
    #expect(model.parameterCount > 6_000_000)
    let count = try model.floatingPointOperations(inputShapes: ["L": [1, 1, 256, 256]])
    #expect((4_250_000_000...4_400_000_000).contains(count))
  }

  @Test(arguments: [(64, 64), (96, 160), (256, 224)])
  func backEndsAgree(height: Int, width: Int) throws {
    let model = try Self.model()
    let x = try Self.input(height, width)
    let reference = try Session(model: model, backend: .openBLAS).run(x)
    let expected = try #require(reference["logits"])
    #expect(expected.shape == [1, 313, height / 4, width / 4])
    let session = try Session(model: model, backend: .oneDNN, precision: .float32)
    let y = try #require(try session.run(x)["logits"])
    let range = expected.floats.reduce(0) { max($0, abs($1)) }
    #expect(range > 1)
    #expect(difference(y.floats, expected.floats, tolerance: 1e-4) == nil)
    // Channels last holds the same numbers, to the bit.
    let last = try #require(try session.run(x, outputLayout: .nhwc)["logits"])
    #expect(last.shape == [1, height / 4, width / 4, 313])
    let plane = height * width / 16
    let (a, b) = (y.floats, last.floats)
    let moved = (0..<b.count).map { a[$0 % 313 * plane + $0 / 313] }
    #expect(moved == b)
  }

  @Test func bfloat16IsClose() throws {
    let model = try Self.model()
    let x = try Self.input(64, 96)
    let exact = try #require(try Session(model: model, precision: .float32).run(x)["logits"])
    let coarse = try #require(try Session(model: model, precision: .bfloat16).run(x)["logits"])
    #expect(coarse.elementType == .float32)
    #expect(difference(coarse.floats, exact.floats, tolerance: 0.03) == nil)
    // That bf16 was at work shows in its rounding. oneDNN has it from AVX-512 on, if not in hardware.
    let info = try #require(BackendInfo.available().first { $0.backend == .oneDNN })
    if info.instructionSet.hasPrefix("avx512") {
      #expect(difference(coarse.floats, exact.floats, tolerance: 1e-5) != nil)
    }
  }

  /// After a training, scripts/calibrate-models.sh gives the shipped networks their ranges.
  @Test(arguments: ["autochrome", "autochrome-fast"])
  func int8IsClose(name: String) throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources/AutochromeKit/Resources/models/\(name).onnx").path
    let model = try Model(contentsOf: path)
    let x = try Self.input(64, 96)
    let exact = try #require(try Session(model: model, precision: .float32).run(x)["logits"])
    let session = try Session(model: model, precision: .int8)
    let coarse = try #require(try session.run(x)["logits"])
    #expect(difference(coarse.floats, exact.floats, tolerance: 0.1) == nil)
    #expect(difference(coarse.floats, exact.floats, tolerance: 1e-4) != nil)
    let info = try #require(BackendInfo.available().first { $0.backend == .oneDNN })
    #expect(try Session(model: model).precision == info.precisions.first)
  }

  @Test func openBLASRefusesBFloat16() throws {
    let model = try Self.model()
    #expect(throws: NetworkError.self) {
      try Session(model: model, backend: .openBLAS, precision: .bfloat16)
    }
  }

  @Test func sizesThatAreNoMultipleOfTheStrideAreRefused() throws {
    let session = try Session(model: try Self.model())
    #expect {
      try session.run(try Self.input(72, 64))
    } throws: { error in
      (error as? NetworkError)?.code == .shapeMismatch && "\(error)".contains("Add")
    }
    #expect(throws: NetworkError.self) {
      try session.run(["L": try Tensor(shape: [1, 2, 64, 64]) { $0.update(repeating: 0) }])
    }
  }

  @Test(arguments: Backend.allCases)
  func concurrentRunsGiveTheSame(backend: Backend) throws {
    let session = try Session(model: try Self.model(), backend: backend, precision: .float32)
    let sizes = [(64, 64), (96, 64), (64, 128), (128, 64), (96, 96), (64, 96)]
    let inputs = try sizes.map { try Self.input($0.0, $0.1) }
    let alone = try inputs.map { try session.run($0)["logits"]?.floats ?? [] }
    let problems = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 24) { job in
      do {
        let y = try session.run(inputs[job % inputs.count])["logits"]?.floats ?? []
        if y != alone[job % inputs.count] {
          problems.withLock { $0.append("job \(job) differs") }
        }
      } catch { problems.withLock { $0.append("job \(job): \(error)") } }
    }
    #expect(problems.withLock { $0 } == [])
  }

  @Test func resultsOutliveTheirRun() throws {
    let session = try Session(model: try Self.model())
    let x = try Self.input(64, 64)
    let first = try #require(try session.run(x)["logits"])
    let before = first.floats
    _ = try session.run(["L": try Tensor(shape: [1, 1, 64, 64]) { $0.update(repeating: 1) }])
    #expect(first.floats == before)
  }

  @Test func backEndsDescribeThemselves() {
    let list = BackendInfo.available()
    #expect(list.map(\.backend) == [.oneDNN, .openBLAS])
    for info in list {
      #expect(info.version.first?.isNumber == true)
      #expect(info.precisions.contains(.float32))
      #expect(!info.instructionSet.isEmpty)
    }
  }
}
