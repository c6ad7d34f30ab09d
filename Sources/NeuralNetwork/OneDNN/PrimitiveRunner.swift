import COneDNN

/// A stream and the memory objects of one workspace.
///
/// `@unchecked Sendable`: used by one thread at a time.
final class PrimitiveRunner: @unchecked Sendable {
  private let engine: DNNLEngine
  private let stream: dnnl_stream_t
  private var memories: [dnnl_memory_t] = []

  init() throws(NetworkError) {
    engine = try .shared()
    var stream: dnnl_stream_t?
    let status = dnnl_stream_create(
      &stream, engine.handle, UInt32(dnnl_stream_default_flags.rawValue))
    guard status == dnnl_success, let stream else {
      throw NetworkError(.backEnd, "oneDNN can't create a stream (status \(status.rawValue))")
    }
    self.stream = stream
  }

  deinit {
    for memory in memories { dnnl_memory_destroy(memory) }
    dnnl_stream_destroy(stream)
  }

  /// A memory object at `data`, or to be placed later.
  func memory(_ layout: MemoryLayoutDescriptor, at data: UnsafeMutableRawPointer?)
    throws(NetworkError) -> dnnl_memory_t
  {
    var memory: dnnl_memory_t?
    let status = ac_dnnl_memory_create(&memory, layout.handle, engine.handle, data)
    guard status == dnnl_success, let memory else {
      throw NetworkError(.backEnd, "oneDNN can't create a memory (status \(status.rawValue))")
    }
    memories.append(memory)
    return memory
  }

  func run(_ primitive: DNNLPrimitive, _ arguments: [dnnl_exec_arg_t]) throws(NetworkError) {
    let status = dnnl_primitive_execute(
      primitive.handle, stream, Int32(arguments.count), arguments)
    guard status == dnnl_success else {
      throw NetworkError(
        .backEnd, "oneDNN's \(primitive.implementation) failed with status \(status.rawValue)")
    }
  }

  /// Runs a primitive outside any plan.
  static func runOnce(
    _ primitive: DNNLPrimitive,
    _ arguments: [(Int32, MemoryLayoutDescriptor, UnsafeMutableRawPointer)]
  ) throws(NetworkError) {
    let runner = try PrimitiveRunner()
    var bound: [dnnl_exec_arg_t] = []
    for (kind, layout, data) in arguments {
      bound.append(dnnl_exec_arg_t(arg: kind, memory: try runner.memory(layout, at: data)))
    }
    try runner.run(primitive, bound)
    dnnl_stream_wait(runner.stream)
  }
}

/// How many OpenMP threads oneDNN may use; the number belongs to the calling thread.
enum OpenMP {
  /// Runs `body` with `threads`, then restores the thread's own number.
  static func with<R>(threads: Int, _ body: () throws(NetworkError) -> R) throws(NetworkError) -> R
  {
    let before = ac_openmp_set_threads(Int32(threads))
    defer { if before > 0 { _ = ac_openmp_set_threads(before) } }
    return try body()
  }
}
