import Foundation
import Imaging
import Media
import TestSupport
import Testing

@Suite struct EncoderTests {
  @Test func theLookAheadOfX264FitsItsBudget() {
    func parameters(_ preset: String?, _ width: Int, _ height: Int) -> String {
      X264Parameters.text(preset: preset, width: width, height: height)
    }
    // What the preset has where it is small, what the budget holds where it is large.
    #expect(parameters("medium", 320, 240) == "threads=4:rc-lookahead=40")
    #expect(parameters(nil, 1920, 1080) == "threads=4:rc-lookahead=5")
    #expect(parameters("veryfast", 1280, 720) == "threads=4:rc-lookahead=10")
    #expect(parameters("placebo", 3840, 2160) == "threads=4:rc-lookahead=5:sync-lookahead=0")
    // These look at no frame ahead.
    #expect(parameters("ultrafast", 3840, 2160) == "threads=4")
    #expect(parameters("superfast", 640, 480) == "threads=4")
  }

  private func color(_ range: ColorRange = .limited) -> ColorDescription {
    ColorDescription(matrix: .bt709, range: range)
  }

  @Test(arguments: [
    // source, encoder, width, wanted
    (PixelFormat.yuv420(8), "libx264", 64, "yuv420p10le"),
    (.gray(8), "libx264", 64, "yuv420p10le"),
    (.gray(8), "libx264", 63, "yuv444p10le"),
    (.gray(12), "libx265", 64, "yuv420p12le"),
    (.yuv420(16), "libx264", 64, "yuv420p10le"),
    (.rgb(8), "libx264", 64, "yuv420p10le"),
    (.gray(8), "ffv1", 63, "yuv420p"),
    (.gray(16), "ffv1", 63, "yuv420p16le"),
    (.yuv444(12), "ffv1", 64, "yuv444p12le"),
    (.rgb(10), "ffv1", 64, "gbrp10le"),
    (.yuv420(8), "prores_ks", 64, "yuv422p10le"),
    (.gray(8), "png", 63, "rgb24"),
    (.gray(16), "png", 63, "rgb48be"),
    (.yuv420(10), "png", 63, "rgb48be"),
    (PixelFormat(model: .rgb, bitDepth: 8, hasAlpha: true), "png", 64, "rgba"),
    (.yuv420(8), "tiff", 64, "rgb24"),
    (.gray(8), "mjpeg", 64, "yuv444p"),
    (.yuv420(8), "libsvtav1", 64, "yuv420p10le"),
  ])
  func choosesPixelFormats(source: PixelFormat, encoder: String, width: Int, wanted: String) throws
  {
    let output = try OutputFormat.choose(
      source: source, color: color(), width: width, height: 48, encoder: encoder)
    #expect(output.encoderPixelFormat == wanted)
    #expect(output.pictureFormat.model != .gray)
  }

