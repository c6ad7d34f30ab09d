import AutochromeKit
import Foundation
import Imaging
import Measuring
import Media
import ModelFixtures
import TestSupport
import Testing

/// Networks that give U and V or histograms of hue and of chroma, and such that see pictures in tiles, as a shell sees
/// them.
@Suite(.serialized) struct OutputFormProgramTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  /// A network without metadata that gives every place the same numbers; of a tile of 64, the inner 56 × 56.
  private func writeConstant(_ numbers: [Float], isTiled: Bool, name: String) throws -> String {
    var builder = ModelBuilder()
    builder.input("gray", isTiled ? [-1, 1, 64, 64] : [-1, 1, -2, -3])
    builder.output("answer")
    builder.constant("weights", [numbers.count, 1, 1, 1], numbers.map { _ in 0 })
    builder.constant("numbers", [numbers.count], numbers)
    var last = "gray"
    if isTiled {
      builder.constant("starts", [4, 4] as [Int64])
      builder.constant("ends", [60, 60] as [Int64])
      builder.constant("axes", [2, 3] as [Int64])
      builder.node("Slice", ["gray", "starts", "ends", "axes"], ["inner"])
      last = "inner"
    }
    builder.node("Conv", [last, "weights", "numbers"], ["answer"])
    let path = scratch.file(name)
    try Data(builder.bytes()).write(to: URL(fileURLWithPath: path))
    return path
  }

  private func imported(_ source: String, _ arguments: [String]) throws -> (
    model: String, said: String
  ) {
    let model = source.replacing(".onnx", with: ".ours.onnx")
    let result = try runProgram(["model", "import", source, "-o", model] + arguments)
    #expect(result.status == 0, "\(result.errors)")
    return (model, String(decoding: result.output, as: UTF8.self))
  }

  private func write(_ picture: Picture, to path: String) throws {
    let info = SourceInfo(
      width: picture.width, height: picture.height, format: picture.format, color: picture.color,
      timeBase: Rational(1, 24))
    let sink = try MediaSink.open(path, source: info)
    try sink.write(SourceElement(frame: Frame(index: 0, picture: picture, presentationTime: 0)))
    try sink.finish()
  }

  @Test(arguments: [false, true]) func constantDifferencesColorAGrayPicture(isTiled: Bool) throws {
    let (u, v) = (0.06, -0.05)
    // A network that was trained on differences brought to ±1.
    let source = try writeConstant(
      [Float(u / 0.436), Float(v / 0.615)], isTiled: isTiled, name: "uv.onnx")
    let (model, said) = try imported(
      source,
      ["--input", "Y", "--gives", "uv/[0.436,0.615]"]
        + (isTiled ? ["--tile", "64", "--margin", "4"] : []))
    #expect(said.contains("Its input is Y"))
    #expect(said.contains("uv/[0.436,0.615] of BT.601"))
    #expect(said.contains("in tiles of 64×64 with margins of 4") == isTiled)
    let shown = try runProgram(["model", "show", model])
    let text = String(decoding: shown.output, as: UTF8.self)
    #expect(text.contains("autochrome.output: uv/[0.436,0.615]"))
    #expect(text.contains("autochrome.tile: 64") == isTiled && !text.contains("problem"))

    // Three grays side by side.
    let codes: [UInt8] = [70, 130, 190]
    let plane = Plane(width: 192, height: 100, bitDepth: 8) { base, bytesPerRow in
      for y in 0..<100 {
        for x in 0..<192 {
          base.storeBytes(of: codes[x / 64], toByteOffset: y * bytesPerRow + x, as: UInt8.self)
        }
      }
    }
    let picture = Picture(
      width: 192, height: 100, format: .rgb(8),
      color: ColorDescription(matrix: .identity, range: .full), planes: [plane, plane, plane])
    let (input, output) = (scratch.file("gray.png"), scratch.file("color.png"))
    try write(picture, to: input)
    let run = try runProgram(
      [input, "-o", output, "--model", model, "--refine", "bilinear", "-q"])
    #expect(run.status == 0, "\(run.errors)")
    let result = try RGBImage(try #require(try readFrames(output).first).picture)
    #expect((result.width, result.height) == (192, 100))
    for (block, code) in codes.enumerated() {
      let luma = Double(code) / 255
      // R′G′B′ from Y′UV of BT.601.
      let (red, blue) = (luma + 0.701 / 0.615 * v, luma + 0.886 / 0.436 * u)
      let green = (luma - 0.299 * red - 0.114 * blue) / 0.587
      let expected = ColorModel.sRGB.lab(rgb: SIMD3(red, green, blue))
      #expect(abs(expected.y) + abs(expected.z) > 10)
      for (x, y) in [(32, 50), (10, 8), (54, 92)] {
        let at = ((y * 192) + block * 64 + x) * 3
        let rgb = SIMD3((0..<3).map { Double(result.codes[at + $0]) / 255 })
        let found = ColorModel.sRGB.lab(rgb: rgb)
        #expect(
          abs(found.y - expected.y) < 1 && abs(found.z - expected.z) < 1,
          "\(code), (\(x), \(y)): \(found), expected \(expected)")
      }
    }
  }

  @Test func aFilmIsColoredInTiles() throws {
    let source = try writeConstant([-0.08, 0.12], isTiled: true, name: "uv.onnx")
    let (model, _) = try imported(
      source, ["--input", "Y*255", "--gives", "uv", "--tile", "64", "--margin", "4"])
    let (film, output) = (scratch.file("film.mkv"), scratch.file("color.mkv"))
    try writeClip(smallFilm(), frames: 0..<4, to: film)
    let run = try runProgram([film, "-o", output, "--model", model, "--codec", "ffv1", "-q"])
    #expect(run.status == 0, "\(run.errors)")
    let frames = try readFrames(output)
    #expect(frames.count == 4)
    for frame in frames {
      // Orange is below the middle in Cb and above it in Cr, wherever there is light.
      let middle = 1 << (frame.picture.format.bitDepth - 1)
      let planes = frame.picture.planes
      let (x, y) = (planes[1].width / 2, planes[1].height / 2)
      #expect(planes[1][x, y] < middle - 4 && planes[2][x, y] > middle + 4)
    }
    let made = try runProgram(
      ["model", "calibrate", model, film, "-o", scratch.file("int8.onnx"), "--frames", "2"])
    #expect(made.status == 0, "\(made.errors)")
    #expect(String(decoding: made.output, as: UTF8.self).contains("on 2 pictures"))
    // Vividness acts on distributions of the bins alone.
    let vivid = try runProgram(
      [film, "-o", scratch.file("no.mkv"), "--model", model, "--vividness", "0.5", "-q"])
    #expect(vivid.status == 64 && vivid.errors.contains("so vividness can't be applied"))
  }

  @Test func histogramsThatKnowTheColorGetFullMarks() throws {
    // Hue 27 of 32 lies at 309.4°; the chroma is that of the middle center.
    let angle = 2 * Double.pi * 27.5 / 32
    let (a, b) = (32 * cos(angle), 32 * sin(angle))
    let photograph = scratch.file("ramp.png")
    let codes = (0..<64 * 32).flatMap { place -> [UInt8] in
      let rgb = ColorModel.sRGB.rgb(lab: SIMD3(40 + 30 * Double(place % 64) / 63, a, b)) * 255
      return (0..<3).map { UInt8(rgb[$0].rounded()) }
    }
    let planes = (0..<3).map { channel in
      Plane(width: 64, height: 32, bitDepth: 8) { base, bytesPerRow in
        for place in 0..<64 * 32 {
          base.storeBytes(
            of: codes[3 * place + channel], toByteOffset: place / 64 * bytesPerRow + place % 64,
            as: UInt8.self)
        }
      }
    }
    try write(
      Picture(
        width: 64, height: 32, format: .rgb(8),
        color: ColorDescription(matrix: .identity, range: .full), planes: planes), to: photograph)
    func area(hue: Int, isTiled: Bool) throws -> Double {
      let logits = (0..<35).map { Float($0 == hue || $0 == 33 ? 30 : 0) }
      let source = try writeConstant(logits, isTiled: isTiled, name: "histograms.onnx")
      let (model, said) = try imported(
        source,
        [
          "--input", "L/100", "--gives", "huechroma", "--hue-bins", "32", "--chroma-bins",
          "2 32 60", "--overwrite",
        ] + (isTiled ? ["--tile", "64", "--margin", "4"] : []))
      #expect(said.contains("the logits of 32 hues and 3 chromas"))
      let result = try runProgram(["evaluate", photograph, "--json", "-q", "--model", model])
      #expect(result.status == 0, "\(result.errors)")
      let report = try JSONDecoder().decode(EvaluationReport.self, from: result.output)
      return try #require(report.rows.first?.auc)
    }
    #expect(try area(hue: 27, isTiled: false) > 99)
    #expect(try area(hue: 27, isTiled: true) > 99)
    // The opposite hue is 64 away, and 64 of 151 thresholds lie below.
    #expect(abs(try area(hue: 11, isTiled: false) - 100 * (151 - 64) / 151) < 1.5)
  }

  @Test func wrongThingsGetOneSentenceAndTheirStatus() throws {
    let source = try writeConstant([0, 0], isTiled: true, name: "uv.onnx")
    let output = scratch.file("ours.onnx")
    let uv = ["--input", "Y", "--gives", "uv"]
    let histograms = ["--input", "Y", "--gives", "huechroma"]
    let cases: [([String], Int32, String)] = [
      (uv + ["--tile", "8", "--margin", "4"], 64, "--margin 4"),
      (uv + ["--margin", "4"], 64, "--tile"), (uv + ["--tile", "2000"], 64, "2…1024"),
      (uv + ["--tile", "64", "--margin", "2"], 65, "[1, 2, 56, 56]"),
      (histograms, 64, "--hue-bins"), (histograms + ["--hue-bins", "1"], 64, "2…256"),
      (histograms + ["--hue-bins", "8", "--chroma-bins", "6 2"], 64, "--chroma-bins"),
      (uv + ["--gives", "UV"], 64, "uv"), (["--gives", "uv"], 65, "--input"),
    ]
    for (arguments, status, words) in cases {
      let result = try runProgram(["model", "import", source, "-o", output] + arguments)
      #expect(result.status == status, "\(arguments): \(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
      #expect(result.errors.contains(words), "\(arguments): \(result.errors)")
      #expect(scratch.names == ["uv.onnx"])
    }
  }
}
