import Dispatch
import Foundation
import ModelFixtures
import NeuralNetwork
import Synchronization
import TestSupport
import Testing

/// Finding ranges, carrying them in the model, and running whole networks with them.
@Suite struct CalibrationTests {
  /// The elements of the shipped networks: a first convolution of the picture, residual blocks, pooling
  /// to a point and back, repetition, a sum of two sizes, a transposed convolution, and a head.
  static func network(seed: UInt64 = 31) -> ModelBuilder {
    var random = SeededGenerator(seed: seed)
    var builder = ModelBuilder()
    builder.input("x", [1, 1, 24, 32])
    builder.output("y")
    func convolution(
      _ name: String, _ input: String, _ from: Int, _ to: Int, kernel: Int = 3, stride: Int = 1
    ) {
      let strength = (2 / Float(from * kernel * kernel)).squareRoot() * 1.7
      builder.constant(
        name + ".w", [to, from, kernel, kernel],
        random.floats(to * from * kernel * kernel, in: -strength...strength))
      builder.constant(name + ".b", [to], random.floats(to, in: -0.1...0.1))
      let pads = [Int64](repeating: Int64(kernel / 2), count: 4)
      builder.node(
        "Conv", [input, name + ".w", name + ".b"], [name],
        ["pads": .ints(pads), "strides": .ints([Int64(stride), Int64(stride)])])
    }
    convolution("stem", "x", 1, 32)
    builder.node("Relu", ["stem"], ["r0"])
    builder.node(
      "MaxPool", ["r0"], ["p0"], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])])
    convolution("a1", "p0", 32, 32)
    builder.node("Relu", ["a1"], ["r1"])
    convolution("a2", "r1", 32, 32)
    builder.node("Add", ["p0", "a2"], ["s2"])
    builder.node("Relu", ["s2"], ["r2"])
    convolution("d3", "r2", 32, 48, stride: 2)
    builder.node("Relu", ["d3"], ["r3"])
    builder.node("GlobalAveragePool", ["r3"], ["g"])
    builder.node("Add", ["r3", "g"], ["s3"])
    convolution("u", "s3", 48, 32, kernel: 1)
    builder.constant("scales", [4], [1, 1, 2, 2])
    builder.node("Resize", ["u", "", "scales"], ["big"], ["mode": .string("nearest")])
    builder.node("Add", ["r2", "big"], ["s4"])
    convolution("f", "s4", 32, 32)
    builder.node("Relu", ["f"], ["r4"])
    builder.constant("t.w", [32, 16, 4, 4], random.floats(32 * 16 * 16, in: -0.1...0.1))
    builder.node(
      "ConvTranspose", ["r4", "t.w"], ["t"],
      ["strides": .ints([2, 2]), "pads": .ints([1, 1, 1, 1])])
    builder.node("LeakyRelu", ["t"], ["r5"], ["alpha": .float(0.2)])
    convolution("y", "r5", 16, 7, kernel: 1)
    return builder
  }

  static func picture(_ seed: UInt64) throws -> [String: Tensor] {
    var random = SeededGenerator(seed: seed)
    return ["x": try Tensor(shape: [1, 1, 24, 32], floats: random.floats(24 * 32))]
  }

  /// The network with ranges found on eight pictures.
  static func calibrated(_ rule: RangeRule = .mse, seed: UInt64 = 31) throws -> Model {
    let builder = network(seed: seed)
    let calibration = try Calibration(model: try builder.model())
    for picture in 0..<8 { try calibration.add(try Self.picture(UInt64(picture))) }
    var document = try ModelDocument(bytes: try builder.bytes(), name: "test.onnx")
    document.setMetadata([ValueRanges.property: try calibration.ranges(rule).text()])
    return try Model(bytes: try document.bytes(), name: "test.onnx")
  }

  @Test(arguments: RangeRule.allCases)
  func aCalibratedNetworkIsNearTheRealOne(rule: RangeRule) throws {
    let model = try Self.calibrated(rule)
    let x = try Self.picture(100)
    let real = try #require(try Session(model: model, precision: .float32).run(x)["y"]).floats
    let session = try Session(model: model, precision: .int8)
    let y = try #require(try session.run(x)["y"]).floats
    #expect(difference(y, real, tolerance: 0.06) == nil)
    #expect(difference(y, real, tolerance: 1e-4) != nil, "it did not run in 8 bits")
    // Channels last holds the same numbers.
    let last = try #require(try session.run(x, outputLayout: .nhwc)["y"])
    #expect(last.shape == [1, 24, 32, 7])
    let (channels, places) = (7, 24 * 32)
    let moved = (0..<y.count).map { index in y[index % channels * places + index / channels] }
    #expect(moved == last.floats)
  }

  /// Between convolutions numbers stay in 8 bits: other conversions would cost what 8 bits save.
  @Test func nothingIsConvertedInBetween() throws {
    let session = try Session(model: try Self.calibrated(), precision: .int8)
    let steps = try session.profile(try Self.picture(1))
    // Conversions bear the name of the value. r0 is real: the first convolution sees the picture. r3 and
    // s3 meet the mean of all places.
    #expect(steps.contains { $0.name == "r0" })
    let names = steps.map(\.name)
    for value in ["r1", "r2", "big", "s4", "r4"] {
      #expect(names.filter { $0 == value }.count <= 1, "\(value) is converted: \(names)")
    }
    let info = try #require(BackendInfo.available().first)
    if info.precisions.contains(.int8) {
      let integers = steps.filter {
        $0.implementation.contains("int8") || $0.implementation.contains("vnni")
      }
      #expect(integers.count >= 6, "\(steps.map(\.implementation))")
    }
  }

  @Test func theBytesDoNotDependOnThreads() throws {
    let model = try Self.calibrated()
    let session = try Session(model: model, precision: .int8)
    let pictures = try (0..<6).map { try Self.picture(UInt64(50 + $0)) }
    let alone = try pictures.map { try session.run($0)["y"]?.floats ?? [] }
    #expect(alone[0] != alone[1])
    let problems = Mutex<[String]>([])
    DispatchQueue.concurrentPerform(iterations: 24) { job in
      do {
        let y = try session.run(pictures[job % 6])["y"]?.floats ?? []
        if y != alone[job % 6] { problems.withLock { $0.append("job \(job) differs") } }
      } catch { problems.withLock { $0.append("job \(job): \(error)") } }
    }
    #expect(problems.withLock { $0 } == [])
    let two = try Session(model: model, precision: .int8, threadsPerRun: 2)
    #expect(try two.run(pictures[0])["y"]?.floats == alone[0])
  }

  @Test func rangesAreThoseOfTheNumbers() throws {
    var builder = ModelBuilder()
    builder.input("x", [1, 1, 1, 1000])
    builder.node("Relu", ["x"], ["y"])
    builder.output("y")
    let calibration = try Calibration(model: try builder.model())
    // 100,000 numbers from −1 to 1, and five far away.
    for frame in 0..<100 {
      var numbers = (0..<1000).map { Float($0) / 500 - 1 }
      if frame < 5 { numbers[0] = 8 }
      try calibration.add(["x": try Tensor(shape: [1, 1, 1, 1000], floats: numbers)])
    }
    let all = try calibration.ranges(.max)
    #expect(all.frames == 100)
    #expect(all.values["x"] == ValueRanges.Range(low: -1, high: 8))
    #expect(all.values["y"] == ValueRanges.Range(low: 0, high: 8))
    // Of 10,000 numbers one may lie beyond: the five do, but not all else.
    let most = try #require(try calibration.ranges(.percentile).values["x"])
    #expect((0.98...1.01).contains(most.high) && (-1 ... -0.98).contains(most.low))
    // Clipping five numbers at 8 costs less than coarse steps for all others, but not nothing.
    let least = try #require(try calibration.ranges(.mse).values["x"])
    #expect(least.high > 1.01 && least.high < 8 && least.low == -1)
  }

  @Test func rangesSurviveTheFile() throws {
    let builder = Self.network()
    let calibration = try Calibration(model: try builder.model())
    try calibration.add(try Self.picture(3))
    let ranges = try calibration.ranges()
    let text = try ranges.text()
    let again = try JSONDecoder().decode(ValueRanges.self, from: Data(text.utf8))
    #expect(again == ranges)
    #expect(again.version == 1 && again.frames == 1 && again.rule == .mse)
    // Everything that fused operations read or give, nothing that they hide.
    #expect(again.values.keys.contains("r2") && again.values.keys.contains("x"))
    #expect(!again.values.keys.contains("a2"))
    #expect(text.utf8.count < 2000)
    // The order in which pictures come does not matter.
    let (one, other) = (
      try Calibration(model: try builder.model()), try Calibration(model: try builder.model())
    )
    for picture in 0..<3 { try one.add(try Self.picture(UInt64(picture))) }
    for picture in (0..<3).reversed() { try other.add(try Self.picture(UInt64(picture))) }
    #expect(try one.ranges() == other.ranges())
  }

  @Test func withoutFittingRangesThereIsNoInt8() throws {
    func failure(_ model: Model) -> NetworkError? {
      do throws(NetworkError) {
        _ = try Session(model: model, precision: .int8)
        return nil
      } catch { return error }
    }
    let bare = try #require(failure(try Self.network().model()))
    #expect(bare.code == .noRanges && bare.file == "test.onnx")
    #expect(bare.reason.contains("autochrome model calibrate") && bare.reason.contains("bf16"))
    // Ranges of other weights.
    let text = try #require(try Self.calibrated().metadata[ValueRanges.property])
    var other = Self.network(seed: 32)
    other.metadata(ValueRanges.property, text)
    let stale = try #require(failure(try other.model()))
    #expect(stale.code == .noRanges && stale.reason.contains("other weights"))
    #expect(stale.location.contains(ValueRanges.property))
    let broken: [(String, NetworkError.Code)] = [
      ("nonsense", .malformed), (String(text.dropLast(9)), .malformed),
      (text.replacing("\"version\":1", with: "\"version\":2"), .unsupported),
      (text.replacing("\"r2\":[0,", with: "\"r2\":[1e9,"), .malformed),
      (text.replacing("\"r2\":[0,", with: "\"r2\":[0,0,"), .malformed),
    ]
    for (text, code) in broken {
      var builder = Self.network()
      builder.metadata(ValueRanges.property, text)
      let error = try #require(failure(try builder.model()), "\(text)")
      #expect(error.code == code && error.reason.contains("calibrate"), "\(error)")
    }
    #expect(throws: NetworkError.self) {
      try Session(model: try Self.calibrated(), backend: .openBLAS, precision: .int8)
    }
  }

  @Test func theFastestPrecisionIsTakenThatServes() throws {
    let info = try #require(BackendInfo.available().first)
    let real = info.precisions.first { $0 != .int8 }
    #expect(try Session(model: try Self.network().model()).precision == real)
    #expect(try Session(model: try Self.calibrated()).precision == info.precisions.first)
    #expect(
      info.precisions.contains(.int8)
        == ["avx2", "avx512"].contains { info.instructionSet.hasPrefix($0) })
  }

  @Test func calibrationRefusesWhatItCannotUse() throws {
    var builder = ModelBuilder()
    builder.input("x", [1, 1, 2, 2])
    builder.node("Relu", ["x"], ["y"])
    builder.output("y")
    let calibration = try Calibration(model: try builder.model())
    #expect {
      try calibration.ranges()
    } throws: { ($0 as? NetworkError)?.code == .invalidInput }
    try calibration.add(["x": try Tensor(shape: [1, 1, 2, 2], floats: [1, .infinity, 0, 2])])
    #expect {
      try calibration.ranges()
    } throws: { error in
      (error as? NetworkError)?.code == .unsupported && "\(error)".contains("value \"")
    }
  }
}
