import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Looking at a film here and there, without decoding what lies between.
@Suite struct SkipTests {
  /// 100 frames, of which each has its number as luma.
  private func write(_ path: String, encoder: String?, encoderOptions: [String: String] = [:])
    throws
  {
    let isRGB = path.hasSuffix("png")
    let format = isRGB ? PixelFormat.rgb(8) : .yuv420(8)
    let info = SourceInfo(
      width: 64, height: 48, format: format,
      color: isRGB
        ? ColorDescription(matrix: .identity, range: .full)
        : ColorDescription(matrix: .smpte170M, range: .limited), timeBase: Rational(1, 25),
      frameRate: Rational(25, 1))
    var options = SinkOptions()
    options.encoder = encoder
    options.encoderOptions = encoderOptions
    options.pixelFormat = encoder == nil ? nil : "yuv420p"
    let sink = try MediaSink.open(path, source: info, options: options)
    for index in 0..<100 {
      let picture = Picture(
        width: 64, height: 48, format: format, color: info.color,
        planes: (0..<3).map { plane in
          let size = format.planeSize(plane, width: 64, height: 48)
          return .repeating(
            plane == 0 || isRGB ? 20 + 2 * index : 128, width: size.width, height: size.height,
            bitDepth: 8)
        })
      try sink.write(
        SourceElement(
          frame: Frame(index: index, picture: picture, presentationTime: Int64(index), duration: 1))
      )
    }
    try sink.finish()
  }

  private func number(_ frame: Frame, _ source: any FrameSource) -> Int {
    Int(
      ((Double(frame.presentationTime) * source.info.timeBase.value - source.info.startTime) * 25)
        .rounded())
  }

  @Test(arguments: ["film.mkv", "film.mp4", "film.y4m"])
  func aFilmGoesOnAtTheKeyFrameBefore(name: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.file(name)
    try write(
      path, encoder: name.hasSuffix("y4m") ? nil : "libx264",
      encoderOptions: name.hasSuffix("y4m") ? [:] : ["g": "20", "sc_threshold": "0", "bf": "2"])
    let source = try MediaSource.open(path)
    for (time, first) in [(2.4, 60), (3.3, 80), (0.0, 0)] {
      if name.hasSuffix("y4m"), time == 0 { continue }
      #expect(try source.skip(to: time))
      let frame = try #require(try source.nextFrame())
      let expected = name.hasSuffix("y4m") ? Int(time * 25) : first
      #expect(number(frame, source) == expected, "\(name) at \(time)")
      #expect(abs(frame.picture.luma[5, 5] - (20 + 2 * expected)) <= 2)
      let next = try #require(try source.nextFrame())
      #expect(number(next, source) == expected + 1)
    }
  }

  @Test func aFolderGoesOnAtThePicture() throws {
    let folder = try TemporaryFolder()
    try write(folder.file("%04d.png"), encoder: nil)
    var options = SourceOptions()
    options.pictureRate = Rational(25, 1)
    let source = try MediaSource.open(folder.path, options: options)
    #expect(try source.skip(to: 51.0 / 25))
    #expect(try source.nextFrame()?.fileName == "0052.png")
    #expect(try source.skip(to: 99.0 / 25))
    #expect(try source.nextFrame()?.fileName == "0100.png")
    #expect(try source.skip(to: 1000))
    #expect(try source.nextFrame() == nil)
  }
}
