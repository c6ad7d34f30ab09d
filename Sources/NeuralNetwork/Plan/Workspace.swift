import COneDNN

/// The memory for one run of a plan at a time: arena, buffer addresses, oneDNN's memory objects.
///
/// `@unchecked Sendable`: used by one thread at a time, whoever took it from the pool.
final class Workspace: @unchecked Sendable {
  private let plan: ExecutionPlan
  private let arena: TensorStorage
  private var addresses: [UnsafeMutableRawPointer]
  private let runner: PrimitiveRunner?
  /// The arguments of each primitive step, by step.
  private var arguments: [[dnnl_exec_arg_t]] = []
  /// Memory objects that follow the caller's inputs and outputs.
  private var moving: [(memory: dnnl_memory_t, buffer: Int)] = []

  init(_ plan: ExecutionPlan) throws(NetworkError) {
    self.plan = plan
    let arena = try TensorStorage(byteCount: plan.arenaByteCount)
    self.arena = arena
    addresses = plan.places.map { place in
      switch place {
      case .arena(let offset): arena.base + offset
      case .constant(let storage): storage.base
      case .input, .output: arena.base  // set at each run
      }
    }
    var runner: PrimitiveRunner?
    for step in plan.steps {
      var bound: [dnnl_exec_arg_t] = []
      if case .primitive(_, let list) = step.step {
        let made: PrimitiveRunner
        if let runner { made = runner } else { made = try PrimitiveRunner() }
        runner = made
        for argument in list {
          let memory = try made.memory(argument.layout, at: addresses[argument.buffer])
          bound.append(dnnl_exec_arg_t(arg: argument.kind, memory: memory))
          switch plan.places[argument.buffer] {
          case .input, .output: moving.append((memory, argument.buffer))
          case .arena, .constant: break
          }
        }
      }
      arguments.append(bound)
    }
    self.runner = runner
  }

  /// Runs all steps. `observe` is called after each with its index.
  func run(
    inputs: [TensorStorage], outputs: [TensorStorage], threads: Int,
    observe: ((Int) -> Void)? = nil
  ) throws(NetworkError) {
    for (index, place) in plan.places.enumerated() {
      switch place {
      case .input(let number): addresses[index] = inputs[number].base
      case .output(let number): addresses[index] = outputs[number].base
      case .arena, .constant: break
      }
    }
    for (memory, buffer) in moving {
      guard dnnl_memory_set_data_handle(memory, addresses[buffer]) == dnnl_success else {
        throw NetworkError(.backEnd, "oneDNN does not accept the address of an array")
      }
    }
    for (index, step) in plan.steps.enumerated() {
      do throws(NetworkError) {
        switch step.step {
        case .primitive(let primitive, _): try runner?.run(primitive, arguments[index])
        case .host(let operation, let inputs, let outputs, let scratch):
          try operation.run(
            OperatorMemory(
              inputs: inputs.map { addresses[$0] }, outputs: outputs.map { addresses[$0] },
              scratch: scratch.map { addresses[$0] } ?? arena.base, threads: threads))
        }
      } catch { throw error.at("node \"\(step.name)\"") }
      observe?(index)
    }
  }
}
