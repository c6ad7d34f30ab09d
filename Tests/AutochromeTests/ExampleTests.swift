import Foundation
import TestSupport
import Testing

/// The programs in `Examples`, and the page of the guide that shows them.
@Suite struct ExampleTests {
  private static let root = checkoutURL

  private func runExample(_ name: String, _ arguments: String...) throws -> String {
    String(decoding: try run(builtURL("example-\(name)").path, arguments), as: UTF8.self)
  }

  @Test func theFilmExampleColorizesAFilm() throws {
    let scratch = try TemporaryFolder()
    let (film, color) = (scratch.file("film.mkv"), scratch.file("color.mkv"))
    try ffmpeg(
      "-i", Self.root.appending(path: "samples/film.mkv").path, "-map", "0:v", "-frames:v", "30",
      "-c", "copy", film)
    let said = try runExample("film", film, color)
    #expect(said.contains("640×360") && said.hasSuffix("30 frames in 1 shots\n"), "\(said)")
    let difference = try zip(luma(of: color), luma(of: film)).map { abs(Int($0) - Int($1)) }
    #expect(difference.count == 30 * 64 && difference.allSatisfy { $0 <= 2 })
  }

  /// The luma of a film, reduced to 8×8 samples a frame: the encoder is lossy.
  private func luma(of film: String) throws -> [UInt8] {
    try ffmpeg(
      "-i", film, "-vf", "scale=8:8:flags=area,format=gray", "-fps_mode", "passthrough", "-f",
      "rawvideo", "-"
    ).map { $0 }
  }

  @Test func theFramesExampleMeasuresItsOwnFrames() throws {
    let said = try runExample("frames", "12")
    let match = try #require(said.wholeMatch(of: /12 frames, mean chroma (\d+)\n/))
    #expect(try #require(Int(match.output.1)) >= 1)
  }

  @Test func thePictureExampleColorizesAPicture() throws {
    let scratch = try TemporaryFolder()
    let (gray, color) = (scratch.file("gray.pgm"), scratch.file("color.ppm"))
    try ffmpeg(
      "-i", Self.root.appending(path: "samples/film.mkv").path, "-frames:v", "1", "-pix_fmt",
      "gray", gray)
    _ = try runExample("picture", gray, color)
    let (before, after) = (try pixels(of: gray), try pixels(of: color))
    #expect(before.count == 640 * 360 * 3 && after.count == before.count)
    // The same picture, and not gray any more.
    var (difference, chroma) = (0.0, 0)
    for pixel in stride(from: 0, to: after.count, by: 3) {
      let (r, g, b) = (Int(after[pixel]), Int(after[pixel + 1]), Int(after[pixel + 2]))
      difference += abs(
        0.299 * Double(r) + 0.587 * Double(g) + 0.114 * Double(b) - Double(before[pixel]))
      chroma = max(chroma, max(r, g, b) - min(r, g, b))
    }
    #expect(difference / Double(after.count / 3) < 1.5)
    #expect(chroma > 40)
  }

  private func pixels(of picture: String) throws -> Data {
    try ffmpeg("-i", picture, "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
  }

  /// What the guide shows of the examples is what they are.
  @Test func theGuideShowsTheExamples() throws {
    let page = try String(
      contentsOf: Self.root.appending(path: "docs/guide/library.md"), encoding: .utf8)
    let sources = try ["film", "frames", "picture"].map {
      try String(
        contentsOf: Self.root.appending(path: "Examples/\($0)/main.swift"), encoding: .utf8)
    }
    var count = 0
    for match in page.matches(of: /```swift\n(.*?)```/.dotMatchesNewlines()) {
      let block = String(match.output.1)
      if block.hasPrefix("// swift-tools-version") { continue }
      count += 1
      #expect(sources.contains { $0.contains(block) }, "not in Examples:\n\(block)")
    }
    #expect(count == 4)
  }
}
