import Locking
import Dispatch

/// The source, a stage or the sink with its types erased: `perform` takes its input from one
/// channel, puts its results into the next, and returns how many they were.
struct PipelineNode {
  let name: String
  let kind: PipelineState.Kind
  var ahead: Int?
  let perform: (PipelineState.Step) throws -> Int
}

/// One run of a pipeline: carries out on Dispatch what `PipelineState` decides.
///
/// A worker reports the end of its task and gets the next one in the same critical section; further
/// tasks that became possible get workers of their own, up to the limit. No worker ever waits for
/// another, so any number of threads will do.
///
/// `@unchecked Sendable`: the closures of parallel stages are `@Sendable`; those of the source, of
/// serial stages and of the sink are not, but the state machine runs each of them on one thread at
/// a time, with its lock between one call and the next.
final class PipelineRun: @unchecked Sendable {
  private let nodes: [PipelineNode]
  private let cancellation: CancellationToken?
  private let state: Locked<PipelineState>
  private let queue = DispatchQueue(
    label: "pipeline", qos: .userInitiated, attributes: .concurrent)
  private let workers = DispatchGroup()
  private let begin = ContinuousClock.now

  init(nodes: [PipelineNode], permits: Int, threads: Int, cancellation: CancellationToken?) {
    self.nodes = nodes
    self.cancellation = cancellation
    state = Locked(
      PipelineState(
        permits: permits, threads: threads, source: nodes[0].name,
        stages: nodes.dropFirst().dropLast().map {
          PipelineState.Stage(name: $0.name, kind: $0.kind, ahead: $0.ahead)
        },
        sink: nodes[nodes.count - 1].name))
  }

  /// Runs to the end. Between waiting, reports progress on the calling thread.
  func callAsFunction(
    progressInterval: Duration, onProgress: ((PipelineProgress) -> Void)?
  ) throws(PipelineError) -> PipelineSummary {
    let first = state.withLock { $0.start(request: cancellation?.request) }
    launch(first.start)
    if let onProgress {
      let nanoseconds = Int(progressInterval / .nanoseconds(1))
      while workers.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .timedOut {
        onProgress(progress)
      }
      onProgress(progress)
    } else {
      workers.wait()
    }
    let elapsed = ContinuousClock.now - begin
    let summary = state.withLock { end in
      end.result?.map { ending in
        PipelineSummary(
          ending: ending, items: end.itemsDone, peakInFlight: end.peakInFlight, elapsed: elapsed,
          stages: end.statistics)
      }
    }
    guard let summary else { preconditionFailure("workers left before the end") }
    return try summary.get()
  }

  /// Made under the lock: a copy of the state would share the nodes with the workers, each of whom
  /// then had to copy them, and whether it may write in place is a count that the thread sanitizer
  /// does not see.
  private var progress: PipelineProgress {
    let elapsed = ContinuousClock.now - begin
    return state.withLock { now in
      PipelineProgress(
        itemsDone: now.itemsDone, itemsInFlight: now.inFlight, elapsed: elapsed,
        stages: now.statistics)
    }
  }

  private func launch(_ tasks: some Sequence<PipelineState.Task>) {
    for task in tasks {
      queue.async(group: workers) { self.work(from: task) }
    }
  }

  /// A worker's life: a task after the other until none is left for it.
  private func work(from first: PipelineState.Task) {
    var next: PipelineState.Task? = first
    while let task = next {
      let start = ContinuousClock.now
      let outcome: PipelineState.Outcome
      do {
        outcome = .emitted(try nodes[task.node].perform(task.step))
      } catch {
        outcome = .failed(error)
      }
      let busy = ContinuousClock.now - start
      let action = state.withLock {
        $0.completed(task, outcome, busy: busy, request: cancellation?.request)
      }
      launch(action.start.dropFirst())
      next = action.start.first
    }
  }
}
