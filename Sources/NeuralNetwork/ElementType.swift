/// The element types that the engine stores; raw values are ONNX's `TensorProto.DataType`.
package enum ElementType: Int32, Sendable, CaseIterable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case uint16 = 4
  case int16 = 5
  case int32 = 6
  case int64 = 7
  case bool = 9
  case float16 = 10
  case float64 = 11
  case uint32 = 12
  case uint64 = 13
  case bfloat16 = 16

  /// Bytes of one element.
  package var byteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float32, .int32, .uint32: 4
    case .int64, .float64, .uint64: 8
    }
  }

  /// ONNX's own name of a type, also of those that the engine does not store.
  static func name(ofRawValue value: Int32) -> String {
    let names = [
      "undefined", "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool",
      "float16", "double", "uint32", "uint64", "complex64", "complex128", "bfloat16",
      "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4",
      "float4e2m1", "float8e8m0",
    ]
    return names.indices.contains(Int(value)) ? names[Int(value)] : "type \(value)"
  }

  /// ONNX's name, such as `float` or `int64`.
  package var name: String { Self.name(ofRawValue: rawValue) }
}

/// Element type and shape, with the element count checked to fit.
struct TensorType: Sendable, Hashable {
  let elementType: ElementType
  let shape: [Int]
  /// Product of the shape.
  let count: Int

  /// More elements than this in one tensor are refused: no sensible network has them, and a broken
  /// file must not make us ask for the memory.
  static let maximumCount = Int(Int32.max)

  /// Throws when an extent is negative or the product is beyond ``maximumCount``.
  init(_ elementType: ElementType, _ shape: [Int]) throws(NetworkError) {
    var product = 1
    var anyZero = false
    for extent in shape {
      guard extent >= 0 else {
        throw NetworkError(.malformed, "the shape \(shape) has a negative extent")
      }
      if extent == 0 {
        anyZero = true
        continue
      }
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard !overflow, next <= Self.maximumCount else {
        throw NetworkError(
          .unsupported, "the shape \(shape) has more than \(Self.maximumCount) elements")
      }
      product = next
    }
    self.elementType = elementType
    self.shape = shape
    count = anyZero ? 0 : product
  }

  var byteCount: Int { count * elementType.byteCount }
  var rank: Int { shape.count }

  /// The product of `shape[range]`.
  func product(_ range: Range<Int>) -> Int { shape[range].reduce(1, *) }
}
