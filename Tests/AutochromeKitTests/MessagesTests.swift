import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// What the program says, as a shell sees it.
@Suite(.serialized) struct MessagesTests {
  private let scratch: TemporaryFolder
  /// Sets the title of a terminal, clears it, turns the direction of writing, and begins a line.
  private static let evil = "a\u{1B}]0;PWNED\u{7}\u{9B}2J\u{202E}\nautochrome: fine\r"

  init() throws { scratch = try TemporaryFolder() }

  /// Whether a terminal would obey anything in `text`, ends of lines apart.
  private func isHarmless(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { scalar in
      scalar == "\n"
        || !(scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value)
          || (0x2028...0x202E).contains(scalar.value))
    }
  }

  @Test func namesGiveTheTerminalNoOrders() throws {
    let film = scratch.file(Self.evil + ".mkv")
    try writeClip(smallFilm(shots: [.sea]), frames: 0..<3, to: film)
    let output = scratch.file(Self.evil + "-color.mkv")
    var run = try runProgram([film, "-o", output, "-v", "--progress", "plain"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(isHarmless(run.errors), "\(run.errors.debugDescription)")
    #expect(run.errors.contains("a\\x1b]0;PWNED\\x07\\x9b2J\\u{202e}\\nautochrome: fine\\r"))
    #expect(!run.errors.contains("\nautochrome: fine"))
    // Errors, those of arguments, and what goes to stdout.
    run = try runProgram([film, "-o", output])
    #expect(run.status == 73 && isHarmless(run.errors), "\(run.errors.debugDescription)")
    #expect(run.errors.split(separator: "\n").count == 1)
    run = try runProgram([film, "-o", "x.mkv", "--codec=" + Self.evil])
    #expect(run.status == 69 && isHarmless(run.errors), "\(run.errors.debugDescription)")
    run = try runProgram(["--" + Self.evil])
    #expect(run.status == 64 && isHarmless(run.errors), "\(run.errors.debugDescription)")
    run = try runProgram(["probe", film])
    #expect(run.status == 0 && isHarmless(String(decoding: run.output, as: UTF8.self)))
    // JSON has the name itself, in escapes.
    for arguments in [
      ["probe", film, "--json"], [film, "-o", scratch.file("x.mkv"), "--dry-run"],
    ] {
      let run = try runProgram(arguments)
      #expect(isHarmless(String(decoding: run.output, as: UTF8.self)))
      let object = try #require(
        try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
      #expect(object["input"] as? String == film)
    }
  }

  // MARK: JSON

  private func events(_ arguments: [String]) throws -> (status: Int32, events: [[String: Any]]) {
    let run = try runProgram(arguments)
    let events = try run.errors.split(separator: "\n").map { line in
      try #require(
        try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
    return (run.status, events)
  }

  @Test(arguments: [
    (["film.mkv", "-o", "film.mkv"], 64, "usage"), (["none.mkv", "-o", "x.mkv"], 66, "noInput"),
    (["film.mkv", "-o", "taken.mkv"], 73, "cannotCreate"),
    (["letter.txt", "-o", "x.mkv"], 65, "badData"), (["film.mkv"], 64, "usage"),
    (["film.mkv", "-o", "x.mkv", "--nonsense"], 64, "usage"),
    (["film.mkv", "-o", "x.mkv", "--size", "large"], 64, "usage"),
    (["film.mkv", "-o", "x.mkv", "--from", "soon"], 64, "usage"),
    (["cut.y4m", "-o", "x.mkv"], 65, "badData"),
    (["none.mkv", "film.mkv", "-o", "folder"], 66, "noInput"),
    (["compare", "film.mkv", "none.mkv"], 66, "noInput"),
  ])
  func theLastErrorIsJSONToo(arguments: [String], status: Int, code: String) throws {
    try writeClip(smallFilm(shots: [.sea]), frames: 0..<2, to: scratch.file("film.mkv"))
    try writeClip(smallFilm(shots: [.sea]), frames: 0..<2, to: scratch.file("whole.y4m"))
    let whole = try Data(contentsOf: URL(fileURLWithPath: scratch.file("whole.y4m")))
    for (name, bytes) in [
      ("letter.txt", Data("Dear reader,".utf8)), ("taken.mkv", Data("mine".utf8)),
      ("cut.y4m", whole.dropLast(100)),
    ] {
      try bytes.write(to: URL(fileURLWithPath: scratch.file(name)))
    }
    let paths = arguments.map { argument in
      argument.contains(".") || argument == "folder" ? scratch.file(argument) : argument
    }
    for option in [["--progress", "json"], ["--progress=json"]] {
      let (found, events) = try events(paths + option)
      #expect(found == Int32(status))
      let error = try #require(events.last?["error"] as? [String: Any], "\(events)")
      #expect(error["status"] as? Int == status && error["code"] as? String == code, "\(error)")
      #expect((error["message"] as? String)?.isEmpty == false)
      try? FileManager.default.removeItem(atPath: scratch.file("x.mkv"))
      try? FileManager.default.removeItem(atPath: scratch.file("folder"))
      for name in scratch.names where name.contains("partial") {
        try FileManager.default.removeItem(atPath: scratch.file(name))
      }
    }
  }

  // MARK: Words

  @Test func tagsHaveNames() throws {
    let film = scratch.file("film.mkv")
    try writeClip(smallFilm(shots: [.sea]), frames: 0..<3, to: film)
    let words = "matrix BT.709, transfer BT.709, primaries BT.709, limited range"
    let probe = try runProgram(["probe", film])
    #expect(String(decoding: probe.output, as: UTF8.self).contains(words), "\(probe)")
    let verbose = try runProgram([film, "-o", scratch.file("x.mkv"), "-v", "--progress", "none"])
    let lines = verbose.errors.split(separator: "\n").map(String.init)
    #expect(lines.contains { $0.hasPrefix("color ") && $0.hasSuffix(words) }, "\(lines)")
    // Names stand in one column, what is said of them in another.
    let list = lines.prefix { !$0.contains("x.mkv: 3 frames") }
    #expect(list.count >= 10, "\(lines)")
    let head = try #require(list.first { $0.hasPrefix("steadiness") })
    let column = head.count - head.dropFirst("steadiness".count).drop { $0 == " " }.count
    for line in list {
      let start = line.index(line.startIndex, offsetBy: column)
      #expect(line[start] != " " && line[line.index(before: start)] == " ", "\(line)")
    }
    #expect(!verbose.errors.contains("automatic"))
    let json = try runProgram(["probe", film, "--json"])
    let object = try #require(try JSONSerialization.jsonObject(with: json.output) as? [String: Any])
    let tags = try #require(object["colorTags"] as? [String: Any])
    let matrix = try #require(tags["matrix"] as? [String: Any])
    #expect(matrix["name"] as? String == "BT.709" && matrix["number"] as? Int == 1)
  }

  @Test func untaggedColorIsSaidToBeAssumed() throws {
    let film = scratch.file("film.mkv")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=96x64:r=5 -frames:v 2 -c:v ffv1", film)
    let probe = try runProgram(["probe", film])
    let text = String(decoding: probe.output, as: UTF8.self)
    #expect(text.contains("matrix BT.601 (525 lines) (untagged)") || text.contains("(untagged)"))
    #expect(!text.contains("matrix 6") && !text.contains("matrix 5"), "\(text)")
  }

  @Test func optionsOfEncodersActOrAreRefused() throws {
    let film = scratch.file("film.mkv")
    let clip = smallFilm(shots: [.sea])
    try writeClip(clip, frames: 0..<3, to: film)
    for (arguments, words) in [
      (["-o", "x.mkv", "--codec", "ffv1", "--crf", "20"], "ffv1"),
      (["-o", "x.mkv", "--pipeline", "archive", "--crf", "20"], "ffv1"),
      (["-o", "x.mov", "--codec", "prores", "--crf", "20"], "prores"),
      (["-o", "x.mkv", "--codec", "ffv1", "--preset", "fast"], "ffv1"),
      (["-o", "page-%03d.png", "--crf", "20"], "png"),
      (["-o", "page-%03d.png", "--preset", "slow"], "png"),
      (["-o", "x.y4m", "--crf", "20"], "--crf"), (["-o", "x.y4m", "--preset", "slow"], "--preset"),
    ] {
      var paths = arguments
      paths[1] = scratch.file(arguments[1])
      let run = try runProgram([film] + paths)
      #expect(run.status == 64 && run.errors.contains(words), "\(arguments): \(run.errors)")
      #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    }
    #expect(scratch.names == ["film.mkv"])
    // Where they act, they act: a picture of fewer bytes.
    let still = scratch.file("still.png")
    try ffmpeg(words: "-i \(film) -frames:v 1", still)
    var sizes: [Int] = []
    for crf in ["2", "25"] {
      let output = scratch.file("still-\(crf).jpg")
      let run = try runProgram([still, "-o", output, "--crf", crf, "-q"])
      #expect(run.status == 0, "\(run.errors)")
      sizes.append(try Data(contentsOf: URL(fileURLWithPath: output)).count)
    }
    #expect(sizes[1] < sizes[0] * 3 / 4, "\(sizes)")
    let plain = try runProgram([film, "-o", scratch.file("y.y4m"), "-q"])
    #expect(plain.status == 0, "\(plain.errors)")
  }
}
