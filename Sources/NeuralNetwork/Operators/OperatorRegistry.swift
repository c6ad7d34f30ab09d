/// The operators that the engine knows, by ONNX name.
enum OperatorRegistry {
  typealias Lowering = @Sendable (NodeContext) throws(NetworkError) -> Lowered

  static let lowerings: [String: Lowering] = [
    "Abs": Unary.lower,
    "Add": Binary.lower,
    "And": Comparison.lower,
    "AveragePool": Pooling.lower,
    "BatchNormalization": BatchNormalization.lower,
    "Cast": Cast.lower,
    "Clip": Unary.lower,
    "Concat": Concatenation.lower,
    "Constant": Constants.constant,
    "ConstantOfShape": Constants.constantOfShape,
    "Conv": Convolution.lower,
    "ConvTranspose": Deconvolution.lower,
    "Cos": Unary.lower,
    "CumSum": CumulativeSum.lower,
    "DepthToSpace": Strided.depthToSpace,
    "Div": Binary.lower,
    "Dropout": Reshaping.dropout,
    "Einsum": Einsum.lower,
    "Elu": Unary.lower,
    "Equal": Comparison.lower,
    "Erf": Unary.lower,
    "Exp": Unary.lower,
    "Expand": Strided.expand,
    "Flatten": Reshaping.flatten,
    "Floor": Unary.lower,
    "Gather": Gather.lower,
    "GatherND": GatherND.lower,
    "Gelu": Unary.lower,
    "Gemm": MatrixMultiplication.gemm,
    "GlobalAveragePool": Reduction.global,
    "GlobalMaxPool": Reduction.global,
    "Greater": Comparison.lower,
    "GreaterOrEqual": Comparison.lower,
    "Identity": Reshaping.identity,
    "InstanceNormalization": InstanceNormalization.lower,
    "LayerNormalization": LayerNormalization.lower,
    "LeakyRelu": Unary.lower,
    "Less": Comparison.lower,
    "LessOrEqual": Comparison.lower,
    "Log": Unary.lower,
    "MatMul": MatrixMultiplication.matMul,
    "Max": Binary.lower,
    "MaxPool": Pooling.lower,
    "Min": Binary.lower,
    "Mul": Binary.lower,
    "Neg": Unary.lower,
    "Not": Comparison.not,
    "Or": Comparison.lower,
    "Pad": Padding.lower,
    "Pow": Binary.lower,
    "Range": Constants.range,
    "Reciprocal": Unary.lower,
    "ReduceL2": Reduction.lower,
    "ReduceMax": Reduction.lower,
    "ReduceMean": Reduction.lower,
    "ReduceMin": Reduction.lower,
    "ReduceSum": Reduction.lower,
    "Relu": Unary.lower,
    "Reshape": Reshaping.reshape,
    "Resize": Resize.lower,
    "Shape": Reshaping.shape,
    "Sigmoid": Unary.lower,
    "Sin": Unary.lower,
    "Slice": Strided.slice,
    "Softmax": Softmax.lower,
    "SpaceToDepth": Strided.spaceToDepth,
    "Split": Split.lower,
    "Sqrt": Unary.lower,
    "Squeeze": Reshaping.squeeze,
    "Sub": Binary.lower,
    "Tanh": Unary.lower,
    "Tile": Strided.tile,
    "Transpose": Strided.transpose,
    "Unsqueeze": Reshaping.unsqueeze,
    "Upsample": Resize.lower,
    "Where": Selection.lower,
    ChannelAffine.name: ChannelAffine.lower,
  ]

  /// The inputs of an operator whose values decide shapes or parameters, so that they must be known
  /// before a plan can be made.
  static let parameterInputs: [String: Set<Int>] = [
    "Clip": [1, 2],
    "ConstantOfShape": [0],
    "CumSum": [1],
    "Dropout": [1, 2],
    "Expand": [1],
    "Pad": [1, 2, 3],
    "Range": [0, 1, 2],
    "ReduceL2": [1],
    "ReduceMax": [1],
    "ReduceMean": [1],
    "ReduceMin": [1],
    "ReduceSum": [1],
    "Reshape": [1],
    "Resize": [1, 2, 3],
    "Slice": [1, 2, 3, 4],
    "Split": [1],
    "Squeeze": [1],
    "Tile": [1],
    "Unsqueeze": [1],
    "Upsample": [1],
  ]

  /// What the node becomes for these inputs. Errors name the node and the operator.
  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    guard let lowering = lowerings[context.node.op] else { throw unknown(context.node) }
    for (name, attribute) in context.node.attributes {
      if case .unsupported(let reason) = attribute {
        throw context.fail(.unsupported, "the attribute \(name): \(reason)")
      }
    }
    do { return try lowering(context) } catch {
      var error = error
      if error.location.isEmpty { error.reason = "\(context.node.op): \(error.reason)" }
      throw error.at("node \"\(context.node.name)\"")
    }
  }

  static func unknown(_ node: Node) -> NetworkError {
    NetworkError(
      .unsupported, at: "node \"\(node.name)\"", "the operator \(node.op) is not supported")
  }
}
