/// What the file of a picture tells beside its samples. It travels with the frame into the file that
/// is written.
package struct PictureMetadata: Hashable, Sendable {
  /// An ICC profile (ICC.1).
  package var iccProfile: [UInt8]?
  /// An EXIF block, from its TIFF header on (CIPA DC-008 §4.5).
  package var exif: [UInt8]?
  /// An XMP packet (ISO 16684-1).
  package var xmp: [UInt8]?
  /// IPTC records (IIM).
  package var iptc: [UInt8]?
  package var resolution: PictureResolution?
  /// Comments of a JPEG, each without its length.
  package var comments: [[UInt8]] = []
  /// Chunks of a PNG that hold text or its date: type and data, without length and checksum.
  package var textChunks: [[UInt8]] = []

  package init() {}
}

/// Samples per inch.
package struct PictureResolution: Hashable, Sendable {
  package var horizontal: Double
  package var vertical: Double

  package init(horizontal: Double, vertical: Double) {
    self.horizontal = horizontal
    self.vertical = vertical
  }
}
