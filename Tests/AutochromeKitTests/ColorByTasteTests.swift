import AutochromeKit
import Colorization
import Foundation
import Imaging
import ModelFixtures
import TestSupport
import Testing

/// `--warmth`, `--tint` and `--hues`, from the settings to the picture.
@Suite(.serialized) struct ColorByTasteTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  private func writeFilm() throws -> String {
    let path = scratch.file("film.mkv")
    try writeClip(smallFilm(), frames: 0..<6, to: path)
    return path
  }

  @Test func pipelinesAndOptionsAgree() throws {
    let layer = try SettingsLayer(
      yaml: "warmth: -3\ntint: 4.5\nhues: {red: 0.5, green: 2}", file: "mine.yaml")
    var options = SettingsLayer()
    options.warmth = -3
    options.tint = 4.5
    options.hues = try HueWeights(option: ["red=0.5,green=1", "green=2"])
    #expect(layer == options)
    let settings = try Settings(pipeline: "film", suggested: "film", options: layer)
    #expect(
      settings.look == Look(warmth: -3, tint: 4.5, hues: HueWeights([.red: 0.5, .green: 2])))
    #expect(settings.hues?.description == "red=0.5,green=2")
    // What is said on top counts, hue by hue.
    var above = SettingsLayer()
    above.hues = HueWeights([.green: 1, .blue: 0])
    #expect(
      layer.overlaid(by: above).hues == HueWeights([.red: 0.5, .green: 1, .blue: 0]))
    let read = try JSONDecoder().decode(Settings.self, from: try JSONEncoder().encode(settings))
    #expect(read == settings)
  }

  @Test(arguments: [
    ("hues: {pink: 1}", "'pink'", "red, orange, yellow, green, cyan, blue, purple"),
    ("hues: red", "mine.yaml", "{red: 0.5"), ("hues: {red: much}", "mine.yaml", "{red: 0.5"),
    ("hues: {red: 5}", "red=5", "0…4"), ("hues: {red: -1}", "red=-1", "0…4"),
    ("hues: {blue: .nan}", "blue=nan", "0…4"), ("warmth: 21", "--warmth 21", "-20…20"),
    ("tint: -20.5", "--tint -20.5", "-20…20"), ("tint: .nan", "--tint nan", "-20…20"),
  ])
  func wrongValuesInPipelinesAreNamed(yaml: String, wrong: String, allowed: String) {
    let error = #expect(throws: AutochromeError.self) {
      try Settings(
        pipeline: "film", suggested: "film",
        options: try SettingsLayer(yaml: yaml, file: "mine.yaml"))
    }
    #expect(error?.status == .usage)
    let text = error?.message ?? ""
    #expect(text.contains(wrong) && text.contains(allowed), "\(text)")
  }

  @Test func theProgramRefusesWhatIsWrongInASentence() throws {
    let film = try writeFilm()
    for (arguments, words) in [
      (["--hues", "red"], ["'red'", "red=0.5", "0…4"]),
      (["--hues", "red=much"], ["'red=much'", "0…4"]),
      (["--hues", "red=1,,blue=1"], ["''"]), (["--hues", "red=1=2"], ["'red=1=2'"]),
      (["--hues", "pink=1"], ["'pink'", "purple"]), (["--hues", "red=4.5"], ["red=4.5", "0…4"]),
      (["--hues=red=-1"], ["red=-1", "0…4"]), (["--warmth", "25"], ["--warmth 25", "-20…20"]),
      (["--tint=-21"], ["--tint -21", "-20…20"]),
    ] {
      for command in [
        [film, "-o", scratch.file("x.mkv")], ["try", film, "-o", scratch.file("t.png")],
      ] {
        let run = try runProgram(command + arguments)
        #expect(run.status == 64, "\(arguments): \(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
        for word in words { #expect(run.errors.contains(word), "\(run.errors)") }
      }
      #expect(scratch.names == ["film.mkv"])
    }
  }

  @Test func aNetworkWithoutADistributionRefusesHues() throws {
    let film = try writeFilm()
    let (source, network) = (scratch.file("theirs.onnx"), scratch.file("ours.onnx"))
    try Data(ModelBuilder.siggraph17().bytes()).write(to: URL(fileURLWithPath: source))
    #expect(try runProgram(["model", "import", source, "-o", network]).status == 0)
    let arguments = [film, "-o", scratch.file("x.mkv"), "--model", network, "-q"]
    let run = try runProgram(arguments + ["--hues", "red=0.5"])
    #expect(run.status == 64 && run.errors.contains("weights of hues"), "\(run.errors)")
    #expect(!scratch.names.contains("x.mkv"))
    // What says nothing is not refused, nor what acts on any color.
    let other = try runProgram(arguments + ["--hues", "red=1", "--warmth", "5"])
    #expect(other.status == 0, "\(other.errors)")
  }

  /// The means of R − B and of R + B − 2 G of a sheet's colored thumbnails.
  private func casts(_ sheet: String, x: ClosedRange<Int>, y: ClosedRange<Int>) throws
    -> (warm: Double, magenta: Double, red: Double)
  {
    let picture = try #require(try readFrames(scratch.file(sheet)).first).picture
    var (warm, magenta, red, count) = (0.0, 0.0, 0.0, 0.0)
    for y in y {
      for x in x {
        let (r, g, b) = (
          Double(picture.planes[0][x, y]), Double(picture.planes[1][x, y]),
          Double(picture.planes[2][x, y])
        )
        warm += r - b
        magenta += r + b - 2 * g
        red += max(0, r - max(g, b))
        count += 1
      }
    }
    return (warm / count, magenta / count, red / count)
  }

  @Test func sheetsShowThem() throws {
    let film = try writeFilm()
    let looks: [(String, [String])] = [
      ("plain", []), ("warm", ["--warmth", "12"]), ("cool", ["--warmth", "-12"]),
      ("magenta", ["--tint", "12"]), ("green", ["--tint", "-12"]),
      ("red", ["--hues", "red=4,orange=4"]), ("none", ["--hues", "red=0,orange=0"]),
    ]
    var previews: [String: (warm: Double, magenta: Double, red: Double)] = [:]
    var trials = previews
    for (name, look) in looks {
      let preview = try runProgram(
        [film, "--preview", scratch.file("\(name).png"), "--preview-frames", "1"] + look)
      #expect(preview.status == 0, "\(preview.errors)")
      previews[name] = try casts("\(name).png", x: 12...211, y: 136...247)
      let trial = try runProgram(
        ["try", film, "-o", scratch.file("\(name)-try.png"), "--frames", "1", "--vividness", "1"]
          + look)
      #expect(trial.status == 0, "\(trial.errors)")
      trials[name] = try casts("\(name)-try.png", x: 228...427, y: 76...187)
    }
    for found in [previews, trials] {
      let plain = try #require(found["plain"])
      #expect(try #require(found["warm"]).warm > plain.warm + 10, "\(found)")
      #expect(try #require(found["cool"]).warm < plain.warm - 10, "\(found)")
      #expect(try #require(found["magenta"]).magenta > plain.magenta + 10, "\(found)")
      #expect(try #require(found["green"]).magenta < plain.magenta - 10, "\(found)")
      #expect(try #require(found["red"]).red > plain.red, "\(found)")
      #expect(try #require(found["none"]).red < plain.red, "\(found)")
    }
  }

  @Test func thePlanTellsThem() throws {
    let film = try writeFilm()
    func told(_ more: [String]) throws -> (text: String, look: [String: Any]) {
      let arguments = [film, "-o", scratch.file("x.mkv"), "--overwrite"] + more
      let text = try runProgram(arguments + ["-v"])
      let plan = try runProgram(arguments + ["--dry-run"])
      #expect(text.status == 0, "\(text.errors)")
      let json = try JSONSerialization.jsonObject(with: plan.output) as? [String: Any]
      return (text.errors, try #require(json?["settings"] as? [String: Any]))
    }
    let plain = try told([])
    #expect(!plain.text.contains("warmth") && plain.look["hues"] == nil)
    let given = try told(["--warmth", "-3", "--tint", "2.5", "--hues", "red=0,blue=1.5"])
    #expect(
      given.text.contains("saturation 1, warmth -3, tint 2.5, hues red=0,blue=1.5"), "\(given.text)"
    )
    #expect(given.look["hues"] as? [String: Double] == ["red": 0, "blue": 1.5])
    #expect(given.look["warmth"] as? Double == -3 && given.look["tint"] as? Double == 2.5)
  }

  /// The colors of a whole film move, frame by frame, and its luma does not.
  @Test(arguments: [1, 4]) func aFilmIsWarmerInEachFrame(keyFrames: Int) throws {
    let film = try writeFilm()
    func frames(_ name: String, _ more: [String]) throws -> [Picture] {
      let run = try runProgram(
        [
          film, "-o", scratch.file(name), "-c", "ffv1", "--pixel-format", "yuv444p10le",
          "--key-frames", "\(keyFrames)",
        ] + more)
      #expect(run.status == 0, "\(run.errors)")
      return try readFrames(scratch.file(name)).map(\.picture)
    }
    let plain = try frames("plain.mkv", [])
    let warm = try frames("warm.mkv", ["--warmth", "10"])
    #expect(plain.count == 6 && warm.count == 6)
    for (one, other) in zip(plain, warm) {
      #expect(one.planes[0].hasSameSamples(as: other.planes[0]))
      let model = try ColorModel(one.color)
      let scale = CodeScale(bitDepth: 10, range: one.color.range)
      func lab(_ picture: Picture, _ x: Int, _ y: Int) -> SIMD3<Double> {
        model.lab(
          luma: scale.luma(Double(picture.planes[0][x, y])),
          cb: scale.chroma(Double(picture.planes[1][x, y])),
          cr: scale.chroma(Double(picture.planes[2][x, y])))
      }
      var (moved, count) = (0.0, 0.0)
      for y in stride(from: 0, to: 120, by: 5) {
        for x in stride(from: 0, to: 208, by: 7) {
          let (before, after) = (lab(one, x, y), lab(other, x, y))
          guard (30...70).contains(before.x) else { continue }
          moved += after.z - before.z
          count += 1
        }
      }
      #expect(count > 50 && abs(moved / count - 10) < 0.7, "\(moved / count) of \(count)")
    }
  }
}
