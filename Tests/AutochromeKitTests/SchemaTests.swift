import AutochromeKit
import Foundation
import Media
import ModelFixtures
import SampleFilm
import TestSupport
import Testing

/// What the schemas of `docs/schemas` say of the program's documents in JSON is so.
@Suite(.serialized) struct SchemaTests {
  private let scratch: TemporaryFolder
  private let schemas: JSONSchemas

  init() throws {
    scratch = try TemporaryFolder()
    schemas = try JSONSchemas(
      folder: checkoutURL.appending(path: "docs/schemas"))
  }

  // MARK: The validator

  @Test(arguments: [
    (#"{"type":"string"}"#, #""a""#, true), (#"{"type":"string"}"#, "1", false),
    (#"{"type":"integer"}"#, "1", true), (#"{"type":"integer"}"#, "1.5", false),
    (#"{"type":"integer"}"#, "true", false), (#"{"type":"number"}"#, "1.5", true),
    (#"{"type":"number"}"#, #""1""#, false), (#"{"type":"boolean"}"#, "0", false),
    (#"{"type":"array"}"#, "{}", false), (#"{"type":"object"}"#, "[]", false),
    (#"{"type":"object"}"#, "null", false), (#"{"type":["number","string"]}"#, "1", true),
    (#"{"type":["number","string"]}"#, "true", false),
    (#"{"minimum":2}"#, "2", true), (#"{"minimum":2}"#, "1.9", false),
    (#"{"maximum":2}"#, "2", true), (#"{"maximum":2}"#, "2.1", false),
    (#"{"enum":["a","b"]}"#, #""b""#, true), (#"{"enum":["a","b"]}"#, #""c""#, false),
    (#"{"const":1}"#, "1", true), (#"{"const":1}"#, "2", false),
    (#"{"pattern":"^[0-9]+$"}"#, #""12""#, true), (#"{"pattern":"^[0-9]+$"}"#, #""1a""#, false),
    (#"{"items":{"type":"string"}}"#, #"["a","b"]"#, true),
    (#"{"items":{"type":"string"}}"#, #"["a",1]"#, false),
    (#"{"required":["a"]}"#, #"{"a":1}"#, true), (#"{"required":["a"]}"#, #"{"b":1}"#, false),
    (#"{"properties":{"a":{"type":"string"}}}"#, #"{"a":"b","c":1}"#, true),
    (#"{"properties":{"a":{"type":"string"}}}"#, #"{"a":1}"#, false),
    (#"{"properties":{"a":true},"additionalProperties":false}"#, #"{"a":1}"#, true),
    (#"{"properties":{"a":true},"additionalProperties":false}"#, #"{"a":1,"b":1}"#, false),
    (#"{"properties":{"a":false}}"#, #"{"a":1}"#, false),
    (#"{"additionalProperties":{"type":"string"}}"#, #"{"a":"1"}"#, true),
    (#"{"additionalProperties":{"type":"string"}}"#, #"{"a":1}"#, false),
    (#"{"minProperties":1}"#, "{}", false), (#"{"maxProperties":1}"#, #"{"a":1,"b":1}"#, false),
    (#"{"anyOf":[{"type":"string"},{"const":1}]}"#, "1", true),
    (#"{"anyOf":[{"type":"string"},{"const":1}]}"#, "2", false),
    (##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}"##, #""a""#, true),
    (##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}"##, "1", false),
    (##"{"$ref":"other.schema.json#/$defs/a"}"##, "1", true),
    (##"{"$ref":"other.schema.json#/$defs/a"}"##, #""a""#, false),
    (##"{"$ref":"other.schema.json"}"##, "[]", true),
    (##"{"$ref":"other.schema.json"}"##, "{}", false),
    (
      ##"{"properties":{"a":{"items":{"$ref":"#/$defs/b"}}},"$defs":{"b":{"required":["c"]}}}"##,
      #"{"a":[{"c":1},{"d":1}]}"#, false
    ),
  ])
  func theValidatorTellsRightFromWrong(schema: String, value: String, isRight: Bool) throws {
    let schemas = try JSONSchemas([
      "one.schema.json": JSONValue(schema),
      "other.schema.json": JSONValue(#"{"type":"array","$defs":{"a":{"type":"number"}}}"#),
    ])
    let faults = try schemas.faults(of: JSONValue(value), by: "one.schema.json")
    #expect(faults.isEmpty == isRight, "\(faults)")
  }

  @Test func schemasThatAreNotUnderstoodAreRefused() throws {
    for schema in [
      #"{"uniqueItems":true}"#, #"{"properties":{"a":{"format":"date"}}}"#, #"{"type":1}"#, "1",
    ] {
      #expect(throws: ToolFailure.self) { try JSONSchemas(["a.schema.json": JSONValue(schema)]) }
    }
    let astray = try JSONSchemas(["a.schema.json": JSONValue(##"{"$ref":"#/$defs/b"}"##)])
    #expect(throws: ToolFailure.self) { try astray.faults(of: .null, by: "a.schema.json") }
  }

  // MARK: The schemas

  @Test func eachKeyIsDescribedAndNoOtherIsAllowed() throws {
    #expect(schemas.properties.count > 150)
    for (place, schema) in schemas.schemas {
      let isDefinition = place.hasSuffix("#") || place.contains("/anyOf/")
      let isDescribed = if case .string? = schema["description"] { true } else { false }
      #expect(isDescribed || isDefinition, "\(place) has no description")
      if schema["type"] == .string("object") {
        #expect(schema["additionalProperties"] != nil, "\(place) takes any key")
      }
    }
  }

  /// Each setting has a key in the schema of settings, and the other way round.
  @Test func theSchemaOfSettingsHasThoseOfTheCatalog() throws {
    let names = SettingsCatalog.all.map { setting in
      let words = setting.name.split(separator: "-")
      return words.prefix(1).joined() + words.dropFirst().map(\.localizedCapitalized).joined()
    }
    let start = "common.schema.json#/$defs/settings/properties/"
    let described = schemas.properties.keys.filter { $0.hasPrefix(start) }
      .map { String($0.dropFirst(start.count)) }
    #expect(
      Set(described)
        == Set(names).union([
          "pipeline", "codecIsDefault", "encoderOptionIsDefault", "namedEncoderOptions",
        ]))
  }

  // MARK: The program's documents

  private func expect(_ data: Data, isValidBy schema: String, _ what: String = "") throws {
    let faults = try schemas.faults(of: JSONValue(data), by: schema)
    #expect(faults.isEmpty, "\(what) \(faults)")
  }

  private func program(_ arguments: [String], input: Data? = nil, status: Int32 = 0) throws -> (
    output: Data, errors: String
  ) {
    let run = try runProgram(arguments, input: input)
    #expect(run.status == status, "\(arguments): \(run.errors)")
    return (run.output, run.errors)
  }

  private func report(_ arguments: [String], input: Data? = nil, status: Int32 = 0) throws {
    let path = scratch.file("report.json")
    let run = try program(
      arguments + ["--report", path, "--overwrite", "--progress", "json"], input: input,
      status: status)
    try expect(
      Data(contentsOf: URL(fileURLWithPath: path)), isValidBy: "report.schema.json",
      "\(arguments)")
    try expectEvents(run.errors)
  }

  private func expectEvents(_ said: String) throws {
    for line in said.split(separator: "\n") {
      try expect(Data(line.utf8), isValidBy: "events.schema.json", "\(line)")
    }
  }

  /// Films that bring what documents may tell of: bars, a part in color, a rotation, a sample aspect, sound and a
  /// missing end.
  private func makeFilms() throws {
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=160x90:r=12:d=2 -f lavfi -i sine=d=3 -filter_complex "
        + "[0]split[a][b];[a]hue=s=0[c];[c][b]concat,pad=160:120:0:15,setsar=4/3[v] "
        + "-map [v] -map 1 -t 3 -c:v libx264 -bf 0 -g 12 -qp 1 -pix_fmt yuv420p",
      scratch.file("upright.mp4"))
    try copyRotated(scratch.file("upright.mp4"), to: scratch.file("film.mp4"))
    let film = smallFilm()
    try writeClip(film, frames: 0..<30, to: scratch.file("gray.mkv"))
    try writeClip(film, frames: 0..<20, to: scratch.file("short.mkv"))
    // So long that it can be stopped on the way, on any machine.
    try writeClip(film, frames: (0..<480).map { $0 % 48 }, to: scratch.file("long.mkv"))
    let whole = try Data(contentsOf: URL(fileURLWithPath: scratch.file("gray.mkv")))
    try whole.prefix(whole.count * 2 / 3).write(to: URL(fileURLWithPath: scratch.file("cut.mkv")))
    try FileManager.default.createDirectory(
      atPath: scratch.file("pictures"), withIntermediateDirectories: true)
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=96x64:r=1 -frames:v 2", scratch.file("pictures/p%d.png"))
  }

  private func expectReports() throws {
    let (film, gray) = (scratch.file("film.mp4"), scratch.file("gray.mkv"))
    let output = ["-o", scratch.file("color.mkv")]
    try report([film] + output + ["--color", "keep", "--key-frames", "4"])
    let cuts = scratch.file("cuts.txt")
    _ = try program(["probe", gray, "--write-cuts", cuts])
    let many =
      "--from 0.5 --to #28 --frames 20 --temperature 0.5 --vividness 0.4 --backend onednn "
      + "--precision fp32 --codec x264 --crf 30 --preset ultrafast -e tune=grain "
      + "--pixel-format yuv420p --format matroska --input-format matroska --memory 600"
    let refs = scratch.file("refs")
    try expect(
      try program([
        "refs", gray, "-o", refs, "--json", "--model", "autochrome-fast", "--size", "64",
      ]).output, isValidBy: "refs.schema.json")
    try report(
      [gray] + output + [
        "--references", refs, "--palette", refs + "/ref_000000.png", "--restart",
      ])
    try report([gray] + output + ["--cuts", cuts] + many.split(separator: " ").map(String.init))
    let shots = scratch.file("film.shots.yaml")
    try expectEvents(
      program(["plan", gray, "-o", shots, "--progress", "json"]).errors)
    try expectEvents(
      program([
        "review", gray, "--shots", shots, "--export", scratch.file("page.html"), "--progress",
        "json",
      ]).errors)
    try report(
      [gray, "-o", scratch.file("shots.mkv"), "--shots", shots, "--hues", "red=0.5,blue=2"])
    try expectPlannedFilm(gray)
    try report([scratch.file("cut.mkv")] + output, status: 65)
    try report(
      ["-"] + output
        + "--input-format rawvideo --input-size 64x48 --input-pixel-format gray --input-rate 24"
        .split(separator: " ").map(String.init), input: Data(count: 64 * 48 * 3))
    try report([scratch.file("pictures"), "-o", scratch.file("pictures-color"), "--color", "keep"])
    // A job that the user stops; its report is that of the library.
    let interruption = AutochromeKit.Interruption()
    let stopped = try ColorizationJob(
      input: scratch.file("long.mkv"), output: scratch.file("stopped.mkv"),
      settings: try settings {
        $0.lookAhead = 0
        $0.threads = 1
      }
    ).run(interruption: interruption) {
      if case .progress(let progress) = $0, progress.framesDone > 0, interruption.requests == 0 {
        interruption.request()
      }
    }
    #expect(stopped.interrupted && stopped.partialOutput != nil)
    var goingOn = stopped
    goingOn.jobFolder = stopped.jobFolder ?? "stopped.mkv.job"
    try expect(JSONEncoder().encode(goingOn), isValidBy: "report.schema.json")
    let plan = try program([gray] + output + ["--dry-run", "--overwrite"])
    try expect(plan.output, isValidBy: "common.schema.json#/$defs/plan")
  }

  private func expectPlannedFilm(_ input: String) throws {
    let words = [input, "-o", scratch.file("planned.mkv"), "--plan-only", "--progress", "json"]
    let planned = try program(words)
    try expect(planned.output, isValidBy: "planned.schema.json")
    try expectEvents(planned.errors)
    let folder = scratch.file("planned.mkv.job")
    try expectEvents(
      program(["render", "--job", folder, "--segment", "1", "--progress", "json"]).errors)
    try expectEvents(program(["join", "--job", folder, "--progress", "json"]).errors)
  }

  private func expectFigures() throws {
    let (film, gray) = (scratch.file("film.mp4"), scratch.file("gray.mkv"))
    for arguments in [[film, "--shots", "--key-frames", "4"], [gray], [scratch.file("pictures")]] {
      try expect(
        try program(["probe"] + arguments + ["--json"]).output, isValidBy: "probe.schema.json")
    }
    for input in ["pictures", "gray.mkv"] {
      try expect(
        try program(["evaluate", scratch.file(input), "--json"]).output,
        isValidBy: "evaluate.schema.json")
    }
    let classifier = try writeClassifier(to: scratch.file("classifier.onnx"))
    let labels = scratch.file("labels.txt")
    try "p1.png red\np2.png 3\n".write(toFile: labels, atomically: true, encoding: .utf8)
    for options in [[], ["--labels", labels]] {
      let words = ["evaluate", scratch.file("pictures"), "--semantic", classifier, "--json"]
      try expect(try program(words + options).output, isValidBy: "evaluate.schema.json")
    }
    let model = scratch.file("pixels.onnx")
    try Data(try ModelBuilder.pixelCNN(seed: 1).bytes()).write(to: URL(fileURLWithPath: model))
    try expect(
      try program(["evaluate", scratch.file("pictures"), "--json", "-m", model]).output,
      isValidBy: "evaluate.schema.json")
    try expect(
      try program([
        gray, "-o", scratch.file("sampled.mkv"), "-m", model, "--seed", "3", "--dry-run",
      ]).output, isValidBy: "common.schema.json#/$defs/plan")
    for (reference, result) in [
      ("upright.mp4", "upright.mp4"), ("gray.mkv", "color.mkv"), ("gray.mkv", "short.mkv"),
      ("pictures", "pictures-color"),
    ] {
      try expect(
        try program(["compare", scratch.file(reference), scratch.file(result), "--json"]).output,
        isValidBy: "compare.schema.json", "\(reference)")
    }
    let bench = try program(["bench", gray, "--json", "--frames", "6"])
    try expect(bench.output, isValidBy: "bench.schema.json")
    try expect(try program(["doctor", "--json"]).output, isValidBy: "doctor.schema.json")
  }

  @Test func documentsAreAsTheSchemasSay() throws {
    try makeFilms()
    try expectReports()
    _ = try program([
      scratch.file("gray.mkv"), "-o", scratch.file("color.mkv"), "--overwrite", "-q",
    ])
    try expectFigures()
    let films = ["gray.mkv", "missing.mkv", "cut.mkv"].map { scratch.file($0) }
    try expectEvents(
      program(
        films + ["-o", scratch.file("many/"), "--progress", "json"], status: 66
      ).errors)
    try expectEvents(
      program([
        films[0], "--preview", scratch.file("sheet.png"), "--progress", "json",
      ]).errors)
    let manifest = try ResourceLocator.folder().appending(path: "models/models.json")
    try expect(try Data(contentsOf: manifest), isValidBy: "models.schema.json")
    // Whatever a schema describes was met, so that none describes what is no more.
    let unmet = Set(schemas.properties.keys).subtracting(schemas.metProperties)
    let rare: Set<String> = [
      // Whoever says it says it in other words where all is JSON.
      "events.schema.json#/properties/message",
      "events.schema.json#/properties/message/properties/message",
      // These films are done before it can be told.
      "common.schema.json#/$defs/progress/properties/secondsLeft",
    ]
    #expect(unmet.subtracting(rare).isEmpty, "\(unmet.sorted())")
  }

  // MARK: What the report proves

  private func digest(_ path: String) throws -> String {
    String(decoding: try run("sha256sum", [path]).prefix(64), as: UTF8.self)
  }

  @Test func theReportSaysWhatTheFilmWasMadeFromAndByWhat() throws {
    let film = smallFilm()
    try writeClip(film, frames: 0..<48, to: scratch.file("film.mkv"))
    let model = scratch.file("own.onnx")
    let shipped = try ModelCatalog.summary(of: "autochrome-fast").file
    try FileManager.default.copyItem(atPath: shipped, toPath: model)
    func report() throws -> JobReport {
      let path = scratch.file("report.json")
      let run = try runProgram([
        scratch.file("film.mkv"), "-o", scratch.file("color.mkv"), "--codec", "ffv1", "--model",
        model, "--report", path, "--overwrite", "--key-frames", "4",
      ])
      #expect(run.status == 0, "\(run.errors)")
      return try JSONDecoder().decode(
        JobReport.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
    let first = try report()
    #expect(first.schema == JobReport.currentSchema)
    #expect(first.program.version == AutochromeVersion.current)
    #expect(
      first.program.libraries
        == Dictionary(uniqueKeysWithValues: MediaLibraries.versions.map { ($0.name, $0.version) }))
    let doctor = Doctor.examine()
    #expect(first.program.kernels == doctor.kernels && first.program.backends == doctor.backends)
    #expect(first.program.processors == doctor.processors)
    let files = try #require(first.files)
    #expect(files.network == model)
    #expect(try files.networkSHA256 == digest(model))
    let size = try FileManager.default.attributesOfItem(atPath: scratch.file("film.mkv"))[.size]
    #expect(files.inputBytes == (size as? NSNumber)?.int64Value)
    // The shots, and what was done with the frames of each.
    #expect(first.shotStarts == [0] + film.cuts)
    #expect(first.shots.map(\.frames) == [21, 15, 12])
    #expect(zip(first.shots, first.shotStarts).allSatisfy { abs($0.time - Double($1) / 6) < 0.002 })
    #expect(first.shots.reduce(0) { $0 + $1.framesSeen } == first.framesSeen)
    #expect(
      first.shots.allSatisfy { (1...$0.frames).contains($0.framesSeen) && $0.framesKept == 0 })

    #expect(try report().files == files)
    // One byte more, in the network or the film, and it is another.
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.file("film.mkv")))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data([0]))
    try handle.close()
    let other = try #require(try report().files)
    #expect(other.inputFingerprint != files.inputFingerprint)
    #expect(other.networkSHA256 == files.networkSHA256)
  }

  /// Where nothing moves, the network sees few frames of a shot.
  @Test func whoWantsNoReportPaysForNone() throws {
    let still = [0, 0, 0, 0, 0, 0, 0, 0, 0, 22, 22, 22, 22, 22]
    try writeClip(smallFilm(), frames: still, to: scratch.file("film.mkv"))
    let report = try ColorizationJob(
      input: scratch.file("film.mkv"), output: scratch.file("color.mkv"),
      settings: settings { $0.keyFrames = .atMost(4) }
    ).run { _ in }
    #expect(report.files == nil)
    #expect(report.shots.map(\.frame) == [0, 9] && report.shots.map(\.frames) == [9, 5])
    #expect(report.shots.map(\.framesSeen) == [3, 2] && report.framesSeen == 5)
  }
}
