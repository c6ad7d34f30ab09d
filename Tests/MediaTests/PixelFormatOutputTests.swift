import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Every pixel format that this FFmpeg lists, as `--pixel-format`: written to the code, within a step
/// or so of its own depth, or refused by name with nothing written.
@Suite struct PixelFormatOutputTests {
  /// A picture of random codes.
  private static func picture(_ format: PixelFormat, width: Int, height: Int) -> Picture {
    var random = SeededGenerator(seed: 5)
    return Picture(
      width: width, height: height, format: format, color: ColorDescription(range: .full),
      planes: (0..<format.planeCount).map { index in
        let size = format.planeSize(index, width: width, height: height)
        return Plane(
          width: size.width, height: size.height, bitDepth: format.bitDepth,
          codes: (0..<(size.width * size.height)).map { _ in
            Int(random.next() >> (64 - UInt64(format.bitDepth)))
          })
      })
  }

  private static func info(_ picture: Picture) -> SourceInfo {
    SourceInfo(
      width: picture.width, height: picture.height, format: picture.format, color: picture.color,
      timeBase: Rational(1, 24), frameRate: Rational(24, 1))
  }

  /// How far codes may be off where a color has fewer than 8 bits: half a step where it is rounded,
  /// one and a half where it is dithered, as in formats of one byte.
  private static func tolerance(_ reference: PixelFormatReference) -> Int {
    guard case .fields(let fields) = reference.layout else { return 0 }
    let steps = fields.filter { $0.component >= 0 && $0.bits < 8 }.map { field in
      Double(255 / ((1 << field.bits) - 1))
    }
    return Int(((steps.max() ?? 0) * (reference.wordBytes == 1 ? 1.5 : 0.5)).rounded(.up))
  }

  /// The mean by which codes of a plane are off: neither rounding nor dithering moves it far.
  private static func meanError(_ picture: Picture, _ planes: [[Int]]) -> Double {
    zip(picture.planes, planes).map { plane, codes in
      let samples = plane.samples
      return abs(Double(zip(samples, codes).map { $0 - $1 }.reduce(0, +))) / Double(samples.count)
    }.max() ?? 0
  }

