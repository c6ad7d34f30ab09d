import Foundation
import ModelFixtures
import NeuralNetwork
import TestSupport
import Testing

/// Convolutions and transposed convolutions against plain sums, with random parameters.
@Suite struct ConvolutionTests {
  struct Case {
    var rank = 2
    var batch = 1
    var groups = 1
    var channels = 1
    var filters = 1
    var input: [Int] = []
    var kernel: [Int] = []
    var stride: [Int] = []
    var dilation: [Int] = []
    var begin: [Int] = []
    var end: [Int] = []
    var extra: [Int] = []
    var hasBias = false
    var activation = ""
    var hasSum = false
    var isTransposed = false

    var output: [Int] {
      input.indices.map { axis in
        let span = (kernel[axis] - 1) * dilation[axis] + 1
        return isTransposed
          ? stride[axis] * (input[axis] - 1) + extra[axis] + span - begin[axis] - end[axis]
          : (input[axis] + begin[axis] + end[axis] - span) / stride[axis] + 1
      }
    }

    var isPossible: Bool {
      output.allSatisfy { $0 > 0 }
        && (isTransposed
          || input.indices.allSatisfy {
            input[$0] + begin[$0] + end[$0] >= (kernel[$0] - 1) * dilation[$0] + 1
          })
    }

    init(_ random: inout SeededGenerator, isTransposed: Bool) {
      self.isTransposed = isTransposed
      repeat {
        rank = random.pick([1, 2, 2, 2, 3])
        batch = random.pick([1, 1, 2])
        groups = random.pick([1, 1, 1, 2, 4])
        channels = groups * random.pick([1, 2, 3, 8, 16, 17])
        filters = groups * random.pick([1, 2, 5, 8, 16, 19])
        if random.pick([true, false, false, false]) {
          // A filter for each channel.
          groups = channels
          filters = channels
        }
        let most = rank == 3 ? 5 : 13
        input = (0..<rank).map { _ in Int.random(in: 1...most, using: &random) }
        kernel = (0..<rank).map { _ in random.pick([1, 2, 3, 3, 4, 5]) }
        stride = (0..<rank).map { _ in random.pick([1, 1, 2, 3]) }
        dilation = (0..<rank).map { _ in random.pick([1, 1, 2]) }
        begin = (0..<rank).map { _ in random.pick([0, 1, 2]) }
        end = (0..<rank).map { _ in random.pick([0, 1, 2]) }
        extra = (0..<rank).map {
          isTransposed ? Int.random(in: 0..<max(stride[$0], 1), using: &random) : 0
        }
        hasBias = random.pick([true, false])
        activation = random.pick(["", "Relu", "LeakyRelu", "Elu", "Tanh", "Clip"])
        hasSum = random.pick([true, false])
      } while !isPossible
    }

    /// Transposed convolutions of two small images, with all sizes, kernels, strides and paddings of the
    /// rows up to a bound: where there are fewer rows than the stride, phases are empty.
    static func smallTransposed(_ random: inout SeededGenerator) -> [Case] {
      var cases: [Case] = []
      for (size, kernel) in [(1, 1), (1, 2), (1, 3), (1, 4), (2, 1), (2, 2), (2, 3), (2, 4)] {
        for (stride, begin) in [(2, 0), (2, 1), (2, 2), (3, 0), (3, 1), (3, 2)] {
          for (end, extra) in (0..<2).flatMap({ end in (0..<stride).map { (end, $0) } }) {
            var made = Case(&random, isTransposed: true)
            made.rank = 2
            made.batch = 2
            made.groups = 1
            made.channels = 3
            made.filters = 2
            made.input = [size, 3]
            made.kernel = [kernel, 4]
            made.stride = [stride, 2]
            made.dilation = [1, 1]
            made.begin = [begin, 0]
            made.end = [end, 1]
            made.extra = [extra, 1]
            if made.isPossible { cases.append(made) }
          }
        }
      }
      return cases
    }

    /// A dense 3×3 convolution to the same size, of channels in eights.
    static func transformed(_ random: inout SeededGenerator) -> Case {
      var made = Case(&random, isTransposed: false)
      made.rank = 2
      made.groups = 1
      made.channels = random.pick([32, 40, 48])
      made.filters = random.pick([32, 40, 48])
      made.input = (0..<2).map { _ in Int.random(in: 9...23, using: &random) }
      made.kernel = [3, 3]
      made.stride = [1, 1]
      made.dilation = random.pick([[1, 1], [1, 1], [2, 2], [3, 3]])
      made.begin = made.dilation
      made.end = made.dilation
      return made
    }

