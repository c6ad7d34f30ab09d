import CKernels
import Imaging

/// Makes the chroma or RGB rows of one picture, or of a part with what lies around it neutral, in buffers of
/// one row each that stay in the cache.
struct RowWorker {
  private let area: PictureArea
  /// Of the frame.
  private let frameLuma: LumaView
  /// Of the area.
  private let luma: LumaView
  /// Of the area, or of each field; of one size.
  private let models: [ChromaModels]
  private let saturation: Float
  private let shift: ColorShift
  private let table: ChromaTable
  private let siting: ChromaSiting
  private let shares: ShiftShare
  private let format: PixelFormat
  private let color: ColorDescription
  private let width: Int
  private let height: Int

  init(
    recombiner: Recombiner, area: PictureArea, luma: LumaView, models: [ChromaModels],
    saturation: Float, shift: ColorShift
  ) {
    precondition((1...2).contains(models.count), "\(models.count) models are not 1 or 2")
    self.area = area
    frameLuma = luma
    self.luma = area.fillsFrame ? luma : luma.cropped(to: area)
    self.models = models
    self.saturation = saturation
    self.shift = shift
    (table, siting, shares) = recombiner.settings
    format = recombiner.outputFormat
    color = recombiner.outputColor
    width = area.width
    height = area.height
    precondition(
      (area.left | width * (area.right > 0 ? 1 : 0)) % (1 << format.chromaShiftX) == 0
        && (area.top | height * (area.bottom > 0 ? 1 : 0)) % (1 << format.chromaShiftY) == 0,
      "\(area) does not begin and end with chroma samples of \(format)")
  }

  /// Cb and Cr.
  func chromaPlanes() -> [Plane] {
    let scale = CodeScale(bitDepth: format.bitDepth, range: color.range)
    let frame = format.planeSize(1, width: area.frameWidth, height: area.frameHeight)
    let neutral = Plane.repeating(
      Int(scale.chromaOffset), width: frame.width, height: frame.height, bitDepth: format.bitDepth)
    return planes(
      count: 2, size: format.planeSize(1, width: width, height: height), around: neutral
    ) { buffers, _ in
      [
        (buffers.cb, scale.chromaSpan, scale.chromaOffset, Dither.chroma[0]),
        (buffers.cr, scale.chromaSpan, scale.chromaOffset, Dither.chroma[1]),
      ]
    }
  }

  /// R, G and B.
  func rgbPlanes() -> [Plane] {
    let scale = CodeScale(bitDepth: format.bitDepth, range: color.range)
    let around =
      area.isWhole
      ? frameLuma.plane
      : Recombiner.plane(frameLuma.plane, bitDepth: format.bitDepth) {
        frameLuma.scale.luma($0) * scale.lumaSpan + scale.lumaOffset
      }
    return planes(count: 3, size: (width, height), around: around) { buffers, guide in
      withUnsafePointer(to: table.kernel) {
        ac_rgb_row(
          $0, guide, buffers.cb, buffers.cr, buffers.cr, buffers.a, buffers.cb, Int32(width))
      }
      return [buffers.cr, buffers.a, buffers.cb].map {
        ($0, scale.lumaSpan, scale.lumaOffset, Dither.none)
      }
    }
  }

  private typealias Row = (
    values: UnsafeMutablePointer<Float>, scale: Double, offset: Double, dither: Dither
  )

  /// Runs over all rows of the area's chroma grid; `finish` turns the row's Cb and Cr (and its Y′) into the
  /// rows to store. What lies outside of the area is that of `around`.
  private func planes(
    count: Int, size: (width: Int, height: Int), around: Plane,
    finish: (Buffers, UnsafePointer<Float>) -> [Row]
  ) -> [Plane] {
    let buffers = Buffers(lumaWidth: width, gridWidth: size.width, modelWidth: models[0].width)
    let columns = LinearAxis(
      input: models[0].width, positions: siting.columnPositions(count: size.width, width: width))
    let rows = LinearAxis(
      input: models[0].height, positions: siting.rowPositions(count: size.height, height: height))
    let taps = siting.rowTaps
    let modelCount = 4 * models[0].width
    let n = Int32(size.width)
    // Rows of the output's samples; RGB has no coarser ones.
    let (shiftX, shiftY) = (format.chromaShiftX, format.chromaShiftY)
    let targets = (0..<count).map { _ in
      area.fillsFrame
        ? Plane.Draft(width: size.width, height: size.height, bitDepth: format.bitDepth)
        : Plane.Draft(
          copying: around, left: area.left >> shiftX, top: area.top >> shiftY, width: size.width)
    }
    let sources = models.map { $0.values.channel(0) }
    for y in 0..<size.height {
      let source = sources[y % sources.count]
      // Where chroma has a row for each row of luma, it is of the right field anyway.
      if sources.count > 1, siting.shiftY == 1 {
        let field = siting.fieldTaps(row: y, height: height)
        luma.weigh(rows: field.rows, weights: field.weights, into: buffers.luma)
      } else {
        luma.weigh(
          rows: taps.offsets.map { y << siting.shiftY + $0 }, weights: taps.weights,
          into: buffers.luma)
      }
      let guide = siting.reduceColumns(buffers.luma, width: width, spare: buffers.spare)
      let upper = Int(rows.index[y])
      let lower = min(upper + 1, models[0].height - 1)
      ac_lerp_rows(
        source + upper * modelCount, source + lower * modelCount, rows.fraction[y], saturation,
        buffers.models, Int32(modelCount))
      // The successor of the last model.
      (buffers.models + modelCount).update(from: buffers.models + modelCount - 4, count: 4)
      ac_apply_models(
        buffers.models, columns.index, columns.fraction, guide, buffers.a, buffers.b, n)
      if shift != .none {
        shares.add(
          shift, luma: guide, a: buffers.a, b: buffers.b, spare: buffers.cb, count: size.width)
      }
      withUnsafePointer(to: table.kernel) {
        ac_chroma_row($0, guide, buffers.a, buffers.b, buffers.cb, buffers.cr, n)
      }
      for (target, row) in zip(targets, finish(buffers, guide)) {
        // Each field is a picture of its own.
        row.dither.withRow(y / sources.count) {
          Self.quantize(
            row.values, scale: Float(row.scale), offset: Float(row.offset),
            maximum: Float(format.maximumCode), thresholds: $0, bitDepth: format.bitDepth,
            to: target.row(y), count: size.width)
        }
      }
      guard !area.corners.isEmpty else { continue }
      // A chroma row of a field lies between rows that are as far apart as two.
      let more = sources.count > 1 && shiftY > 0 ? 1 : 0
      let black = area.blackColumns(
        rows: (y << shiftY) - more...((y + 1) << shiftY) - 1 + more)
      let columns = [black.left, black.right].map { ($0 + (1 << shiftX) - 1) >> shiftX }
      for target in targets {
        target.restore(
          row: y, from: around, left: area.left >> shiftX, top: area.top >> shiftY,
          columns: [0..<columns[0], size.width - columns[1]..<size.width])
      }
    }
    withExtendedLifetime((models, luma, table)) {}
    return targets.map(\.plane)
  }

