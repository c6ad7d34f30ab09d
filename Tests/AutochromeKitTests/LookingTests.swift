import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// Sheets that are looked at before the work.
@Suite(.serialized) struct LookingTests {
  private let scratch: TemporaryFolder
  private let film = smallFilm()
  init() throws { scratch = try TemporaryFolder() }

  /// Thumbnails of 208×120 in pairs, words under each.
  private let cellWidth = 208 + 8
  private let cellHeight = 2 * 124 + 20 + 8

  private func sheet(_ name: String) throws -> Picture {
    try #require(try readFrames(scratch.file(name)).first).picture
  }

  /// Samples of the thumbnail at a place of the sheet, as R′G′B′.
  private func samples(_ sheet: Picture, x: Int, y: Int) -> [[Int]] {
    stride(from: 3, to: 120, by: 13).flatMap { row in
      stride(from: 3, to: 208, by: 17).map { column in
        sheet.planes.map { $0[x + column, y + row] }
      }
    }
  }

  /// What `samples` gives for a frame of the film without color.
  private func expected(_ number: Int) throws -> [[Int]] {
    let image = try RGBImage(SampleClip.picture(film.render(frame: number)))
    return stride(from: 3, to: 120, by: 13).flatMap { row in
      stride(from: 3, to: 208, by: 17).map { column in
        (0..<3).map { Int(image.codes[(row * 208 + column) * 3 + $0]) }
      }
    }
  }

  private func hasWords(_ sheet: Picture, x: Int, y: Int, width: Int = 208) -> Bool {
    (y..<y + 18).contains { row in (x..<x + width).contains { sheet.planes[0][$0, row] == 0 } }
  }

