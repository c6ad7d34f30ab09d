/// The scheduler as a pure state machine: it is told which task ended and how, and answers which
/// tasks to start. It knows items by their position only, starts nothing itself and reads no clock,
/// so every order of events can be tested.
///
/// Nodes are numbered from the source (0) over the stages to the sink. The most downstream task that
/// can run is always taken first: that returns permits soonest and keeps queues short. The source
/// runs when there is nothing better to do and a permit is free.
package struct PipelineState: Sendable {
  /// How a node treats its items.
  package enum Kind: Sendable {
    /// Makes items, one at a time.
    case source
    /// One item in, one out, any number at once, in any order.
    case parallel
    /// One at a time, in order; may keep items back, and ends with `Step.finish`.
    case serial
    /// One at a time, in order; each item that leaves it gives its permit back.
    case sink
  }

  /// What a task does at its node.
  package enum Step: Sendable, Hashable {
    /// Asks the source.
    case pull
    /// Takes the item at this position of the node's input.
    case process(Int)
    /// Asks a serial stage for the items that it kept back, and tells it how the run ends.
    case finish(PipelineSummary.Ending)
  }

  /// A piece of work that was handed out and must be reported back by `completed`.
  package struct Task: Sendable, Hashable {
    package let node: Int
    package let step: Step
  }

  /// How a task ended.
  package enum Outcome: Sendable {
    /// Handed on that many items: source 0 (exhausted) or 1, parallel 1, serial any, sink 1.
    case emitted(Int)
    case failed(any Error)
  }

  /// What to do after an event. `start` and `isOver` exclude each other.
  package struct Action: Sendable {
    /// Tasks to start, most downstream first.
    package var start: [Task] = []
    /// No task is running and none will be; `result` is set.
    package var isOver = false
  }

  /// A stage between source and sink.
  package struct Stage: Sendable {
    package var name: String
    package var kind: Kind
    /// The most items that a parallel stage works on or has finished before the next node has taken
    /// them, where they come in order; nil for no limit but the permits.
    package var ahead: Int?

    package init(name: String, kind: Kind, ahead: Int? = nil) {
      self.name = name
      self.kind = kind
      self.ahead = ahead
    }
  }

  private struct Node: Sendable {
    let kind: Kind
    var ahead = Int.max
    var statistics: StageStatistics
    /// Positions that have arrived and not been taken, descending: the next one is the last.
    var waiting: [Int] = []
    /// Inputs whose processing ended.
    var processed = 0
    var running = 0
    /// Inputs that will ever arrive, once the node before has ended.
    var total: Int?
    /// A serial stage's `finish` was started.
    var isFinishing = false
    /// It hands on nothing any more.
    var hasEnded = false
  }

  private enum Phase: Sendable {
    case flowing
    case stopping(PipelineError)
  }

  private let permits: Int
  private let threads: Int
  private var nodes: [Node]
  private var phase = Phase.flowing
  private var running = 0
  private var sourceIsExhausted = false
  private var isDraining = false
  /// How a run without errors ends, once the source has ended.
  private var ending: PipelineSummary.Ending { sourceIsExhausted ? .completed : .drained }

  /// Permits taken.
  package private(set) var inFlight = 0
  /// The highest value of `inFlight` so far.
  package private(set) var peakInFlight = 0
  /// How it ended, once `Action.isOver`.
  package private(set) var result: Result<PipelineSummary.Ending, PipelineError>?

  /// - Parameters:
  ///   - stages: the stages between source and sink; `kind` is `.parallel` or `.serial`.
  ///   - permits: the most items in flight, at least 1.
  ///   - threads: the most tasks running at once, at least 1.
  package init(
    permits: Int, threads: Int, source: String, stages: [Stage], sink: String
  ) {
    self.permits = permits
    self.threads = threads
    nodes = ([Stage(name: source, kind: .source)] + stages + [Stage(name: sink, kind: .sink)]).map {
      Node(
        kind: $0.kind, ahead: $0.ahead.map { max(1, $0) } ?? .max,
        statistics: StageStatistics(name: $0.name))
    }
  }

  /// The work of every node so far, from the source to the sink.
  package var statistics: [StageStatistics] { nodes.map(\.statistics) }

  /// Items that the sink has written.
  package var itemsDone: Int { nodes[nodes.count - 1].processed }

  /// Begins: to be called once, before `completed`.
  package mutating func start(request: CancellationToken.Request?) -> Action {
    guard permits > 0, threads > 0 else {
      phase = .stopping(.invalidLimits(permits: permits, threads: threads))
      return schedule()
    }
    note(request)
    return schedule()
  }

  /// Takes the end of a task that was handed out earlier.
  /// - Parameters:
  ///   - busy: the time that it took, for the statistics.
  ///   - request: what the cancellation token asks for at this moment.
  package mutating func completed(
    _ task: Task, _ outcome: Outcome, busy: Duration, request: CancellationToken.Request?
  ) -> Action {
    running -= 1
    nodes[task.node].running -= 1
    nodes[task.node].statistics.busy += busy
    if case .flowing = phase {
      switch outcome {
      case .emitted(let count): emitted(count, by: task)
      case .failed(let error):
        phase = .stopping(
          .stageFailed(name: nodes[task.node].statistics.name, underlying: error))
      }
    }
    note(request)
    return schedule()
  }
}

