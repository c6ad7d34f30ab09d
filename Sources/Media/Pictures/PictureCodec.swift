import CFFmpeg
import Foundation
import Imaging

/// The kinds of picture files that are read and written, and how they are told apart.
package enum PictureKind: String, Hashable, Sendable, CaseIterable {
  case png, jpeg, tiff, pnm, bmp, dpx, webp, jpeg2000, openEXR, pfm, gif

  /// The kind that a file begins as; `nil` if it is no picture.
  package init?(firstBytes bytes: [UInt8]) {
    func starts(_ magic: [UInt8], at offset: Int = 0) -> Bool {
      bytes.dropFirst(offset).starts(with: magic)
    }
    if starts([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if starts([0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if starts([0x49, 0x49, 0x2A, 0]) || starts([0x4D, 0x4D, 0, 0x2A])
      || starts([0x49, 0x49, 0x2B, 0]) || starts([0x4D, 0x4D, 0, 0x2B])
    {
      // 42, and 43 for BigTIFF.
      self = .tiff
    } else if bytes.count > 2, bytes[0] == 0x50, (0x31...0x37).contains(bytes[1]),
      [0x0A, 0x0D, 0x20, 0x09, 0x23].contains(bytes[2])
    {
      self = .pnm
    } else if starts(Array("BM".utf8)), bytes.count >= 18, starts([0, 0, 0, 0], at: 6) {
      self = .bmp
    } else if starts(Array("SDPX".utf8)) || starts(Array("XPDS".utf8)) {
      self = .dpx
    } else if starts(Array("RIFF".utf8)), starts(Array("WEBP".utf8), at: 8) {
      self = .webp
    } else if starts([0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20]) || starts([0xFF, 0x4F, 0xFF, 0x51]) {
      self = .jpeg2000
    } else if starts([0x76, 0x2F, 0x31, 0x01]) {
      self = .openEXR
    } else if bytes.count > 2, starts([0x50]), [0x46, 0x66].contains(bytes[1]),
      [0x0A, 0x0D, 0x20].contains(bytes[2])
    {
      self = .pfm
    } else if starts(Array("GIF87a".utf8)) || starts(Array("GIF89a".utf8)) {
      self = .gif
    } else {
      return nil
    }
  }

  /// File name extensions that are taken for pictures, lower case.
  static let extensions: Set<String> = [
    "png", "tif", "tiff", "jpg", "jpeg", "ppm", "pgm", "pnm", "pbm", "pam", "bmp", "dpx", "webp",
    "jp2", "j2k", "exr", "pfm", "gif",
  ]

  /// FFmpeg's encoder for files named so, and the extension to write; `nil` if there is none.
  package static func encoder(forExtension name: String) -> String? {
    switch name.lowercased() {
    case "png": "png"
    case "tif", "tiff": "tiff"
    case "jpg", "jpeg": "mjpeg"
    case "ppm", "pnm", "pgm", "pbm": "ppm"
    case "bmp": "bmp"
    case "dpx": "dpx"
    case "exr": "exr"
    default: nil
    }
  }

  /// FFmpeg's encoder of the same kind of picture as the codec named so.
  static func encoder(forCodec name: String) -> String? {
    name == "mjpeg" ? name : encoder(forExtension: name)
  }

  /// The extension of files that `encoder` writes.
  static func fileExtension(ofEncoder encoder: String) -> String {
    switch encoder {
    case "tiff": "tif"
    case "mjpeg": "jpg"
    default: encoder
    }
  }

  /// Whether tags that are absent mean sRGB (for JPEG: JFIF, ITU-T T.871; for PNG: W3C, section
  /// 12.1), and not what they would mean in a film. OpenEXR is brought to sRGB by its decoder; DPX and PFM
  /// hold scans and linear light.
  var isDisplayReferred: Bool {
    switch self {
    case .png, .jpeg, .tiff, .pnm, .bmp, .webp, .jpeg2000, .openEXR, .gif: true
    case .dpx, .pfm: false
    }
  }

  /// Codec of FFmpeg that decodes it.
  func decoder(firstBytes bytes: [UInt8]) -> AVCodecID {
    switch self {
    case .png: return AV_CODEC_ID_PNG
    case .jpeg: return AV_CODEC_ID_MJPEG
    case .tiff: return AV_CODEC_ID_TIFF
    case .bmp: return AV_CODEC_ID_BMP
    case .dpx: return AV_CODEC_ID_DPX
    case .webp: return AV_CODEC_ID_WEBP
    case .jpeg2000: return AV_CODEC_ID_JPEG2000
    case .openEXR: return AV_CODEC_ID_EXR
    case .pfm: return AV_CODEC_ID_PFM
    case .gif: return AV_CODEC_ID_GIF
    case .pnm:
      switch bytes.count > 1 ? bytes[1] : 0 {
      case 0x31, 0x34: return AV_CODEC_ID_PBM
      case 0x32, 0x35: return AV_CODEC_ID_PGM
      case 0x37: return AV_CODEC_ID_PAM
      default: return AV_CODEC_ID_PPM
      }
    }
  }
}
