import AutochromeKit
import Foundation
import Imaging
import Measuring
import ModelFixtures
import NeuralNetwork
import TestSupport
import Testing

/// `autochrome model calibrate` and int8, as a shell sees them.
@Suite(.serialized) struct CalibrationProgramTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  @Test func aCalibratedNetworkColorizesInInt8() throws {
    let (film, model) = (scratch.file("film.mkv"), scratch.file("ours.onnx"))
    try writeClip(smallFilm(), frames: 0..<12, to: film)
    let made = try runProgram(
      ["model", "calibrate", "autochrome-fast", film, "-o", model, "--frames", "6", "--size", "64"])
    #expect(made.status == 0, "\(made.errors)")
    #expect(String(decoding: made.output, as: UTF8.self).contains("on 6 pictures"))
    // With all that the CPU has, and with less.
    for limit in [nil] + InstructionSet.allCases.map({ Optional($0) }) {
      let environment = limit.map { [InstructionSet.variable: $0.rawValue] } ?? [:]
      let compared = try runProgram(
        [
          "model", "compare", model, film, "--precision", "int8", "--frames", "3", "--size", "64",
          "--json",
        ], environment: environment)
      #expect(compared.status == 0, "\(compared.errors)")
      let report = try JSONDecoder().decode(PrecisionReport.self, from: compared.output)
      #expect(report.pictures == 3 && report.network.contains("int8"))
      #expect(report.mean > 0.001 && report.mean < 1, "\(limit?.rawValue ?? "all"): \(report.mean)")
      #expect(report.p99 >= report.mean && report.worstPicture >= report.mean)
    }
    // The same bytes with any number of threads.
    var films: [[Frame]] = []
    for threads in ["1", "3"] {
      let output = scratch.file("color\(threads).mkv")
      let result = try runProgram([
        film, "-o", output, "--model", model, "--precision", "int8", "--threads", threads, "--size",
        "64", "--codec", "ffv1", "-q",
      ])
      #expect(result.status == 0, "\(result.errors)")
      films.append(try readFrames(output))
    }
    #expect(films[0].count == 12)
    for (one, other) in zip(films[0], films[1]) {
      for (first, second) in zip(one.picture.planes, other.picture.planes) {
        #expect(first.hasSameSamples(as: second))
      }
    }
  }

  @Test func wrongThingsGetOneSentenceAndTheirStatus() throws {
    let film = scratch.file("film.mkv")
    try writeClip(smallFilm(), frames: 0..<1, to: film)
    let (theirs, ours) = (scratch.file("theirs.onnx"), scratch.file("ours.onnx"))
    try Data(ModelBuilder.siggraph17().bytes()).write(to: URL(fileURLWithPath: theirs))
    #expect(try runProgram(["model", "import", theirs, "-o", ours]).status == 0)
    let before = try Data(contentsOf: URL(fileURLWithPath: ours))
    let calibrate = ["model", "calibrate"]
    let new = scratch.file("x.onnx")
    let cases: [([String], Int32, String)] = [
      (calibrate + [ours, film, "-o", ours], 64, "network"),
      (calibrate + [ours, film, "-o", theirs], 73, "--overwrite"),
      (calibrate + [ours, scratch.file("none.mkv"), "-o", new], 66, "none.mkv"),
      (calibrate + [ours, film, "-o", new, "--rule", "best"], 64, "'mse'"),
      (calibrate + [ours, film, "-o", new, "--frames", "0"], 64, "--frames 0"),
      (calibrate + [ours, film, "-o", scratch.file("nowhere/x.onnx")], 73, "nowhere"),
      (calibrate + [theirs, film, "-o", new], 65, "autochrome.output"),
      (
        [film, "-o", scratch.file("y.mkv"), "--model", ours, "--precision", "int8"], 65, "calibrate"
      ),
      ([film, "-o", scratch.file("y.mkv"), "--precision", "int4"], 64, "'int8'"),
      (["model", "compare", ours, film, "--precision", "int8"], 65, "calibrate"),
    ]
    for (arguments, status, word) in cases {
      let result = try runProgram(arguments)
      #expect(result.status == status, "\(arguments): \(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
      #expect(result.errors.contains(word), "\(arguments): \(result.errors)")
      #expect(scratch.names == ["film.mkv", "ours.onnx", "theirs.onnx"])
    }
    #expect(try Data(contentsOf: URL(fileURLWithPath: ours)) == before)
  }
}
