import Locking

/// Weights in the layouts that primitives chose, packed once and shared by all plans of a session.
final class WeightStore: Sendable {
  private struct Entry {
    let source: TensorStorage
    let layout: MemoryLayoutDescriptor
    let packed: TensorStorage
  }

  private let derivedTensors = Locked<[String: (source: TensorStorage, tensor: Tensor)]>([:])

  /// A tensor made out of a constant; `make` computes it the first time. `key` tells apart the
  /// tensors made out of one source.
  func derived(
    from source: TensorStorage, key: String, make: () throws(NetworkError) -> Tensor
  ) throws(NetworkError) -> Tensor {
    // The source is kept, so that its address stays its own.
    let name = "\(UInt(bitPattern: source.base)) \(key)"
    if let known = derivedTensors.withLock({ $0[name]?.tensor }) { return known }
    let made = try make()
    return derivedTensors.withLock { tensors in
      if let other = tensors[name] { return other.tensor }
      tensors[name] = (source, made)
      return made
    }
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
