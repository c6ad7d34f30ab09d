import CKernels
package import Imaging

/// Joins exact luma with color: applies the guided filter's models to full-resolution luma at each
/// chroma sample of the output, and looks up the (Cb, Cr) that decode to that a and b.
///
/// The luma and alpha planes of gray and YUV pictures are passed on as they are when the output has
/// their depth. Codes are rounded to the nearest, halves up; those of Cb and Cr are dithered, in a pattern
/// that rests.
package struct Recombiner: Sendable {
  package let sourceFormat: PixelFormat
  package let outputFormat: PixelFormat
  package let width: Int
  package let height: Int
  /// What the output's code values mean; all tags are specified.
  package let outputColor: ColorDescription
  /// What the source's code values mean; all tags are specified.
  let sourceColor: ColorDescription
  private let weights: LumaWeights
  private let table: ChromaTable
  private let siting: ChromaSiting
  private let shares: ShiftShare

  /// - Parameters:
  ///   - width: Of the pictures to come.
  ///   - height: Of the pictures to come.
  ///   - format: Of the pictures to come.
  ///   - color: Their description; unspecified tags are resolved here.
  ///   - output: YUV or RGB, of any subsampling and depth.
  ///   - wanted: What a YUV output's code values must mean where its container leaves no choice (JPEG
  ///     is BT.601 of full range); unspecified tags follow the source.
  /// - Throws: `ImagingError` for tags that cannot be colored, `ColorizationError` for a gray output.
  package init(
    width: Int, height: Int, format: PixelFormat, color: ColorDescription, output: PixelFormat,
    wanted: ColorDescription = ColorDescription()
  ) throws {
    guard output.model != .gray else {
      throw ColorizationError.settingOutOfRange(
        name: "the output's pixel format", expected: "YUV or RGB", actual: "\(output)")
    }
    self.width = width
    self.height = height
    sourceFormat = format
    outputFormat = output
    sourceColor = color.resolved(width: width, height: height, format: format)
    var target = sourceColor
    switch (format.model, output.model) {
    case (.rgb, .yuv):
      // The pictures' primaries and transfer stay, the matrix and range of YUV are new.
      target.matrix = .unspecified
      target.range = .unspecified
      target = target.resolved(width: width, height: height, format: output)
    case (_, .rgb):
      target.matrix = .identity
      if format.model != .rgb { target.range = .full }
      target.chromaLocation = .unspecified
    default: break
    }
    if output.model == .yuv {
      if wanted.matrix != .unspecified { target.matrix = wanted.matrix }
      if wanted.range != .unspecified { target.range = wanted.range }
      if wanted.chromaLocation != .unspecified { target.chromaLocation = wanted.chromaLocation }
    }
    outputColor = target
    // Luma is that of the side which is YUV; from RGB to RGB that of the primaries.
    let yuvColor = format.model == .rgb || output.model == .yuv ? target : sourceColor
    let model = try ColorModel(yuvColor)
    weights = model.weights
    shares = ShiftShare(model)
    table = try ChromaTable.shared(for: yuvColor)
    siting = ChromaSiting(output, location: target.chromaLocation)
  }

  /// The colored picture.
  ///
  /// - Parameters:
  ///   - area: The part that has color, within the whole chroma samples that it covers; all else is
  ///     neutral. nil for all.
  ///   - models: a and b as `GuidedUpsampler` or `ChromaModels.bilinear` give them: of the area,
  ///     or, if it is interlaced, of the field of the even rows and of that of the odd ones.
  ///   - saturation: Factor on a and b; 0 is gray, 1 leaves them.
  ///   - shift: What is added then.
  /// - Throws: `ColorizationError.unexpectedSize` if the picture is not what `init` was told.
  package func recombine(
    _ picture: Picture, area: PictureArea? = nil, models: [ChromaModels], saturation: Float = 1,
    shift: ColorShift = .none
  ) throws -> Picture {
    try check(picture)
    let area = area ?? PictureArea(wholeOfWidth: width, height: height)
    let luma = LumaView(picture, color: sourceColor, weights: weights)
    let work = RowWorker(
      recombiner: self, area: area, luma: luma, models: models, saturation: saturation,
      shift: shift)
    var planes: [Plane]
    if outputFormat.model == .rgb {
      planes = work.rgbPlanes()
    } else {
      planes = [lumaPlane(picture, luma)] + work.chromaPlanes()
    }
    if outputFormat.hasAlpha { planes.append(alphaPlane(picture)) }
    return Picture(
      width: width, height: height, format: outputFormat, color: outputColor, planes: planes)
  }

  /// - Throws: `ColorizationError.unexpectedSize` if the picture is not what `init` was told.
  func check(_ picture: Picture) throws {
    guard picture.width == width, picture.height == height, picture.format == sourceFormat else {
      throw ColorizationError.unexpectedSize(
        what: "the picture", expected: "\(width)×\(height) \(sourceFormat)",
        actual: "\(picture.width)×\(picture.height) \(picture.format)")
    }
  }

  /// The luma of a picture, as the output has it.
  func lumaPlane(of picture: Picture) -> Plane {
    lumaPlane(picture, LumaView(picture, color: sourceColor, weights: weights))
  }

  /// The source's own plane if it has the output's depth and range; otherwise its codes scaled, which
  /// is exact when the depth grows.
  private func lumaPlane(_ picture: Picture, _ luma: LumaView) -> Plane {
    let scale = CodeScale(bitDepth: outputFormat.bitDepth, range: outputColor.range)
    if picture.format.model != .rgb {
      if scale == luma.scale { return luma.plane }
      // Limited-range codes grow by a power of two.
      if sourceColor.range == .limited, outputColor.range == .limited,
        luma.plane.bitDepth < outputFormat.bitDepth
      {
        return luma.plane.widened(to: outputFormat.bitDepth, repeatingTopBits: false)
      }
    }
    return Self.plane(luma.plane, bitDepth: outputFormat.bitDepth) {
      (luma.scale.luma($0) * scale.lumaSpan + scale.lumaOffset)
    }
  }

  /// The source's own alpha, scaled if the depth differs; opaque if it has none.
  func alphaPlane(_ picture: Picture) -> Plane {
    let maximum = Double(outputFormat.maximumCode)
    guard let alpha = picture.alpha else {
      return Self.plane(picture.planes[0], bitDepth: outputFormat.bitDepth) { _ in maximum }
    }
    if alpha.bitDepth == outputFormat.bitDepth { return alpha }
    let factor = maximum / Double(picture.format.maximumCode)
    return Self.plane(alpha, bitDepth: outputFormat.bitDepth) { $0 * factor }
  }

  /// A plane whose codes are a linear function of another's, to the nearest.
  static func plane(
    _ source: Plane, bitDepth: Int, code: (Double) -> Double
  ) -> Plane {
    let maximum = Float((1 << bitDepth) - 1)
    let offset = Float(code(0))
    let factor = Float(code(1) - code(0))
    let buffer = AlignedBuffer(byteCount: source.width * MemoryLayout<Float>.stride)
    let row = buffer.base.bindMemory(to: Float.self, capacity: source.width)
    let count = Int32(source.width)
    return Plane(width: source.width, height: source.height, bitDepth: bitDepth) { base, stride in
      for y in 0..<source.height {
        let start = source.base + y * source.bytesPerRow
        if source.bitDepth > 8 {
          ac_weigh_rows_u16(
            [start.assumingMemoryBound(to: UInt16.self)], [1], 1, 0, row, count)
        } else {
          ac_weigh_rows_u8([start.assumingMemoryBound(to: UInt8.self)], [1], 1, 0, row, count)
        }
        Dither.none.withRow(y) {
          RowWorker.quantize(
            row, scale: factor, offset: offset, maximum: maximum, thresholds: $0,
            bitDepth: bitDepth, to: base + y * stride, count: source.width)
        }
      }
    }
  }

  /// Where and how chroma is made; see `RowWorker`.
  var settings: (table: ChromaTable, siting: ChromaSiting, shares: ShiftShare) {
    (table, siting, shares)
  }
}
