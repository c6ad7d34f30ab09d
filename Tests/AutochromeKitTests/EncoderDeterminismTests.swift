import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// The same film gives the same bytes with any number of threads, with every encoder.
@Suite struct EncoderDeterminismTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  /// Smooth motion and grain, so that encoders have something to decide about.
  private func pictures(_ count: Int, width: Int, height: Int) -> [Picture] {
    var noise: UInt64 = 7
    return (0..<count).map { index in
      let luma = Plane(width: width, height: height, bitDepth: 8) { base, bytesPerRow in
        for y in 0..<height {
          for x in 0..<width {
            noise = noise &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let wave = sin(Double(x + 3 * index) / 17) * cos(Double(y - index) / 11)
            let code = 120 + Int(wave * 70) + Int(noise >> 60) - 8
            base.storeBytes(of: UInt8(code), toByteOffset: y * bytesPerRow + x, as: UInt8.self)
          }
        }
      }
      let chroma = Plane(width: width / 2, height: height / 2, bitDepth: 8) { base, bytesPerRow in
        memset(base, Int32(128 + index % 8), bytesPerRow * height / 2)
      }
      return Picture(
        width: width, height: height, format: .yuv420(8), color: SampleClip.color,
        planes: [luma, chroma, chroma])
    }
  }

  private func encoded(
    _ pictures: [Picture], _ encoder: String, _ name: String, preset: String?, threads: Int
  ) throws -> Data {
    let (width, height) = (pictures[0].width, pictures[0].height)
    let info = SourceInfo(
      width: width, height: height, format: .yuv420(8), color: SampleClip.color,
      timeBase: Rational(1, 25), frameRate: Rational(25, 1))
    var options = SinkOptions()
    options.encoder = encoder
    options.preset = preset
    options.threads = threads
    let path = scratch.file("\(threads)-\(name)")
    let sink = try FileSink(path: path, source: info, options: options)
    for (index, picture) in pictures.enumerated() {
      let frame = Frame(
        index: index, picture: picture.widened(for: sink.outputFormat),
        presentationTime: Int64(index), duration: 1)
      try sink.write(SourceElement(frame: frame))
    }
    try sink.finish()
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  @Test(arguments: [
    ("libx264", "veryfast", "out.mkv"), ("libx264", "medium", "out.mp4"),
    ("libx265", "veryfast", "out.mkv"), ("libsvtav1", "10", "out.mkv"),
    ("prores_ks", nil, "out.mov"), ("dnxhd", nil, "out.mov"), ("ffv1", nil, "out.mkv"),
    ("mjpeg", nil, "out.mov"), ("mpeg2video", nil, "out.mkv"), ("libvpx-vp9", nil, "out.webm"),
  ])
  func threadsChangeNoByte(encoder: String, preset: String?, name: String) throws {
    // Tall enough for several frames at once in x264.
    let pictures = pictures(24, width: 320, height: 272)
    let one = try encoded(pictures, encoder, name, preset: preset, threads: 1)
    #expect(one.count > 2000)
    for threads in [2, 7] {
      let other = try encoded(pictures, encoder, name, preset: preset, threads: threads)
      #expect(one == other, "\(encoder) with \(threads) threads: \(one.count), \(other.count)")
    }
  }

  @Test func theProgramsDefaultEncoderDoesNotDependOnTheThreads() throws {
    let input = scratch.file("film.mkv")
    try writeClip(smallFilm(), frames: 10..<26, to: input)
    try expectSameBytes(of: input, threads: [1, 2, 7], in: scratch) {
      $0.codec = nil
      $0.preset = "veryfast"
    }
  }
}

extension Picture {
  /// At the depth and subsampling that an encoder takes, chroma neutral where that differs.
  fileprivate func widened(for output: OutputFormat) -> Picture {
    let format = output.pictureFormat
    let planes = (0..<format.planeCount).map { index -> Plane in
      let size = format.planeSize(index, width: width, height: height)
      let own = self.planes[index]
      if own.width == size.width, own.height == size.height {
        return own.widened(to: format.bitDepth, repeatingTopBits: false)
      }
      return Plane(width: size.width, height: size.height, bitDepth: format.bitDepth) {
        base, bytesPerRow in
        for y in 0..<size.height {
          for x in 0..<size.width {
            if format.bitDepth > 8 {
              base.storeBytes(
                of: UInt16(1 << (format.bitDepth - 1)), toByteOffset: y * bytesPerRow + 2 * x,
                as: UInt16.self)
            } else {
              base.storeBytes(of: 128, toByteOffset: y * bytesPerRow + x, as: UInt8.self)
            }
          }
        }
      }
    }
    return Picture(
      width: width, height: height, format: format, color: output.color, planes: planes)
  }
}
