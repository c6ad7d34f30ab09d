import AutochromeKit
import Foundation
import Imaging
import Measuring
import Media
import SampleFilm
import TestSupport
import Testing

/// The program itself, as a shell sees it.
@Suite(.serialized) struct ProgramTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  @Test func aPipeGivesTheFramesOfTheFile() throws {
    let film = smallFilm()
    let input = scratch.file("film.y4m")
    try writeClip(film, frames: 17..<27, to: input)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: input))
    let piped = try runProgram(["-", "-o", "-"], input: bytes)
    #expect(piped.status == 0, "\(piped.errors)")
    let file = scratch.file("color.y4m")
    let direct = try runProgram([input, "-o", file, "--pipeline", "stream"])
    #expect(direct.status == 0, "\(direct.errors)")
    #expect(direct.output.isEmpty)
    #expect(try Data(contentsOf: URL(fileURLWithPath: file)) == piped.output)
    #expect(try readFrames(file).count == 10)
  }

  @Test func aBrokenPipeOfFramesEndsWithStatus65AndAllWholeFrames() throws {
    let film = smallFilm()
    let input = scratch.file("film.y4m")
    try writeClip(film, frames: 0..<4, to: input)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: input))
    let result = try runProgram(["-", "-o", "-", "-q"], input: bytes.prefix(bytes.count - 100))
    #expect(result.status == 65)
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    let output = scratch.file("color.y4m")
    try result.output.write(to: URL(fileURLWithPath: output))
    #expect(try readFrames(output).count == 3)
  }

  /// Runs the program with stdout and stderr at pipes that nobody reads, or at a file.
  private func status(
    of arguments: [String], output: FileHandle? = nil
  ) throws -> Int32 {
    let (process, unread) = (Process(), Pipe())
    try unread.fileHandleForReading.close()
    process.executableURL = builtURL("autochrome")
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output ?? unread.fileHandleForWriting
    process.standardError = unread.fileHandleForWriting
    try process.run()
    process.waitUntilExit()
    return process.terminationStatus
  }

  @Test func aReaderThatHasGoneStopsNoFilm() throws {
    let input = scratch.file("film.y4m")
    try writeClip(smallFilm(), frames: 0..<4, to: input)
    let output = scratch.file("color.mkv")
    #expect(try status(of: [input, "-o", output, "--progress", "json", "-v"]) == 0)
    #expect(try readFrames(output).count == 4)
    #expect(try status(of: ["model", "list"]) == 0)
    let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
    #expect(try status(of: ["model", "list"], output: full) == ExitStatus.ioError.rawValue)
  }

  @Test func aFolderOf16BitPicturesGives16BitPicturesOfTheSameNames() throws {
    let folder = scratch.file("scans")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let names = ["reel 1_0009.png", "reel 1_0010.png", "reel 1_0100.png"]
    for (index, name) in names.enumerated() {
      let plane = Plane(width: 64, height: 48, bitDepth: 16) { base, bytesPerRow in
        for y in 0..<48 {
          for x in 0..<64 {
            base.storeBytes(
              of: UInt16((x * 1000 + y * 37 + index * 777) % 65536),
              toByteOffset: y * bytesPerRow + 2 * x, as: UInt16.self)
          }
        }
      }
      var options = SinkOptions()
      options.encoder = "png"
      let source = Picture(
        width: 64, height: 48, format: .rgb(16),
        color: ColorDescription(matrix: .identity, range: .full), planes: [plane, plane, plane])
      let info = SourceInfo(
        width: 64, height: 48, format: .rgb(16), color: source.color, timeBase: Rational(1, 24))
      let sink = try MediaSink.open(folder + "/" + name, source: info, options: options)
      try sink.write(
        SourceElement(frame: Frame(index: 0, picture: source, presentationTime: 0)))
      try sink.finish()
    }
    let result = try runProgram([folder, "-o", scratch.file("color")])
    #expect(result.status == 0, "\(result.errors)")
    let written = try FileManager.default.contentsOfDirectory(atPath: scratch.file("color"))
      .sorted()
    #expect(written == names.sorted())
    for name in names {
      let picture = try #require(try readFrames(scratch.file("color") + "/" + name).first).picture
      #expect(picture.format == .rgb(16))
    }
  }

  @Test(arguments: [
    (["none.mkv", "-o", "x.mkv"], 66), (["letter.txt", "-o", "x.mkv"], 65),
    (["film.mkv", "-o", "taken.mkv"], 73), (["film.mkv", "-o", "nowhere/x.mkv"], 73),
    (["film.mkv", "-o", "x.mkv", "--codec", "nosuch"], 69),
    (["film.mkv", "-o", "x.mkv", "--model", "broken.onnx"], 65),
    (["film.mkv", "-o", "x.mkv", "--vividness", "7"], 64), (["film.mkv", "--nonsense"], 64),
    (["film.mkv", "-o", "x.mkv", "--key-frames", "99"], 64),
    (["film.mkv", "-o", "x.mkv", "--key-frames", "often"], 64),
    (["film.mkv", "-o", "x.mkv", "--key-frames", "4", "--stability", "0"], 64),
    (["film.mkv", "-o", "x.mkv", "--from", "1e20"], 64),
    (
      ["film.mkv", "-o", "x.mkv", "--input-format", "rawvideo", "--input-size", "3000000000x1"], 65
    ),
    (["film.mkv"], 64), (["film.mkv", "-o", "film.mkv", "--overwrite"], 64), ([], 64),
  ])
  func wrongThingsGetOneSentenceAndTheirStatus(arguments: [String], status: Int) throws {
    try writeClip(smallFilm(shots: [.sea]), frames: 0..<2, to: scratch.file("film.mkv"))
    for (name, text) in [
      ("letter.txt", "Dear reader,"), ("taken.mkv", "mine"), ("broken.onnx", "no network"),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: scratch.file(name)))
    }
    let before = scratch.names
    let paths = arguments.map { argument in
      argument.contains(".") || argument.contains("/") ? scratch.file(argument) : argument
    }
    let result = try runProgram(paths)
    #expect(result.status == Int32(status), "\(result.errors)")
    #expect(result.output.isEmpty)
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
    #expect(scratch.names == before)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: scratch.file("taken.mkv"))) == Data("mine".utf8))
  }

  @Test func picturesOfMixedSizesGoIntoAFolderButNotIntoOneFilm() throws {
    let folder = scratch.file("scans")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, width) in [("a.png", 64), ("b.png", 32)] {
      let plane = Plane(width: width, height: 32, bitDepth: 8) { base, bytesPerRow in
        memset(base, 90, bytesPerRow * 32)
      }
      let color = ColorDescription(matrix: .identity, range: .full)
      let picture = Picture(
        width: width, height: 32, format: .rgb(8), color: color, planes: [plane, plane, plane])
      let info = SourceInfo(
        width: width, height: 32, format: .rgb(8), color: color, timeBase: Rational(1, 24))
      let sink = try MediaSink.open(folder + "/" + name, source: info)
      try sink.write(
        SourceElement(frame: Frame(index: 0, picture: picture, presentationTime: 0)))
      try sink.finish()
    }
    #expect(try runProgram([folder, "-o", scratch.file("color"), "-q"]).status == 0)
    for (name, width) in [("a.png", 64), ("b.png", 32)] {
      let picture = try #require(try readFrames(scratch.file("color/" + name)).first).picture
      #expect(picture.width == width)
    }
    let film = try runProgram([folder, "-o", scratch.file("film.mkv"), "-q"])
    #expect(film.status == 65)
    #expect(film.errors.contains("32×32"), "\(film.errors)")
    #expect(!scratch.names.contains("film.mkv"))
  }

  @Test func progressAsJSONIsOneObjectALine() throws {
    try writeClip(smallFilm(shots: [.sea]), frames: 0..<6, to: scratch.file("film.mkv"))
    let result = try runProgram([
      scratch.file("film.mkv"), "-o", scratch.file("x.mkv"), "--progress", "json",
    ])
    #expect(result.status == 0)
    let events = try result.errors.split(separator: "\n").map { line in
      try #require(
        try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
    let names = events.compactMap(\.keys.first)
    #expect(names.prefix(2) == ["filmBegan", "started"])
    #expect(names.suffix(3) == ["finished", "filmEnded", "summary"])
    let report = try #require(events.dropLast(2).last?["finished"] as? [String: Any])
    #expect(report["frames"] as? Int == 6)
  }

  @Test func probeTellsWhatTheInputIs() throws {
    try writeClip(smallFilm(), frames: 17..<25, to: scratch.file("film.mkv"))
    let result = try runProgram(["probe", scratch.file("film.mkv"), "--shots", "--json"])
    #expect(result.status == 0, "\(result.errors)")
    let probe = try #require(
      try JSONSerialization.jsonObject(with: result.output) as? [String: Any])
    #expect(probe["width"] as? Int == 208)
    #expect(probe["codec"] as? String == "ffv1")
    let shots = try #require(probe["shots"] as? [[String: Any]])
    #expect(shots.map { $0["frame"] as? Int } == [0, 4])
  }

  @Test func modelsAreListedAndShown() throws {
    #expect(
      String(decoding: try runProgram(["model", "list"]).output, as: UTF8.self)
        .contains("autochrome (default)\n"))
    let shown = try runProgram(["model", "show", "--json"])
    let summary = try #require(
      try JSONSerialization.jsonObject(with: shown.output) as? [String: Any])
    #expect((summary["parameters"] as? Int).map { $0 > 2_000_000 } == true)
    #expect(summary["problem"] == nil)
  }

  /// Networks of the user's own that can't be looked for are not silently taken for missing.
  @Test func aFolderOfNetworksThatCannotBeReadIsTold() throws {
    let place = scratch.file("models")
    let environment = ["AUTOCHROME_MODELS": place]
    #expect(try runProgram(["model", "list"], environment: environment).status == 0)
    try Data("a file".utf8).write(to: URL(fileURLWithPath: place))
    for arguments in [["model", "list"], ["model", "show", "mine"]] {
      let run = try runProgram(arguments, environment: environment)
      #expect(run.status == ExitStatus.noInput.rawValue)
      #expect(run.errors.contains("'\(place)', can't be read"), "\(run.errors)")
    }
    let shipped = try runProgram(["model", "show", "autochrome"], environment: environment)
    #expect(shipped.status == 0, "\(shipped.errors)")
  }

  @Test func networksAreTimedOnEachBackEnd() throws {
    let run = try runProgram([
      "model", "time", "autochrome-fast", "--size", "96x64", "--threads", "2", "--rounds", "1",
      "--precision", "fp32", "--json",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let timings = try JSONDecoder().decode([ModelTiming].self, from: run.output)
    #expect(timings.map(\.backend).sorted() == ["onednn", "openblas"])
    #expect(timings.allSatisfy { $0.milliseconds > 0 && $0.threads == 2 && $0.precision == "fp32" })
    for wrong in [["--size", "96"], ["--threads", "0"], ["--precision", "fp8"]] {
      #expect(try runProgram(["model", "time"] + wrong).status == 64)
    }
    // 72 is no multiple of the network's stride.
    #expect(try runProgram(["model", "time", "--size", "72x64", "--rounds", "1"]).status == 65)
  }

  @Test func doctorFindsNoProblem() throws {
    let result = try runProgram(["doctor", "--json"])
    #expect(result.status == 0, "\(result.errors)")
  }
}
