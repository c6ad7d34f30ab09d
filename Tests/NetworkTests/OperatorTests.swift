import Foundation
import ModelFixtures
import NeuralNetwork
import Testing

/// Each operator against known values, on both back ends.
@Suite struct OperatorTests {
  @Test func elementWise() throws {
    let x: [Float] = [-2, -0.5, 0, 0.25, 1.5, 3]
    try check("Relu", [([1, 6], x)], shape: [1, 6], [0, 0, 0, 0.25, 1.5, 3])
    try check(
      "LeakyRelu", [([1, 6], x)], attributes: ["alpha": .float(0.5)], shape: [1, 6],
      [-1, -0.25, 0, 0.25, 1.5, 3])
    try check(
      "Elu", [([1, 6], x)], attributes: ["alpha": .float(0.5)], shape: [1, 6],
      [0.5 * (exp(-2) - 1), 0.5 * (exp(-0.5) - 1), 0, 0.25, 1.5, 3])
    try check("Elu", [([1, 6], x)], shape: [1, 6], [exp(-2) - 1, exp(-0.5) - 1, 0, 0.25, 1.5, 3])
    try check("Sigmoid", [([2, 3], x)], shape: [2, 3], x.map { 1 / (1 + exp(-$0)) })
    try check("Tanh", [([2, 3], x)], shape: [2, 3], x.map { tanh($0) })
    try check("Exp", [([6], x)], shape: [6], x.map { exp($0) })
    try check("Floor", [([6], x)], shape: [6], [-2, -1, 0, 0, 1, 3])
    try check("Sqrt", [([3], [0, 4, 2.25])], shape: [3], [0, 2, 1.5])
    try check(
      "Clip", [([6], x)], attributes: ["min": .float(-1), "max": .float(1)], shape: [6],
      [-1, -0.5, 0, 0.25, 1, 1], opset: 10)
    try check("Identity", [([6], x)], shape: [6], x)
    try check("Dropout", [([6], x)], shape: [6], x)
  }

  @Test func arithmeticBroadcasts() throws {
    let a: ([Int], [Float]) = ([2, 3], [1, 2, 3, 4, 5, 6])
    try check("Add", [a, ([3], [10, 20, 30])], shape: [2, 3], [11, 22, 33, 14, 25, 36])
    try check("Add", [([3], [10, 20, 30]), a], shape: [2, 3], [11, 22, 33, 14, 25, 36])
    try check("Sub", [a, ([2, 1], [1, 2])], shape: [2, 3], [0, 1, 2, 2, 3, 4])
    try check(
      "Mul", [([2, 1], [1, 2]), ([1, 3], [1, 2, 3])], shape: [2, 3], [1, 2, 3, 2, 4, 6])
    try check("Div", [a, ([], [2])], shape: [2, 3], [0.5, 1, 1.5, 2, 2.5, 3])
    try check("Pow", [a, ([1], [2])], shape: [2, 3], [1, 4, 9, 16, 25, 36])
    try check("Max", [a, ([1], [3])], shape: [2, 3], [3, 3, 3, 4, 5, 6])
    try check("Min", [a, ([1], [3])], shape: [2, 3], [1, 2, 3, 3, 3, 3])
  }

  @Test func movingData() throws {
    let x: ([Int], [Float]) = ([2, 3], [1, 2, 3, 4, 5, 6])
    try check("Transpose", [x], shape: [3, 2], [1, 4, 2, 5, 3, 6])
    try check("Reshape", [x], integers: [[3, -1]], shape: [3, 2], x.1)
    try check("Reshape", [x], integers: [[0, 3, 1]], shape: [2, 3, 1], x.1)
    try check("Flatten", [x], attributes: ["axis": .int(0)], shape: [1, 6], x.1)
    try check("Unsqueeze", [x], integers: [[0, 3]], shape: [1, 2, 3, 1], x.1)
    try check("Squeeze", [([1, 2, 1], [7, 8])], integers: [[0]], shape: [2, 1], [7, 8])
    try check(
      "Expand", [([2, 1], [1, 2])], integers: [[2, 3]], shape: [2, 3], [1, 1, 1, 2, 2, 2])
    try check(
      "Gather", [x], attributes: ["axis": .int(1)], integers: [[2, -3]], shape: [2, 2],
      [3, 1, 6, 4])
    try check(
      "Slice", [x], integers: [[-1, 0], [-100, 3], [0, 1], [-1, 2]], shape: [2, 2], [4, 6, 1, 3])
    try check(
      "Concat", [x, ([2, 1], [8, 9])], attributes: ["axis": .int(-1)], shape: [2, 4],
      [1, 2, 3, 8, 4, 5, 6, 9])
    try check("Pad", [x], integers: [[0, 1, 1, -1]], shape: [3, 3], [0, 1, 2, 0, 4, 5, 0, 0, 0])
    try check(
      "Pad", [x], attributes: ["mode": .string("reflect")], integers: [[0, 2, 0, 1]],
      shape: [2, 6], [3, 2, 1, 2, 3, 2, 6, 5, 4, 5, 6, 5])
    try check(
      "Pad", [x], attributes: ["mode": .string("edge"), "pads": .ints([1, 0, 0, 1])],
      shape: [3, 4], [1, 2, 3, 3, 1, 2, 3, 3, 4, 5, 6, 6], opset: 10)
  }

