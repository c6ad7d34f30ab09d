import CFFmpeg
package import Imaging

/// How a pixel format of FFmpeg is read and written here.
package struct PixelFormatSupport: Hashable, Sendable {
  /// How a source in it becomes planes.
  package enum Reading: String, Hashable, Sendable, CaseIterable {
    /// The decoder's own planes, by reference.
    case byReference = "as it is"
    /// Each code is copied to its plane.
    case unpacked = "exact, unpacked"
    /// Codes of less than 8 bits, spread so that the largest becomes 255.
    case spread = "exact, spread to 8 bits"
    /// Each index becomes its color, or gray where the whole palette is.
    case palette = "exact, by the palette"
    /// 65535 times the value, 0…1, to the nearest.
    case float = "within ½ of 65535"
    /// From X′Y′Z′ to R′G′B′.
    case xyz = "within 2 of 65535"
    /// By libswscale; each site of the mosaic keeps its own code.
    case mosaic = "exact at each site, the other colors interpolated by libswscale"
    /// By libswscale.
    case converted = "by libswscale"
    case refused = "refused"
  }

  /// How an output in it is made.
  package enum Writing: String, Hashable, Sendable, CaseIterable {
    case exact
    /// 4 to 6 bits per color.
    case rounded = "rounded"
    /// Fewer bits.
    case dithered = "dithered by libswscale"
    /// It holds no color.
    case noColor = "no: holds no color"
    case refused
  }

  /// FFmpeg's name.
  package var name: String
  /// The planar form; nil if it is refused.
  package var format: PixelFormat?
  package var reading: Reading
  package var writing: Writing

  /// All that the FFmpeg at hand lists, in its order.
  package static var all: [PixelFormatSupport] {
    var result: [PixelFormatSupport] = []
    var descriptor: UnsafePointer<AVPixFmtDescriptor>?
    while true {
      descriptor = av_pix_fmt_desc_next(descriptor)
      guard let found = descriptor else { return result }
      result.append(PixelFormatSupport(av_pix_fmt_desc_get_id(found), descriptor: found))
    }
  }

  private init(_ format: AVPixelFormat, descriptor: UnsafePointer<AVPixFmtDescriptor>) {
    name = String(cString: descriptor.pointee.name)
    do {
      let layout = try SampleLayout(format, in: "the input")
      self.format = layout.format
      switch layout.storage {
      case .words where layout.isPlanar: reading = .byReference
      case .words: reading = layout.leastDepth < 8 ? .spread : .unpacked
      case .bits: reading = .spread
      case .uyyvyy: reading = .unpacked
      case .palette: reading = .palette
      case .float: reading = .float
      case .xyz: reading = .xyz
      case .converted: reading = name.hasPrefix("bayer") ? .mosaic : .converted
      }
      switch layout.writing {
      case _ where layout.format.model == .gray: writing = .noColor
      case .exact: writing = .exact
      case .rounded: writing = .rounded
      case .dithered: writing = .dithered
      case .impossible: writing = .refused
      }
    } catch {
      (self.format, reading, writing) = (nil, .refused, .refused)
    }
  }

  /// All formats as a table in Markdown, one line each.
  package static var markdown: String {
    let head = "| pixel format | planes | read | written |\n|---|---|---|---|\n"
    return head
      + all.map { support in
        "| `\(support.name)` | \(support.format?.description ?? "–") | \(support.reading.rawValue) | "
          + "\(support.writing.rawValue) |\n"
      }.joined()
  }
}
