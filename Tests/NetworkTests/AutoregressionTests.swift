import ModelFixtures
import NeuralNetwork
import TestSupport
import Testing

/// Networks that draw a picture position by position, against runs over the whole picture.
@Suite struct AutoregressionTests {
  /// Small pictures of chance, and L of four times their size.
  private struct Case {
    var random: SeededGenerator
    let width: Int
    let height: Int
    let condition: [String: Tensor]

    init(_ random: SeededGenerator, width: Int, height: Int) throws {
      self.random = random
      (self.width, self.height) = (width, height)
      condition = [
        "L": try Tensor(
          shape: [1, 1, 4 * height, 4 * width],
          floats: self.random.floats(16 * width * height))
      ]
    }
  }

  /// The picture that is drawn with values of chance, and the logits that were seen on the way: for each channel
  /// height × width × K.
  private func draw(
    _ model: Model, _ drawn: Case
  ) throws -> (picture: Tensor, logits: [[Float]]) {
    let network = try AutoregressiveNetwork(
      model: model, picture: "chroma", outputs: ["first", "second"], backend: .openBLAS)
    var logits: [[Float]] = [[], []]
    var (random, next) = (drawn.random, 0)
    let picture = try network.draw(
      drawn.condition, shape: [1, 2, drawn.height, drawn.width]
    ) { position, channel, values in
      #expect(position * 2 + channel == next)
      next += 1
      logits[channel] += values
      return Float.random(in: -1...1, using: &random)
    }
    #expect(next == 2 * drawn.width * drawn.height)
    return (picture, logits)
  }

  /// Where a run over the whole picture gives other logits; nil if nowhere.
  private func difference(
    _ model: Model, _ drawn: Case, _ result: (picture: Tensor, logits: [[Float]])
  ) throws -> String? {
    let whole = try Session(model: model, backend: .openBLAS, precision: .float32).run(
      drawn.condition.merging(["chroma": result.picture]) { $1 }, outputLayout: .nhwc)
    for (channel, name) in ["first", "second"].enumerated() {
      let expected = try #require(whole[name])
      if let found = NetworkTests.difference(
        result.logits[channel], expected.floats, tolerance: 1e-4)
      {
        return "\(name) \(found)"
      }
    }
    return nil
  }

  @Test(arguments: [(1, 1), (1, 4), (5, 1), (4, 4), (7, 6), (12, 9)])
  func drawingSeesWhatAWholeRunSees(width: Int, height: Int) throws {
    var random = SeededGenerator()
    let seed = UInt32.random(in: 0...UInt32.max, using: &random)
    let model = try ModelBuilder.pixelCNN(seed: seed).model()
    let drawn = try Case(random, width: width, height: height)
    let result = try draw(model, drawn)
    #expect(result.picture.shape == [1, 2, height, width])
    #expect(result.picture.floats.allSatisfy { abs($0) <= 1 && $0 != 0 })
    let found = try difference(model, drawn, result)
    #expect(found == nil, "seed \(random.seed): \(found ?? "")")
    guard width > 1 else { return }
    // The comparison itself rejects a network of the same weights but for one whose mask is wrong.
    let wrong = try ModelBuilder.pixelCNN(seed: seed, mistake: .looksAhead).model()
    #expect(try difference(wrong, drawn, result) != nil, "seed \(random.seed)")
  }

  @Test func wholeRunsGiveTheSame() throws {
    var random = SeededGenerator()
    let model = try ModelBuilder.pixelCNN(
      seed: UInt32.random(in: 0...UInt32.max, using: &random)
    ).model()
    let drawn = try Case(random, width: 8, height: 5)
    let result = try draw(model, drawn)
    let network = try AutoregressiveNetwork(
      model: model, picture: "chroma", outputs: ["first", "second"])
    let whole = try network.logits(drawn.condition, of: result.picture)
    for channel in 0..<2 {
      #expect(whole[channel].shape == [1, 5, 8, 8])
      let found = NetworkTests.difference(
        result.logits[channel], whole[channel].floats, tolerance: 1e-4)
      #expect(found == nil, "seed \(random.seed): \(found ?? "")")
    }
    #expect(network.reads("L") && !network.reads("other"))
  }

  /// Each mistake is found in the weights or operators, before anything is drawn.
  @Test(arguments: [
    (
      ModelBuilder.SamplingMistake.looksAhead, "layer0.wide",
      "looks ahead, 0 rows down and 1 columns"
    ),
    (.seesItself, "stem", "output \"first\""), (.stride, "layer0.wide", "strides [2, 2]"),
    (.mean, "mean", "GlobalAveragePool"), (.order, "cr", "output \"second\""),
  ])
  func mistakesAreRefused(
    mistake: ModelBuilder.SamplingMistake, node: String, words: String
  ) throws {
    let outputs = mistake == .order ? ["second", "first"] : ["first", "second"]
    let network = try AutoregressiveNetwork(
      model: try ModelBuilder.pixelCNN(seed: 7, mistake: mistake).model(), picture: "chroma",
      outputs: outputs)
    let error = #expect(throws: NetworkError.self) {
      try network.check(inputShapes: ["L": [1, 1, 16, 16], "chroma": [1, 2, 4, 4]])
    }
    #expect(error?.code == .unsupported && error?.location == "node \"\(node)\"", "\(error as Any)")
    #expect(error?.reason.contains(words) == true, "\(error as Any)")
    #expect(error?.file == "test.onnx")
  }

  @Test func inputsAndOutputsAreNamed() throws {
    let model = try ModelBuilder.pixelCNN(seed: 7).model()
    for (picture, outputs, words) in [
      ("chroma", ["first", "third"], "third"), ("colors", ["first", "second"], "colors"),
    ] {
      let error = #expect(throws: NetworkError.self) {
        try AutoregressiveNetwork(model: model, picture: picture, outputs: outputs)
      }
      #expect(error?.description.contains(words) == true)
    }
    // One channel for each output.
    let network = try AutoregressiveNetwork(model: model, picture: "chroma", outputs: ["first"])
    let error = #expect(throws: NetworkError.self) {
      try network.check(inputShapes: ["L": [1, 1, 16, 16], "chroma": [1, 2, 4, 4]])
    }
    #expect(error?.code == .shapeMismatch && error?.reason.contains("[1, 2, 4, 4]") == true)
  }

  @Test func elu() throws {
    let x: [Float] = [-3, -0.5, 0, 2]
    try check("Elu", [([4], x)], shape: [4], [-0.95021293, -0.39346934, 0, 2])
    try check(
      "Elu", [([4], x)], attributes: ["alpha": .float(2)], shape: [4],
      [-1.9004259, -0.78693868, 0, 2])
  }
}
