/// Walks over the elements of an array of some shape in row-major order, giving at each row the
/// element offsets into other arrays that are addressed with strides of their own.
struct StridedWalk {
  let shape: [Int]
  /// One list of strides, in elements, for each other array.
  let strides: [[Int]]

  /// Strides of a dense row-major array.
  static func dense(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      strides[axis] = strides[axis + 1] * max(shape[axis + 1], 1)
    }
    return strides
  }

  /// Strides that read a dense array of `shape` as if it had the shape `target`, repeating it along
  /// axes of extent 1.
  static func broadcast(_ shape: [Int], to target: [Int]) -> [Int] {
    let own = dense(shape)
    let lead = target.count - shape.count
    return target.indices.map { axis in
      axis < lead || shape[axis - lead] == 1 ? 0 : own[axis - lead]
    }
  }

  /// Calls `body` with the index of the row's first element, the offsets into the other arrays, the
  /// number of elements in the row and the steps between them in each array.
  func rows(_ body: (Int, [Int], Int, [Int]) -> Void) {
    guard !shape.contains(0) else { return }
    guard let count = shape.last else {
      body(0, strides.map { _ in 0 }, 1, strides.map { _ in 0 })
      return
    }
    let steps = strides.map { $0.last ?? 0 }
    let outer = shape.dropLast()
    var index = [Int](repeating: 0, count: outer.count)
    var offsets = [Int](repeating: 0, count: strides.count)
    var position = 0
    while true {
      body(position, offsets, count, steps)
      position += count
      var axis = outer.count - 1
      while axis >= 0 {
        index[axis] += 1
        for array in strides.indices { offsets[array] += strides[array][axis] }
        if index[axis] < outer[axis] { break }
        for array in strides.indices { offsets[array] -= strides[array][axis] * outer[axis] }
        index[axis] = 0
        axis -= 1
      }
      if axis < 0 { return }
    }
  }
}
