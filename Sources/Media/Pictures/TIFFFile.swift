/// A TIFF file: its pictures, each of which can be had as a file of its own that holds the samples
/// and the tags that tell how they lie, and nothing else. Decoders that stop at tags they do not
/// know read it as well as those that read only the first picture.
struct TIFFFile<Source: ByteRanges> {
  let reader: TIFFReader<Source>
  var source: Source { reader.source }
  /// The pictures of full size; pages that hold a smaller version or a mask of another are left out.
  let pages: [TIFFDirectory]
  /// Whether the list of pictures ends as it should.
  let isWhole: Bool

  /// - Throws: `.corrupt`, `.truncated`, `.unsupported` for raw camera files.
  init(_ source: Source) throws {
    reader = try TIFFReader(source)
    let (all, isWhole) = try reader.directories()
    guard let first = all.first else {
      throw MediaError(
        .truncated,
        "The picture \(source.name) is cut off: it ends after \(counted(source.byteCount, "byte")), before the "
          + "list of its tags.")
    }
    guard first.entries[TIFFTag.dngVersion] == nil else {
      throw MediaError(
        .unsupported,
        "\(source.name) is a raw camera file (DNG); develop it into a TIFF of 8 or 16 bits.")
    }
    let full = all.filter { page in
      let kind = page.number(TIFFTag.newSubfileType) ?? 0
      return kind & 0b101 == 0 && page.number(TIFFTag.subfileType) != 2
    }
    pages = full.isEmpty ? [first] : full
    self.isWhole = isWhole
  }

  /// Page `index` as a file of its own.
  ///
  /// - Parameter isStrict: Whether samples that are missing are an error; zeros take their place
  ///   otherwise.
  /// - Throws: `.unsupported` for what FFmpeg's decoder takes for something else, `.truncated`.
  func page(_ index: Int, isStrict: Bool) throws -> [UInt8] {
    let page = pages[index]
    try TIFFSupport(page, name: source.name).check()
    guard let offsets = page.numbers(TIFFTag.stripOffsets), !offsets.isEmpty else {
      throw page.lostTags.isEmpty
        ? MediaError(.corrupt, "The TIFF \(source.name) does not say where its samples are stored.")
        : cutOff(needed: nil)
    }
    let strips = try stripSizes(page, count: offsets.count)
    var result: [UInt8] = page.isBigEndian ? [0x4D, 0x4D, 0, 42] : [0x49, 0x49, 42, 0]
    result += [0, 0, 0, 0]
    var places: [Int] = []
    for (offset, size) in zip(offsets, strips) {
      let bytes = try source.bytes(at: offset, count: size)
      if bytes.count < size, isStrict {
        throw cutOff(needed: offset.addingReportingOverflow(size).overflow ? nil : offset + size)
      }
      places.append(result.count)
      result += bytes
      result.append(contentsOf: repeatElement(0, count: size - bytes.count))
    }
    if result.count % 2 == 1 { result.append(0) }
    var own = TIFFDirectory(isBigEndian: page.isBigEndian)
    own.entries = page.entries.filter { TIFFTag.ofSamples.contains($0.key) }
    own.set(TIFFTag.stripOffsets, longs: places)
    own.set(TIFFTag.stripByteCounts, longs: strips)
    let place = UInt32(clamping: result.count).bytes(isBigEndian: page.isBigEndian)
    result.replaceSubrange(4..<8, with: place)
    result += own.serialized(at: result.count)
    return result
  }

  /// Bytes of each strip. What a file claims beyond what its samples can take is bounded, so that a
  /// damaged number asks for no memory.
  private func stripSizes(_ page: TIFFDirectory, count: Int) throws -> [Int] {
    let width = page.number(TIFFTag.width) ?? 0
    let height = page.number(TIFFTag.height) ?? 0
    let bits = (page.numbers(TIFFTag.bitsPerSample) ?? [1]).max() ?? 1
    let samples = page.number(TIFFTag.samplesPerPixel) ?? 1
    // Numbers of BigTIFF have 64 bits. Samples have 4 channels of 16 bits at most, see `TIFFSupport`.
    guard (1...1 << 24).contains(width), (1...1 << 24).contains(height) else {
      throw MediaError(.corrupt, "The TIFF \(source.name) has a size of \(width)×\(height).")
    }
    let whole = (width * samples * bits + 7) / 8 * height
    guard whole < PictureDecoder.mostBytes else {
      throw MediaError(
        .unsupported,
        "The TIFF \(source.name) has a size of \(width)×\(height), which is too large: the limit is 2 GiB of samples."
      )
    }
    if let sizes = page.numbers(TIFFTag.stripByteCounts), sizes.count == count {
      let most = max(source.byteCount, 2 * whole + 4096)
      guard sizes.reduce(0, { min($0 + $1, most + 1) }) <= most else {
        throw MediaError(
          .corrupt,
          "The TIFF \(source.name) lists more bytes of image data than its samples can take.")
      }
      return sizes
    }
    guard count == 1, page.number(TIFFTag.compression) ?? 1 == 1 else {
      throw page.lostTags.isEmpty
        ? MediaError(.corrupt, "The TIFF \(source.name) does not say how long its strips are.")
        : cutOff(needed: nil)
    }
    return [whole]
  }

