import Dispatch

/// A bounded, ordered, cancellable pipeline: a source, stages, and a sink, run by a few threads.
///
/// ```swift
/// let pipeline = Pipeline(permits: 12, threads: 2, source: { try decoder.next() })
///   .parallel("network") { frame in try network.run(frame) }
///   .serialInOrder("stabilize", state: Stabilizer()) { stabilizer, estimate in
///     stabilizer.push(estimate)
///   } finish: { stabilizer, _ in
///     stabilizer.flush()
///   }
///   .parallel("color") { try recombine($0) }
/// let summary = try pipeline.run(cancellation: token) { try encoder.write($0) }
/// ```
///
/// - **Bounded.** A permit is taken before the source is asked and given back after the sink has
///   written the item, so no more than `permits` items are alive between the two, reordering and
///   look-ahead included.
/// - **Ordered.** The sink and serial stages see the items in the order of the source, whatever the
///   parallel stages do.
/// - **As many items out as in.** Serial stages may keep items back, but not drop or add any.
/// - **First error wins.** It stops everything; once all running closures have returned, `run`
///   throws it with the name of its stage. Nothing runs after `run` has returned.
///
/// It is not copyable, because it can run only once.
package struct Pipeline<Item: Sendable>: ~Copyable {
  private let permits: Int
  private let threads: Int
  private let nodes: [PipelineNode]
  private let output: Channel<Item>

  private init(permits: Int, threads: Int, nodes: [PipelineNode], output: Channel<Item>) {
    self.permits = permits
    self.threads = threads
    self.nodes = nodes
    self.output = output
  }

  /// A pipeline that begins with `source`.
  /// - Parameters:
  ///   - permits: the most items in flight; more than all serial stages together keep back.
  ///   - threads: the most closures running at once.
  ///   - sourceName: the source's name in errors and statistics.
  ///   - source: returns the next item, or nil at the end. Called on one thread at a time, and not
  ///     again after nil.
  package init(
    permits: Int, threads: Int, sourceName: String = "source",
    source: sending @escaping () throws -> Item?
  ) {
    let output = Channel<Item>()
    var position = 0
    let node = PipelineNode(name: sourceName, kind: .source) { _ in
      guard let item = try source() else { return 0 }
      output.put(item, at: position)
      position += 1
      return 1
    }
    self.init(permits: permits, threads: threads, nodes: [node], output: output)
  }

  /// Adds a stage that makes one item out of one, several at once on different threads.
  /// - Parameters:
  ///   - ahead: the most results, those in the making included, that the next stage or the sink has not
  ///     taken: for a stage whose results are large. nil for no limit but the permits.
  ///   - transform: makes a result out of an item.
  package consuming func parallel<Result: Sendable>(
    _ name: String, ahead: Int? = nil, _ transform: @escaping @Sendable (Item) throws -> Result
  ) -> Pipeline<Result> {
    let input = output
    let output = Channel<Result>()
    return adding(output, name: name, kind: .parallel, ahead: ahead) { step in
      if case .process(let position) = step {
        output.put(try transform(input.take(position)), at: position)
      }
      return 1
    }
  }

  /// Adds a stage that sees the items one at a time and in order, with a state of its own.
  ///
  /// It may keep items back to look ahead: 0 results now, several later, the rest from `finish`. An
  /// item that is kept back keeps its permit, so there must be more permits than all stages
  /// together keep back; otherwise `run` throws `PipelineError.stalled`. In the end the stage must
  /// have returned as many results as it got items.
  /// - Parameters:
  ///   - state: moved into the pipeline; only `process` and `finish` touch it from then on.
  ///   - process: takes an item, returns the results that are ready, in order.
  ///   - finish: called once after the last item, also when draining, with how the run ends; returns what was
  ///     kept back.
  package consuming func serialInOrder<State, Result: Sendable>(
    _ name: String, state: sending State,
    process: @escaping @Sendable (inout State, Item) throws -> [Result],
    finish: @escaping @Sendable (inout State, PipelineSummary.Ending) throws -> [Result] = { _, _ in
      []
    }
  ) -> Pipeline<Result> {
    let input = output
    let output = Channel<Result>()
    var state = state
    var emitted = 0
    return adding(output, name: name, kind: .serial) { step in
      let results =
        switch step {
        case .process(let position): try process(&state, input.take(position))
        case .finish(let ending): try finish(&state, ending)
        case .pull: [Result]()
        }
      for result in results {
        output.put(result, at: emitted)
        emitted += 1
      }
      return results.count
    }
  }

  /// Adds a stage without look-ahead that makes one item out of one, one at a time and in order.
  package consuming func serialInOrder<Result: Sendable>(
    _ name: String, _ transform: sending @escaping (Item) throws -> Result
  ) -> Pipeline<Result> {
    let input = output
    let output = Channel<Result>()
    return adding(output, name: name, kind: .serial) { step in
      guard case .process(let position) = step else { return 0 }
      output.put(try transform(input.take(position)), at: position)
      return 1
    }
  }

  private consuming func adding<Result: Sendable>(
    _ output: Channel<Result>, name: String, kind: PipelineState.Kind, ahead: Int? = nil,
    perform: @escaping (PipelineState.Step) throws -> Int
  ) -> Pipeline<Result> {
    Pipeline<Result>(
      permits: permits, threads: threads,
      nodes: nodes + [PipelineNode(name: name, kind: kind, ahead: ahead, perform: perform)],
      output: output)
  }

  /// Runs to the end, and blocks the calling thread meanwhile: not to be called from an `async`
  /// function (there, use the `async` variant).
  /// - Parameters:
  ///   - cancellation: to stop early. After `.drain` the summary says so; `.abort` throws
  ///     `PipelineError.aborted`.
  ///   - sinkName: the sink's name in errors and statistics.
  ///   - progressInterval: the time between two calls of `onProgress`.
  ///   - onProgress: called on the calling thread, which has nothing else to do, so however slow it
  ///     is, it holds nothing up but the return; the last time after all work has ended, also when
  ///     it ended by an error.
  ///   - sink: called with each item in order, one at a time, on a thread of the pipeline.
  /// - Throws: the first error, once nothing runs any more.
  @discardableResult
  package consuming func run(
    cancellation: CancellationToken? = nil, sinkName: String = "sink",
    progressInterval: Duration = .milliseconds(100),
    onProgress: (@Sendable (PipelineProgress) -> Void)? = nil,
    sink: @escaping (Item) throws -> Void
  ) throws(PipelineError) -> PipelineSummary {
    let run = makeRun(cancellation: cancellation, sinkName: sinkName, sink: sink)
    return try run(progressInterval: progressInterval, onProgress: onProgress)
  }

  /// Runs to the end on threads of Dispatch while the calling task is suspended. Cancelling the task
  /// aborts the pipeline; otherwise as the variant that blocks.
  @discardableResult
  package consuming func run(
    cancellation: CancellationToken? = nil, sinkName: String = "sink",
    progressInterval: Duration = .milliseconds(100),
    onProgress: (@Sendable (PipelineProgress) -> Void)? = nil,
    sink: sending @escaping (Item) throws -> Void
  ) async throws(PipelineError) -> PipelineSummary {
    let token = cancellation ?? CancellationToken()
    let run = makeRun(cancellation: token, sinkName: sinkName, sink: sink)
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        DispatchQueue(label: "pipeline.run").async {
          let result = Result { () throws(PipelineError) in
            try run(progressInterval: progressInterval, onProgress: onProgress)
          }
          continuation.resume(returning: result)
        }
      }
    } onCancel: {
      token.cancel(.abort)
    }
    return try result.get()
  }

  private consuming func makeRun(
    cancellation: CancellationToken?, sinkName: String, sink: @escaping (Item) throws -> Void
  ) -> PipelineRun {
    let input = output
    let last = PipelineNode(name: sinkName, kind: .sink) { step in
      if case .process(let position) = step { try sink(input.take(position)) }
      return 1
    }
    return PipelineRun(
      nodes: nodes + [last], permits: permits, threads: threads, cancellation: cancellation)
  }
}
