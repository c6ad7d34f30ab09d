import FramePipeline
import TestSupport
import Testing

/// Drives the state machine as an executor would, with the reference model of a pipeline beside it:
/// which positions each node has seen, in which order, and what was handed on.
private struct Simulation {
  struct Setup {
    var permits: Int
    var threads: Int
    var items: Int
    var stages: [PipelineState.Kind]
    /// How many items each serial stage keeps back.
    var lookAhead: Int
    /// The limit of the parallel stages; nil for none.
    var ahead: Int?
  }

  let setup: Setup
  var state: PipelineState
  var running: [PipelineState.Task] = []
  var sourceGave = 0
  var held: [Int]
  var emitted: [Int]
  var seen: [[Int]]
  var isOver = false
  /// The task after which to fail, drain or abort, counted from 0; nil for never.
  var failAt: Int?
  var request: (at: Int, CancellationToken.Request)?
  var steps = 0

  init(_ setup: Setup) {
    self.setup = setup
    state = PipelineState(
      permits: setup.permits, threads: setup.threads, source: "source",
      stages: setup.stages.enumerated().map {
        PipelineState.Stage(name: "stage \($0.offset + 1)", kind: $0.element, ahead: setup.ahead)
      },
      sink: "sink")
    let nodes = setup.stages.count + 2
    held = Array(repeating: 0, count: nodes)
    emitted = Array(repeating: 0, count: nodes)
    seen = Array(repeating: [], count: nodes)
    take(state.start(request: nil))
  }

  var sink: Int { setup.stages.count + 1 }

  func kind(_ node: Int) -> PipelineState.Kind {
    node == 0 ? .source : node == sink ? .sink : setup.stages[node - 1]
  }

