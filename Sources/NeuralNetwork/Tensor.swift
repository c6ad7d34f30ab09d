/// A dense array of numbers in row-major order (for images N, C, H, W), in shared memory that is
/// aligned to 64 bytes. The contents never change after creation, so tensors may be passed between
/// threads; copying one copies a reference.
package struct Tensor: Sendable {
  let type: TensorType
  let storage: TensorStorage

  /// Extent of each axis, the slowest first; empty for a single number.
  package var shape: [Int] { type.shape }
  /// The type of the elements.
  package var elementType: ElementType { type.elementType }
  /// Number of elements.
  package var count: Int { type.count }

  init(type: TensorType, storage: TensorStorage) {
    self.type = type
    self.storage = storage
  }

  /// Makes a tensor of fp32 that `writing` fills; the memory it gets is uninitialized.
  /// Throws when the shape is negative or too large, or memory runs out.
  package init(shape: [Int], writing: (UnsafeMutableBufferPointer<Float>) -> Void)
    throws(NetworkError)
  {
    try self.init(shape: shape, elementType: .float32) { bytes in
      writing(bytes.bindMemory(to: Float.self))
    }
  }

  /// Makes a tensor of any type whose bytes `writing` fills; the memory it gets is uninitialized.
  package init(
    shape: [Int], elementType: ElementType, writing: (UnsafeMutableRawBufferPointer) -> Void
  ) throws(NetworkError) {
    type = try TensorType(elementType, shape)
    storage = try TensorStorage(byteCount: type.byteCount)
    writing(UnsafeMutableRawBufferPointer(start: storage.base, count: type.byteCount))
  }

  /// Makes a tensor of fp32 out of an array; throws when the counts differ.
  package init(shape: [Int], floats: [Float]) throws(NetworkError) {
    let type = try TensorType(.float32, shape)
    guard type.count == floats.count else {
      throw NetworkError(
        .invalidInput,
        "numbers for the shape \(shape): expected \(type.count), given \(floats.count)")
    }
    try self.init(shape: shape) { _ = $0.update(fromContentsOf: floats) }
  }

  /// Makes a tensor of int64 out of an array; throws when the counts differ.
  package init(shape: [Int], integers: [Int64]) throws(NetworkError) {
    let type = try TensorType(.int64, shape)
    guard type.count == integers.count else {
      throw NetworkError(
        .invalidInput,
        "numbers for the shape \(shape): expected \(type.count), given \(integers.count)")
    }
    try self.init(shape: shape, elementType: .int64) { bytes in
      integers.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
  }

  /// Lends the bytes, in row-major order.
  package func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try body(UnsafeRawBufferPointer(start: storage.base, count: type.byteCount))
  }

  /// Lends the numbers of an fp32 tensor, in row-major order; nil for any other type.
  package func withUnsafeFloats<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R?
  {
    guard elementType == .float32 else { return nil }
    return try withUnsafeBytes { try body($0.bindMemory(to: Float.self)) }
  }

  /// A copy of the numbers of an fp32 tensor; empty for any other type.
  package var floats: [Float] { withUnsafeFloats { Array($0) } ?? [] }
}