  @Test func aPreviewAloneShowsFramesOfEachShot() throws {
    try writeClip(film, frames: 0..<film.frameCount, to: scratch.file("film.mkv"))
    let run = try runProgram([
      scratch.file("film.mkv"), "--preview", scratch.file("p.png"), "--preview-frames", "6",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(scratch.names == ["film.mkv", "p.png"])
    let sheet = try sheet("p.png")
    #expect(sheet.width == 8 + 3 * cellWidth && sheet.height == 8 + 2 * cellHeight)
    // Shots of 21, 15 and 12 frames: two of each, in the middle of equal parts.
    let numbers = [5, 15, 24, 32, 39, 45]
    for (place, number) in numbers.enumerated() {
      let (x, y) = (8 + place % 3 * cellWidth, 8 + place / 3 * cellHeight)
      let wanted = try expected(number)
      let found = samples(sheet, x: x, y: y)
      #expect(zip(wanted, found).allSatisfy { zip($0, $1).allSatisfy { abs($0 - $1) <= 1 } })
      let result = samples(sheet, x: x, y: y + 124)
      #expect(result.contains { Set($0).count > 1 }, "frame \(number) is gray")
      #expect(hasWords(sheet, x: x, y: y + 248))
    }
  }

  @Test func ofALongFilmKeyFramesAreShown() throws {
    // 1,000 frames that tell their number, a key frame every 25.
    let info = SourceInfo(
      width: 64, height: 48, format: .yuv420(8), color: SampleClip.color, timeBase: Rational(1, 25),
      frameRate: Rational(25, 1))
    var options = SinkOptions()
    options.encoder = "libx264"
    options.preset = "ultrafast"
    options.encoderOptions = ["g": "25", "sc_threshold": "0"]
    let sink = try MediaSink.open(scratch.file("long.mkv"), source: info, options: options)
    for index in 0..<1000 {
      let picture = Picture(
        width: 64, height: 48, format: .yuv420(8), color: info.color,
        planes: [
          .repeating(20 + index / 5, width: 64, height: 48, bitDepth: 8),
          .repeating(128, width: 32, height: 24, bitDepth: 8),
          .repeating(128, width: 32, height: 24, bitDepth: 8),
        ])
      try sink.write(
        SourceElement(
          frame: Frame(index: index, picture: picture, presentationTime: Int64(index), duration: 1))
      )
    }
    try sink.finish()
    let run = try runProgram([
      scratch.file("long.mkv"), "--preview", scratch.file("p.png"), "--preview-frames", "4",
      "--size", "64",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let sheet = try sheet("p.png")
    for (place, number) in [125, 375, 625, 875].enumerated() {
      let luma = Double(20 + number / 5 - 16) / 219 * 255
      let code = sheet.planes[0][8 + place % 2 * 72 + 30, 8 + place / 2 * (2 * 52 + 28) + 20]
      #expect(abs(Double(code) - luma) <= 3, "place \(place): \(code), not \(luma)")
    }
  }

  @Test func theNameTellsPNGOrJPEG() throws {
    let input = scratch.file("film.mkv")
    try writeClip(film, frames: 0..<4, to: input)
    for name in ["p.jpg", "p.JPEG"] {
      let run = try runProgram([input, "--preview", scratch.file(name), "--preview-frames", "2"])
      #expect(run.status == 0, "\(run.errors)")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: scratch.file(name)))
      #expect(bytes.starts(with: [0xFF, 0xD8, 0xFF]))
      // What JPEG shows is what PNG shows, nearly.
      _ = try runProgram([
        input, "--preview", scratch.file("p.png"), "--preview-frames", "2", "--overwrite",
      ])
      let (one, other) = (
        try RGBImage(try sheet(name)), try RGBImage(try sheet("p.png"))
      )
      #expect(one.width == other.width && one.height == other.height)
      let sum = zip(one.codes, other.codes).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
      #expect(sum < 4 * one.codes.count, "\(Double(sum) / Double(one.codes.count))")
    }
    let before = scratch.names
    for arguments in [
      [input, "--preview", scratch.file("p.gif")],
      [input, "-o", scratch.file("x.mkv"), "--preview", scratch.file("p.txt")],
      ["evaluate", input, "--sheet", scratch.file("p.bmp")],
      ["try", input, "-o", scratch.file("p")],
      [input, "--preview", scratch.file("q.png"), "--preview-frames", "0"],
      [input, "--preview", scratch.file("q.png"), "--dry-run"],
      [input, input, "--preview", scratch.file("q.png")],
      ["try", input, "-o", scratch.file("q.png"), "--vividness", "0,7"],
    ] {
      let run = try runProgram(arguments)
      #expect(run.status == 64 && run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    }
    let taken = try runProgram([input, "--preview", scratch.file("p.png")])
    #expect(taken.status == 73, "\(taken.errors)")
    #expect(scratch.names == before)
  }

  @Test func ofAFilmThatWasCutOffTheRestIsShown() throws {
    try writeClip(film, frames: 0..<20, to: scratch.file("film.mkv"))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: scratch.file("film.mkv")))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: scratch.file("film.mkv")))
    let run = try runProgram([
      scratch.file("film.mkv"), "--preview", scratch.file("p.png"), "--preview-frames", "2",
    ])
    #expect(run.status == 0 && run.errors.contains("was cut off"), "\(run.errors)")
    #expect(try sheet("p.png").width == 8 + 2 * cellWidth)
  }

  @Test func aPipeIsPreviewedToo() throws {
    try writeClip(film, frames: 0..<20, to: scratch.file("film.y4m"))
    let run = try runProgram(
      ["-", "--preview", scratch.file("p.png"), "--preview-frames", "3"],
      input: try Data(contentsOf: URL(fileURLWithPath: scratch.file("film.y4m"))))
    #expect(run.status == 0, "\(run.errors)")
    let sheet = try sheet("p.png")
    #expect(sheet.width == 8 + 2 * cellWidth && sheet.height == 8 + 2 * cellHeight)
    let empty = try runProgram(["-", "--preview", scratch.file("q.png")], input: Data())
    #expect(empty.status == 65 && !scratch.names.contains("q.png"), "\(empty.errors)")
  }

  @Test func tryShowsTheSameFramesAtEachSetting() throws {
    try writeClip(film, frames: 0..<film.frameCount, to: scratch.file("film.mkv"))
    let run = try runProgram([
      "try", scratch.file("film.mkv"), "-o", scratch.file("t.png"), "--vividness", "0,1:0.3",
      "--models", "autochrome-fast,autochrome", "--frames", "3",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(scratch.names == ["film.mkv", "t.png"])
    let sheet = try sheet("t.png")
    // Three lines of headings over the source and four results.
    let (top, rowHeight) = (8 + 3 * 20 + 4, 120 + 24 + 8)
    #expect(sheet.width == 8 + 5 * cellWidth && sheet.height == top + 3 * rowHeight)
    for row in 0..<3 {
      let columns = (0..<5).map {
        samples(sheet, x: 8 + $0 * cellWidth, y: top + row * rowHeight)
      }
      #expect(columns[0].allSatisfy { Set($0).count == 1 })
      // The networks and settings differ.
      #expect(Set(columns).count == 5)
      func chroma(_ samples: [[Int]]) -> Int {
        samples.reduce(0) { $0 + ($1.max() ?? 0) - ($1.min() ?? 0) }
      }
      #expect(chroma(columns[2]) > chroma(columns[1]) && chroma(columns[4]) > chroma(columns[3]))
      #expect(hasWords(sheet, x: 8, y: top + row * rowHeight + 124))
    }
    for column in 0..<5 { #expect(hasWords(sheet, x: 8 + column * cellWidth, y: 8)) }
    // A column is what a preview at its settings shows.
    _ = try runProgram([
      scratch.file("film.mkv"), "--preview", scratch.file("p.png"), "--preview-frames", "3",
      "--vividness", "1", "--temperature", "0.3", "--model", "autochrome-fast",
    ])
    let preview = try self.sheet("p.png")
    #expect(
      samples(preview, x: 8, y: 8 + 124) == samples(sheet, x: 8 + 2 * cellWidth, y: top))
  }

  @Test func tryTakesFoldersAndPictures() throws {
    let folder = scratch.file("scans")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try writeClip(film, frames: 0..<5, to: scratch.file("film.y4m"))
    try ffmpeg(words: "-i \(scratch.file("film.y4m"))", folder + "/%03d.png")
    for (input, rows) in [(folder, 2), (folder + "/003.png", 1)] {
      let run = try runProgram([
        "try", input, "-o", scratch.file("t.png"), "--vividness", "0.5", "--frames", "2",
        "--overwrite",
      ])
      #expect(run.status == 0, "\(run.errors)")
      let sheet = try sheet("t.png")
      #expect(sheet.width == 8 + 2 * cellWidth && sheet.height == 72 + rows * 152)
    }
  }
}