  /// Stores floats as codes of the given depth; `thresholds` are eight that repeat.
  static func quantize(
    _ row: UnsafePointer<Float>, scale: Float, offset: Float, maximum: Float,
    thresholds: UnsafePointer<Float>, bitDepth: Int, to out: UnsafeMutableRawPointer, count: Int
  ) {
    if bitDepth > 8 {
      ac_quantize_row_u16(
        row, scale, offset, maximum, thresholds, out.assumingMemoryBound(to: UInt16.self),
        Int32(count))
    } else {
      ac_quantize_row_u8(
        row, scale, offset, maximum, thresholds, out.assumingMemoryBound(to: UInt8.self),
        Int32(count))
    }
  }

  /// The rows that one chroma row is made in, in one block.
  private struct Buffers {
    let luma: UnsafeMutablePointer<Float>
    let spare: UnsafeMutablePointer<Float>
    let models: UnsafeMutablePointer<Float>
    let a: UnsafeMutablePointer<Float>
    let b: UnsafeMutablePointer<Float>
    let cb: UnsafeMutablePointer<Float>
    let cr: UnsafeMutablePointer<Float>
    private let owner: AlignedBuffer

    init(lumaWidth: Int, gridWidth: Int, modelWidth: Int) {
      let sizes =
        [lumaWidth, lumaWidth, 4 * modelWidth + 4] + [Int](repeating: gridWidth, count: 4)
      let rounded = sizes.map { ($0 + 15) / 16 * 16 }
      let total = rounded.reduce(0, +)
      owner = AlignedBuffer(byteCount: total * MemoryLayout<Float>.stride)
      var next = owner.base.bindMemory(to: Float.self, capacity: total)
      let starts = rounded.map { size in
        defer { next += size }
        return next
      }
      luma = starts[0]
      spare = starts[1]
      models = starts[2]
      a = starts[3]
      b = starts[4]
      cb = starts[5]
      cr = starts[6]
    }
  }
}

extension Plane {
  /// A plane that is being written, row by row.
  struct Draft {
    private let buffer: AlignedBuffer
    private let bytesPerRow: Int
    /// Samples that are written per row.
    let width: Int
    private let planeWidth: Int
    private let height: Int
    let bitDepth: Int
    /// Of the first sample that is written, in bytes.
    private var origin = 0

    init(width: Int, height: Int, bitDepth: Int) {
      bytesPerRow = (width * (bitDepth > 8 ? 2 : 1) + 63) / 64 * 64
      buffer = AlignedBuffer(byteCount: max(bytesPerRow * height, 1))
      self.width = width
      planeWidth = width
      self.height = height
      self.bitDepth = bitDepth
    }

    /// A copy of `plane`, of which a part that begins at `left` and `top` is written anew.
    init(copying plane: Plane, left: Int, top: Int, width: Int) {
      bytesPerRow = (plane.width * plane.bytesPerSample + 63) / 64 * 64
      buffer = AlignedBuffer(byteCount: max(bytesPerRow * plane.height, 1))
      self.width = width
      planeWidth = plane.width
      height = plane.height
      bitDepth = plane.bitDepth
      for y in 0..<height {
        (buffer.base + y * bytesPerRow).copyMemory(
          from: plane.base + y * plane.bytesPerRow, byteCount: plane.width * plane.bytesPerSample)
      }
      origin = top * bytesPerRow + left * plane.bytesPerSample
      withExtendedLifetime(plane) {}
    }

    func row(_ y: Int) -> UnsafeMutableRawPointer { buffer.base + origin + y * bytesPerRow }

    /// Takes some columns of a row back from the plane that the draft is a copy of, or could be one of.
    func restore(row y: Int, from plane: Plane, left: Int, top: Int, columns: [Range<Int>]) {
      let source = plane.base + (top + y) * plane.bytesPerRow + left * plane.bytesPerSample
      for range in columns where !range.isEmpty {
        let start = range.lowerBound * plane.bytesPerSample
        (row(y) + start).copyMemory(
          from: source + start, byteCount: range.count * plane.bytesPerSample)
      }
      withExtendedLifetime(plane) {}
    }

    var plane: Plane {
      Plane(
        base: buffer.base, width: planeWidth, height: height, bytesPerRow: bytesPerRow,
        bitDepth: bitDepth, owner: buffer)
    }
  }
}
