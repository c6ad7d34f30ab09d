import AutochromeKit
import Foundation
import SampleFilm
import TestSupport
import Testing

/// A film that several processes make side by side becomes the one that a single run makes.
@Suite(.serialized) struct PlannedFilmTests {
  private let scratch: TemporaryFolder
  private let film: SampleFilm

  /// The film four times, one frame a second, with a flash where a part would begin, and with sound.
  init() throws {
    scratch = try TemporaryFolder()
    film = smallFilm()
    let frames = Array(0..<film.frameCount)
    var order = frames + frames
    // Frame 36 of the third shot stands in the second one: a cut that is taken back.
    order[32] = 40
    try writeClip(film, frames: order + frames, rate: 1, to: scratch.file("silent.mkv"))
    try ffmpeg(
      words: "-i \(scratch.file("silent.mkv")) -f lavfi -i sine=r=8000 -map 0 -map 1 -shortest "
        + "-c:v copy -c:a aac", scratch.file("film.mkv"))
  }

  private func arguments(_ output: String) -> [String] {
    var words = [scratch.file("film.mkv"), "-o", scratch.file(output)]
    words += ["--model", "autochrome-fast", "--size", "64", "-q"]
    return output.hasSuffix("mkv") ? words + ["--preset", "veryfast"] : words
  }

  private func expectDone(_ arguments: [String]) throws -> (output: Data, errors: String) {
    let run = try runProgram(arguments)
    #expect(run.status == 0, "\(arguments.joined(separator: " ")): \(run.errors)")
    return (run.output, run.errors)
  }

  private func contents(_ name: String) throws -> [Data] {
    let path = scratch.file(name)
    guard name.hasSuffix("/") else { return [try Data(contentsOf: URL(fileURLWithPath: path))] }
    return try FileManager.default.contentsOfDirectory(atPath: path).sorted().map {
      try Data(contentsOf: URL(fileURLWithPath: path + $0))
    }
  }

  private func plan(_ output: String) throws -> PlannedFilm.Summary {
    try JSONDecoder().decode(
      PlannedFilm.Summary.self,
      from: try expectDone(arguments(output) + ["--plan-only"]).output)
  }

  @Test(arguments: ["color.mkv", "color/"])
  func segmentsInAnyOrderGiveTheSameFilm(output: String) throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var random = SeededGenerator(seed: seed)
    let whole = output.hasSuffix("/") ? "whole/" : "whole.mkv"
    _ = try expectDone(arguments(whole))
    let plan = try plan(output)
    #expect(plan.segments >= 5 && plan.done == 0 && plan.frames == 3 * film.frameCount)
    #expect(plan.mostFrames < plan.frames)
    let early = try runProgram(["join", "--job", plan.folder, "-q"])
    #expect(early.status == 66 && early.errors.contains("1-\(plan.segments)"), "\(early.errors)")
    for segment in (1...plan.segments).shuffled(using: &random) {
      _ = try expectDone(["render", "--job", plan.folder, "--segment", "\(segment)", "-q"])
    }
    #expect(try self.plan(output).done == plan.segments)
    _ = try expectDone(["join", "--job", plan.folder, "-q"])
    #expect(try contents(output) == contents(whole))
    #expect(!FileManager.default.fileExists(atPath: plan.folder))
  }

  /// As on a node that is switched off: another makes the segment, and all is as if nothing had happened.
  @Test func aSegmentThatWasKilledIsMadeAgain() throws {
    _ = try expectDone(arguments("whole.mkv"))
    let plan = try plan("color.mkv")
    for segment in 1...plan.segments {
      let words = ["render", "--job", plan.folder, "--segment", "\(segment)", "-q"]
      let killed = try runProgram(
        ["-c", "\"$0\" \"$@\" & sleep 0.0\(segment % 8 + 1); kill -9 $!; wait $!"]
          + [builtURL("autochrome").path] + words, tool: "bash")
      #expect([0, 137].contains(killed.status))
      _ = try expectDone(words)
    }
    _ = try expectDone(["join", "--job", plan.folder, "-q"])
    #expect(try contents("color.mkv") == contents("whole.mkv"))
  }

  @Test func whatIsWrongIsNamed() throws {
    let plan = try plan("color.mkv")
    for (words, status, said) in [
      (["render", "--job", plan.folder, "--segment", "99"], 64, "no segment 99"),
      (["render", "--job", scratch.path, "--segment", "1"], 66, "not a job folder"),
      (["join", "--job", scratch.file("nothing")], 66, "not a job folder"),
    ] as [([String], Int32, String)] {
      let run = try runProgram(words)
      #expect(run.status == status && run.errors.contains(said), "\(run.errors)")
    }
    // The film was exchanged since.
    try FileManager.default.removeItem(atPath: scratch.file("film.mkv"))
    try FileManager.default.moveItem(
      atPath: scratch.file("silent.mkv"), toPath: scratch.file("film.mkv"))
    let run = try runProgram(["render", "--job", plan.folder, "--segment", "2"])
    #expect(run.status == 73 && run.errors.contains("the input's contents"), "\(run.errors)")
    // What can't be divided.
    let raw = try runProgram(
      [scratch.file("film.mkv"), "-o", scratch.file("color.y4m"), "--plan-only", "-q"])
    #expect(raw.status == 64 && raw.errors.contains("segments"), "\(raw.errors)")
    #expect(!scratch.names.contains("color.y4m"))
  }

  /// A planned film can be made by a single run as well.
  @Test func oneRunMakesAPlannedFilmToo() throws {
    _ = try expectDone(arguments("whole.mkv"))
    let plan = try plan("color.mkv")
    _ = try expectDone(["render", "--job", plan.folder, "--segment", "1", "-q"])
    _ = try expectDone(arguments("color.mkv"))
    #expect(try contents("color.mkv") == contents("whole.mkv"))
    #expect(!FileManager.default.fileExists(atPath: plan.folder))
  }
}
