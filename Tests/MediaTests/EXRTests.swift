import Foundation
import Imaging
import Media
import TestSupport
import Testing

@Suite struct EXRTests {
  @Test func picturesAreWrittenInLinearLightAndLoseNothing() throws {
    let folder = try TemporaryFolder()
    // All codes of 8 bits, and some of 16.
    let eight = Plane(width: 256, height: 2, bitDepth: 8) { base, stride in
      for y in 0..<2 {
        for x in 0..<256 {
          (base + y * stride).storeBytes(of: UInt8(x), toByteOffset: x, as: UInt8.self)
        }
      }
    }
    let picture = Picture(
      width: 256, height: 2, format: .gray(8),
      color: ColorDescription(transfer: .iec61966_2_1, range: .full), planes: [eight])
    let source = try MemorySource(pictures: [picture, picture])
    try copy(
      source, to: MediaSink.open(folder.file("out/%06d.exr"), source: source.info))
    let path = folder.file("out/000002.exr")
    let format = try ffprobe(path, "-show_entries stream=pix_fmt,width,height -of csv=p=0")
    #expect(format == ["256,2,gbrpf32le"])
    // FFmpeg's planes are G, B, R.
    let raw = try ffmpeg("-i", path, "-f", "rawvideo", "-pix_fmt", "gbrpf32le", "-")
    let samples = raw.withUnsafeBytes { bytes in
      (0..<(256 * 2 * 3)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
    }
    #expect(samples.count == 1536)
    for plane in 0..<3 {
      for x in 0..<256 {
        let code = Double(x) / 255
        let light = code <= 0.04045 ? code / 12.92 : pow((code + 0.055) / 1.055, 2.4)
        let written = Double(samples[plane * 512 + x])
        #expect(abs(written - light) < 1e-6 * max(light, 0.01), "\(x): \(written), not \(light)")
      }
    }
    #expect(samples[255] == 1 && samples[0] == 0)
  }

  @Test func whatExrCannotHoldIsSaid() throws {
    let folder = try TemporaryFolder()
    let source = try MemorySource(pictures: [.gray(width: 16, height: 16)])
    var options = SinkOptions()
    options.pixelFormat = "yuv420p"
    let error = #expect(throws: MediaError.self) {
      _ = try MediaSink.open(folder.file("o.exr"), source: source.info, options: options)
    }
    #expect(error?.code == .encoderRefuses)
    #expect(folder.names.isEmpty)
  }
}
