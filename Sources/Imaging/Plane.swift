/// A read-only plane of samples. The memory belongs to `owner` (an `AlignedBuffer`, a decoder's
/// frame), which lives as long as any plane that points into it, so that handing a plane on copies
/// nothing.
///
/// `@unchecked Sendable`: the samples are never written after the plane is made.
public struct Plane: @unchecked Sendable {
  /// First sample of the first row.
  public let base: UnsafeRawPointer
  /// Width in samples.
  public let width: Int
  /// Height in rows.
  public let height: Int
  /// Distance between the starts of rows, in bytes; may be negative.
  public let bytesPerRow: Int
  /// Bits per sample, 8…16; above 8 a sample is a native-endian `UInt16`.
  public let bitDepth: Int
  /// Keeps the memory alive.
  public let owner: any AnyObject & Sendable

  /// Wraps memory that `owner` keeps alive and nobody writes any more.
  public init(
    base: UnsafeRawPointer, width: Int, height: Int, bytesPerRow: Int, bitDepth: Int,
    owner: any AnyObject & Sendable
  ) {
    self.base = base
    self.width = width
    self.height = height
    self.bytesPerRow = bytesPerRow
    self.bitDepth = bitDepth
    self.owner = owner
  }

  /// Allocates a plane with rows aligned to 64 bytes and lets `write` fill it:
  /// `write(base, bytesPerRow)`. The content is undefined before.
  public init(
    width: Int, height: Int, bitDepth: Int,
    writing write: (UnsafeMutableRawPointer, Int) throws -> Void
  ) rethrows {
    let bytesPerRow = (width * (bitDepth > 8 ? 2 : 1) + 63) / 64 * 64
    let buffer = AlignedBuffer(byteCount: max(bytesPerRow * height, 1))
    try write(buffer.base, bytesPerRow)
    self.init(
      base: UnsafeRawPointer(buffer.base), width: width, height: height, bytesPerRow: bytesPerRow,
      bitDepth: bitDepth, owner: buffer)
  }

  /// 1 for 8-bit samples, 2 for deeper ones.
  public var bytesPerSample: Int { bitDepth > 8 ? 2 : 1 }

  /// The code value at column `x`, row `y`. For tests and tables: kernels read rows.
  public subscript(x: Int, y: Int) -> Int {
    precondition(
      (0..<width).contains(x) && (0..<height).contains(y),
      "(\(x), \(y)) lies outside of \(width)×\(height)")
    let row = base + y * bytesPerRow
    return bitDepth > 8
      ? Int(row.load(fromByteOffset: 2 * x, as: UInt16.self))
      : Int(row.load(fromByteOffset: x, as: UInt8.self))
  }

  /// Whether both planes have the same size, depth and samples.
  public func hasSameSamples(as other: Plane) -> Bool {
    guard width == other.width, height == other.height, bitDepth == other.bitDepth else {
      return false
    }
    let bytes = width * bytesPerSample
    return (0..<height).allSatisfy { y in
      UnsafeRawBufferPointer(start: base + y * bytesPerRow, count: bytes).elementsEqual(
        UnsafeRawBufferPointer(start: other.base + y * other.bytesPerRow, count: bytes))
    }
  }
}
