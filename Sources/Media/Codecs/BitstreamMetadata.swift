import CFFmpeg

/// Metadata of one frame in the form that video streams carry: the payloads of SEI messages of H.264
/// and HEVC (ITU-T H.274), and of metadata OBUs of AV1 (section 6.7).
enum BitstreamMetadata: Hashable {
  /// Registered user data (ITU-T T.35), from the country code on: captions, active format.
  case registered([UInt8])
  /// A UUID and what follows.
  case unregistered([UInt8])
  case masteringDisplay(MasteringDisplay)
  case contentLight(maximum: Int, average: Int)

  /// What a decoder gave, as it goes into a stream; `nil` for what has no such form.
  init?(_ item: FrameSideData.Item) {
    // Country: United States; provider: ATSC.
    let atsc: [UInt8] = [0xB5, 0x00, 0x31]
    switch AVFrameSideDataType(rawValue: item.type) {
    case AV_FRAME_DATA_A53_CC:
      // ATSC A/53 part 4, table 6.9: at most 31 triples, no matter what a stream claims.
      let triples = min(item.bytes.count / 3, 31)
      self = .registered(
        atsc + Array("GA94".utf8) + [3, 0x40 | UInt8(triples), 0xFF]
          + item.bytes.prefix(triples * 3) + [0xFF])
    case AV_FRAME_DATA_AFD:
      // ETSI TS 101 154, annex B.
      guard let format = item.bytes.first else { return nil }
      self = .registered(atsc + Array("DTG1".utf8) + [0x41, 0xF0 | format & 15])
    case AV_FRAME_DATA_SEI_UNREGISTERED:
      self = .unregistered(item.bytes)
    case AV_FRAME_DATA_MASTERING_DISPLAY_METADATA:
      guard let display = MasteringDisplay(item.bytes) else { return nil }
      self = .masteringDisplay(display)
    case AV_FRAME_DATA_CONTENT_LIGHT_LEVEL:
      guard item.bytes.count >= 8 else { return nil }
      let levels = item.bytes.withUnsafeBytes { bytes in
        (0..<2).map { Int(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
      }
      self = .contentLight(maximum: min(levels[0], 65535), average: min(levels[1], 65535))
    default: return nil
    }
  }

  /// Whether it holds until it is told anew, so that each key frame needs it and others do not.
  var lasts: Bool {
    switch self {
    case .masteringDisplay, .contentLight: true
    case .registered, .unregistered: false
    }
  }

  /// Type and payload of an SEI message.
  var message: (type: UInt8, payload: [UInt8]) {
    switch self {
    case .registered(let bytes): (4, bytes)
    case .unregistered(let bytes): (5, bytes)
    case .masteringDisplay(let display): (137, display.message)
    case .contentLight(let maximum, let average):
      (144, UInt16(maximum).bigEndianBytes + UInt16(average).bigEndianBytes)
    }
  }

  /// Type and payload of a metadata OBU; `nil` where AV1 has none.
  var unit: (type: UInt8, payload: [UInt8])? {
    switch self {
    case .registered(let bytes): (4, bytes)
    case .unregistered: nil
    case .masteringDisplay(let display): (2, display.unit)
    case .contentLight(let maximum, let average):
      (1, UInt16(maximum).bigEndianBytes + UInt16(average).bigEndianBytes)
    }
  }
}

/// The display that a film was graded on (SMPTE ST 2086).
struct MasteringDisplay: Hashable {
  /// x and y of red, green, blue and white (CIE 1931).
  private var chromaticities: [Double]
  /// Candela per square meter.
  private var darkest: Double
  private var brightest: Double

  /// From FFmpeg's `AVMasteringDisplayMetadata`; `nil` if primaries or luminance are absent.
  init?(_ bytes: [UInt8]) {
    guard bytes.count >= MemoryLayout<AVMasteringDisplayMetadata>.size else { return nil }
    let raw = bytes.withUnsafeBytes { $0.loadUnaligned(as: AVMasteringDisplayMetadata.self) }
    guard raw.has_primaries != 0, raw.has_luminance != 0 else { return nil }
    let (red, green, blue) = raw.display_primaries
    chromaticities = [
      red.0, red.1, green.0, green.1, blue.0, blue.1, raw.white_point.0, raw.white_point.1,
    ].map(av_q2d)
    darkest = av_q2d(raw.min_luminance)
    brightest = av_q2d(raw.max_luminance)
    let all = chromaticities + [darkest, brightest]
    guard all.allSatisfy({ $0.isFinite && $0 >= 0 && $0 <= 100_000 }) else { return nil }
  }

  /// Green, blue, red, white in steps of 0.00002; luminance in steps of 0.0001 (ITU-T H.274, 8.20).
  var message: [UInt8] {
    let order = [2, 3, 4, 5, 0, 1, 6, 7]
    return order.flatMap { UInt16(min(chromaticities[$0] * 50000, 65535).rounded()).bigEndianBytes }
      + UInt32((brightest * 10000).rounded()).bigEndianBytes
      + UInt32((darkest * 10000).rounded()).bigEndianBytes
  }

  /// Red, green, blue, white in steps of 2⁻¹⁶; luminance in steps of 2⁻⁸ and 2⁻¹⁴ (AV1, 6.7.4).
  var unit: [UInt8] {
    chromaticities.flatMap { UInt16(min($0 * 65536, 65535).rounded()).bigEndianBytes }
      + UInt32((brightest * 256).rounded()).bigEndianBytes
      + UInt32(min(darkest * 16384, 4e9).rounded()).bigEndianBytes
  }
}

extension FixedWidthInteger {
  fileprivate var bigEndianBytes: [UInt8] { withUnsafeBytes(of: bigEndian) { Array($0) } }
}
