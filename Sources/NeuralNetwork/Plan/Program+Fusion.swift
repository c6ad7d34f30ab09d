extension Program {
  /// Merges into each convolution what follows it and reads nothing else: adding another array, an
  /// activation, scaling each channel. Leaves the results as they are but for rounding.
  mutating func fuse() {
    var uses = [Int](repeating: 0, count: values.count)
    for operation in operations { for input in operation.inputs { uses[root(input)] += 1 } }
    for output in outputs { uses[root(output.value)] += 1 }
    // Shapes seen through an alias differ, so only values that are no alias take part.
    var producer: [ValueID: Int] = [:]
    var removed = Set<Int>()
    for index in operations.indices {
      let operation = operations[index]
      if let source = fusable(operation, uses: uses, producer: producer) {
        // The merged operation runs where the last of its parts stood, when all its inputs exist.
        var merged = operations[source.producer]
        merged.kind = source.kind
        merged.inputs += source.extra
        merged.outputs = operation.outputs
        operations[index] = merged
        removed.insert(source.producer)
      }
      for output in operations[index].outputs { producer[output] = index }
    }
    operations = operations.indices.filter { !removed.contains($0) }.map { operations[$0] }
  }

  /// How an operation can become part of the convolution that computes its input.
  private func fusable(
    _ operation: Operation, uses: [Int], producer: [ValueID: Int]
  ) -> (producer: Int, kind: any Operator, extra: [ValueID])? {
    for (position, input) in operation.inputs.enumerated() {
      guard values[input].alias == nil, uses[input] == 1, let index = producer[input],
        let convolution = operations[index].kind as? any PostProcessing
      else { continue }
      let count = operations[index].inputs.count
      var kind = convolution
      switch operation.kind {
      case let unary as Unary where position == 0 && unary.function.isFusable:
        guard kind.post.activation == nil, kind.post.scale == nil else { continue }
        kind.post.activation = unary.function
        return (index, kind, [])
      case is ChannelAffine where position == 0:
        guard kind.post.scale == nil else { continue }
        kind.post.scale = count
        kind.post.shift = count + 1
        return (index, kind, [operation.inputs[1], operation.inputs[2]])
      case let binary as Binary where binary.function == .add && binary.left == binary.right:
        let other = operation.inputs[1 - position]
        guard kind is Convolution, kind.post.isEmpty, other != input else { continue }
        kind.post.sum = count
        return (index, kind, [other])
      default: continue
      }
    }
    return nil
  }
}

/// An operation that can apply ``PostOperations`` to its result.
protocol PostProcessing: Operator {
  var post: PostOperations { get set }
  var groups: Int { get }
  var inputChannels: Int { get }
}

extension Convolution: PostProcessing {}
extension Deconvolution: PostProcessing {}