  @Test func reductionsAndPooling() throws {
    let x: ([Int], [Float]) = ([1, 2, 2, 3], [1, 2, 3, 4, 5, 6, -1, -2, -3, -4, -5, -6])
    try check("GlobalAveragePool", [x], shape: [1, 2, 1, 1], [3.5, -3.5])
    try check("GlobalMaxPool", [x], shape: [1, 2, 1, 1], [6, -1])
    try check(
      "ReduceMean", [x], attributes: ["axes": .ints([1]), "keepdims": .int(0)], shape: [1, 2, 3],
      [0, 0, 0, 0, 0, 0])
    try check("ReduceMean", [x], integers: [[-1]], shape: [1, 2, 2, 1], [2, 5, -2, -5], opset: 18)
    try check(
      "MaxPool", [x], attributes: ["kernel_shape": .ints([2, 2])], shape: [1, 2, 1, 2],
      [5, 6, -1, -2])
    try check(
      "AveragePool", [x],
      attributes: ["kernel_shape": .ints([2, 2]), "pads": .ints([1, 0, 0, 0])],
      shape: [1, 2, 2, 2], [1.5, 2.5, 3, 4, -1.5, -2.5, -3, -4])
    try check(
      "AveragePool", [x],
      attributes: [
        "kernel_shape": .ints([2, 2]), "pads": .ints([1, 0, 0, 0]), "count_include_pad": .int(1),
      ],
      shape: [1, 2, 2, 2], [0.75, 1.25, 3, 4, -0.75, -1.25, -3, -4])
    try check(
      "MaxPool", [x],
      attributes: [
        "kernel_shape": .ints([2, 2]), "strides": .ints([2, 2]), "ceil_mode": .int(1),
      ], shape: [1, 2, 1, 2], [5, 6, -1, -3])
  }

  @Test func softmaxChangedItsMeaning() throws {
    let x: [Float] = [0, 1, 2, 3]
    let e = x.map { exp($0) }
    let total = e.reduce(0, +)
    try check(
      "Softmax", [([1, 2, 2], x)], attributes: ["axis": .int(1)], shape: [1, 2, 2],
      e.map { $0 / total }, opset: 12)
    try check(
      "Softmax", [([1, 2, 2], x)], attributes: ["axis": .int(1)], shape: [1, 2, 2],
      [e[0] / (e[0] + e[2]), e[1] / (e[1] + e[3]), e[2] / (e[0] + e[2]), e[3] / (e[1] + e[3])],
      opset: 13)
  }

  @Test func matrices() throws {
    let a: ([Int], [Float]) = ([2, 3], [1, 2, 3, 4, 5, 6])
    let b: ([Int], [Float]) = ([3, 2], [1, 0, 0, 1, 1, 1])
    try check("MatMul", [a, b], shape: [2, 2], [4, 5, 10, 11])
    try check("MatMul", [a, ([3], [1, 1, 1])], shape: [2], [6, 15])
    try check("MatMul", [([2], [1, 2]), a], shape: [3], [9, 12, 15])
    try check("MatMul", [([3], [1, 2, 3]), ([3], [4, 5, 6])], shape: [], [32])
    try check(
      "Gemm", [a, a, ([2], [100, 200])],
      attributes: ["transB": .int(1), "alpha": .float(2), "beta": .float(0.5)], shape: [2, 2],
      [78, 164, 114, 254])
  }

  @Test func normalizes() throws {
    try check(
      "InstanceNormalization", [([1, 2, 1, 2], [1, 3, 2, 6]), ([2], [1, 2]), ([2], [0, 10])],
      attributes: ["epsilon": .float(0)], shape: [1, 2, 1, 2], [-1, 1, 8, 12], tolerance: 1e-5)
    try check(
      "BatchNormalization",
      [
        ([1, 2, 1, 2], [1, 3, 2, 6]), ([2], [1, 2]), ([2], [0, 10]), ([2], [1, 2]), ([2], [4, 1]),
      ],
      attributes: ["epsilon": .float(0)], shape: [1, 2, 1, 2], [0, 1, 10, 18])
  }