    var attributes: [String: ModelBuilder.Value] {
      func list(_ values: [Int]) -> ModelBuilder.Value { .ints(values.map(Int64.init)) }
      var all: [String: ModelBuilder.Value] = [
        "group": .int(Int64(groups)), "strides": list(stride), "dilations": list(dilation),
        "pads": list(begin + end), "kernel_shape": list(kernel),
      ]
      if isTransposed { all["output_padding"] = list(extra) }
      return all
    }
  }

  /// The result by its definition, in double precision.
  /// - Returns: `largest` is the largest sum of the magnitudes that are added up for one number. Rounding grows with it,
  ///   however small their sum is and whatever the activation leaves of it.
  static func reference(
    _ c: Case, _ x: [Float], _ weights: [Float], _ bias: [Float], _ sum: [Float]
  ) -> (results: [Float], largest: Float) {
    func three(_ list: [Int], _ fill: Int) -> [Int] {
      [Int](repeating: fill, count: 3 - c.rank) + list
    }
    let (input, output) = (three(c.input, 1), three(c.output, 1))
    let (kernel, stride) = (three(c.kernel, 1), three(c.stride, 1))
    let (dilation, begin) = (three(c.dilation, 1), three(c.begin, 0))
    let (inPlane, outPlane) = (input.reduce(1, *), output.reduce(1, *))
    let (ci, co) = (c.channels / c.groups, c.filters / c.groups)
    let taps = kernel.reduce(1, *)
    var y = [Double](repeating: 0, count: c.batch * c.filters * outPlane)
    var magnitudes = y
    for n in 0..<c.batch {
      for g in 0..<c.groups {
        for o in 0..<co {
          for i in 0..<ci {
            for tap in 0..<taps {
              let k = [tap / (kernel[1] * kernel[2]), tap / kernel[2] % kernel[1], tap % kernel[2]]
              let w =
                c.isTransposed
                ? weights[((g * ci + i) * co + o) * taps + tap]
                : weights[((g * co + o) * ci + i) * taps + tap]
              // The smaller grid steps over the larger one.
              let (steps, other) = c.isTransposed ? (input, output) : (output, input)
              for p in 0..<steps.reduce(1, *) {
                let at = [p / (steps[1] * steps[2]), p / steps[2] % steps[1], p % steps[2]]
                let q = (0..<3).map { at[$0] * stride[$0] + k[$0] * dilation[$0] - begin[$0] }
                guard (0..<3).allSatisfy({ q[$0] >= 0 && q[$0] < other[$0] }) else { continue }
                let r = (q[0] * other[1] + q[1]) * other[2] + q[2]
                let from = (n * c.channels + g * ci + i) * inPlane + (c.isTransposed ? p : r)
                let to = (n * c.filters + g * co + o) * outPlane + (c.isTransposed ? r : p)
                let product = Double(w) * Double(x[from])
                y[to] += product
                magnitudes[to] += abs(product)
              }
            }
          }
        }
      }
    }
    var largest = ["Elu", "Tanh"].contains(c.activation) ? 1.0 : 0
    let results = y.indices.map { index in
      var value = y[index]
      var magnitude = magnitudes[index]
      func add(_ summand: Float) {
        value += Double(summand)
        magnitude += Double(abs(summand))
      }
      if c.hasBias { add(bias[index / outPlane % c.filters]) }
      if c.hasSum { add(sum[index]) }
      largest = max(largest, magnitude)
      switch c.activation {
      case "Relu": value = max(value, 0)
      case "LeakyRelu": value = value < 0 ? value * 0.125 : value
      case "Elu": value = value < 0 ? exp(value) - 1 : value
      case "Tanh": value = tanh(value)
      case "Clip": value = min(max(value, -0.25), 1.5)
      default: break
      }
      return Float(value)
    }
    return (results, Float(largest))
  }

  @Test(arguments: [false, true])
  func randomCasesMatchTheDefinition(isTransposed: Bool) throws {
    let seed = UInt64.random(in: 0...(.max))
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for round in 0..<60 {
      try check(Case(&random, isTransposed: isTransposed), round, seed, &random)
    }
  }

  /// The oneDNN back end splits a transposed convolution into phases.
  @Test func smallTransposedConvolutionsMatchTheDefinition() throws {
    let seed = UInt64.random(in: 0...(.max))
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let cases = Case.smallTransposed(&random)
    #expect(cases.contains { $0.output[0] < $0.stride[0] })
    for (round, c) in cases.enumerated() { try check(c, round, seed, &random) }
  }

  /// What the oneDNN back end computes at Winograd's points in fp32.
  @Test func transformedConvolutionsMatchTheDefinition() throws {
    let seed = UInt64.random(in: 0...(.max))
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    for round in 0..<12 {
      try check(Case.transformed(&random), round, seed, &random)
    }
  }

