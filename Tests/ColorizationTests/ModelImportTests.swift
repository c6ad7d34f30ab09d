import Colorization
import Foundation
import Imaging
import ModelFixtures
import NeuralNetwork
import Testing

/// Networks of others, in the shapes in which they are exported.
@Suite struct ModelImportTests {
  private func run(_ model: Model, _ inputs: [String: Tensor]) throws -> Tensor {
    let session = try Session(model: model, backend: .openBLAS)
    return try #require(try session.run(inputs)[model.outputs[0].name])
  }

  private func lightness(_ height: Int, _ width: Int) throws -> Tensor {
    try Tensor(
      shape: [1, 1, height, width],
      floats: (0..<height * width).map { Float($0 * 37 % 101) })
  }

  private func imported(
    _ builder: ModelBuilder, _ change: (inout ModelImport.Options) -> Void = { _ in }
  ) throws -> ModelImport {
    var options = ModelImport.Options()
    change(&options)
    return try ModelImport(
      try ModelDocument(bytes: try builder.bytes(), name: "theirs.onnx"), options: options)
  }

  @Test(arguments: [false, true]) func eccv16GivesItsDistribution(isFixed: Bool) throws {
    let result = try imported(.eccv16(centers: ColorBins.centers, isFixed: isFixed))
    let description = result.description
    #expect(description.output == .bins313)
    #expect(description.stride == 8 && description.scale == 4)
    #expect(description.input == .lightness(ChannelScale(channels: 1)))
    #expect(description.temperature == 0.38 && description.prior == nil)
    #expect(result.findings.contains { $0.contains("ECCV16") })
    #expect(result.model.operators["Softmax"] == nil && result.model.operators["Resize"] == nil)

    // The mean of the distribution is what the network itself gives at the end.
    let original = try ModelBuilder.eccv16(centers: ColorBins.centers, isEnlarged: false).model()
    let input = try lightness(64, 96)
    let logits = try run(result.model, ["input": input]).floats
    let ab = try run(original, ["input": input]).floats
    let area = 16 * 24
    #expect(logits.count == 313 * area && ab.count == 2 * area)
    for place in stride(from: 0, to: area, by: 5) {
      let values = (0..<313).map { Double(logits[$0 * area + place]) }
      let largest = values.max() ?? 0
      let weights = values.map { exp($0 - largest) }
      let sum = weights.reduce(0, +)
      for axis in 0..<2 {
        let mean =
          zip(weights, ColorBins.centers).reduce(0) { $0 + $1.0 * Double($1.1[axis]) } / sum
        #expect(abs(mean - Double(ab[axis * area + place])) < 0.01)
      }
    }
  }

  @Test func aPriorMakesVividnessWork() throws {
    let prior = (0..<313).map { 1 / Double(1 + $0) }
    let result = try imported(.eccv16(centers: ColorBins.centers)) {
      $0.prior = prior
      $0.vividness = 0.7
    }
    #expect(result.description.prior == prior)
    #expect(result.description.lambda == 0.5 && result.description.vividness == 0.7)
    #expect(!result.findings.contains { $0.contains("--prior") })
  }

