import Locking

/// Weights in the layouts that primitives chose, packed once and shared by all plans of a session.
final class WeightStore: Sendable {
  private struct Entry {
    let source: TensorStorage
    let layout: MemoryLayoutDescriptor
    let packed: TensorStorage
  }

  private let entries = Locked<[ObjectIdentifier: [Entry]]>([:])

  /// The constant in the wanted layout; `pack` makes it the first time.
  func packed(
    _ source: TensorStorage, _ layout: MemoryLayoutDescriptor,
    pack: () throws(NetworkError) -> TensorStorage
  ) throws(NetworkError) -> TensorStorage {
    let key = ObjectIdentifier(source)
    let known = entries.withLock { $0[key]?.first { $0.layout.isEqual(layout) }?.packed }
    if let known { return known }
    let packed = try pack()
    return entries.withLock { entries in
      if let other = entries[key]?.first(where: { $0.layout.isEqual(layout) }) {
        return other.packed
      }
      entries[key, default: []].append(Entry(source: source, layout: layout, packed: packed))
      return packed
    }
  }
}
