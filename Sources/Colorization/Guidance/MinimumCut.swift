/// The cheapest division of nodes into those that stay and those that move, where each node has a cost of
/// moving, and pairs one of being divided: a minimum cut, by the maximum flow (Dinitz 1970).
package struct MinimumCut {
  private let count: Int
  private var gains: [Int]
  /// The edge back of an edge is the one beside it.
  private var heads: [Int] = []
  private var capacities: [Int] = []
  private var edges: [[Int]]

  package init(count: Int) {
    self.count = count
    gains = [Int](repeating: 0, count: count)
    edges = [[Int]](repeating: [], count: count + 2)
  }

  /// Adds the cost of moving a node, which may be negative.
  package mutating func addCost(_ node: Int, ofMoving cost: Int) { gains[node] += cost }

  /// Adds the cost, not negative, of moving `to` while `from` stays.
  package mutating func addCost(from: Int, to: Int, _ cost: Int) { connect(from, to, cost) }

  private mutating func connect(_ from: Int, _ to: Int, _ capacity: Int) {
    edges[from].append(heads.count)
    heads.append(to)
    capacities.append(capacity)
    edges[to].append(heads.count)
    heads.append(from)
    capacities.append(0)
  }

  /// Which nodes move; of equally cheap divisions, the one in which the fewest do.
  package consuming func moved() -> [Bool] {
    let (source, sink) = (count, count + 1)
    for node in 0..<count where gains[node] != 0 {
      let isSource = gains[node] > 0
      connect(isSource ? source : node, isSource ? node : sink, abs(gains[node]))
    }
    while let levels = levels(from: source, to: sink) {
      var next = [Int](repeating: 0, count: count + 2)
      augment(from: source, to: sink, levels, &next)
    }
    // Those from which the sink can still be reached.
    var isMoved = [Bool](repeating: false, count: count + 2)
    isMoved[sink] = true
    var waiting = [sink]
    while let node = waiting.popLast() {
      for edge in edges[node] where capacities[edge ^ 1] > 0 && !isMoved[heads[edge]] {
        isMoved[heads[edge]] = true
        waiting.append(heads[edge])
      }
    }
    return Array(isMoved.prefix(count))
  }

  /// The number of edges on the shortest ways from the source; nil if the sink can't be reached.
  private func levels(from source: Int, to sink: Int) -> [Int]? {
    var levels = [Int](repeating: -1, count: count + 2)
    levels[source] = 0
    var queue = [source]
    var at = 0
    while at < queue.count {
      let node = queue[at]
      at += 1
      for edge in edges[node] where capacities[edge] > 0 && levels[heads[edge]] < 0 {
        levels[heads[edge]] = levels[node] + 1
        queue.append(heads[edge])
      }
    }
    return levels[sink] < 0 ? nil : levels
  }

  /// Sends as much as goes along shortest ways.
  private mutating func augment(
    from source: Int, to sink: Int, _ levels: [Int], _ next: inout [Int]
  ) {
    var way: [Int] = []
    var node = source
    while true {
      if node == sink {
        let least = way.map { capacities[$0] }.min() ?? 0
        for edge in way {
          capacities[edge] -= least
          capacities[edge ^ 1] += least
        }
        // Back to where the way is full.
        let full = way.firstIndex { capacities[$0] == 0 } ?? 0
        node = heads[way[full] ^ 1]
        way.removeSubrange(full...)
        continue
      }
      var step: Int?
      while next[node] < edges[node].count {
        let edge = edges[node][next[node]]
        if capacities[edge] > 0, levels[heads[edge]] == levels[node] + 1 {
          step = edge
          break
        }
        next[node] += 1
      }
      if let step {
        way.append(step)
        node = heads[step]
      } else {
        guard let back = way.popLast() else { return }
        node = heads[back ^ 1]
        next[node] += 1
      }
    }
  }
}