  @Test(arguments: [
    ("nearest", "asymmetric", "floor", [1, 1, 2, 2, 3, 3] as [Float]),
    ("nearest", "half_pixel", "round_prefer_floor", [1, 1, 2, 2, 3, 3]),
    ("nearest", "asymmetric", "ceil", [1, 2, 2, 3, 3, 3]),
    ("linear", "half_pixel", "floor", [1, 1.25, 1.75, 2.25, 2.75, 3]),
    ("linear", "pytorch_half_pixel", "floor", [1, 1.25, 1.75, 2.25, 2.75, 3]),
    ("linear", "asymmetric", "floor", [1, 1.5, 2, 2.5, 3, 3]),
    ("linear", "align_corners", "floor", [1, 1.4, 1.8, 2.2, 2.6, 3]),
  ])
  func resizes(mode: String, coordinates: String, rounding: String, expected: [Float]) throws {
    for bySize in [false, true] {
      var builder = ModelBuilder()
      builder.input("x", [1, 1, 1, 3])
      builder.constant("scales", [4], [1, 1, 1, 2])
      builder.constant("sizes", [1, 1, 1, 6])
      builder.node(
        "Resize", bySize ? ["x", "", "", "sizes"] : ["x", "", "scales"], ["y"],
        [
          "mode": .string(mode), "coordinate_transformation_mode": .string(coordinates),
          "nearest_mode": .string(rounding),
        ])
      builder.output("y")
      let x = ["x": try Tensor(shape: [1, 1, 1, 3], floats: [1, 2, 3])]
      for backend in Backend.allCases {
        let y = try builder.run(x, on: backend)
        #expect(y.shape == [1, 1, 1, 6])
        #expect(difference(y.floats, expected, tolerance: 1e-6) == nil, "\(y.floats)")
      }
    }
  }

  @Test func shapesAreFoldedWithTheInput() throws {
    // What PyTorch exports for x.view(n, -1): Shape, Gather, Unsqueeze, Concat, Reshape.
    var builder = ModelBuilder()
    builder.input("x", [-1, 2, -2])
    builder.constant("zero", [0])
    builder.constant("minus", [-1])
    builder.node("Shape", ["x"], ["s"])
    builder.node("Gather", ["s", "zero"], ["n"], ["axis": .int(0)])
    builder.node("Concat", ["n", "minus"], ["t"], ["axis": .int(0)])
    builder.node("Reshape", ["x", "t"], ["y"])
    builder.output("y")
    for count in [1, 3] {
      let values = (0..<(count * 8)).map(Float.init)
      let y = try builder.run(
        ["x": try Tensor(shape: [count, 2, 4], floats: values)], on: .oneDNN)
      #expect(y.shape == [count, 8])
      #expect(y.floats == values)
    }
  }

  @Test func inputsMayDecideShapes() throws {
    var builder = ModelBuilder()
    builder.input("x", [-1, -2])
    builder.input("shape", [2], .int64)
    builder.node("Reshape", ["x", "shape"], ["y"])
    builder.output("y")
    let session = try Session(model: try builder.model())
    let x = try Tensor(shape: [2, 6], floats: (0..<12).map(Float.init))
    for shape in [[3, 4], [12, 1], [3, 4]] as [[Int64]] {
      let y = try session.run(["x": x, "shape": try Tensor(shape: [2], integers: shape)])["y"]
      #expect(y?.shape == shape.map(Int.init))
      #expect(y?.floats == x.floats)
    }
  }

  @Test func halfPrecisionWeightsAreDecoded() throws {
    var builder = ModelBuilder()
    builder.input("x", [1, 1, 1, 2])
    var weights = Onnx_TensorProto()
    weights.name = "w16"
    weights.dims = [1, 1, 1, 1]
    weights.dataType = ElementType.float16.rawValue
    weights.rawData = withUnsafeBytes(of: Float16(1.5)) { Data($0) }
    builder.proto.graph.initializer.append(weights)
    builder.node("Cast", ["w16"], ["w"], ["to": .int(1)])
    builder.node("Conv", ["x", "w"], ["y"])
    builder.output("y")
    let model = try builder.model()
    #expect(model.parameterCount == 1)
    #expect(model.operators == ["Cast": 1, "Conv": 1])
    #expect(try model.floatingPointOperations(inputShapes: ["x": [1, 1, 1, 2]]) == 4)
    for backend in Backend.allCases {
      let y = try builder.run(
        ["x": try Tensor(shape: [1, 1, 1, 2], floats: [2, -4])], on: backend)
      #expect(y.floats == [3, -6])
    }
  }

  @Test func outputsMayBeInputsConstantsAndTheSameTwice() throws {
    var builder = ModelBuilder()
    builder.input("x", [1, 2])
    builder.constant("k", [2], [5, 6])
    builder.node("Relu", ["x"], ["y"])
    builder.node("Identity", ["y"], ["z"])
    builder.node("Identity", ["k"], ["c"])
    builder.node("Identity", ["x"], ["i"])
    for name in ["y", "z", "c", "i"] { builder.output(name) }
    let x = try Tensor(shape: [1, 2], floats: [-1, 2])
    for backend in Backend.allCases {
      let session = try Session(model: try builder.model(), backend: backend)
      let results = try session.run(["x": x])
      #expect(results["y"]?.floats == [0, 2])
      #expect(results["z"]?.floats == [0, 2])
      #expect(results["c"]?.floats == [5, 6])
      #expect(results["i"]?.floats == [-1, 2])
    }
  }
}
