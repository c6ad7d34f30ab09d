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

  @Test func wrongThingsGetOneSentenceAndTheirStatus() throws {
    let (source, output) = (scratch.file("theirs.onnx"), scratch.file("ours.onnx"))
    try Data(ModelBuilder.siggraph17().bytes()).write(to: URL(fileURLWithPath: source))
    try Data("mine".utf8).write(to: URL(fileURLWithPath: output))
    let cases: [([String], Int32)] = [
      ([source, "-o", output], 73), ([scratch.file("none.onnx"), "-o", output], 66),
      ([output, "-o", scratch.file("x.onnx")], 65),
      ([source, "-o", scratch.file("x.onnx"), "--gives", "bins313"], 65),
      ([source, "-o", scratch.file("x.onnx"), "--gives", "rgb"], 64),
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
