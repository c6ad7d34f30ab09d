import Foundation
import ModelFixtures
import NeuralNetwork
import TestSupport
import Testing

/// Operators that transformers and pixel shuffles need, on both back ends.
@Suite struct AttentionOperatorTests {
  private let seed: UInt64 = 20_261_127

  private func random(_ count: Int, _ generator: inout SeededGenerator) -> [Float] {
    (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
  }

  // MARK: One number at a time

  @Test func functions() throws {
    let x: [Float] = [-3, -0.5, 0, 0.25, 1.5, 3]
    let positive: [Float] = [0.125, 0.5, 1, 2, 7, 1000]
    try check("Erf", [([6], x)], shape: [6], x.map { erf($0) })
    try check(
      "Gelu", [([2, 3], x)], shape: [2, 3],
      x.map { 0.5 * $0 * (1 + erf($0 / Float(2).squareRoot())) }, opset: 20)
    try check(
      "Gelu", [([2, 3], x)], attributes: ["approximate": .string("tanh")], shape: [2, 3],
      x.map { 0.5 * $0 * (1 + tanh((2 / Float.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) },
      opset: 20)
    try check("Sin", [([6], x)], shape: [6], x.map { sin($0) })
    try check("Cos", [([6], x)], shape: [6], x.map { cos($0) })
    try check("Neg", [([6], x)], shape: [6], x.map { -$0 })
    try check("Abs", [([6], x)], shape: [6], x.map { abs($0) })
    try check("Log", [([6], positive)], shape: [6], positive.map { log($0) })
    try check("Reciprocal", [([6], positive)], shape: [6], positive.map { 1 / $0 })
  }

  @Test func squaresAndRootsAreNoPowers() throws {
    let cases: [(Float, [Float])] = [(2, [1, 4, 9]), (0.5, [1, 1.4142135, 1.7320508])]
    for (exponent, expected) in cases {
      var builder = ModelBuilder()
      builder.input("x", [-1])
      builder.constant("e", [], [exponent])
      builder.node("Pow", ["x", "e"], ["y"])
      builder.output("y")
      for backend in Backend.allCases {
        let y = try builder.run(["x": try Tensor(shape: [3], floats: [1, 2, 3])], on: backend)
        #expect(difference(y.floats, expected, tolerance: 1e-6) == nil, "\(y.floats)")
      }
    }
  }

  @Test(arguments: ["Floor", "Sin", "Cos", "Erf", "Neg", "Abs", "Log", "Reciprocal", "Gelu"])
  func whatFollowsAConvolutionIsNotLost(function: String) throws {
    var builder = ModelBuilder(opset: 20)
    builder.input("x", [1, 1, 1, 4])
    builder.constant("w", [1, 1, 1, 1], [1.5])
    builder.node("Conv", ["x", "w"], ["z"])
    builder.node(function, ["z"], ["y"])
    builder.output("y")
    let x = ["x": try Tensor(shape: [1, 1, 1, 4], floats: [0.3, 0.9, 1.7, 2.2])]
    for backend in Backend.allCases {
      let fused = try builder.run(x, on: backend).floats
      let apart = try builder.run(x, on: .openBLAS, fusion: false).floats
      #expect(difference(fused, apart, tolerance: 1e-5) == nil, "\(function): \(fused), \(apart)")
    }
  }

  // MARK: Truth

  @Test func comparing() throws {
    let expected: [String: [Float]] = [
      "Equal": [0, 1, 0], "Less": [1, 0, 0], "Greater": [0, 0, 1], "LessOrEqual": [1, 1, 0],
      "GreaterOrEqual": [0, 1, 1],
    ]
    for (op, wanted) in expected {
      for integers in [false, true] {
        var builder = ModelBuilder()
        builder.input("a", [1, 3])
        builder.input("b", [1])
        for name in ["a", "b"] {
          builder.node("Cast", [name], ["\(name).cast"], ["to": .int(integers ? 7 : 1)])
        }
        builder.node(op, ["a.cast", "b.cast"], ["c"])
        builder.node("Cast", ["c"], ["y"], ["to": .int(1)])
        builder.output("y")
        for backend in Backend.allCases {
          let y = try builder.run(
            [
              "a": try Tensor(shape: [1, 3], floats: [1, 2, 3]),
              "b": try Tensor(shape: [1], floats: [2]),
            ], on: backend)
          #expect(y.shape == [1, 3] && y.floats == wanted, "\(op): \(y.floats)")
        }
      }
    }
  }

  @Test func choosing() throws {
    // Where, with a condition that And, Or and Not make of two others; all three broadcast.
    for (op, wanted) in [("And", [10, 10, 10, 1] as [Float]), ("Or", [10, 1, 1, 1])] {
      var builder = ModelBuilder()
      builder.input("p", [2, 1])
      builder.input("q", [2])
      builder.constant("a", [1], [10])
      builder.constant("b", [2, 2], [1, 1, 1, 1])
      for name in ["p", "q"] { builder.node("Cast", [name], ["\(name).b"], ["to": .int(9)]) }
      builder.node(op, ["p.b", "q.b"], ["c"])
      builder.node("Not", ["c"], ["n"])
      builder.node("Where", ["n", "a", "b"], ["y"])
      builder.output("y")
      for backend in Backend.allCases {
        let y = try builder.run(
          [
            "p": try Tensor(shape: [2, 1], floats: [0, 1]),
            "q": try Tensor(shape: [2], floats: [0, 1]),
          ], on: backend)
        #expect(y.shape == [2, 2] && y.floats == wanted, "\(op): \(y.floats)")
      }
    }
  }

  // MARK: Moving

  @Test func transposesOfAllOrders() throws {
    var generator = SeededGenerator(seed: seed)
    for round in 0..<60 {
      let rank = Int.random(in: 1...5, using: &generator)
      let shape = (0..<rank).map { _ in [1, 2, 3, 5, 17, 20].randomElement(using: &generator) ?? 1 }
      let order = Array(0..<rank).shuffled(using: &generator)
      let values = (0..<shape.reduce(1, *)).map(Float.init)
      let result = order.map { shape[$0] }
      var expected: [Float] = []
      for index in 0..<values.count {
        // The place of the result's element in the input.
        var rest = index
        var place = [Int](repeating: 0, count: rank)
        for axis in (0..<rank).reversed() {
          place[order[axis]] = rest % result[axis]
          rest /= result[axis]
        }
        expected.append(Float(zip(place, shape).reduce(0) { $0 * $1.1 + $1.0 }))
      }
      try check(
        "Transpose", [(shape, values)],
        attributes: ["perm": .ints(order.map(Int64.init))], shape: result, expected)
      #expect(expected.count == values.count, "seed \(seed), round \(round)")
    }
  }

  @Test func blocksOfPixels() throws {
    let x: ([Int], [Float]) = ([1, 8, 1, 2], (0..<16).map(Float.init))
    try check(
      "DepthToSpace", [x], attributes: ["blocksize": .int(2), "mode": .string("CRD")],
      shape: [1, 2, 2, 4], [0, 2, 1, 3, 4, 6, 5, 7, 8, 10, 9, 11, 12, 14, 13, 15])
    try check(
      "DepthToSpace", [x], attributes: ["blocksize": .int(2)],
      shape: [1, 2, 2, 4], [0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15])
    try check(
      "SpaceToDepth",
      [([1, 2, 2, 4], [0, 4, 1, 5, 8, 12, 9, 13, 2, 6, 3, 7, 10, 14, 11, 15])],
      attributes: ["blocksize": .int(2)], shape: [1, 8, 1, 2], x.1)
    // As exports before operator set 11 spell the mode CRD.
    var generator = SeededGenerator(seed: seed)
    let values = random(2 * 18 * 5 * 19, &generator)
    var builder = ModelBuilder()
    builder.input("x", [2, 18, 5, 19])
    builder.constant("apart", [2, 2, 3, 3, 5, 19] as [Int64])
    builder.constant("together", [2, 2, 15, 57] as [Int64])
    builder.node("Reshape", ["x", "apart"], ["a"])
    builder.node("Transpose", ["a"], ["b"], ["perm": .ints([0, 1, 4, 2, 5, 3])])
    builder.node("Reshape", ["b", "together"], ["y"])
    builder.output("y")
    let expected = try builder.run(
      ["x": try Tensor(shape: [2, 18, 5, 19], floats: values)], on: .openBLAS)
    try check(
      "DepthToSpace", [([2, 18, 5, 19], values)],
      attributes: ["blocksize": .int(3), "mode": .string("CRD")], shape: [2, 2, 15, 57],
      expected.floats)
  }

  @Test func repeatingAndCutting() throws {
    let x: ([Int], [Float]) = ([2, 3], [1, 2, 3, 4, 5, 6])
    try check(
      "Tile", [x], integers: [[2, 2]], shape: [4, 6],
      [1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6])
    for (opset, lengths) in [(11, [1, 2]), (13, [1, 2]), (18, nil)] as [(Int64, [Int64]?)] {
      var builder = ModelBuilder(opset: opset)
      builder.input("x", [-1, -2])
      var attributes: [String: ModelBuilder.Value] = ["axis": .int(1)]
      var inputs = ["x"]
      if opset < 13 {
        attributes["split"] = .ints(lengths ?? [])
      } else if let lengths {
        builder.constant("l", lengths)
        inputs.append("l")
      } else {
        attributes["num_outputs"] = .int(2)
      }
      builder.node("Split", inputs, ["a", "b"], attributes)
      for name in ["a", "b"] { builder.output(name) }
      for backend in Backend.allCases {
        let session = try Session(model: try builder.model(), backend: backend)
        let parts = try session.run(["x": try Tensor(shape: x.0, floats: x.1)])
        // Without lengths the last part is the smaller one.
        #expect(parts["a"]?.floats == (lengths == nil ? [1, 2, 4, 5] : [1, 4]))
        #expect(parts["b"]?.floats == (lengths == nil ? [3, 6] : [2, 3, 5, 6]))
      }
    }
  }

  @Test func gathersPlaces() throws {
    var builder = ModelBuilder()
    builder.input("x", [2, 2, 2])
    builder.constant("flat", [0, 1, 1, -1] as [Int64])
    builder.constant("two", [2, 2] as [Int64])
    builder.constant("shared", [2, 1] as [Int64])
    builder.constant("one", [1, 0] as [Int64])
    builder.node("Reshape", ["flat", "two"], ["i"])
    builder.node("Reshape", ["one", "shared"], ["j"])
    builder.node("GatherND", ["x", "i"], ["a"])
    builder.node("GatherND", ["x", "j"], ["b"], ["batch_dims": .int(1)])
    for name in ["a", "b"] { builder.output(name) }
    let x = try Tensor(shape: [2, 2, 2], floats: (0..<8).map(Float.init))
    for backend in Backend.allCases {
      let found = try Session(model: try builder.model(), backend: backend).run(["x": x])
      #expect(found["a"]?.floats == [2, 3, 6, 7])
      #expect(found["b"]?.floats == [2, 3, 4, 5])
    }
  }

  // MARK: Sums

  @Test func sums() throws {
    let x: ([Int], [Float]) = ([2, 3, 2], [1, -2, 3, 4, -5, 6, 7, 8, -9, 10, 11, 12])
    let roots = { (squares: [Float]) in squares.map { $0.squareRoot() } }
    let cases: [(String, [Float], [Float])] = [
      ("ReduceSum", [-1, 8, 9, 30], [-1, 7, 1, 15, 1, 23]),
      ("ReduceMax", [3, 6, 11, 12], [1, 4, 6, 8, 10, 12]),
      ("ReduceMin", [-5, -2, -9, 8], [-2, 3, -5, 7, -9, 11]),
      ("ReduceL2", roots([35, 56, 251, 308]), roots([5, 25, 61, 113, 181, 265])),
      ("ReduceMean", [-1 / 3, 8 / 3, 3, 10], [-0.5, 3.5, 0.5, 7.5, 0.5, 11.5]),
    ]
    for (op, middle, last) in cases {
      try check(op, [x], integers: [[1]], shape: [2, 1, 2], middle, opset: 18)
      try check(op, [x], integers: [[-1]], shape: [2, 3, 1], last, opset: 18)
      try check(
        op, [x], attributes: ["axes": .ints([1]), "keepdims": .int(0)], shape: [2, 2], middle,
        opset: 12)
    }
    try check(
      "CumSum", [x], integers: [[1]], shape: [2, 3, 2], [1, -2, 4, 2, -1, 8, 7, 8, -2, 18, 9, 30])
    try check(
      "CumSum", [x], attributes: ["exclusive": .int(1), "reverse": .int(1)], integers: [[-1]],
      shape: [2, 3, 2], [-2, 0, 4, 0, 6, 0, 8, 0, 10, 0, 12, 0])
  }

  @Test func rangesFollowFromConstants() throws {
    var builder = ModelBuilder()
    builder.input("x", [1])
    for (name, value) in [("start", 10), ("limit", 4), ("step", -2)] as [(String, Int64)] {
      builder.constant("\(name).list", [value])
      builder.constant("\(name).axis", [0] as [Int64])
      builder.node("Squeeze", ["\(name).list", "\(name).axis"], [name])
    }
    builder.node("Range", ["start", "limit", "step"], ["r"])
    builder.node("Cast", ["r"], ["f"], ["to": .int(1)])
    builder.node("Mul", ["f", "x"], ["y"])
    builder.output("y")
    for backend in Backend.allCases {
      let y = try builder.run(["x": try Tensor(shape: [1], floats: [2])], on: backend)
      #expect(y.floats == [20, 16, 12])
    }
  }

  /// What an equation means, in plain loops.
  private func einsum(_ equation: String, _ operands: [([Int], [Float])]) -> ([Int], [Float]) {
    let sides = equation.components(separatedBy: "->")
    let terms = sides[0].split(separator: ",").map(Array.init)
    var extents: [Character: Int] = [:]
    for (term, operand) in zip(terms, operands) {
      for (letter, extent) in zip(term, operand.0) { extents[letter] = extent }
    }
    let (named, letters) = (Array(sides[1]), extents.keys.sorted())
    let shape = named.map { extents[$0] ?? 1 }
    var result = [Double](repeating: 0, count: shape.reduce(1, *))
    let all = letters.reduce(1) { $0 * (extents[$1] ?? 1) }
    for index in 0..<all {
      var rest = index
      var places: [Character: Int] = [:]
      for letter in letters {
        places[letter] = rest % (extents[letter] ?? 1)
        rest /= extents[letter] ?? 1
      }
      func place(_ term: [Character]) -> Int {
        term.reduce(0) { $0 * (extents[$1] ?? 1) + (places[$1] ?? 0) }
      }
      result[place(named)] += zip(terms, operands).reduce(1.0) { $0 * Double($1.1.1[place($1.0)]) }
    }
    return (shape, result.map(Float.init))
  }

  @Test(arguments: [
    "bqc,bchw->bqhw", "ij,jk->ik", "ij,jk->ki", "ij,kj->ik", "ji,jk->ik", "bij,bjk->bik",
    "ibj,jbk->bik", "bhid,bhjd->bhij", "i,i->", "i,j->ij", "ij->ji", "ij->i", "ij->", "ii->i",
    "ii->", "aab,b->a", "ab,cd->dbca", "abc,cd->abd", "ab,b->ab", "ab,ab->b", "abc->b",
  ])
  func einsteinsSums(equation: String) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<3 {
      var extents: [Character: Int] = [:]
      let terms = equation.components(separatedBy: "->")[0].split(separator: ",")
      let operands = terms.map { term -> ([Int], [Float]) in
        let shape = term.map { letter -> Int in
          let extent = extents[letter] ?? Int.random(in: 1...4, using: &generator)
          extents[letter] = extent
          return extent
        }
        return (shape, random(shape.reduce(1, *), &generator))
      }
      let (shape, expected) = einsum(equation, operands)
      try check(
        "Einsum", operands, attributes: ["equation": .string(equation)], shape: shape, expected,
        tolerance: 1e-5)
    }
  }

  @Test func einsteinsSumsWithEllipsesAndWithoutArrows() throws {
    var generator = SeededGenerator(seed: seed)
    let (a, b) = (random(24, &generator), random(24, &generator))
    let (shape, expected) = einsum("bij,bjk->bik", [([2, 3, 4], a), ([2, 4, 3], b)])
    for equation in ["...ij,...jk->...ik", "...ij, ...jk", "bij,bjk->bik"] {
      try check(
        "Einsum", [([2, 3, 4], a), ([2, 4, 3], b)], attributes: ["equation": .string(equation)],
        shape: shape, expected, tolerance: 1e-5)
    }
    let (turned, values) = einsum("ba->ab", [([3, 8], a)])
    try check(
      "Einsum", [([3, 8], a)], attributes: ["equation": .string("ba")], shape: turned, values)
    // The ellipsis of one array stands for axes that the other lacks.
    let (wide, products) = einsum("bij,jk->bik", [([2, 3, 4], a), ([4, 3], Array(b.prefix(12)))])
    try check(
      "Einsum", [([2, 3, 4], a), ([4, 3], Array(b.prefix(12)))],
      attributes: ["equation": .string("...j,jk->...k")], shape: wide, products, tolerance: 1e-5)
  }

  // MARK: Norms

  @Test(arguments: [-1, 1, 0]) func layerNorm(axis: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let shape = [3, 4, 5]
    let start = axis < 0 ? axis + 3 : axis
    let kept = Array(shape[start...])
    let length = kept.reduce(1, *)
    let x = random(60, &generator).map { $0 + 100 }
    let (scale, shift) = (random(length, &generator), random(length, &generator))
    for hasShift in [true, false] {
      var expected: [Float] = []
      for row in 0..<(60 / length) {
        let values = x[(row * length)..<((row + 1) * length)].map(Double.init)
        let mean = values.reduce(0, +) / Double(length)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
        for (i, value) in values.enumerated() {
          let normal = (value - mean) / (variance + 0.01).squareRoot()
          expected.append(Float(normal * Double(scale[i])) + (hasShift ? shift[i] : 0))
        }
      }
      try check(
        "LayerNormalization", [(shape, x), (kept, scale)] + (hasShift ? [(kept, shift)] : []),
        attributes: ["axis": .int(Int64(axis)), "epsilon": .float(0.01)], shape: shape, expected,
        tolerance: 2e-5)
    }
  }

  @Test(arguments: 0..<4) func softmaxAlongAnyAxis(axis: Int) throws {
    var generator = SeededGenerator(seed: seed)
    let shape = [2, 3, 5, 7]
    let x = random(210, &generator).map { $0 * 10 }
    var expected = [Float](repeating: 0, count: 210)
    let inner = shape[(axis + 1)...].reduce(1, *)
    for start in 0..<210 where start / inner % shape[axis] == 0 {
      let places = (0..<shape[axis]).map { start + $0 * inner }
      let powers = places.map { exp(Double(x[$0])) }
      for (place, power) in zip(places, powers) {
        expected[place] = Float(power / powers.reduce(0, +))
      }
    }
    try check(
      "Softmax", [(shape, x)], attributes: ["axis": .int(Int64(axis))], shape: shape, expected,
      tolerance: 1e-5)
  }

  // MARK: Refusals

  @Test func whatIsNotSupportedIsNamed() throws {
    func complaint(
      _ op: String, _ shapes: [[Int]], _ attributes: [String: ModelBuilder.Value] = [:],
      opset: Int64 = 20
    ) throws -> String {
      var builder = ModelBuilder(opset: opset)
      var inputs: [String: Tensor] = [:]
      for (index, shape) in shapes.enumerated() {
        builder.input("x\(index)", shape)
        inputs["x\(index)"] = try Tensor(
          shape: shape, floats: [Float](repeating: 1, count: shape.reduce(1, *)))
      }
      builder.node(op, shapes.indices.map { "x\($0)" }, ["y"], attributes, name: "the node")
      builder.output("y")
      do {
        _ = try builder.run(inputs, on: .openBLAS)
        return ""
      } catch { return "\(error)" }
    }
    for (said, words) in [
      (try complaint("Gelu", [[2]], ["approximate": .string("cubic")]), "approximate cubic"),
      (try complaint("Einsum", [[2], [2], [2]], ["equation": .string("i,i,i->")]), "3 inputs"),
      (
        try complaint("Einsum", [[2, 3], [2, 3]], ["equation": .string("ij,jk->ik")]), "ij,jk->ik"
      ),
      (try complaint("Einsum", [[2]], ["equation": .string("i->j")]), "i->j"),
      (try complaint("DepthToSpace", [[1, 6, 2, 2]], ["blocksize": .int(2)]), "6 channels"),
      (try complaint("DepthToSpace", [[6, 2, 2]], ["blocksize": .int(2)]), "[6, 2, 2]"),
      (
        try complaint(
          "DepthToSpace", [[1, 4, 2, 2]], ["blocksize": .int(2), "mode": .string("ABC")]),
        "mode ABC"
      ),
      (try complaint("LayerNormalization", [[2, 3], [1, 3]]), "[1, 3]"),
      (
        try complaint("LayerNormalization", [[2, 3], [3]], ["stash_type": .int(11)]),
        "stash_type 11"
      ),
      (try complaint("Split", [[3]], ["num_outputs": .int(2)]), "2 parts"),
      (try complaint("Not", [[3]]), "float"), (try complaint("Where", [[1], [1], [1]]), "float"),
      (try complaint("CumSum", [[3]]), "input 1"),
    ] {
      #expect(said.contains(words) && said.contains("the node"), "\(words): \(said)")
    }
  }
}
