import AutochromeKit
import Foundation
import Imaging
import ModelFixtures
import TestSupport
import Testing

/// `autochrome model import`, as a shell sees it.
@Suite(.serialized) struct ModelImportProgramTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  @Test func anImportedNetworkColorizes() throws {
    let (source, output) = (scratch.file("theirs.onnx"), scratch.file("ours.onnx"))
    try Data(ModelBuilder.siggraph17().bytes()).write(to: URL(fileURLWithPath: source))
    let film = scratch.file("film.mkv")
    try writeClip(smallFilm(), frames: 0..<2, to: film)
    let before = try runProgram([film, "-o", scratch.file("no.mkv"), "--model", source, "-q"])
    #expect(before.status == 65)
    let result = try runProgram(["model", "import", source, "-o", output])
    #expect(result.status == 0, "\(result.errors)")
    #expect(String(decoding: result.output, as: UTF8.self).contains("SIGGRAPH17"))
    let after = try runProgram([film, "-o", scratch.file("yes.mkv"), "--model", output, "-q"])
    #expect(after.status == 0, "\(after.errors)")
    let frames = try readFrames(scratch.file("yes.mkv"))
    #expect(frames.count == 2)
    #expect(frames[0].picture.planes[1].hasSameSamples(as: frames[0].picture.planes[2]) == false)
  }

  @Test(arguments: ["ddcolor", "deoldify", "deoldify-fixed"])
  func networksOfPicturesColorize(name: String) throws {
    let builder =
      switch name {
      case "ddcolor": ModelBuilder.ddColor()
      case "deoldify": ModelBuilder.deOldify()
      default: ModelBuilder.deOldify(takesBytes: true, isFixed: true)
      }
    let (source, model) = (scratch.file("theirs.onnx"), scratch.file("ours.onnx"))
    try Data(builder.bytes()).write(to: URL(fileURLWithPath: source))
    let result = try runProgram(["model", "import", source, "-o", model, "--size", "64"])
    #expect(result.status == 0, "\(result.errors)")
    let said = String(decoding: result.output, as: UTF8.self)
    #expect(said.contains(name == "ddcolor" ? "DDColor" : "DeOldify"))
    #expect(said.contains("64×64, to which pictures are stretched") == name.hasSuffix("fixed"))
    let film = scratch.file("film.mkv")
    try writeClip(smallFilm(), frames: 0..<12, to: film)
    for (output, arguments) in [
      ("color.mkv", ["--key-frames", "4"]), ("still.png", ["--from", "#0", "--to", "#1"]),
    ] {
      let run = try runProgram(
        [film, "-o", scratch.file(output), "--model", model, "-q"] + arguments)
      #expect(run.status == 0, "\(output): \(run.errors)")
    }
    let frames = try readFrames(scratch.file("color.mkv"))
    #expect(frames.count == 12)
    #expect(frames[11].picture.planes[1].hasSameSamples(as: frames[11].picture.planes[2]) == false)
    let taste: [([String], String)] = [
      (["--vividness", "0.5"], "vividness"), (["--temperature", "0.5"], "the temperature"),
      (["--hues", "red=0.5"], "weights of hues"),
    ]
    for (arguments, words) in taste {
      let run = try runProgram(
        [film, "-o", scratch.file("no.mkv"), "--model", model, "-q"] + arguments)
      #expect(run.status == 64, "\(arguments): \(run.errors)")
      #expect(run.errors.contains("so \(words) can't be applied"), "\(run.errors)")
    }
  }

  @Test func wrongThingsGetOneSentenceAndTheirStatus() throws {
    let (source, output) = (scratch.file("theirs.onnx"), scratch.file("ours.onnx"))
    try Data(ModelBuilder.siggraph17().bytes()).write(to: URL(fileURLWithPath: source))
    try Data("mine".utf8).write(to: URL(fileURLWithPath: output))
    let cases: [([String], Int32)] = [
      ([source, "-o", output], 73), ([scratch.file("none.onnx"), "-o", output], 66),
      ([output, "-o", scratch.file("x.onnx")], 65),
      ([source, "-o", scratch.file("x.onnx"), "--gives", "bins313"], 65),
      ([source, "-o", scratch.file("x.onnx"), "--gives", "rgb"], 64),
      ([source, "-o", scratch.file("x.onnx"), "--gives", "RGB"], 65),
      ([source, "-o", scratch.file("x.onnx"), "--input", "LAB"], 64),
      ([source, "-o", scratch.file("x.onnx"), "--input", "imagenet"], 65),
      ([source, "-o", scratch.file("x.onnx"), "--size", "4"], 64),
      ([source, "-o", scratch.file("nowhere/x.onnx")], 73),
    ]
    for (arguments, status) in cases {
      let result = try runProgram(["model", "import"] + arguments)
      #expect(result.status == status, "\(arguments): \(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
      #expect(scratch.names == ["ours.onnx", "theirs.onnx"])
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: output)) == Data("mine".utf8))
  }
}