  mutating func take(_ action: PipelineState.Action) {
    #expect(!isOver, "an action after the end")
    running += action.start
    isOver = action.isOver
    #expect(isOver == running.isEmpty, "over, or something runs; never both, never neither")
    #expect(running.count <= setup.threads)
    #expect(state.inFlight <= setup.permits)
    #expect(isOver == (state.result != nil))
    for node in 0...sink where kind(node) != .parallel {
      #expect(running.count { $0.node == node } <= 1, "node \(node) is serial")
    }
    // Where items come in order.
    for node in 1..<sink where kind(node) == .parallel && kind(node - 1) != .parallel {
      // Taken by this node and not by the next one.
      let begun = state.statistics[node].taken - state.statistics[node + 1].taken
      let limit = setup.ahead ?? .max
      #expect(begun <= limit, "node \(node) is ahead by \(begun)")
    }
    for task in action.start {
      guard case .process(let position) = task.step else { continue }
      #expect(!seen[task.node].contains(position))
      if kind(task.node) != .parallel { #expect(position == seen[task.node].count) }
      seen[task.node].append(position)
    }
  }

  /// Ends the running task with this index.
  mutating func end(_ index: Int) {
    let task = running.remove(at: index)
    let outcome = failAt == steps ? .failed(Boom(place: "\(task.node)")) : work(task)
    let asked = request.flatMap { steps >= $0.at ? $0.1 : nil }
    steps += 1
    take(state.completed(task, outcome, busy: .zero, request: asked))
  }

  private mutating func work(_ task: PipelineState.Task) -> PipelineState.Outcome {
    var count = 1
    switch (task.step, kind(task.node)) {
    case (.pull, _):
      count = sourceGave < setup.items ? 1 : 0
      sourceGave += count
    case (.process, .serial):
      count = held[task.node] < setup.lookAhead ? 0 : 1
      held[task.node] += 1 - count
    case (.finish, _):
      count = held[task.node]
      held[task.node] = 0
    default: break
    }
    emitted[task.node] += count
    return .emitted(count)
  }

  /// What must hold at the end of a run that was not stopped short.
  func expectEverythingDelivered(_ ending: PipelineSummary.Ending = .completed) {
    guard case .success(ending)? = state.result else {
      Issue.record("\(setup): \(String(describing: state.result))")
      return
    }
    #expect(state.inFlight == 0)
    #expect(state.itemsDone == sourceGave)
    #expect(seen[sink] == Array(0..<sourceGave))
    for node in 1...sink { #expect(seen[node].sorted() == Array(0..<sourceGave)) }
  }
}

@Suite struct PipelineStateTests {
  private static let kinds: [[PipelineState.Kind]] = [
    [], [.parallel], [.serial], [.parallel, .parallel], [.parallel, .serial],
    [.serial, .parallel], [.parallel, .serial, .parallel],
  ]

  /// Follows every order in which running tasks can end.
  private func everyOrder(_ simulation: Simulation, _ atEnd: (Simulation) -> Void) {
    if simulation.isOver { return atEnd(simulation) }
    for index in simulation.running.indices {
      var next = simulation
      next.end(index)
      everyOrder(next, atEnd)
    }
  }

  @Test(arguments: kinds, 0...3)
  func everyOrderDelivers(stages: [PipelineState.Kind], items: Int) {
    for threads in 1...2 {
      for (permits, lookAhead) in [(1, 0), (2, 1), (3, 1)] {
        let start = Simulation(
          .init(
            permits: permits, threads: threads, items: items, stages: stages,
            lookAhead: lookAhead))
        everyOrder(start) { $0.expectEverythingDelivered() }
      }
    }
  }

  @Test(arguments: kinds)
  func everyOrderWithOneFailureAnywhere(stages: [PipelineState.Kind]) {
    let setup = Simulation.Setup(
      permits: 2, threads: 2, items: 2, stages: stages, lookAhead: 1)
    for step in 0..<16 {
      var start = Simulation(setup)
      start.failAt = step
      everyOrder(start) { end in
        if end.steps <= step { return end.expectEverythingDelivered() }
        guard case .failure(.stageFailed(let name, let error as Boom))? = end.state.result else {
          Issue.record("no failure at step \(step)")
          return
        }
        let node = Int(error.place) ?? -1
        #expect(
          name == (node == 0 ? "source" : node == end.sink ? "sink" : "stage \(node)"))
      }
    }
  }

  @Test(arguments: kinds)
  func everyOrderWithDrainOrAbortAnywhere(stages: [PipelineState.Kind]) {
    let setup = Simulation.Setup(
      permits: 3, threads: 2, items: 3, stages: stages, lookAhead: 1)
    for step in 0..<12 {
      var start = Simulation(setup)
      start.request = (step, .drain)
      everyOrder(start) { end in
        let exhausted = end.state.statistics[0].taken == 4
        end.expectEverythingDelivered(exhausted ? .completed : .drained)
      }
      start.request = (step, .abort)
      everyOrder(start) { end in
        if end.state.itemsDone == 3 {
          // Asked for when the last item was written or the tail of it had begun: either is right.
          return
        }
        guard case .failure(.aborted)? = end.state.result else {
          Issue.record("not aborted at step \(step): \(String(describing: end.state.result))")
          return
        }
        #expect(end.steps <= step + setup.threads)
      }
    }
  }

  @Test func randomOrders() {
    let seed: UInt64 = 20_240_817
    var random = SeededGenerator(seed: seed)
    for round in 0..<2000 {
      let stages = (0..<Int.random(in: 0...5, using: &random)).map { _ in
        Bool.random(using: &random) ? PipelineState.Kind.parallel : .serial
      }
      let serial = stages.count { $0 == .serial }
      let lookAhead = Int.random(in: 0...3, using: &random)
      let setup = Simulation.Setup(
        permits: serial * lookAhead + Int.random(in: 1...8, using: &random),
        threads: Int.random(in: 1...6, using: &random),
        items: Int.random(in: 0...40, using: &random), stages: stages, lookAhead: lookAhead,
        ahead: Bool.random(using: &random) ? nil : Int.random(in: 1...3, using: &random))
      var simulation = Simulation(setup)
      let draining = Int.random(in: 0...3, using: &random) == 0
      if draining { simulation.request = (Int.random(in: 0...100, using: &random), .drain) }
      while !simulation.isOver {
        simulation.end(simulation.running.indices.randomElement(using: &random) ?? 0)
      }
      let exhausted = simulation.state.statistics[0].taken == setup.items + 1
      simulation.expectEverythingDelivered(exhausted ? .completed : .drained)
      #expect(exhausted || draining, "seed \(seed), round \(round)")
      if simulation.state.result == nil { return }
    }
  }

  @Test func mostDownstreamTaskComesFirst() throws {
    var simulation = Simulation(
      .init(permits: 4, threads: 1, items: 9, stages: [.parallel, .parallel], lookAhead: 0))
    var nodes: [Int] = []
    while !simulation.isOver {
      nodes.append(try #require(simulation.running.first).node)
      simulation.end(0)
    }
    // With one thread an item goes all the way before the next is asked for.
    #expect(nodes == Array(repeating: [0, 1, 2, 3], count: 9).flatMap { $0 } + [0])
    #expect(simulation.state.peakInFlight == 1)
  }

  @Test func aParallelStageStaysNoFurtherAheadThanItMay() {
    // Two threads, of which one stays in the sink: the other finishes what the limit allows.
    for (ahead, expected) in [(1, 1), (3, 3), (nil, 8)] as [(Int?, Int)] {
      var simulation = Simulation(
        .init(
          permits: 9, threads: 2, items: 30, stages: [.parallel], lookAhead: 0, ahead: ahead))
      while !simulation.running.contains(where: { $0.node == 2 }) { simulation.end(0) }
      while let other = simulation.running.firstIndex(where: { $0.node != 2 }) {
        simulation.end(other)
      }
      let done = simulation.state.statistics[1].emitted - simulation.state.statistics[2].taken
      #expect(done == expected)
      while !simulation.isOver { simulation.end(0) }
      simulation.expectEverythingDelivered()
    }
  }

  @Test func lookAheadOfAllPermitsIsAStallAndNotADeadlock() throws {
    var simulation = Simulation(
      .init(permits: 3, threads: 2, items: 9, stages: [.parallel, .serial], lookAhead: 3))
    while !simulation.isOver { simulation.end(0) }
    guard case .failure(.stalled("stage 2", held: 3, permits: 3))? = simulation.state.result else {
      Issue.record("\(String(describing: simulation.state.result))")
      return
    }
  }
}
