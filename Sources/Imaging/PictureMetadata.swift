/// What the file of a picture tells beside its samples. It travels with the frame into the file that
/// is written.
public struct PictureMetadata: Hashable, Sendable {
  /// An ICC profile (ICC.1).
  public var iccProfile: [UInt8]?
  /// An EXIF block, from its TIFF header on (CIPA DC-008 §4.5).
  public var exif: [UInt8]?
  /// An XMP packet (ISO 16684-1).
  public var xmp: [UInt8]?
  /// IPTC records (IIM).
  public var iptc: [UInt8]?
  public var resolution: PictureResolution?
  /// Comments of a JPEG, each without its length.
  public var comments: [[UInt8]] = []
  /// Chunks of a PNG that hold text or its date: type and data, without length and checksum.
  public var textChunks: [[UInt8]] = []

  public init() {}
}

/// Samples per inch.
public struct PictureResolution: Hashable, Sendable {
  public var horizontal: Double
  public var vertical: Double

  public init(horizontal: Double, vertical: Double) {
    self.horizontal = horizontal
    self.vertical = vertical
  }
}
