/// Converts between element types. Floats become integers by truncation; numbers out of range give
/// the nearest bound and NaN gives 0, where ONNX leaves the result open.
struct Cast: Operator {
  let from: ElementType
  let output: TensorType

  var outputs: [TensorType] { [output] }

  func run(_ memory: OperatorMemory) {
    let (x, y, count) = (memory.inputs[0], memory.outputs[0], output.count)
    guard from != output.elementType else {
      y.copyMemory(from: x, byteCount: output.byteCount)
      return
    }
    if from == .float16, output.elementType == .float32 {
      let (from, to) = (memory.input(0, as: Float16.self), memory.output(0, as: Float.self))
      for i in 0..<count { to[i] = Float(from[i]) }
      return
    }
    for i in 0..<count {
      HostConversion.store(
        HostConversion.load(x, i, from), y, i, output.elementType)
    }
  }

  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["to", "saturate", "round_mode"])
    let x = try context.type(0)
    let number = try context.int("to", default: 0)
    guard let to = Int32(exactly: number).flatMap(ElementType.init(rawValue:)) else {
      let name = ElementType.name(ofRawValue: Int32(truncatingIfNeeded: number))
      throw context.fail(.unsupported, "the element type \(name) is not supported")
    }
    if to == x.elementType { return .reshaped(x.shape) }
    return .operation(
      Cast(from: x.elementType, output: try TensorType(to, x.shape)), operands: [0])
  }
}

/// Conversions of single numbers between element types.
enum HostConversion {
  /// A number on its way from one type to another; integers keep all their bits.
  enum Number {
    case float(Double)
    case signed(Int64)
    case unsigned(UInt64)
  }

  static func load(_ base: UnsafeRawPointer, _ index: Int, _ type: ElementType) -> Number {
    func at<T: BitwiseCopyable>(_ type: T.Type) -> T {
      base.load(fromByteOffset: index * MemoryLayout<T>.stride, as: T.self)
    }
    return switch type {
    case .float32: .float(Double(at(Float.self)))
    case .float64: .float(at(Double.self))
    case .float16: .float(Double(at(Float16.self)))
    case .bfloat16: .float(Double(Float(bitPattern: UInt32(at(UInt16.self)) << 16)))
    case .int8: .signed(Int64(at(Int8.self)))
    case .int16: .signed(Int64(at(Int16.self)))
    case .int32: .signed(Int64(at(Int32.self)))
    case .int64: .signed(at(Int64.self))
    case .uint8: .unsigned(UInt64(at(UInt8.self)))
    case .bool: .unsigned(at(UInt8.self) == 0 ? 0 : 1)
    case .uint16: .unsigned(UInt64(at(UInt16.self)))
    case .uint32: .unsigned(UInt64(at(UInt32.self)))
    case .uint64: .unsigned(at(UInt64.self))
    }
  }

  static func store(
    _ number: Number, _ base: UnsafeMutableRawPointer, _ index: Int, _ type: ElementType
  ) {
    func put<T: BitwiseCopyable>(_ value: T) {
      base.storeBytes(of: value, toByteOffset: index * MemoryLayout<T>.stride, as: T.self)
    }
    switch type {
    case .float32: put(Float(double(number)))
    case .float64: put(double(number))
    case .float16: put(Float16(double(number)))
    case .bfloat16: put(bfloat16(Float(double(number))))
    case .bool: put(UInt8(double(number) != 0 ? 1 : 0))
    case .int8: put(integer(number, Int8.self))
    case .int16: put(integer(number, Int16.self))
    case .int32: put(integer(number, Int32.self))
    case .int64: put(integer(number, Int64.self))
    case .uint8: put(integer(number, UInt8.self))
    case .uint16: put(integer(number, UInt16.self))
    case .uint32: put(integer(number, UInt32.self))
    case .uint64: put(integer(number, UInt64.self))
    }
  }

  /// Rounds to the nearest bfloat16, ties to even.
  static func bfloat16(_ value: Float) -> UInt16 {
    guard !value.isNaN else { return 0x7FC0 }
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }

  static func double(_ number: Number) -> Double {
    switch number {
    case .float(let value): value
    case .signed(let value): Double(value)
    case .unsigned(let value): Double(value)
    }
  }

  private static func integer<T: FixedWidthInteger>(_ number: Number, _ type: T.Type) -> T {
    switch number {
    case .signed(let value): return T(truncatingIfNeeded: value)
    case .unsigned(let value): return T(truncatingIfNeeded: value)
    case .float(let value):
      if value.isNaN { return 0 }
      let whole = value.rounded(.towardZero)
      return T(exactly: whole) ?? (whole < 0 ? T.min : T.max)
    }
  }

  /// All numbers of an integer (or bool) tensor.
  static func integers(
    _ tensor: Tensor, fail: (NetworkError.Code, String) -> NetworkError
  ) throws(NetworkError) -> [Int] {
    var list: [Int] = []
    for index in 0..<tensor.count {
      switch load(tensor.storage.base, index, tensor.elementType) {
      case .signed(let value): list.append(Int(value))
      case .unsigned(let value) where value <= UInt64(Int.max): list.append(Int(value))
      default:
        throw fail(
          .unsupported, "the element type is \(tensor.elementType.name), expected integers")
      }
    }
    return list
  }
}
