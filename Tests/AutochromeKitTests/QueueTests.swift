import AutochromeKit
import Colorization
import Foundation
import Media
import NeuralNetwork
import SampleFilm
import TestSupport
import Testing

/// Many films, one after the other.
@Suite(.serialized) struct QueueTests {
  private let scratch: TemporaryFolder
  private let film: SampleFilm

  init() throws {
    scratch = try TemporaryFolder()
    film = smallFilm(shots: [.sea])
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: scratch.file(name)))
  }

  /// A whole film, one that is none, one whose end is missing, and another whole one.
  private func makeFilms() throws -> [String] {
    try writeClip(film, frames: 0..<6, to: scratch.file("a.mkv"))
    try Data("no film".utf8).write(to: URL(fileURLWithPath: scratch.file("b.mkv")))
    try writeClip(film, frames: 0..<9, to: scratch.file("c.mkv"))
    let whole = try bytes("c.mkv")
    try whole.prefix(whole.count * 2 / 3).write(to: URL(fileURLWithPath: scratch.file("c.mkv")))
    try writeClip(film, frames: 6..<10, to: scratch.file("d.mkv"))
    return ["a.mkv", "b.mkv", "c.mkv", "d.mkv"].map { scratch.file($0) }
  }

  private static func events(_ said: String) throws -> [(name: String, value: [String: Any])] {
    try said.split(separator: "\n").map {
      let event = try #require(
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: [String: Any]], "\($0)")
      let first = try #require(event.first)
      #expect(event.count == 1)
      return (first.key, first.value)
    }
  }

  @Test func jobsShareWhatTheyWantAlike() throws {
    let shelf = NetworkShelf()
    let fast = try settings { $0.model = "autochrome-fast" }
    let first = try shelf.colorizer(for: fast)
    #expect(try shelf.colorizer(for: fast) === first)
    // "auto" is what holds where nothing is said; where the picture is smaller, the network is the same.
    #expect(
      try shelf.colorizer(
        for: settings {
          $0.model = "autochrome-fast"
          $0.precision = "auto"
        }) === first)
    let small = try shelf.colorizer(
      for: settings {
        $0.model = "autochrome-fast"
        $0.size = 64
      })
    #expect(small !== first && small.network === first.network && shelf.networkCount == 1)
    let exact = try shelf.colorizer(
      for: settings {
        $0.model = "autochrome-fast"
        $0.precision = "fp32"
      })
    #expect(exact.network.precision == .float32 && shelf.networkCount == 2)
    // What can't be loaded leaves the others as they are.
    #expect(throws: AutochromeError.self) {
      try shelf.colorizer(for: settings { $0.model = "nowhere.onnx" })
    }
    #expect(try shelf.networkCount == 2 && shelf.colorizer(for: fast) === first)
  }

  /// Films of other sizes come between: what is kept for one does not change another.
  @Test func aFilmIsTheSameAloneAndAmongOthers() throws {
    try writeClip(film, frames: 0..<6, to: scratch.file("a.mkv"))
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=96x128:r=5:d=1 -pix_fmt yuv420p -c:v ffv1",
      scratch.file("b.mkv"))
    let shelf = NetworkShelf()
    for (input, output, networks) in [
      ("a", "a-alone", nil), ("b", "b-alone", nil), ("a", "a-1", shelf), ("b", "b-1", shelf),
      ("a", "a-2", shelf),
    ] as [(String, String, NetworkShelf?)] {
      var job = ColorizationJob(
        input: scratch.file("\(input).mkv"), output: scratch.file("\(output).mkv"),
        settings: try settings { $0.model = "autochrome-fast" })
      job.networks = networks
      _ = try job.run { _ in }
    }
    #expect(shelf.networkCount == 1)
    #expect(try bytes("a-1.mkv") == bytes("a-alone.mkv"))
    #expect(try bytes("a-2.mkv") == bytes("a-alone.mkv"))
    #expect(try bytes("b-1.mkv") == bytes("b-alone.mkv"))
  }

  @Test func scriptsAreToldOfEachFilmAndOfAll() throws {
    let films = try makeFilms()
    let run = try runProgram(
      films + ["-o", scratch.file("out/"), "--codec", "ffv1", "--progress", "json"])
    #expect(run.status == 65)
    let events = try Self.events(run.errors)
    let frame = events.filter { ["filmBegan", "filmEnded", "summary", "error"].contains($0.name) }
    #expect(
      frame.map(\.name) == [
        "filmBegan", "filmEnded", "filmBegan", "error", "filmEnded", "filmBegan", "error",
        "filmEnded", "filmBegan", "filmEnded", "summary", "error",
      ])
    let places = frame.compactMap { event in
      event.name == "filmBegan" ? event.value : event.value["film"] as? [String: Any]
    }
    #expect(places.map { $0["index"] as? Int } == [1, 1, 2, 2, 3, 3, 4, 4])
    #expect(places.allSatisfy { $0["count"] as? Int == 4 })
    #expect(
      places.map { $0["input"] as? String } == films.flatMap { [$0, $0] }.map { Optional($0) })
    #expect(places[7]["output"] as? String == scratch.file("out/d.mkv"))
    let ended = events.filter { $0.name == "filmEnded" }.map(\.value)
    #expect(
      ended.map { $0["ending"] as? String } == ["whole", "failed", "damaged", "whole"])
    let written = try ["a", "c", "d"].map { try readFrames(scratch.file("out/\($0).mkv")).count }
    #expect(ended.map { $0["frames"] as? Int } == [6, 0, written[1], 4])
    #expect(ended.allSatisfy { $0["seconds"] as? Double ?? 0 > 0 })
    #expect(ended[0]["error"] == nil)
    // The error is that which was told.
    let told = events.filter { $0.name == "error" }.map(\.value)
    for (ending, error) in zip([ended[1], ended[2]], told) {
      let own = try #require(ending["error"] as? [String: Any])
      #expect(own as NSDictionary == error as NSDictionary)
      #expect(own["status"] as? Int == 65 && own["code"] as? String == "badData")
    }
    let summary = try #require(events.first { $0.name == "summary" }?.value)
    for (key, count) in [
      ("films", 4), ("whole", 2), ("left", 0), ("damaged", 1), ("failed", 1), ("interrupted", 0),
      ("notBegun", 0), ("frames", 10 + written[1]),
    ] {
      #expect(summary[key] as? Int == count, "\(key)")
    }
    let notWhole = try #require(summary["notWhole"] as? [[String: Any]])
    #expect(notWhole as NSArray == [ended[1], ended[2]] as NSArray)
    let total = try #require(summary["seconds"] as? Double)
    #expect(total >= ended.reduce(0) { $0 + ($1["seconds"] as? Double ?? 0) })
  }

  @Test func peopleAreToldOfAllAtTheEnd() throws {
    let films = try makeFilms()
    let arguments =
      films + ["-o", scratch.file("out/{name}.mkv"), "--codec", "ffv1"]
    let run = try runProgram(arguments)
    #expect(run.status == 65 && run.output.isEmpty)
    let lines = run.errors.split(separator: "\n").map(String.init)
    for (index, film) in films.enumerated() {
      #expect(lines.contains("film \(index + 1) of 4: \(film)"), "\(run.errors)")
    }
    let start = try #require(lines.firstIndex { $0.hasPrefix("4 films: ") }, "\(run.errors)")
    let count = try readFrames(scratch.file("out/c.mkv")).count
    #expect(
      lines[start].hasPrefix("4 films: 2 complete, 1 damaged, 1 failed; \(10 + count) frames in 0:")
    )
    #expect(lines[start + 1].hasPrefix("  failed: '\(films[1])': "))
    #expect(lines[start + 2].hasPrefix("  damaged: '\(films[2])': "))
    // The same sentences stand where it happened.
    for line in lines[(start + 1)...(start + 2)] {
      let sentence = line.split(separator: "': ", maxSplits: 1).last.map(String.init) ?? line
      #expect(lines.contains("autochrome: " + sentence), "\(sentence)")
    }
    #expect(
      lines[(start + 3)...] == [
        "autochrome: 2 of 4 inputs were not colorized completely; see above."
      ])

    // A second time, what is there is left; in quiet, only errors are told.
    try FileManager.default.removeItem(atPath: scratch.file("out/c.mkv"))
    for film in films[1...2] { try FileManager.default.removeItem(atPath: film) }
    try writeClip(film, frames: 0..<9, to: films[2])
    let again = try runProgram(
      [films[0], films[2], films[3]] + arguments.suffix(4) + ["--skip-existing"])
    #expect(again.status == 0, "\(again.errors)")
    #expect(
      again.errors.contains("3 films: 1 complete, 2 already there; 9 frames in 0:"),
      "\(again.errors)")
    #expect(again.errors.hasSuffix("\n") && !again.errors.contains("not started"))
    let quiet = try runProgram(
      [films[0], films[2]] + arguments.suffix(4) + ["--overwrite", "-q"])
    #expect(quiet.status == 0 && quiet.errors.isEmpty, "\(quiet.errors)")
  }

  @Test func oneFilmHasNoSummaryForPeople() throws {
    try writeClip(film, frames: 0..<3, to: scratch.file("a.mkv"))
    let run = try runProgram([
      scratch.file("a.mkv"), "-o", scratch.file("b.mkv"), "--codec", "ffv1",
    ])
    #expect(run.status == 0)
    #expect(!run.errors.contains("film 1 of 1") && !run.errors.contains("1 film:"))
  }

  @Test func sheetsAreAQueueToo() throws {
    let films = try makeFilms()
    let run = try runProgram(
      films + ["--preview", scratch.file("{name}.png"), "--preview-frames", "2"])
    #expect(run.status == 65)
    #expect(run.errors.contains("4 films: 3 complete, 1 failed; "), "\(run.errors)")
    #expect(run.errors.contains("1 of 4 inputs was not previewed; see above."), "\(run.errors)")
  }
}