  private func cutOff(needed: Int?) -> MediaError {
    MediaError(
      .truncated,
      "The picture \(source.name) is cut off: it ends after \(counted(source.byteCount, "byte"))"
        + (needed.map { ", and its samples reach to byte \($0)." } ?? "."))
  }
}

/// Numbers of tags (TIFF 6.0, appendix A).
enum TIFFTag {
  static let newSubfileType: UInt16 = 254
  static let subfileType: UInt16 = 255
  static let width: UInt16 = 256
  static let height: UInt16 = 257
  static let bitsPerSample: UInt16 = 258
  static let compression: UInt16 = 259
  static let photometric: UInt16 = 262
  static let fillOrder: UInt16 = 266
  static let stripOffsets: UInt16 = 273
  static let orientation: UInt16 = 274
  static let samplesPerPixel: UInt16 = 277
  static let rowsPerStrip: UInt16 = 278
  static let stripByteCounts: UInt16 = 279
  static let xResolution: UInt16 = 282
  static let yResolution: UInt16 = 283
  static let planarConfiguration: UInt16 = 284
  static let t4Options: UInt16 = 292
  static let t6Options: UInt16 = 293
  static let resolutionUnit: UInt16 = 296
  static let predictor: UInt16 = 317
  static let colorMap: UInt16 = 320
  static let tileWidth: UInt16 = 322
  static let tileOffsets: UInt16 = 324
  static let sampleFormat: UInt16 = 339
  static let yCbCrCoefficients: UInt16 = 529
  static let yCbCrSubsampling: UInt16 = 530
  static let yCbCrPositioning: UInt16 = 531
  static let dngVersion: UInt16 = 50706

  /// What tells how samples lie, and what FFmpeg's decoder knows of it.
  static let ofSamples: Set<UInt16> = [
    width, height, bitsPerSample, compression, photometric, fillOrder, samplesPerPixel,
    rowsPerStrip, planarConfiguration, t4Options, t6Options, predictor, colorMap,
    yCbCrSubsampling,
  ]
}

/// Which TIFF pictures FFmpeg's decoder reads as they are meant. Others it takes for something else
/// or gives black pictures for, without a word.
struct TIFFSupport {
  let page: TIFFDirectory
  let name: String

  init(_ page: TIFFDirectory, name: String) {
    self.page = page
    self.name = name
  }

  /// - Throws: `.unsupported`, with the name of what is not read.
  func check() throws {
    guard let reason else { return }
    throw MediaError(
      .unsupported,
      "The TIFF \(name) \(reason), which is not supported; save it as a TIFF of 8 or 16 bits in gray or RGB, in "
        + "strips, uncompressed or with LZW or Deflate.")
  }

  private var reason: String? {
    if page.entries[TIFFTag.tileWidth] != nil || page.entries[TIFFTag.tileOffsets] != nil {
      return "is tiled"
    }
    return compression ?? photometric ?? samples
  }

  private var compression: String? {
    let code = page.number(TIFFTag.compression) ?? 1
    switch code {
    case 1, 2, 3, 4, 5, 8, 32773, 32946, 34925: return predictor(code)
    case 6, 7: return "is compressed with JPEG"
    case 33003, 33005, 34712: return "is compressed with JPEG 2000"
    case 34676, 34677: return "is compressed with SGILog"
    case 34887: return "is compressed with LERC"
    case 50000, 34926: return "is compressed with Zstandard"
    case 50001: return "is compressed with WebP"
    case 50002, 52546: return "is compressed with JPEG XL"
    default: return "has the compression \(code)"
    }
  }

  private func predictor(_ compression: Int) -> String? {
    switch page.number(TIFFTag.predictor) ?? 1 {
    case 1: return nil
    case 2: return compression == 32773 ? "has a predictor with PackBits" : nil
    case 3: return "has the predictor for floating point"
    case let other: return "has the predictor \(other)"
    }
  }

  private var photometric: String? {
    switch page.number(TIFFTag.photometric) ?? 1 {
    case 0, 1, 2, 3, 6: return nil
    case 4: return "is a transparency mask"
    case 5: return "is in CMYK"
    case 8, 9, 10: return "is in CIE L*a*b*"
    case 32803, 34892: return "holds raw camera samples"
    case 32844, 32845: return "holds LogLuv"
    case let other: return "has the photometric interpretation \(other)"
    }
  }

  private var samples: String? {
    let formats = page.numbers(TIFFTag.sampleFormat) ?? [1]
    if formats.contains(3) { return "holds floating-point samples" }
    if formats.contains(2) { return "holds signed samples" }
    if formats.contains(where: { $0 != 1 && $0 != 4 }) { return "holds complex samples" }
    let count = page.number(TIFFTag.samplesPerPixel) ?? 1
    guard count <= 4 else { return "has \(count) samples per pixel" }
    let bits = Set(page.numbers(TIFFTag.bitsPerSample) ?? [1])
    guard bits.count == 1, let depth = bits.first else { return "has samples of mixed depth" }
    let isGray = count == 1
    guard [8, 16].contains(depth) || (isGray && [1, 2, 4, 12].contains(depth)) else {
      return "has \(depth) bits per sample"
    }
    if page.number(TIFFTag.planarConfiguration) == 2, !isGray,
      page.number(TIFFTag.photometric) != 2
    {
      return "has separate planes that are not RGB"
    }
    return nil
  }
}
