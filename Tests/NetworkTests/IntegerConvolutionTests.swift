import Foundation
import ModelFixtures
import NeuralNetwork
import TestSupport
import Testing

/// Convolutions of 8-bit integers against plain loops over integers, with random parameters.
@Suite struct IntegerConvolutionTests {
  /// A case with its numbers, the network of it, and its results.
  struct Trial {
    let c: IntegerCase
    var builder = ModelBuilder()
    var inputs: [String: Tensor] = [:]
    var expected: [Float] = []
    /// With one scale for all filters.
    var withOneScale: [Float] = []
    /// In real numbers.
    var real: [Float] = []
    /// What one integer of the array in between can do to a result.
    var step: Float = 0

    init(_ c: IntegerCase, _ random: inout SeededGenerator) throws {
      self.c = c
      let inShape = [c.batch, c.channels, c.height, c.width]
      let middle = c.middle
      var x = random.floats(inShape.reduce(1, *), in: c.isSigned.x ? -1...2 : 0...2)
      var sum = random.floats(middle.reduce(1, *), in: c.isSigned.sum ? -3...2 : 0...3)
      let (xs, sums) = (PlainQuantum(x), PlainQuantum(sum))
      (x, sum) = (xs.withoutTies(x), sums.withoutTies(sum))
      let depth = c.channels / c.groups * c.kernel * c.kernel
      // Filters of very different strength: one scale for all would leave nothing of the weak ones.
      var first = random.floats(c.filters * depth)
      for index in first.indices { first[index] *= index / depth % 3 == 0 ? 0.01 : 1 }
      let second = random.floats(c.results * c.filters)
      let bias = c.hasBias ? random.floats(c.filters) : [Float](repeating: 0, count: c.filters)

      func activated(_ value: Float) -> Float {
        switch c.activation {
        case "Relu": max(value, 0)
        case "LeakyRelu": value < 0 ? value * 0.125 : value
        case "Clip": min(max(value, c.bounds.lowerBound), c.bounds.upperBound)
        default: value
        }
      }
      func multiplied(_ x: [Int], _ weights: [Int]) -> [Int] {
        PlainIntegers.convolution(
          x, weights, input: inShape, filters: c.filters, groups: c.groups, kernel: c.kernel,
          stride: c.stride, dilation: c.dilation, padding: c.padding)
      }
      func projected(_ x: [Int], _ weights: [Int]) -> [Int] {
        PlainIntegers.convolution(
          x, weights, input: middle, filters: c.results, groups: 1, kernel: 1, stride: 1,
          dilation: 1, padding: 0)
      }
      let places = middle[2] * middle[3]
      func filter(_ index: Int) -> Int { index / places % c.filters }
      let (xi, si) = (xs.integers(x), sums.integers(sum))
      func between(_ perFilter: Bool) -> [Float] {
        let weights = PlainIntegers.weights(
          first, filters: c.filters, perFilter: perFilter, multiplying: xs)
        let products = multiplied(xi, weights.integers)
        return products.indices.map { index in
          let f = filter(index)
          let value = Float(products[index]) * xs.scale * weights.scales[f] + bias[f]
          return activated(value + (c.hasSum ? Float(si[index]) * sums.scale : 0))
        }
      }
      let exact = between(true)
      let quantum = PlainQuantum(exact)
      let last = PlainIntegers.weights(second, filters: c.results, multiplying: quantum)
      func results(_ between: [Float]) -> [Float] {
        let products = projected(quantum.integers(between), last.integers)
        return products.indices.map {
          Float(products[$0]) * quantum.scale * last.scales[$0 / places % c.results]
        }
      }
      expected = results(exact)
      withOneScale = results(between(false))
      step = quantum.scale * (second.map { abs($0) }.max() ?? 0)

      builder.input("x", inShape)
      inputs["x"] = try Tensor(shape: inShape, floats: x)
      builder.constant("w", [c.filters, c.channels / c.groups, c.kernel, c.kernel], first)
      builder.constant("v", [c.results, c.filters, 1, 1], second)
      if c.hasBias { builder.constant("b", [c.filters], bias) }
      func pair(_ value: Int) -> ModelBuilder.Value { .ints([Int64(value), Int64(value)]) }
      builder.node(
        "Conv", ["x", "w"] + (c.hasBias ? ["b"] : []), ["c"],
        [
          "group": .int(Int64(c.groups)), "strides": pair(c.stride), "dilations": pair(c.dilation),
          "pads": .ints([Int64](repeating: Int64(c.padding), count: 4)),
        ])
      var name = "c"
      if c.hasSum {
        builder.input("s", middle)
        inputs["s"] = try Tensor(shape: middle, floats: sum)
        builder.node("Add", [name, "s"], ["a"])
        name = "a"
      }
      if !c.activation.isEmpty {
        var operands = [name]
        if c.activation == "Clip" {
          builder.constant("low", [], [c.bounds.lowerBound])
          builder.constant("high", [], [c.bounds.upperBound])
          operands += ["low", "high"]
        }
        builder.node(
          c.activation, operands, ["r"],
          c.activation == "LeakyRelu" ? ["alpha": .float(0.125)] : [:])
        name = "r"
      }
      builder.node("Conv", [name, "v"], ["y"])
      builder.output("y")
      func range(_ values: [Float]) -> ValueRanges.Range {
        ValueRanges.Range(low: values.min() ?? 0, high: values.max() ?? 0)
      }
      let ranges = ValueRanges(
        weights: try builder.model().weightDigest, rule: .max, frames: 1,
        values: ["x": range(x), "s": range(sum), name: range(exact)])
      builder.metadata(ValueRanges.property, try ranges.text())
      real = try builder.run(inputs, on: .openBLAS).floats
    }

