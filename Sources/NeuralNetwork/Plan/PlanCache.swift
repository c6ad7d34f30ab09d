import Locking

/// What a plan is made for.
struct PlanKey: Hashable, Sendable {
  var types: [String: TensorType]
  var layout: TensorLayout
  /// The bytes of those inputs whose values decide shapes.
  var parameters: [String: [UInt8]]
}

/// A plan and the workspaces that wait for its next run.
final class PreparedPlan: Sendable {
  let plan: ExecutionPlan
  private let idle = Locked<[Workspace]>([])

  init(_ plan: ExecutionPlan) { self.plan = plan }

  func take() throws(NetworkError) -> Workspace {
    if let workspace = idle.withLock({ $0.popLast() }) { return workspace }
    return try Workspace(plan)
  }

  func give(_ workspace: Workspace) { idle.withLock { $0.append(workspace) } }
}

/// The plans used last, the latest at the end.
struct PlanCache {
  private var entries: [(key: PlanKey, plan: PreparedPlan)] = []
  static let limit = 4

  mutating func find(_ key: PlanKey) -> PreparedPlan? {
    guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
    let entry = entries.remove(at: index)
    entries.append(entry)
    return entry.plan
  }

  /// Keeps the plan; returns the one that another thread was quicker to make, if any.
  mutating func insert(_ plan: PreparedPlan, for key: PlanKey) -> PreparedPlan {
    if let known = find(key) { return known }
    if entries.count >= Self.limit { entries.removeFirst() }
    entries.append((key, plan))
    return plan
  }
}
