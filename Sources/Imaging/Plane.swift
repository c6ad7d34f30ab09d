import CKernels

/// A read-only plane of samples. The memory belongs to `owner` (an `AlignedBuffer`, a decoder's
/// frame), which lives as long as any plane that points into it, so that handing a plane on copies
/// nothing.
///
/// `@unchecked Sendable`: the samples are never written after the plane is made.
package struct Plane: @unchecked Sendable {
  /// First sample of the first row.
  package let base: UnsafeRawPointer
  /// Width in samples.
  package let width: Int
  /// Height in rows.
  package let height: Int
  /// Distance between the starts of rows, in bytes; may be negative.
  package let bytesPerRow: Int
  /// Bits per sample, 8…16; above 8 a sample is a native-endian `UInt16`.
  package let bitDepth: Int
  /// Keeps the memory alive.
  package let owner: any AnyObject & Sendable

  /// Wraps memory that `owner` keeps alive and nobody writes any more.
  package init(
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
  package init(
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

  /// The plane at a greater depth, so that `code >> (depth − bitDepth)` gives the source's codes
  /// back. Limited-range luma and chroma are multiplied by a power of two. With `repeatingTopBits`,
  /// for full-range luma, R′G′B′ and alpha, the top bits are repeated below, so that the largest code
  /// stays the largest (255 → 1023), as FFmpeg does.
  ///
  /// - Precondition: `depth` is not less than `bitDepth` and at most 16.
  package func widened(to depth: Int, repeatingTopBits: Bool) -> Plane {
    precondition((bitDepth...16).contains(depth), "\(depth) bits are not \(bitDepth)…16")
    guard depth > bitDepth else { return self }
    return Plane(width: width, height: height, bitDepth: depth) { target, stride in
      for y in 0..<height {
        ac_widen(
          base + y * bytesPerRow, Int32(bitDepth), Int32(width), Int32(depth - bitDepth),
          repeatingTopBits ? 1 : 0, (target + y * stride).assumingMemoryBound(to: UInt16.self))
      }
    }
  }

  /// A plane of one code; all its rows are the same one in memory.
  package static func repeating(_ code: Int, width: Int, height: Int, bitDepth: Int) -> Plane {
    let row = Plane(width: width, height: 1, bitDepth: bitDepth) { base, _ in
      if bitDepth > 8 {
        base.initializeMemory(as: UInt16.self, repeating: UInt16(code), count: width)
      } else {
        base.initializeMemory(as: UInt8.self, repeating: UInt8(code), count: width)
      }
    }
    return Plane(
      base: row.base, width: width, height: height, bytesPerRow: 0, bitDepth: bitDepth,
      owner: row.owner)
  }

  /// 1 for 8-bit samples, 2 for deeper ones.
  package var bytesPerSample: Int { bitDepth > 8 ? 2 : 1 }

  /// The code value at column `x`, row `y`. For tests and tables: kernels read rows.
  package subscript(x: Int, y: Int) -> Int {
    precondition(
      (0..<width).contains(x) && (0..<height).contains(y),
      "(\(x), \(y)) lies outside of \(width)×\(height)")
    let row = base + y * bytesPerRow
    return bitDepth > 8
      ? Int(row.load(fromByteOffset: 2 * x, as: UInt16.self))
      : Int(row.load(fromByteOffset: x, as: UInt8.self))
  }

  /// Whether both planes have the same size, depth and samples.
  package func hasSameSamples(as other: Plane) -> Bool {
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
