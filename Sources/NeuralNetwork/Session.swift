import COpenBLAS
import Locking

/// How long one step of a run took.
package struct StepTime: Sendable {
  /// The node that the step belongs to.
  package let name: String
  /// The kernel that ran: oneDNN's name, or the operator's for plain loops.
  package let implementation: String
  package let duration: Duration
}

/// A network ready to run on one back end. Any number of threads may call ``run(_:outputLayout:)`` at
/// once; each call works in memory of its own, taken from a pool. Plans for the last few input shapes
/// are kept.
package final class Session: Sendable {
  /// The network.
  package let model: Model
  /// The library that computes.
  package let backend: Backend
  /// The number format between layers.
  package let precision: Precision
  /// How many threads one run uses. With 1 the results do not depend on how many runs go on at once.
  package let threadsPerRun: Int

  private let graph: Graph
  private let parameterInputs: Set<String>
  private let fusion: Bool
  private let observing: Bool
  private let ranges: ValueRanges?
  private let weights = WeightStore()
  private let cache = Locked(PlanCache())

  /// Prepares a model.
  /// - Parameters:
  ///   - backend: nil takes the fastest.
  ///   - precision: nil takes the fastest on this CPU; int8 only if the model
  ///     carries ``ValueRanges`` of its weights.
  ///   - threadsPerRun: more than 1 shortens a single run; many runs at once are faster with 1.
  /// - Throws: when an operator of the model is not supported, naming it, the back end can't compute in
  ///   that precision, or int8 is wanted of a model without ranges.
  package convenience init(
    model: Model, backend: Backend? = nil, precision: Precision? = nil, threadsPerRun: Int = 1
  ) throws(NetworkError) {
    try self.init(
      model: model, backend: backend, precision: precision, threadsPerRun: threadsPerRun,
      fusion: true)
  }

  /// As the public initializer; `fusion` off keeps each operator a step of its own, for comparing;
  /// `observing` hands all values over with the outputs.
  package init(
    model: Model, backend: Backend?, precision: Precision?, threadsPerRun: Int, fusion: Bool,
    observing: Bool = false
  ) throws(NetworkError) {
    let backend = backend ?? .oneDNN
    let (precision, found) = precision.map { ($0, nil) } ?? Self.fastest(model, backend)
    guard backend.precisions.contains(precision) else {
      throw NetworkError(
        .unsupported, file: model.name,
        "the back end \(backend.rawValue) computes in "
          + backend.precisions.map(\.rawValue).joined(separator: ", ") + " only")
    }
    guard (1...1024).contains(threadsPerRun) else {
      throw NetworkError(
        .invalidInput, file: model.name,
        "the number of threads is \(threadsPerRun), expected 1 to 1024")
    }
    if let node = model.graph.nodes.first(where: { OperatorRegistry.lowerings[$0.op] == nil }) {
      throw OperatorRegistry.unknown(node).inFile(model.name)
    }
    self.model = model
    self.backend = backend
    self.precision = precision
    self.threadsPerRun = threadsPerRun
    self.fusion = fusion
    self.observing = observing
    if precision == .int8, found == nil {
      ranges = try ValueRanges.of(model)
    } else {
      ranges = found
    }
    var graph = model.graph
    if fusion {
      do throws(NetworkError) { try graph.foldBatchNormalization() } catch {
        throw error.inFile(model.name)
      }
      graph.joinGelu()
    }
    self.graph = graph
    parameterInputs = graph.parameterInputs
    openblas_set_num_threads(1)
  }

  /// The fastest precision on this CPU that the model is fit for, and the ranges
  /// that were read to find out: their digest goes over all weights, so they are read once.
  private static func fastest(_ model: Model, _ backend: Backend) -> (Precision, ValueRanges?) {
    let native = BackendInfo.available().first { $0.backend == backend }?.precisions ?? []
    if native.first == .int8, let ranges = model.fittingRanges { return (.int8, ranges) }
    return (native.first { $0 != .int8 } ?? .float32, nil)
  }

  /// Makes the plan for these input shapes now, so that the first run is as quick as the others.
  package func prepare(
    inputShapes: [String: [Int]], outputLayout: TensorLayout = .nchw
  ) throws(NetworkError) {
    do throws(NetworkError) {
      var types: [String: TensorType] = [:]
      for input in model.inputs {
        guard let shape = inputShapes[input.name] else {
          throw NetworkError(.invalidInput, at: "input \"\(input.name)\"", "its shape is missing")
        }
        types[input.name] = try TensorType(input.elementType ?? .float32, shape)
      }
      try check(types)
      _ = try plan(PlanKey(types: types, layout: outputLayout, parameters: [:]), parameters: [:])
    } catch { throw error.inFile(model.name) }
  }

  /// Runs the network. The outputs lie in memory of their own.
  /// - Parameters:
  ///   - inputs: one tensor for each of the model's inputs.
  ///   - outputLayout: `.nhwc` hands 4-D outputs over as N, H, W, C.
  /// - Throws: when an input is missing, unknown, of the wrong type, or of a shape that the network
  ///   does not take.
  package func run(
    _ inputs: [String: Tensor], outputLayout: TensorLayout = .nchw
  ) throws(NetworkError) -> [String: Tensor] {
    do throws(NetworkError) {
      let (prepared, storages) = try prepare(inputs, outputLayout)
      let workspace = try prepared.take()
      defer { prepared.give(workspace) }
      let outputs = try execute(prepared.plan, workspace, storages)
      return Dictionary(
        zip(prepared.plan.outputNames, outputs), uniquingKeysWith: { first, _ in first })
    } catch { throw error.inFile(model.name) }
  }

  /// How long each step of one run took, for finding out where the time goes.
  package func profile(_ inputs: [String: Tensor], outputLayout: TensorLayout = .nchw)
    throws(NetworkError) -> [StepTime]
  {
    do throws(NetworkError) {
      let (prepared, storages) = try prepare(inputs, outputLayout)
      let workspace = try prepared.take()
      defer { prepared.give(workspace) }
      let clock = ContinuousClock()
      var times: [StepTime] = []
      var last = clock.now
      _ = try execute(prepared.plan, workspace, storages) { index in
        let now = clock.now
        let step = prepared.plan.steps[index]
        times.append(
          StepTime(name: step.name, implementation: step.implementation, duration: now - last))
        last = clock.now
      }
      return times
    } catch { throw error.inFile(model.name) }
  }

  /// The plan for these inputs, and their memory in the model's order.
  private func prepare(_ inputs: [String: Tensor], _ layout: TensorLayout)
    throws(NetworkError) -> (PreparedPlan, [TensorStorage])
  {
    let types = inputs.mapValues(\.type)
    try check(types)
    let parameters = inputs.filter { parameterInputs.contains($0.key) }
    let key = PlanKey(
      types: types, layout: layout,
      parameters: parameters.mapValues { $0.withUnsafeBytes { Array($0) } })
    let storages = model.inputs.compactMap { inputs[$0.name]?.storage }
    return (try plan(key, parameters: parameters), storages)
  }

  private func execute(
    _ plan: ExecutionPlan, _ workspace: Workspace, _ inputs: [TensorStorage],
    observe: ((Int) -> Void)? = nil
  ) throws(NetworkError) -> [Tensor] {
    var outputs: [Tensor] = []
    for type in plan.outputTypes {
      outputs.append(Tensor(type: type, storage: try TensorStorage(byteCount: type.byteCount)))
    }
    try OpenMP.with(threads: threadsPerRun) { () throws(NetworkError) in
      try workspace.run(
        inputs: inputs, outputs: outputs.map(\.storage), threads: threadsPerRun, observe: observe)
    }
    return outputs
  }

  // MARK: Checks

  private func check(_ types: [String: TensorType]) throws(NetworkError) {
    for name in types.keys.sorted() where !model.inputs.contains(where: { $0.name == name }) {
      throw NetworkError(
        .invalidInput, at: "input \"\(name)\"",
        "the model has no input of this name, only \(model.inputs.map(\.name))")
    }
    for input in model.inputs {
      guard let type = types[input.name] else {
        throw NetworkError(
          .invalidInput, at: "input \"\(input.name)\"", "no tensor was given for it")
      }
      try check(type, input)
    }
  }

  private func check(_ type: TensorType, _ input: ValueInfo) throws(NetworkError) {
    if let wanted = input.elementType, wanted != type.elementType {
      throw NetworkError(
        .invalidInput, at: "input \"\(input.name)\"",
        "it has the type \(type.elementType.name), expected \(wanted.name)")
    }
    guard let dimensions = input.dimensions else { return }
    let fits =
      dimensions.count == type.rank
      && zip(dimensions, type.shape).allSatisfy { dimension, extent in
        if case .fixed(let wanted) = dimension { return wanted == extent }
        return true
      }
    guard fits else {
      let wanted = dimensions.map { dimension in
        switch dimension {
        case .fixed(let extent): "\(extent)"
        case .symbolic(let name): name.isEmpty ? "?" : name
        }
      }
      throw NetworkError(
        .invalidInput, at: "input \"\(input.name)\"",
        "it has the shape \(type.shape), expected [\(wanted.joined(separator: ", "))]")
    }
  }

  // MARK: Plans

  private func plan(_ key: PlanKey, parameters: [String: Tensor]) throws(NetworkError)
    -> PreparedPlan
  {
    if let known = cache.withLock({ $0.find(key) }) { return known }
    return try Self.compiling.withLock { _ throws(NetworkError) in
      // Another thread may have made it meanwhile.
      if let known = cache.withLock({ $0.find(key) }) { return known }
      let program = try program(key.types, parameters)
      let plan = try OpenMP.with(threads: threadsPerRun) { () throws(NetworkError) in
        try PlanCompiler.compile(
          program, backend: backend, precision: precision, weights: weights,
          threads: threadsPerRun, winograd: fusion && precision == .float32,
          outputLayout: key.layout, ranges: ranges)
      }
      let prepared = PreparedPlan(plan)
      return cache.withLock { $0.insert(prepared, for: key) }
    }
  }

  /// Plans are made one at a time in the whole process: where two threads make their first reorders at once,
  /// oneDNN 2.6 now and then finds none, or frees memory twice.
  private static let compiling = Locked(())

  private func program(_ types: [String: TensorType], _ parameters: [String: Tensor])
    throws(NetworkError) -> Program
  {
    var program = try ProgramBuilder.build(graph, inputs: types, parameters: parameters)
    if fusion { program.fuse() }
    if observing { program.exposeValues() }
    return program
  }
}
