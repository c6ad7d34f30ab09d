import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// Shots that are found, listed, corrected and given back.
@Suite(.serialized) struct CutTests {
  private let scratch: TemporaryFolder
  private let film = smallFilm()
  private let input: String

  init() throws {
    scratch = try TemporaryFolder()
    input = scratch.file("film.mkv")
    try writeClip(film, frames: 0..<film.frameCount, to: input)
  }

  private func write(_ text: String) throws -> String {
    let path = scratch.file("cuts.txt")
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  private func starts(_ cuts: String, from: TimePosition? = nil) throws -> [Int] {
    let settings = try settings {
      $0.cuts = cuts
      $0.from = from
    }
    return try ColorizationJob(
      input: input, output: scratch.file("color.mkv"), settings: settings, overwrite: true
    ).run { _ in }.shotStarts
  }

  @Test func whatProbeWritesIsTakenBack() throws {
    let path = scratch.file("found.txt")
    var run = try runProgram(["probe", input, "--write-cuts", path])
    #expect(run.status == 0, "\(run.errors)")
    let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    #expect(lines.count == 5 && lines[3] == "0:00:03.500  # frame 21")
    #expect(try ShotList(cuts: path).shots.map(\.position) == [0, 3.5, 6])
    #expect(try starts(path) == [0] + film.cuts)
    // The film colored with the list is the film colored without.
    let found = scratch.file("plain.mkv")
    _ = try ColorizationJob(input: input, output: found, settings: settings()).run { _ in }
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: found))
        == Data(contentsOf: URL(fileURLWithPath: scratch.file("color.mkv"))))
    // A list that may have been corrected is not replaced.
    run = try runProgram(["probe", input, "--write-cuts", path])
    #expect(run.status == 73 && run.errors.contains("found.txt already exists"))
  }

  /// A list is told as it is taken, also where it has a cut that is none and lacks one.
  @Test func probeTellsTheShotsOfAList() throws {
    let cuts = try write("#5\n#6\n#36\n")
    let settings = try settings { $0.cuts = cuts }
    let probe = try Probe.examine(input: input, settings: settings, findShots: true)
    #expect(probe.shots?.map(\.frame) == [0, 5, 6, 36])
    let run = try runProgram(["probe", input, "--shots", "--cuts", cuts, "--json"])
    struct Told: Decodable {
      struct Shot: Decodable { var frame: Int }
      var shots: [Shot]
    }
    let told = try JSONDecoder().decode(Told.self, from: run.output)
    #expect(told.shots.map(\.frame) == [0, 5, 6, 36])
  }

  @Test func flashesAreFoundWhereCutsAreGiven() throws {
    // One white frame in the first shot.
    let flashing = scratch.file("flash.mkv")
    var pictures = (0..<21).map { SampleClip.picture(film.render(frame: $0)) }
    let white = Plane(width: film.width, height: film.height, bitDepth: 8) { base, bytesPerRow in
      memset(base, 230, bytesPerRow * film.height)
    }
    pictures[10] = Picture(
      width: film.width, height: film.height, format: .yuv420(8), color: SampleClip.color,
      planes: [white] + pictures[10].planes.dropFirst())
    try writeClip(film, pictures: pictures, to: flashing)
    let cuts = try write("0")
    var colored: [[Frame]] = []
    for list in [nil, cuts] {
      let output = scratch.file("flash-color-\(colored.count).mkv")
      let report = try ColorizationJob(
        input: flashing, output: output, settings: settings { $0.cuts = list }
      ).run { _ in }
      #expect(report.shotStarts == [0])
      colored.append(try readFrames(output))
    }
    for (first, second) in zip(colored[0], colored[1]) {
      for (one, other) in zip(first.picture.planes, second.picture.planes) {
        #expect(one.hasSameSamples(as: other), "frame \(first.index)")
      }
    }
  }

  @Test func aCutIsNotMovedToTheFrameBefore() throws {
    // 1,000 frames a second: times of three decimals tell each.
    let fast = scratch.file("fast.mkv")
    try writeClip(film, frames: [0, 0, 0, 0, 0, 0, 21, 21], rate: 1000, to: fast)
    let report = try ColorizationJob(
      input: fast, output: scratch.file("fast-color.mkv"),
      settings: settings { $0.cuts = try? write("0.006") }
    ).run { _ in }
    #expect(report.shotStarts == [0, 6])
  }

  @Test func aCorrectedListIsFollowed() throws {
    // One cut less, one more, a time between two frames, a clock, a comment, and one after the end.
    let cuts = try write("# mine\n 0:06 \n\n1.55#here\n99\n")
    #expect(try starts(cuts) == [0, 10, 36])
    #expect(try starts(try write("")) == [0])
    // Times are those of the whole film wherever it begins.
    #expect(try starts(try write("3.5\n6"), from: 3) == [0, 3, 18])
  }

  @Test func noColorCrossesACutThatWasGiven() throws {
    // After a cut the frames look as if the film began there.
    let cuts = try write("1.5")
    _ = try starts(cuts)
    let whole = try readFrames(scratch.file("color.mkv"))
    let tail = scratch.file("tail.mkv")
    try writeClip(film, frames: 9..<film.frameCount, to: tail)
    let alone = scratch.file("alone.mkv")
    let none = try write("")
    _ = try ColorizationJob(
      input: tail, output: alone, settings: settings { $0.cuts = none }
    ).run { _ in }
    let parts = try readFrames(alone)
    for index in 0..<6 {
      for plane in 0..<3 {
        #expect(
          largestDifference(
            whole[9 + index].picture.planes[plane], parts[index].picture.planes[plane]) == 0,
          "frame \(index), plane \(plane)")
      }
    }
  }

  @Test func whatIsNoListIsRefused() throws {
    for text in ["12.5\nfirst shot\n", "-3\n", "1:2:3:4\n", "nan\n", "1::2\n"] {
      let cuts = try write(text)
      let run = try runProgram([
        input, "-o", scratch.file("color.mkv"), "--cuts", cuts, "-q",
      ])
      #expect(run.status == 65 && run.errors.contains("cuts.txt"), "\(text): \(run.errors)")
      #expect(run.errors.contains(text.hasPrefix("12") ? "Line 2" : "Line 1"))
    }
    let run = try runProgram([
      input, "-o", scratch.file("color.mkv"), "--cuts", scratch.file("none.txt"), "-q",
    ])
    #expect(run.status == 66 && run.errors.contains("none.txt"))
    #expect(scratch.names == ["cuts.txt", "film.mkv"])
  }
}
