import Foundation
import ModelFixtures
import NeuralNetwork
import TestSupport
import Testing

/// Products of matrices, what is joined around them, and what becomes of dense arrays on oneDNN, against plain
/// loops and against each operator by itself.
@Suite struct MatrixTests {
  private func random(_ shape: [Int], _ generator: inout SeededGenerator) -> [Float] {
    (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  /// (batch, rows, depth) × (batch, depth, columns), either batch perhaps 1, in double precision.
  private func product(
    _ a: [Float], _ b: [Float], batches: (Int, Int), rows: Int, depth: Int, columns: Int
  ) -> [Float] {
    (0..<max(batches.0, batches.1)).flatMap { batch -> [Float] in
      let left = batches.0 == 1 ? 0 : batch * rows * depth
      let right = batches.1 == 1 ? 0 : batch * depth * columns
      return (0..<rows * columns).map { place in
        let (row, column) = (place / columns, place % columns)
        return Float(
          (0..<depth).reduce(0.0) {
            $0 + Double(a[left + row * depth + $1]) * Double(b[right + $1 * columns + column])
          })
      }
    }
  }

  @Test(arguments: [
    ([3, 5], [5, 7]), ([1, 4, 6, 5], [5, 16]), ([2, 3, 8], [8, 8]), ([6, 3, 8], [6, 8, 5]),
    ([1, 3, 8], [4, 8, 5]), ([4, 3, 8], [1, 8, 5]), ([1, 1, 1], [1, 1, 1]), ([2, 0, 3], [3, 4]),
  ])
  func products(left: [Int], right: [Int]) throws {
    var generator = SeededGenerator()
    let (rows, depth) = (left[left.count - 2], left[left.count - 1])
    let columns = right[right.count - 1]
    let batches = (left.dropLast(2).reduce(1, *), right.dropLast(2).reduce(1, *))
    for isConstant in [false, true] {
      let (a, b) = (random(left, &generator), random(right, &generator))
      let expected = product(
        a, b, batches: batches, rows: rows, depth: depth, columns: columns)
      var builder = ModelBuilder()
      builder.input("a", left)
      var inputs = ["a": try Tensor(shape: left, floats: a)]
      if isConstant {
        builder.constant("b", right, b)
      } else {
        builder.input("b", right)
        inputs["b"] = try Tensor(shape: right, floats: b)
      }
      builder.node("MatMul", ["a", "b"], ["y"])
      builder.output("y")
      for (backend, precision, tolerance) in [
        (.openBLAS, .float32, 1e-6), (.oneDNN, .float32, 1e-6), (.oneDNN, .bfloat16, 2e-2),
      ] as [(Backend, Precision, Float)] {
        let y = try builder.run(inputs, on: backend, precision: precision)
        let problem = difference(y.floats, expected, tolerance: tolerance)
        #expect(
          problem == nil,
          "\(left) × \(right), \(backend), \(precision), seed \(generator.seed): \(problem ?? "")")
      }
    }
  }

  @Test func aBlockOfConvNeXtIsTheSameJoinedAndApart() throws {
    var generator = SeededGenerator()
    let builder = ModelBuilder.ddColor()
    let picture = try Tensor(
      shape: [1, 3, 32, 48], floats: random([1, 3, 32, 48], &generator).map { abs($0) })
    let apart = try builder.run(["input": picture], on: .openBLAS, fusion: false)
    for (backend, precision, tolerance) in [
      (.openBLAS, .float32, 1e-5), (.oneDNN, .float32, 1e-5), (.oneDNN, .bfloat16, 3e-2),
    ] as [(Backend, Precision, Float)] {
      let y = try builder.run(["input": picture], on: backend, precision: precision)
      let problem = difference(y.floats, apart.floats, tolerance: tolerance)
      #expect(
        y.shape == [1, 2, 32, 48] && problem == nil,
        "\(backend), \(precision), seed \(generator.seed): \(problem ?? "")")
    }
  }

