import CFFmpeg
import Imaging

/// The table of colors of a palette picture.
struct Palette {
  /// 0xAARRGGBB.
  private let entries: [UInt32]
  /// What holds the picture without loss: gray where all entries are, with alpha where an entry that
  /// is used is not opaque.
  let format: PixelFormat

  init(_ frame: DecodedFrame) throws {
    let table = UnsafeRawPointer(try frame.row(1).base)
    let entries = (0..<256).map { table.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self) }
    let (base, stride) = try frame.row(0)
    var isUsed = [Bool](repeating: false, count: 256)
    for y in 0..<Int(frame.pointer.pointee.height) {
      for x in 0..<Int(frame.pointer.pointee.width) { isUsed[Int(base[y * stride + x])] = true }
    }
    let isGray = entries.allSatisfy { $0 & 255 == $0 >> 8 & 255 && $0 & 255 == $0 >> 16 & 255 }
    let hasAlpha = zip(entries, isUsed).contains { $1 && $0 >> 24 != 255 }
    self.entries = entries
    format = PixelFormat(model: isGray ? .gray : .rgb, bitDepth: 8, hasAlpha: hasAlpha)
  }

  /// The planes of a picture as `format`, which may have been another picture's: color that it does
  /// not hold becomes its luma, rounded to the nearest code.
  func planes(of frame: DecodedFrame, as format: PixelFormat) throws -> [Plane] {
    let (base, stride) = try frame.row(0)
    let width = Int(frame.pointer.pointee.width)
    let height = Int(frame.pointer.pointee.height)
    let weights = LumaWeights(forRGBWith: .unspecified)
    func channel(_ entry: UInt32, _ shift: UInt32) -> Double { Double(entry >> shift & 255) }
    var tables: [[UInt16]]
    switch format.model {
    case .rgb:
      tables = [UInt32(16), 8, 0].map { shift in entries.map { UInt16($0 >> shift & 255) } }
    case .gray:
      tables = [
        entries.map { entry in
          let rgb = SIMD3(channel(entry, 16), channel(entry, 8), channel(entry, 0))
          return UInt16(weights.luma(rgb).rounded())
        }
      ]
    case .yuv:
      throw MediaError(.internalFault, "A palette picture was announced as \(format).")
    }
    if format.hasAlpha { tables.append(entries.map { UInt16($0 >> 24) }) }
    return tables.map { table in
      Plane(width: width, height: height, bitDepth: 8) { target, targetStride in
        for y in 0..<height {
          ac_map_samples(
            base + y * stride, 0, Int32(width), table, 255, 0, target + y * targetStride)
        }
      }
    }
  }
}