  @Test func binsInAnotherOrderAreNotTakenForOurs() throws {
    let builder = ModelBuilder.eccv16(centers: ColorBins.centers.reversed())
    let result = try imported(builder)
    #expect(result.description.output == .ab && result.description.scale == 1)
    let input = try lightness(64, 96)
    #expect(
      try run(result.model, ["input": input]).floats
        == run(try builder.model(), ["input": input]).floats)
    #expect(throws: ColorizationError.self) { try imported(builder) { $0.output = .bins313 } }
  }

  @Test func theOwnMeanIsTakenOnRequest() throws {
    let result = try imported(.eccv16(centers: ColorBins.centers)) { $0.output = .ab }
    #expect(result.description.output == .ab && result.description.scale == 1)
  }

  @Test func siggraph17ReadsZerosForHints() throws {
    let builder = ModelBuilder.siggraph17()
    let result = try imported(builder)
    #expect(result.description.output == .ab)
    #expect(result.description.stride == 8 && result.description.scale == 1)
    #expect(result.description.input == .lightness(ChannelScale(channels: 1)))
    #expect(result.model.inputs.map(\.name) == ["input_A"])
    #expect(result.findings.contains { $0.contains("SIGGRAPH17") })
    let input = try lightness(24, 40)
    let expected = try run(
      try builder.model(),
      [
        "input_A": input,
        "input_B": try Tensor(
          shape: [1, 2, 24, 40], floats: [Float](repeating: 0, count: 1920)),
        "mask_B": try Tensor(shape: [1, 1, 24, 40], floats: [Float](repeating: 0, count: 960)),
      ]
    ).floats
    #expect(try run(result.model, ["input_A": input]).floats == expected)
    #expect(expected.contains { abs($0) > 5 })
  }

  @Test func anInputOfFourChannelsAndABareTanhAreCompleted() throws {
    let builder = ModelBuilder.siggraph17(isJoined: true, unit: 1)
    let result = try imported(builder)
    #expect(
      result.description.input == .lightness(ChannelScale(offset: 50, scale: 100, channels: 1)))
    let normalized = (0..<960).map { (place: Int) -> Float in
      let lightness = Float(place * 37 % 101)
      return (lightness - 50) / 100
    }
    let zeros = [Float](repeating: 0, count: 3 * 960)
    let joined = try Tensor(shape: [1, 4, 24, 40], floats: normalized + zeros)
    let bare = try run(try builder.model(), ["joined": joined]).floats
    let alone = try Tensor(shape: [1, 1, 24, 40], floats: normalized)
    let scaled = try run(result.model, [result.model.inputs[0].name: alone]).floats
    #expect(scaled.count == bare.count)
    #expect(zip(scaled, bare).allSatisfy { abs($0 - $1 * 110) < 1e-3 })
  }

  @Test func whatTheEngineDoesNotReadIsKept() throws {
    // The file's doc_string, field 6, which the schema here leaves out.
    let text = Array("a word of its makers".utf8)
    let bytes =
      try ModelBuilder.eccv16(centers: ColorBins.centers).bytes() + [0x32, UInt8(text.count)] + text
    let result = try ModelImport(try ModelDocument(bytes: bytes, name: "theirs.onnx"))
    let written = Data(try result.document.bytes())
    #expect(written.range(of: Data(text)) != nil)
    // Weights that nothing needs any more are gone, the others are there.
    #expect(written.range(of: Data("mean.weight".utf8)) == nil)
    #expect(written.range(of: Data("logits.weight".utf8)) != nil)
  }

  @Test func whatIsNotRecognizedIsRefusedUnlessTheUserSays() throws {
    func network(channels: Int, end: String) -> ModelBuilder {
      var builder = ModelBuilder()
      builder.input("x", [-1, channels, -2, -3])
      builder.output("y")
      builder.constant("w", [2, channels, 1, 1], [Float](repeating: 1, count: 2 * channels))
      builder.node("Conv", ["x", "w"], ["z"])
      builder.node(end, ["z"], ["y"])
      return builder
    }
    func complaint(
      _ builder: ModelBuilder, _ change: (inout ModelImport.Options) -> Void = { _ in }
    )
      -> String
    {
      do {
        _ = try imported(builder, change)
        return ""
      } catch { return "\(error)" }
    }
    #expect(complaint(network(channels: 5, end: "Relu")).contains("[5] channels"))
    #expect(complaint(network(channels: 3, end: "Relu")).contains("--gives"))
    #expect(complaint(network(channels: 3, end: "Relu")) { $0.output = .ab }.contains("imagenet"))
    let wrong = ColorNetworkDescription.Input.lightness(ChannelScale(channels: 1))
    let complained = complaint(network(channels: 3, end: "Relu")) {
      $0.output = .ab
      $0.input = wrong
    }
    #expect(complained.contains("three channels"))
    #expect(complaint(network(channels: 1, end: "Relu")).contains("--gives"))
    #expect(complaint(network(channels: 1, end: "Relu")) { $0.output = .ab }.contains("--input"))
    #expect(complaint(network(channels: 1, end: "Tanh")).contains("--input"))
    let result = try imported(network(channels: 1, end: "Relu")) {
      $0.output = .ab
      $0.input = .lightness(ChannelScale(scale: 100, channels: 1))
    }
    #expect(result.description.input.text == "L/100" && result.description.stride == 1)
  }
}