  /// GELU as exporters spell it, and such as is none.
  @Test(arguments: [
    ("Div", Float(2).squareRoot(), Float(1), Float(0.5), false, true),
    ("Mul", Float(0.5).squareRoot(), 1, 0.5, true, true), ("Div", 1.5, 1, 0.5, false, false),
    ("Div", Float(2).squareRoot(), 1, 0.25, false, false),
    ("Div", Float(2).squareRoot(), 2, 0.5, false, false),
  ])
  func geluIsJoined(
    scaling: String, factor: Float, one: Float, half: Float, turned: Bool, isGelu: Bool
  ) throws {
    var builder = ModelBuilder()
    builder.input("x", [-1])
    builder.output("y")
    for (name, number) in [("factor", factor), ("one", one), ("half", half)] {
      builder.constant(name, [], [number])
    }
    builder.node(scaling, ["x", "factor"], ["a"])
    builder.node("Erf", ["a"], ["b"])
    builder.node("Add", turned ? ["one", "b"] : ["b", "one"], ["c"])
    builder.node("Mul", turned ? ["c", "x"] : ["x", "c"], ["d"])
    builder.node("Mul", turned ? ["half", "d"] : ["d", "half"], ["y"])
    let x = stride(from: Float(-4), through: 4, by: 0.125).map { $0 }
    let input = ["x": try Tensor(shape: [x.count], floats: x)]
    let expected = x.map {
      Float(
        Double(half) * Double($0)
          * (Double(one) + erf(Double($0) * Double(scaling == "Div" ? 1 / factor : factor))))
    }
    for backend in Backend.allCases {
      let session = try Session(
        model: try builder.model(), backend: backend, precision: .float32)
      let y = try #require(try session.run(input)["y"])
      #expect(difference(y.floats, expected, tolerance: 1e-6) == nil, "\(y.floats)")
      #expect((try session.profile(input).count == 1) == isGelu)
    }
  }

  /// What follows a dense array: borders, averages, sums with fewer axes.
  @Test func whatFollowsPixelShuffle() throws {
    var generator = SeededGenerator()
    let values = random([2, 8, 5, 7], &generator)
    let (bias, row) = (random([2], &generator), random([16], &generator))
    var builder = ModelBuilder()
    builder.input("x", [2, 8, 5, 7])
    builder.output("y")
    builder.constant("pads", [0, 0, 1, 1, 0, 0, 0, 2] as [Int64])
    builder.constant("bias", [2, 1, 1], bias)
    builder.constant("row", [16], row)
    builder.node(
      "DepthToSpace", ["x"], ["a"], ["blocksize": .int(2), "mode": .string("CRD")])
    builder.node("Pad", ["a", "pads"], ["b"], ["mode": .string("edge")])
    builder.node("AveragePool", ["b"], ["c"], ["kernel_shape": .ints([2, 2])])
    builder.node("Add", ["c", "bias"], ["d"])
    builder.node("Sub", ["row", "d"], ["e"])
    builder.node("Relu", ["e"], ["y"])
    // The shuffled picture, 10 × 14, with its edges repeated.
    func pixel(_ n: Int, _ c: Int, _ y: Int, _ x: Int) -> Double {
      let (y, x) = (min(max(y, 0), 9), min(max(x, 0), 13))
      let channel = c * 4 + (y % 2) * 2 + x % 2
      return Double(values[((n * 8 + channel) * 5 + y / 2) * 7 + x / 2])
    }
    var expected: [Float] = []
    for n in 0..<2 {
      for c in 0..<2 {
        for y in 0..<10 {
          for x in 0..<16 {
            let mean =
              (pixel(n, c, y - 1, x - 1) + pixel(n, c, y - 1, x) + pixel(n, c, y, x - 1)
                + pixel(n, c, y, x)) / 4
            expected.append(max(row[x] - Float(mean) - bias[c], 0))
          }
        }
      }
    }
    for (backend, precision, tolerance) in [
      (.openBLAS, .float32, 1e-6), (.oneDNN, .float32, 1e-6), (.oneDNN, .bfloat16, 2e-2),
    ] as [(Backend, Precision, Float)] {
      let y = try builder.run(
        ["x": try Tensor(shape: [2, 8, 5, 7], floats: values)], on: backend, precision: precision)
      let problem = difference(y.floats, expected, tolerance: tolerance)
      #expect(
        y.shape == [2, 2, 10, 16] && problem == nil,
        "\(backend), \(precision), seed \(generator.seed): \(problem ?? "")")
    }
  }
}