// MARK: - Events

extension PipelineState {
  private mutating func note(_ request: CancellationToken.Request?) {
    guard case .flowing = phase else { return }
    switch request {
    case .abort?: if !nodes[nodes.count - 1].hasEnded { phase = .stopping(.aborted) }
    case .drain?: isDraining = true
    case nil: break
    }
    endSourceIfDone()
  }

  private mutating func emitted(_ count: Int, by task: Task) {
    let index = task.node
    switch task.step {
    case .pull:
      if count == 0 {
        sourceIsExhausted = true
        inFlight -= 1
      } else {
        hand(on: index, at: nodes[index].statistics.emitted, count: 1)
      }
    case .process(let position):
      nodes[index].processed += 1
      switch nodes[index].kind {
      case .source: break
      case .parallel: hand(on: index, at: position, count: 1)
      case .serial: hand(on: index, at: nodes[index].statistics.emitted, count: count)
      case .sink:
        nodes[index].statistics.emitted += 1
        inFlight -= 1
      }
    case .finish:
      hand(on: index, at: nodes[index].statistics.emitted, count: count)
      let statistics = nodes[index].statistics
      if statistics.emitted < statistics.taken {
        phase = .stopping(
          .lost(
            name: statistics.name, taken: statistics.taken, emitted: statistics.emitted))
      }
      end(index)
    }
    endNodes(from: max(1, index))
  }

  /// Gives `count` items, the first at `position`, to the node after `index`.
  private mutating func hand(on index: Int, at position: Int, count: Int) {
    nodes[index].statistics.emitted += count
    let statistics = nodes[index].statistics
    if statistics.emitted > statistics.taken {
      phase = .stopping(
        .surplus(name: statistics.name, taken: statistics.taken, emitted: statistics.emitted))
    }
    for arrived in position..<position + count {
      let place = nodes[index + 1].waiting.firstIndex { $0 < arrived }
      nodes[index + 1].waiting.insert(arrived, at: place ?? nodes[index + 1].waiting.endIndex)
    }
  }

  private mutating func endSourceIfDone() {
    guard sourceIsExhausted || isDraining, nodes[0].running == 0, !nodes[0].hasEnded else { return }
    end(0)
    endNodes(from: 1)
  }

  /// Notes that a node hands on nothing more, and with it how much the next one gets.
  private mutating func end(_ index: Int) {
    nodes[index].hasEnded = true
    if index + 1 < nodes.count { nodes[index + 1].total = nodes[index].statistics.emitted }
  }

  /// Ends parallel stages and the sink that have seen all their items; a serial stage ends by its
  /// `finish`.
  private mutating func endNodes(from first: Int) {
    for index in first..<nodes.count where nodes[index].kind != .serial {
      if !nodes[index].hasEnded, nodes[index].processed == nodes[index].total { end(index) }
    }
  }
}

// MARK: - Choosing tasks

extension PipelineState {
  private mutating func schedule() -> Action {
    var action = Action()
    if case .flowing = phase {
      while running < threads, let task = claim() { action.start.append(task) }
      if running == 0, !nodes[nodes.count - 1].hasEnded { phase = .stopping(stall()) }
    }
    guard running == 0 else { return action }
    action.isOver = true
    switch phase {
    case .stopping(let error): result = .failure(error)
    case .flowing: result = .success(ending)
    }
    return action
  }

  /// Takes the most downstream task that can run now, if any, and counts it as running.
  private mutating func claim() -> Task? {
    for index in nodes.indices.reversed() {
      guard let step = claimStep(at: index) else { continue }
      running += 1
      nodes[index].running += 1
      return Task(node: index, step: step)
    }
    return nil
  }

  private mutating func claimStep(at index: Int) -> Step? {
    let node = nodes[index]
    switch node.kind {
    case .source:
      guard !node.hasEnded, node.running == 0, inFlight < permits else { return nil }
      inFlight += 1
      peakInFlight = max(peakInFlight, inFlight)
      nodes[index].statistics.taken += 1
      return .pull
    case .parallel:
      guard let position = node.waiting.last else { return nil }
      let finished = nodes[index + 1].waiting
      // One that comes late, after others have finished before it, may be what all wait for.
      let isLate = finished.last.map { position < $0 } ?? false
      guard isLate || node.running + finished.count < node.ahead else { return nil }
      return claimProcess(position, at: index)
    case .serial, .sink:
      guard node.running == 0 else { return nil }
      if let position = node.waiting.last, position == node.processed {
        return claimProcess(position, at: index)
      }
      guard node.kind == .serial, node.processed == node.total, !node.isFinishing else {
        return nil
      }
      nodes[index].isFinishing = true
      return .finish(ending)
    }
  }

  private mutating func claimProcess(_ position: Int, at index: Int) -> Step {
    nodes[index].waiting.removeLast()
    nodes[index].statistics.taken += 1
    return .process(position)
  }

  /// Nothing runs and nothing can: stages keep back as many items as there are permits.
  private func stall() -> PipelineError {
    let held = nodes.filter { $0.kind == .serial }.map {
      (name: $0.statistics.name, count: $0.statistics.taken - $0.statistics.emitted)
    }
    let most = held.max { $0.count < $1.count }
    return .stalled(name: most?.name ?? "", held: most?.count ?? 0, permits: permits)
  }
}