  @Test func rawVideoOfEveryFormat() throws {
    let folder = try TemporaryFolder()
    var written: [String] = []
    for (name, isHardware) in PixelFormatTests.listed {
      let output = folder.file("\(name).raw")
      var options = SinkOptions()
      options.format = "rawvideo"
      options.pixelFormat = name
      // The depth and the model come from what the sink wants.
      let start = Self.picture(.yuv420(8), width: 21, height: 7)
      do {
        let sink = try RawVideoSink(path: output, source: Self.info(start), options: options)
        let reference = try #require(PixelFormatReference(name), "\(name)")
        let wanted = sink.outputFormat.pictureFormat
        #expect(wanted == reference.format && !isHardware, "\(name): \(wanted)")
        let picture = Self.picture(wanted, width: 21, height: 7)
        try sink.write(
          SourceElement(frame: Frame(index: 0, picture: picture, presentationTime: 0)))
        try sink.finish()
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: output)))
        try #require(bytes.count == reference.byteCount(width: 21, height: 7), "\(name)")
        let problem = Mismatch.first(
          in: picture, reference: reference, planes: reference.planes(bytes, width: 21, height: 7),
          tolerance: Self.tolerance(reference))
        #expect(problem == nil, "\(name): \(problem ?? "")")
        let isReduced = sink.notes.contains { $0.contains("bits for at least one color") }
        #expect(isReduced == (Self.tolerance(reference) > 0), "\(name): \(sink.notes)")
        #expect(
          Self.meanError(picture, reference.planes(bytes, width: 21, height: 7)) < 8, "\(name)")
        written.append(name)
      } catch let error as MediaError {
        #expect(error.code == .encoderRefuses && error.message.contains(" \(name) "), "\(error)")
        #expect(folder.names.allSatisfy { !$0.contains("\(name).raw") }, "\(name)")
      }
    }
    // One of each kind.
    let kinds = [
      "yuyv422", "uyvy422", "uyyvyy411", "nv12", "nv20le", "p010be", "y210le", "ayuv64le", "bgr0",
      "argb", "rgb48be", "bgra64le", "gbrp10be", "gbrpf32le", "x2rgb10le", "rgb565le", "bgr444be",
      "rgb8", "bgr4_byte",
    ]
    #expect(Set(written).isSuperset(of: kinds), "\(Set(kinds).subtracting(written))")
    for name in ["gray", "monob", "pal8", "bayer_rggb8", "xyz12le", "rgb4", "vaapi"] {
      #expect(!written.contains(name), "\(name)")
    }
  }

  /// Layouts that one encoder or another wants, decoded by FFmpeg and compared.
  @Test(arguments: [
    ("ffv1", "bgr0", "mkv"), ("ffv1", "bgra", "mkv"), ("ffv1", "rgb48le", "mkv"),
    ("ffv1", "gbrp12le", "mkv"), ("png", "rgb48be", "png"), ("png", "rgba", "png"),
    ("bmp", "bgr24", "bmp"), ("bmp", "rgb565le", "bmp"), ("tiff", "rgb48le", "tif"),
    ("rawvideo", "uyvy422", "mov"), ("rawvideo", "yuyv422", "avi"), ("rawvideo", "nv12", "nut"),
    ("v210", "yuv422p10le", "mov"), ("gif", "rgb8", "gif"),
  ])
  func encoders(encoder: String, pixelFormat: String, ending: String) throws {
    let (width, height) = (48, 10)
    let folder = try TemporaryFolder()
    let output = folder.file("out.\(ending)")
    var options = SinkOptions()
    options.encoder = encoder
    options.pixelFormat = pixelFormat
    let reference = try #require(PixelFormatReference(pixelFormat))
    let start = Self.picture(reference.format, width: width, height: height)
    let sink = try MediaSink.open(output, source: Self.info(start), options: options)
    var frame = Frame(index: 0, picture: start, presentationTime: 0, duration: 1)
    let wanted = try sink.outputFormat(for: frame)
    #expect(wanted.encoderPixelFormat == pixelFormat && wanted.pictureFormat == reference.format)
    // v210 holds no codes that synchronize (0…3, 1020…1023): its pictures are of codes around grey.
    let picture =
      encoder == "v210"
      ? Picture(
        width: width, height: height, format: start.format, color: start.color,
        planes: start.planes.enumerated().map { index, plane in
          .slope(width: plane.width, height: plane.height, bitDepth: 10, phase: index + 3)
        }) : start
    frame = frame.with(picture)
    try sink.write(SourceElement(frame: frame))
    try sink.finish()
    let bytes = [UInt8](
      try run(
        "ffmpeg",
        [
          "-v", "error", "-i", output, "-pix_fmt", encoder == "gif" ? "rgba" : pixelFormat, "-f",
          "rawvideo", "-",
        ]))
    let read = try #require(PixelFormatReference(encoder == "gif" ? "rgba" : pixelFormat))
    let planes = read.planes(bytes, width: width, height: height)
    let expected =
      encoder == "gif"
      ? Picture(
        width: width, height: height, format: read.format, color: picture.color,
        planes: picture.planes + [.repeating(255, width: width, height: height, bitDepth: 8)])
      : picture
    let problem = Mismatch.first(
      in: expected, reference: read, planes: planes, tolerance: Self.tolerance(reference))
    #expect(problem == nil, "\(problem ?? "")")
  }

  /// A folder is not even made for pictures in a format that the encoder lacks.
  @Test(arguments: ["vaapi", "pal8", "yuv420p", "nonsense"])
  func refusedBeforeTheFolderIsMade(pixelFormat: String) throws {
    let folder = try TemporaryFolder()
    var options = SinkOptions()
    options.encoder = "png"
    options.pixelFormat = pixelFormat
    let info = Self.info(Self.picture(.gray(8), width: 8, height: 8))
    for output in ["pictures/", "more/%04d.png", "one.png"] {
      let error = #expect(throws: MediaError.self) {
        _ = try MediaSink.open(folder.file(output), source: info, options: options)
      }
      #expect(error?.code == .encoderRefuses && error?.message.contains(pixelFormat) == true)
    }
    #expect(folder.names.isEmpty)
  }
}