  @Test func honorsRequestsAndRefusesImpossibleOnes() throws {
    let output = try OutputFormat.choose(
      source: .yuv420(8), color: color(), width: 64, height: 48, encoder: "libx264",
      requested: "yuv422p")
    #expect(output.pictureFormat == PixelFormat(model: .yuv, bitDepth: 8, chromaShiftX: 1))
    let refusal = #expect(throws: MediaError.self) {
      try OutputFormat.choose(
        source: .yuv420(8), color: color(), width: 64, height: 48, encoder: "libx264",
        requested: "gray")
    }
    #expect(refusal?.code == .encoderRefuses && refusal?.message.contains("yuv420p") == true)
    let missing = #expect(throws: MediaError.self) {
      try OutputFormat.choose(
        source: .yuv420(8), color: color(), width: 64, height: 48, encoder: "libnothing")
    }
    #expect(missing?.code == .encoderMissing && missing?.message.contains("ffv1") == true)
    let odd = #expect(throws: MediaError.self) {
      try OutputFormat.choose(
        source: .yuv420(8), color: color(), width: 63, height: 48, encoder: "libsvtav1")
    }
    #expect(odd?.code == .encoderRefuses)
  }

  @Test func settlesTags() throws {
    let untagged = ColorDescription()
    let small = try OutputFormat.choose(
      source: .yuv420(8), color: untagged, width: 720, height: 576, encoder: "ffv1")
    #expect(small.color.matrix == .smpte170M && small.color.range == .limited)
    let large = try OutputFormat.choose(
      source: .gray(8), color: color(.full), width: 1280, height: 720, encoder: "ffv1")
    #expect(large.color.matrix == .bt709 && large.color.range == .full)
    let prores = try OutputFormat.choose(
      source: .gray(8), color: color(.full), width: 1280, height: 720, encoder: "prores_ks")
    #expect(prores.color.range == .full && prores.encodedRange == .limited)
    let jpeg = try OutputFormat.choose(
      source: .yuv420(8), color: color(), width: 64, height: 48, encoder: "mjpeg")
    #expect(jpeg.encodedRange == .full && jpeg.color.matrix == .bt470BG)
  }

  @Test(arguments: [(8, 10), (8, 16), (10, 16), (9, 10), (8, 8)])
  func wideningIsInvertible(depths: (from: Int, to: Int)) {
    let largest = (1 << depths.from) - 1
    let plane = Plane(width: 31, height: 3, bitDepth: depths.from) { base, stride in
      for y in 0..<3 {
        for x in 0..<31 {
          let code = min(largest, (y * 31 + x) * largest / 92)
          if depths.from > 8 {
            (base + y * stride).storeBytes(of: UInt16(code), toByteOffset: 2 * x, as: UInt16.self)
          } else {
            (base + y * stride).storeBytes(of: UInt8(code), toByteOffset: x, as: UInt8.self)
          }
        }
      }
    }
    let shift = depths.to - depths.from
    let shifted = plane.widened(to: depths.to, repeatingTopBits: false)
    #expect(shifted.samples == plane.samples.map { $0 << shift })
    let repeated = plane.widened(to: depths.to, repeatingTopBits: true)
    #expect(repeated.samples.map { $0 >> shift } == plane.samples)
    #expect(repeated.samples.max() == (1 << depths.to) - 1)
    #expect(repeated.samples.min() == 0)
  }

  private func encoded(_ encoder: String, to name: String, in folder: TemporaryFolder) throws
    -> FileSource
  {
    let input = folder.file("in.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=128x96:r=24:d=1 -vf gblur -c:v ffv1 -pix_fmt yuv420p "
        + "-color_range tv -colorspace bt709", input)
    let source = try FileSource(path: input)
    var options = SinkOptions()
    options.encoder = encoder
    if encoder.hasPrefix("libx26") {
      options.crf = 8
      options.preset = "ultrafast"
    }
    if encoder == "libsvtav1" {
      options.crf = 20
      options.preset = "10"
    }
    options.threads = 2
    let output = folder.file(name)
    try copy(source, to: FileSink(path: output, source: source.info, options: options))
    return try FileSource(path: output)
  }

  @Test(arguments: [
    ("libx264", "out.mkv"), ("libx264", "out.mp4"), ("libx265", "out.mp4"), ("libx265", "out.mkv"),
    ("libsvtav1", "out.mkv"), ("prores_ks", "out.mov"), ("mjpeg", "out.mov"), ("ffv1", "out.avi"),
  ])
  func encodesWithEach(pair: (encoder: String, name: String)) throws {
    let folder = try TemporaryFolder()
    let result = try encoded(pair.encoder, to: pair.name, in: folder)
    let frames = try result.frames()
    let original = try FileSource(path: folder.file("in.mkv")).frames()
    #expect(frames.count == 24)
    #expect(result.info.frameRate == Rational(24, 1))
    if pair.encoder != "mjpeg" && !pair.name.hasSuffix("avi") {
      #expect(result.info.color.matrix == .bt709)
    }
    let unit = result.info.timeBase.value
    for (x, y) in zip(original, frames) {
      #expect(abs(Double(x.presentationTime) / 1000 - Double(y.presentationTime) * unit) < 0.0011)
    }
    // The luma of the first frame is what was sent, within what the encoder loses.
    let a = original[0].picture.luma.samples
    let b = frames[0].picture.luma.samples
    let depth = frames[0].picture.format.bitDepth
    let isFull = result.info.color.range == .full
    let error =
      zip(a, b).map { x, y -> Double in
        let value = Double(y) / Double(1 << (depth - 8))
        return abs(Double(x) - (isFull ? value / 255 * 219 + 16 : value))
      }.reduce(0, +) / Double(a.count)
    #expect(error < 1.5, "\(pair): mean error \(error)")
  }

  @Test func namesUnknownOptionsAndMissingQuality() throws {
    let folder = try TemporaryFolder()
    let source = try MemorySource(pictures: [.gray(width: 64, height: 48)])
    var options = SinkOptions()
    options.encoder = "ffv1"
    options.crf = 20
    let crf = #expect(throws: MediaError.self) {
      try FileSink(path: folder.file("a.mkv"), source: source.info, options: options)
    }
    #expect(crf?.code == .usage && crf?.message.contains("ffv1") == true)
    options.crf = nil
    options.encoderOptions = ["nonsense": "1"]
    let unknown = #expect(throws: MediaError.self) {
      try FileSink(path: folder.file("a.mkv"), source: source.info, options: options)
    }
    #expect(unknown?.code == .usage && unknown?.message.contains("nonsense") == true)
    options.encoder = "libx264"
    options.encoderOptions = ["profile": "none-such"]
    let refused = #expect(throws: MediaError.self) {
      try FileSink(path: folder.file("a.mkv"), source: source.info, options: options)
    }
    #expect(refused?.code == .encoderRefuses)
    #expect(folder.names.isEmpty)
  }

  @Test func tellsItsLibraries() {
    #expect(MediaLibraries.versions.map(\.name).contains("libavcodec"))
    #expect(MediaLibraries.availableEncoders.contains("ffv1"))
    #expect(MediaLibraries.release.contains("."))
  }
}

extension Picture {
  /// A gray ramp of 8 bits.
  static func gray(width: Int, height: Int, offset: Int = 0, bitDepth: Int = 8) -> Picture {
    let plane = Plane(width: width, height: height, bitDepth: bitDepth) { base, stride in
      for y in 0..<height {
        for x in 0..<width {
          let code = (x * 3 + y * 5 + offset * 7) % (1 << bitDepth)
          if bitDepth > 8 {
            (base + y * stride).storeBytes(of: UInt16(code), toByteOffset: 2 * x, as: UInt16.self)
          } else {
            (base + y * stride).storeBytes(of: UInt8(code), toByteOffset: x, as: UInt8.self)
          }
        }
      }
    }
    return Picture(
      width: width, height: height, format: .gray(bitDepth), color: ColorDescription(range: .full),
      planes: [plane])
  }
}
