package import Imaging
package import Media
package import SampleFilm

/// Turns the sample film into frames and clips, for benchmarks and tests.
package enum SampleClip {
  /// The tags of the film's luma.
  package static let color = ColorDescription(
    primaries: .bt709, transfer: .bt709, matrix: .bt709, range: .limited, chromaLocation: .left)

  /// A frame as 8-bit 4:2:0 with neutral chroma, as black-and-white film mostly comes.
  package static func picture(_ frame: SampleFrame) -> Picture {
    let format = PixelFormat.yuv420(8)
    let planes = (0..<3).map { index in
      let size = format.planeSize(index, width: frame.width, height: frame.height)
      return Plane(width: size.width, height: size.height, bitDepth: 8) { base, bytesPerRow in
        frame.luma.withUnsafeBytes { luma in
          for y in 0..<size.height {
            let row = UnsafeMutableRawBufferPointer(
              start: base + y * bytesPerRow, count: size.width)
            if index == 0 {
              row.copyMemory(
                from: UnsafeRawBufferPointer(
                  rebasing: luma[y * size.width..<(y + 1) * size.width]))
            } else {
              row.initializeMemory(as: UInt8.self, repeating: 128)
            }
          }
        }
      }
    }
    return Picture(
      width: frame.width, height: frame.height, format: format, color: color, planes: planes)
  }

  /// Renders `frames` frames into a file.
  package static func write(
    _ film: SampleFilm, frames: Int, to path: String, options: SinkOptions
  ) throws {
    let rate = Int(film.frameRate.rounded())
    let info = SourceInfo(
      width: film.width, height: film.height, format: .yuv420(8), color: color,
      timeBase: Rational(1, rate), frameRate: Rational(rate, 1))
    let sink = try FileSink(path: path, source: info, options: options)
    do {
      for index in 0..<frames {
        let frame = Frame(
          index: index, picture: picture(film.render(frame: index)),
          presentationTime: Int64(index), duration: 1)
        try sink.write(SourceElement(frame: frame))
      }
      try sink.finish()
    } catch {
      sink.discard()
      throw error
    }
  }
}