  @Test func denseConvolutionsAreTransformedInFloat32Alone() throws {
    var random = SeededGenerator(seed: 11)
    func implementations(_ precision: Precision, stride: Int64 = 1) throws -> [String] {
      var builder = ModelBuilder()
      builder.input("x", [1, 32, 16, 16])
      builder.constant("w", [32, 32, 3, 3], random.floats(32 * 32 * 9))
      builder.node(
        "Conv", ["x", "w"], ["y"],
        ["pads": .ints([1, 1, 1, 1]), "strides": .ints([stride, stride])])
      builder.output("y")
      let x = try Tensor(shape: [1, 32, 16, 16], floats: random.floats(32 * 256))
      return try Session(model: try builder.model(), backend: .oneDNN, precision: precision)
        .profile(["x": x]).map(\.implementation)
    }
    #expect(try implementations(.float32).contains("WinogradOutput"))
    #expect(try !implementations(.float32, stride: 2).contains("WinogradOutput"))
    #expect(try !implementations(.bfloat16).contains("WinogradOutput"))
  }

  /// Runs the case on both back ends, fused and not, with 1 and 2 threads, in fp32 and bf16.
  private func check(
    _ c: Case, _ round: Int, _ seed: UInt64, _ random: inout SeededGenerator
  ) throws {
    let inShape = [c.batch, c.channels] + c.input
    let outShape = [c.batch, c.filters] + c.output
    let taps = c.kernel.reduce(1, *)
    let x = random.floats(inShape.reduce(1, *))
    let weights = random.floats(c.channels * c.filters / c.groups * taps)
    let bias = random.floats(c.filters)
    let sum = random.floats(outShape.reduce(1, *))
    var builder = ModelBuilder()
    builder.input("x", inShape)
    builder.constant(
      "w",
      (c.isTransposed ? [c.channels, c.filters / c.groups] : [c.filters, c.channels / c.groups])
        + c.kernel, weights)
    builder.constant("b", [c.filters], bias)
    var inputs = ["x": try Tensor(shape: inShape, floats: x)]
    builder.node(
      c.isTransposed ? "ConvTranspose" : "Conv", ["x", "w"] + (c.hasBias ? ["b"] : []), ["c"],
      c.attributes)
    var last = "c"
    if c.hasSum {
      builder.input("s", outShape)
      inputs["s"] = try Tensor(shape: outShape, floats: sum)
      // A summand that the network has computed may be written over, one that it was given not.
      var summand = "s"
      if round % 3 > 0 {
        builder.node("LeakyRelu", ["s"], ["t"], ["alpha": .float(1)])
        summand = "t"
      }
      builder.node("Add", round % 2 == 0 ? [last, summand] : [summand, last], ["a"])
      last = "a"
    }
    if !c.activation.isEmpty {
      var operands = [last]
      if c.activation == "Clip" {
        builder.constant("low", [], [-0.25])
        builder.constant("high", [], [1.5])
        operands += ["low", "high"]
      }
      builder.node(
        c.activation, operands, ["y"], c.activation == "LeakyRelu" ? ["alpha": .float(0.125)] : [:])
      last = "y"
    }
    builder.output(last)
    let (expected, largest) = Self.reference(c, x, weights, bias, sum)
    let tolerance = 1e-6 * largest
    for backend in Backend.allCases {
      for fusion in [true, false] {
        let y = try builder.run(inputs, on: backend, fusion: fusion)
        #expect(y.shape == outShape)
        let problem = difference(y.floats, expected, within: tolerance)
        #expect(
          problem == nil, "seed \(seed), round \(round), \(backend), fusion \(fusion): \(c)")
      }
    }
    if c.rank == 2, round % 4 == 0 {
      let (n, m, h, w) = (outShape[0], outShape[1], outShape[2], outShape[3])
      let last = (0..<(n * h * w * m)).map { i in
        expected[((i / (h * w * m)) * m + i % m) * h * w + i / m % (h * w)]
      }
      for backend in Backend.allCases {
        let y = try builder.run(inputs, on: backend, threads: 2, layout: .nhwc)
        #expect(y.shape == [n, h, w, m])
        #expect(difference(y.floats, last, within: tolerance) == nil, "seed \(seed) \(c)")
      }
      let coarse = try builder.run(inputs, on: .oneDNN, precision: .bfloat16)
      #expect(
        difference(coarse.floats, expected, within: 0.02 * largest) == nil, "seed \(seed) \(c)")
    }
  }

  @Test func largeTilesMatchAcrossBackEnds() throws {
    var random = SeededGenerator(seed: 7)
    var builder = ModelBuilder()
    builder.input("x", [1, 70, 61, 67])
    builder.constant("w", [33, 70, 3, 3], random.floats(33 * 70 * 9))
    builder.node("Conv", ["x", "w"], ["y"], ["pads": .ints([1, 1, 1, 1])])
    builder.output("y")
    let x = ["x": try Tensor(shape: [1, 70, 61, 67], floats: random.floats(70 * 61 * 67))]
    let one = try builder.run(x, on: .openBLAS)
    let other = try builder.run(x, on: .oneDNN)
    #expect(difference(one.floats, other.floats, tolerance: 1e-5) == nil)
    let threaded = try builder.run(x, on: .openBLAS, threads: 2)
    #expect(one.floats == threaded.floats)
  }

  @Test func theComparerRejects() {
    var random = SeededGenerator(seed: 3)
    let good = random.floats(400)
    #expect(difference(good, good, tolerance: 2e-6) == nil)
    #expect(difference(good.map { $0 * (1 + 1e-7) }, good, tolerance: 2e-6) == nil)
    #expect(difference([Float](repeating: 0, count: 400), good, tolerance: 2e-6) != nil)
    #expect(difference(Array(good[20...] + good[..<20]), good, tolerance: 2e-6) != nil)
    #expect(difference(Array(good.dropLast()), good, tolerance: 2e-6) != nil)
    var wrong = good
    wrong[133] += 1e-3
    #expect(difference(wrong, good, tolerance: 2e-6) != nil)
    wrong[133] = .nan
    #expect(difference(wrong, good, tolerance: 2e-6) != nil)
  }

  @Test func sharesMemorySafely() throws {
    // x + conv(x), two convolutions added, and one value read by three nodes: each a trap for
    // writing results over operands.
    var random = SeededGenerator(seed: 11)
    var builder = ModelBuilder()
    builder.input("x", [1, 16, 9, 11])
    for name in ["w1", "w2", "w3"] { builder.constant(name, [16, 16, 3, 3], random.floats(2304)) }
    let pads: [String: ModelBuilder.Value] = ["pads": .ints([1, 1, 1, 1])]
    builder.node("Relu", ["x"], ["r"])
    builder.node("Conv", ["r", "w1"], ["c1"], pads)
    builder.node("Add", ["r", "c1"], ["a1"])
    builder.node("Relu", ["a1"], ["r1"])
    builder.node("Conv", ["r1", "w2"], ["c2"], pads)
    builder.node("Conv", ["r1", "w3"], ["c3"], pads)
    builder.node("Add", ["c2", "c3"], ["a2"])
    builder.node("Sigmoid", ["a2"], ["s"])
    builder.node("Mul", ["s", "r1"], ["y"])
    builder.output("y")
    let x = ["x": try Tensor(shape: [1, 16, 9, 11], floats: random.floats(16 * 99))]
    let plain = try builder.run(x, on: .openBLAS, fusion: false)
    for backend in Backend.allCases {
      let fused = try builder.run(x, on: backend)
      #expect(difference(fused.floats, plain.floats, tolerance: 1e-5) == nil, "\(backend)")
    }
  }

  @Test(arguments: ["Conv", "ConvTranspose"])
  func batchNormalizationIsFolded(op: String) throws {
    var random = SeededGenerator(seed: 23)
    for groups in [1, 2] {
      var builder = ModelBuilder()
      builder.input("x", [2, 8, 7, 6])
      let isTransposed = op == "ConvTranspose"
      builder.constant(
        "w", isTransposed ? [8, 12 / groups, 3, 3] : [12, 8 / groups, 3, 3],
        random.floats(96 / groups * 9))
      for name in ["scale", "bias", "mean"] { builder.constant(name, [12], random.floats(12)) }
      builder.constant("variance", [12], random.floats(12, in: 0.5...2))
      let attributes: [String: ModelBuilder.Value] = ["group": .int(Int64(groups))]
      builder.node(op, ["x", "w"], ["c"], attributes)
      let norm = ["scale", "bias", "mean", "variance"]
      builder.node("BatchNormalization", ["c"] + norm, ["n1"])
      builder.node("Relu", ["n1"], ["r"])
      builder.node("BatchNormalization", ["r"] + norm, ["n2"], ["epsilon": .float(0.01)])
      builder.node("Tanh", ["n2"], ["y"])
      builder.output("y")
      let x = ["x": try Tensor(shape: [2, 8, 7, 6], floats: random.floats(2 * 8 * 42))]
      let plain = try builder.run(x, on: .openBLAS, fusion: false)
      for backend in Backend.allCases {
        let fused = try builder.run(x, on: backend)
        #expect(difference(fused.floats, plain.floats, tolerance: 1e-5) == nil, "\(backend)")
      }
    }
  }
}
