/// A network for fixed input shapes and one back end: steps over numbered buffers, most of which
/// share one block of memory, the arena, by their lifetimes.
struct ExecutionPlan: Sendable {
  typealias BufferID = Int

  /// Where a buffer's memory comes from.
  enum Place: Sendable {
    /// A part of the arena, from this byte on.
    case arena(Int)
    /// Constant data.
    case constant(TensorStorage)
    /// The network's input with this index.
    case input(Int)
    /// The network's output with this index.
    case output(Int)
  }

  enum Step: Sendable {
    /// A plain operation on dense arrays.
    case host(any Operator, inputs: [BufferID], outputs: [BufferID], scratch: BufferID?)
    /// A oneDNN primitive.
    case primitive(DNNLPrimitive, arguments: [Argument])
  }

  /// An argument of a oneDNN primitive.
  struct Argument: Sendable {
    /// `DNNL_ARG_…`
    let kind: Int32
    let buffer: BufferID
    let layout: MemoryLayoutDescriptor
  }

  /// A step and the node it belongs to.
  struct NamedStep: Sendable {
    let name: String
    let step: Step

    var implementation: String {
      switch step {
      case .host(let operation, _, _, _): "\(Swift.type(of: operation))"
      case .primitive(let primitive, _): primitive.implementation
      }
    }
  }

  var steps: [NamedStep] = []
  var places: [Place] = []
  var arenaByteCount = 0
  /// The network's outputs as they are handed over; for ``TensorLayout/nhwc`` with permuted shapes.
  var outputTypes: [TensorType] = []
  /// The outputs' names, in the same order.
  var outputNames: [String] = []
}

/// Collects steps and buffers, then lays the buffers out in the arena.
struct PlanBuilder {
  typealias BufferID = ExecutionPlan.BufferID

  private struct Buffer {
    var byteCount: Int
    var place: ExecutionPlan.Place?
    /// First and last step that touch it.
    var first = Int.max
    var last = -1
  }

  private var buffers: [Buffer] = []
  private var steps: [ExecutionPlan.NamedStep] = []

  /// A buffer that gets its place in the arena at the end.
  mutating func arenaBuffer(byteCount: Int) -> BufferID {
    buffers.append(Buffer(byteCount: byteCount))
    return buffers.count - 1
  }

  mutating func buffer(at place: ExecutionPlan.Place) -> BufferID {
    buffers.append(Buffer(byteCount: 0, place: place))
    return buffers.count - 1
  }

  func isInArena(_ id: BufferID) -> Bool { buffers[id].place == nil }

  /// Turns a buffer of the arena into the network's output.
  mutating func makeOutput(_ id: BufferID, index: Int) { buffers[id].place = .output(index) }

  mutating func add(_ name: String, _ step: ExecutionPlan.Step) {
    let touched: [BufferID]
    switch step {
    case .host(_, let inputs, let outputs, let scratch):
      touched = inputs + outputs + (scratch.map { [$0] } ?? [])
    case .primitive(_, let arguments): touched = arguments.map(\.buffer)
    }
    for id in touched {
      buffers[id].first = min(buffers[id].first, steps.count)
      buffers[id].last = max(buffers[id].last, steps.count)
    }
    steps.append(ExecutionPlan.NamedStep(name: name, step: step))
  }

  /// More than this is refused: a broken model or an absurd size.
  static let maximumArenaByteCount = 1 << 37

  /// Places the buffers: the largest first, each at the lowest offset where it overlaps no buffer
  /// that lives at the same time.
  func finish(
    outputTypes: [TensorType], outputNames: [String]
  ) throws(NetworkError) -> ExecutionPlan {
    var placed: [(range: Range<Int>, first: Int, last: Int)] = []
    var places = buffers.map { $0.place ?? .arena(0) }
    var total = 0
    let order = buffers.indices.filter { buffers[$0].place == nil && buffers[$0].last >= 0 }
      .sorted { (buffers[$0].byteCount, $1) > (buffers[$1].byteCount, $0) }
    for id in order {
      let buffer = buffers[id]
      let size = (buffer.byteCount + 64 + 63) / 64 * 64
      var offset = 0
      for other in placed.sorted(by: { $0.range.lowerBound < $1.range.lowerBound })
      where other.first <= buffer.last && buffer.first <= other.last {
        if offset + size <= other.range.lowerBound { break }
        offset = max(offset, other.range.upperBound)
      }
      placed.append((offset..<(offset + size), buffer.first, buffer.last))
      places[id] = .arena(offset)
      total = max(total, offset + size)
      guard total <= Self.maximumArenaByteCount else {
        throw NetworkError(
          .unsupported,
          "this input size needs more than \(Self.maximumArenaByteCount >> 30) GB of memory")
      }
    }
    return ExecutionPlan(
      steps: steps, places: places, arenaByteCount: total, outputTypes: outputTypes,
      outputNames: outputNames)
  }
}
