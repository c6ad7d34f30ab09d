import Foundation

/// Decodes ONNX tensors; every count is checked against the shape before anything is copied.
enum TensorReader {
  static func tensor(_ proto: Onnx_TensorProto, kind: String) throws(NetworkError) -> Tensor {
    let place = proto.name.isEmpty ? kind : "\(kind) \"\(proto.name)\""
    do { return try decode(proto) } catch { throw error.at(place) }
  }

  private static func decode(_ proto: Onnx_TensorProto) throws(NetworkError) -> Tensor {
    guard proto.dataLocation == .default, proto.externalData.isEmpty else {
      throw NetworkError(
        .unsupported, "its data is stored in another file; save the model as a single file")
    }
    guard !proto.hasSegment else {
      throw NetworkError(.unsupported, "tensors in segments are not supported")
    }
    guard let elementType = ElementType(rawValue: proto.dataType) else {
      throw NetworkError(
        .unsupported,
        "the element type \(ElementType.name(ofRawValue: proto.dataType)) is not supported")
    }
    var shape: [Int] = []
    for extent in proto.dims {
      guard let extent = Int(exactly: extent) else {
        throw NetworkError(.malformed, "the extent \(extent) is out of range")
      }
      shape.append(extent)
    }
    let type = try TensorType(elementType, shape)
    if proto.hasRawData {
      return try raw(proto.rawData, type: type)
    }
    return try typed(proto, type: type)
  }

  private static func raw(_ data: Data, type: TensorType) throws(NetworkError) -> Tensor {
    guard data.count == type.byteCount else {
      throw NetworkError(
        .malformed,
        "bytes for the shape \(type.shape) of \(type.elementType.name): expected \(type.byteCount), found \(data.count)"
      )
    }
    return try Tensor(shape: type.shape, elementType: type.elementType) { bytes in
      data.withUnsafeBytes { bytes.copyMemory(from: $0) }
    }
  }

  private static func typed(_ proto: Onnx_TensorProto, type: TensorType) throws(NetworkError)
    -> Tensor
  {
    switch type.elementType {
    case .float32: try copy(proto.floatData, type) { $0 }
    case .float64: try copy(proto.doubleData, type) { $0 }
    case .int64: try copy(proto.int64Data, type) { $0 }
    case .uint64: try copy(proto.uint64Data, type) { $0 }
    case .uint32: try copy(proto.uint64Data, type) { UInt32(truncatingIfNeeded: $0) }
    case .int32: try copy(proto.int32Data, type) { $0 }
    case .int16: try copy(proto.int32Data, type) { Int16(truncatingIfNeeded: $0) }
    case .uint16, .float16, .bfloat16:
      try copy(proto.int32Data, type) { UInt16(truncatingIfNeeded: $0) }
    case .int8: try copy(proto.int32Data, type) { Int8(truncatingIfNeeded: $0) }
    case .uint8: try copy(proto.int32Data, type) { UInt8(truncatingIfNeeded: $0) }
    case .bool: try copy(proto.int32Data, type) { $0 == 0 ? UInt8(0) : 1 }
    }
  }

  private static func copy<From, To>(
    _ values: [From], _ type: TensorType, _ convert: (From) -> To
  ) throws(NetworkError) -> Tensor {
    guard values.count == type.count else {
      throw NetworkError(
        .malformed,
        "numbers for the shape \(type.shape): expected \(type.count), found \(values.count)")
    }
    return try Tensor(shape: type.shape, elementType: type.elementType) { bytes in
      let elements = bytes.bindMemory(to: To.self)
      for (index, value) in values.enumerated() { elements[index] = convert(value) }
    }
  }
}
