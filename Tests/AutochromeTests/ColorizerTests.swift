import Autochrome
import Foundation
import ModelFixtures
import SampleFilm
import TestSupport
import Testing

/// Single pictures in memory.
@Suite struct ColorizerTests {
  /// The upper left part of a frame.
  private func picture(width: Int, height: Int) throws -> VideoFrame {
    let gray = SampleFilm(width: 160, height: 144, frameRate: 24).render(frame: 0).luma
    let format = VideoFormat(width: width, height: height, pixelFormat: try PixelFormat(.gray))
    return try VideoFrame(format: format, time: 7) { _, samples, bytesPerRow in
      for y in 0..<height {
        for x in 0..<width { samples[y * bytesPerRow + x] = gray[y * 160 + x] }
      }
    }
  }

  private func samples(_ plane: VideoFrame.Plane) -> [[UInt8]] {
    (0..<plane.height).map { plane.withRow($0) { Array($0) } }
  }

  @Test func picturesOfAnySizeKeepTheirLuma() throws {
    let colorizer = try Colorizer()
    for (width, height) in [(160, 96), (97, 131), (160, 96)] {
      let gray = try picture(width: width, height: height)
      let color = try colorizer.colorize(gray, as: PixelFormat(.yuv444))
      #expect(color.time == 7 && color.planes.count == 3)
      #expect(samples(color.planes[0]) == samples(gray.planes[0]))
      #expect(samples(color.planes[1]).joined().contains { abs(Int($0) - 128) > 8 })
    }
    #expect(throws: AutochromeError.self) {
      try colorizer.colorize(picture(width: 8, height: 8), as: PixelFormat(.gray))
    }
  }

  /// Whoever asks from several threads gets what one gets.
  @Test func severalAtOnceAreThoseOfOne() async throws {
    let colorizer = try Colorizer(options: Options(look: Look(saturation: 1.2)))
    let pictures = try [(160, 96), (97, 131), (120, 90)].map { size in
      try picture(width: size.0, height: size.1)
    }
    let alone = try pictures.map { samples(try colorizer.colorize($0).planes[2]) }
    try await withThrowingTaskGroup(of: (Int, [[UInt8]]).self) { group in
      for index in 0..<9 {
        group.addTask {
          let plane = try colorizer.colorize(pictures[index % 3]).planes[2]
          return (index % 3, (0..<plane.height).map { plane.withRow($0) { Array($0) } })
        }
      }
      for try await (index, plane) in group { #expect(plane == alone[index]) }
    }
  }

  @Test func aSeedChoosesTheColoringOfANetworkThatSamples() throws {
    let scratch = try TemporaryFolder()
    let network = scratch.file("pixels.onnx")
    try Data(try ModelBuilder.pixelCNN(seed: 3).bytes()).write(to: URL(fileURLWithPath: network))
    let gray = try picture(width: 64, height: 48)
    func color(seed: Int?, with model: String?) throws -> [[UInt8]] {
      var options = Options(look: Look(seed: seed))
      options.model = model
      let color = try Colorizer(options: options).colorize(gray, as: PixelFormat(.yuv444))
      #expect(samples(color.planes[0]) == samples(gray.planes[0]))
      return samples(color.planes[1])
    }
    let five = try color(seed: 5, with: network)
    #expect(try color(seed: 5, with: network) == five)
    #expect(try color(seed: 6, with: network) != five)
    #expect(try color(seed: nil, with: network) == color(seed: 0, with: network))
    let error = #expect(throws: AutochromeError.self) { try color(seed: 5, with: nil) }
    #expect(error?.message.contains("a seed") == true, "\(error?.message ?? "")")
  }
}