    /// What is wrong with results that should be the expected ones.
    func difference(_ results: [Float]) -> String? {
      let shape = [c.batch, c.results, c.middle[2], c.middle[3]]
      return integerDifference(
        results, expected, shape: shape, filters: c.filters, step: step)
    }
  }

  @Test func randomCasesMatchPlainIntegers() throws {
    var random = SeededGenerator()
    let seed = random.seed
    for round in 0..<60 {
      let trial = try Trial(IntegerCase(&random), &random)
      let y = try trial.builder.run(trial.inputs, on: .oneDNN, precision: .int8)
      let problem = trial.difference(y.floats)
      #expect(problem == nil, "seed \(seed), round \(round): \(trial.c)")
    }
  }

  /// Numbers of channels for which oneDNN 2.6 has an implementation that multiplies wrongly with AVX-512
  /// without VNNI.
  @Test(arguments: [(2, 128, 42), (2, 256, 34), (3, 192, 54), (4, 192, 72)])
  func pointwiseGroupsOfSignedChannelsMatchPlainIntegers(
    groups: Int, channels: Int, filters: Int
  ) throws {
    var random = SeededGenerator(seed: 3)
    var c = IntegerCase(&random)
    (c.batch, c.groups, c.channels, c.filters, c.results) = (1, groups, channels, filters, 16)
    (c.height, c.width, c.kernel, c.dilation, c.padding) = (7, 8, 1, 1, 0)
    (c.hasBias, c.hasSum, c.activation, c.isSigned) = (true, false, "Relu", (true, false))
    for stride in [1, 2] {
      c.stride = stride
      let trial = try Trial(c, &random)
      let y = try trial.builder.run(trial.inputs, on: .oneDNN, precision: .int8)
      #expect(trial.difference(y.floats) == nil, "\(c)")
    }
  }

  /// What a wrong engine would give does not pass.
  @Test func theComparerRejects() throws {
    var random = SeededGenerator(seed: 5)
    var c = IntegerCase(&random)
    (c.batch, c.groups, c.channels, c.filters, c.results) = (1, 1, 48, 48, 16)
    (c.height, c.width, c.kernel, c.stride, c.dilation, c.padding) = (8, 9, 3, 1, 1, 1)
    (c.hasBias, c.hasSum, c.activation, c.isSigned) = (true, true, "Relu", (true, false))
    let trial = try Trial(c, &random)
    let good = trial.expected
    #expect(trial.difference(good) == nil)
    #expect(trial.difference(trial.withOneScale) != nil)
    #expect(trial.difference(trial.real) != nil)
    let zeros = [Float](repeating: 0, count: good.count)
    #expect(trial.difference(zeros) != nil)
    #expect(trial.difference(Array(good[9...] + good[..<9])) != nil)
    #expect(trial.difference(Array(good.dropLast())) != nil)
    var wrong = good
    wrong[77] += 5 * trial.step
    #expect(trial.difference(wrong) != nil)
    // But it is near the real numbers: 8 bits are enough.
    #expect(difference(good, trial.real, tolerance: 0.03) == nil)
  }

  /// A filter a thousand times weaker than its neighbour keeps its numbers.
  @Test func eachFilterHasItsScale() throws {
    var random = SeededGenerator(seed: 9)
    var builder = ModelBuilder()
    builder.input("x", [1, 32, 6, 6])
    let weights = random.floats(2 * 32 * 9)
    builder.constant(
      "w", [2, 32, 3, 3], weights.enumerated().map { $0 < 288 ? $1 * 0.001 : $1 })
    builder.node("Conv", ["x", "w"], ["y"])
    builder.output("y")
    let x = try Tensor(shape: [1, 32, 6, 6], floats: random.floats(32 * 36, in: 0...1))
    let ranges = ValueRanges(
      weights: try builder.model().weightDigest, rule: .max, frames: 1,
      values: ["x": ValueRanges.Range(low: 0, high: 1)])
    builder.metadata(ValueRanges.property, try ranges.text())
    let real = try builder.run(["x": x], on: .openBLAS).floats
    let y = try builder.run(["x": x], on: .oneDNN, precision: .int8).floats
    #expect(difference(Array(y[..<16]), Array(real[..<16]), tolerance: 0.02) == nil)
    #expect(difference(Array(y[16...]), Array(real[16...]), tolerance: 0.02) == nil)
    // That integers were at work shows in their rounding.
    #expect(difference(Array(y[16...]), Array(real[16...]), tolerance: 1e-5) != nil)
  }
}
