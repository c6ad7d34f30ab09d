import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// A film whose shots have looks of their own, and are made again alone.
@Suite(.serialized) struct ShotsTests {
  private let scratch: TemporaryFolder
  private let film: SampleFilm

  /// Three shots, one frame a second: the first is longer than a part.
  init() throws {
    scratch = try TemporaryFolder()
    film = smallFilm()
    try writeClip(film, frames: 0..<film.frameCount, rate: 1, to: scratch.file("film.mkv"))
  }

  private func shots(_ text: String, _ name: String = "film.shots.yaml") throws -> String {
    try text.write(toFile: scratch.file(name), atomically: true, encoding: .utf8)
    return scratch.file(name)
  }

  private func job(
    _ output: String, shots: String?, _ change: (inout SettingsLayer) -> Void = { _ in }
  ) throws -> ColorizationJob {
    ColorizationJob(
      input: scratch.file("film.mkv"), output: scratch.file(output),
      settings: try settings {
        $0.model = "autochrome-fast"
        $0.size = 64
        $0.codec = output.hasSuffix("mkv") ? "ffv1" : nil
        $0.shots = shots
        change(&$0)
      }, overwrite: true)
  }

  @discardableResult
  private func run(_ job: ColorizationJob) throws -> JobReport { try job.run { _ in } }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: scratch.file(name)))
  }

  /// The numbers by which the system knows the segments that are kept.
  private func identities(_ folder: String) throws -> [String: Int] {
    let path = scratch.file(folder)
    var result: [String: Int] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: path)
    where name.hasSuffix(".segment") {
      result[name] =
        try FileManager.default.attributesOfItem(atPath: path + "/" + name)[.systemFileNumber]
        as? Int
    }
    return result
  }

  private static let plain = """
    shots:
      - 0
      - at: "#21"   # the second
      - at: 36.0
    """

  private static func second(_ look: String) -> String {
    "shots: [0, {at: \"#21\", \(look)}, {at: 36.0}]"
  }

  @Test func aShotHasItsOwnLook() throws {
    try run(job("plain.mkv", shots: try shots(Self.plain)))
    try run(job("gray.mkv", shots: try shots(Self.second("look: {saturation: 0}"))))
    let (plain, gray) = try (
      readFrames(scratch.file("plain.mkv")), readFrames(scratch.file("gray.mkv"))
    )
    #expect(plain.count == film.frameCount && gray.count == plain.count)
    for (index, pair) in zip(plain, gray).enumerated() {
      #expect(largestDifference(pair.0.picture.planes[0], pair.1.picture.planes[0]) == 0)
      for plane in 1...2 {
        let difference = largestDifference(
          pair.0.picture.planes[plane], pair.1.picture.planes[plane])
        #expect((difference > 0) == (21..<36).contains(index), "frame \(index), plane \(plane)")
      }
    }
    let isNeutral = gray[30].picture.planes[1...2].allSatisfy { plane in
      let neutral = Plane(width: plane.width, height: plane.height, bitDepth: plane.bitDepth) {
        base, bytesPerRow in
        for y in 0..<plane.height {
          for x in 0..<plane.width {
            if plane.bitDepth == 8 {
              (base + y * bytesPerRow + x).storeBytes(of: UInt8(128), as: UInt8.self)
            } else {
              (base + y * bytesPerRow + 2 * x).storeBytes(
                of: UInt16(1 << (plane.bitDepth - 1)), as: UInt16.self)
            }
          }
        }
      }
      return largestDifference(plane, neutral) == 0
    }
    #expect(isNeutral)
  }

  /// A shot that is not steadied is that of a film in which nothing is, and the others are as they were.
  @Test(arguments: [KeyFrames.off, .atMost(4)])
  func aShotHasItsOwnStability(keyFrames: KeyFrames) throws {
    func frames(_ output: String, _ text: String, stability: Float = 0.7) throws -> [Frame] {
      try run(
        job(output, shots: try shots(text)) {
          $0.stability = stability
          $0.keyFrames = stability > 0 ? keyFrames : nil
        })
      return try readFrames(scratch.file(output))
    }
    let steady = try frames("steady.mkv", Self.plain)
    let loose = try frames("loose.mkv", Self.plain, stability: 0)
    let mixed = try frames("mixed.mkv", Self.second("look: {stability: 0}"))
    try #require(mixed.count == film.frameCount)
    func isSame(_ one: Frame, _ other: Frame) -> Bool {
      zip(one.picture.planes, other.picture.planes).allSatisfy { $0.hasSameSamples(as: $1) }
    }
    for index in mixed.indices {
      let isLoose = (21..<36).contains(index)
      #expect(isSame(mixed[index], isLoose ? loose[index] : steady[index]), "frame \(index)")
    }
    #expect(!isSame(steady[30], loose[30]) && !isSame(steady[10], loose[10]))
  }

  /// Each change renders what it changes, and nothing else; the film is that of a run that began with it.
  @Test(arguments: ["film.mkv", "pictures/"])
  func aChangedShotAloneIsMadeAgain(kind: String) throws {
    let output = kind == "film.mkv" ? "color.mkv" : "color/"
    let fresh = kind == "film.mkv" ? "fresh.mkv" : "fresh/"
    let folder = output.hasSuffix("/") ? "color.job" : "color.mkv.job"
    func contents(_ name: String) throws -> [Data] {
      guard name.hasSuffix("/") else { return [try bytes(name)] }
      return try FileManager.default.contentsOfDirectory(atPath: scratch.file(name)).sorted()
        .map { try bytes(name + $0) }
    }
    let file = try shots(Self.plain)
    let first = try run(job(output, shots: file))
    #expect(first.warnings.contains { $0.contains("keeps the segments") })
    // The first shot has two parts.
    var before = try identities(folder)
    #expect(before.count == 4)
    for (look, changed) in [
      (Self.second("look: {saturation: 0.5}"), ["000003.segment"]),
      (Self.second("look: {saturation: 0.5, vividness: 1}"), ["000003.segment"]),
      (
        "look: {temperature: 0.2}\nshots: [{at: 0, look: {vividness: 0}}, \"#21\", {at: 36, like: 1}]",
        ["000001.segment", "000002.segment", "000003.segment", "000004.segment"]
      ),
      (
        "look: {temperature: 0.2}\nshots: [{at: 0, look: {vividness: 1}}, \"#21\", {at: 36, look: {vividness: 0}}]",
        ["000001.segment", "000002.segment"]
      ),
    ] {
      let again = try run(job(output, shots: try shots(look)))
      let after = try identities(folder)
      #expect(
        after.keys.filter { after[$0] != before[$0] }.sorted() == changed, "\(look)")
      #expect(again.frames == film.frameCount)
      #expect((again.framesBefore == 0) == (changed.count == 4), "\(again.framesBefore)")
      #expect(again.shotStarts == [0] + film.cuts)
      var anew = try job(fresh, shots: try shots(look, "fresh.yaml"))
      anew.restarts = true
      try run(anew)
      #expect(try contents(output) == contents(fresh), "\(look)")
      before = after
    }
    // With nothing changed, nothing is made again.
    let idle = try run(job(output, shots: scratch.file("film.shots.yaml")))
    #expect(try idle.framesBefore == film.frameCount && identities(folder) == before)
    #expect(try contents(output) == contents(fresh))
  }

  /// Where shots begin elsewhere, what is before that stays.
  @Test func movedCutsKeepWhatIsBefore() throws {
    try run(job("color.mkv", shots: try shots(Self.plain)))
    let before = try identities("color.mkv.job")
    for list in ["shots: [0, \"#21\", 30, 36]", "shots: [0, \"#21\"]"] {
      let again = try run(job("color.mkv", shots: try shots(list)))
      let after = try identities("color.mkv.job")
      #expect(after["000001.segment"] == before["000001.segment"])
      #expect(again.framesBefore >= 20 && again.frames == film.frameCount, "\(again.framesBefore)")
      var anew = try job("fresh.mkv", shots: try shots(list, "fresh.yaml"))
      anew.restarts = true
      try run(anew)
      #expect(try bytes("color.mkv") == bytes("fresh.mkv"), "\(list)")
    }
  }

  /// What is broken off while a shot is made again goes on.
  @Test func makingAgainGoesOnToo() throws {
    try run(job("color.mkv", shots: try shots(Self.plain)))
    let other = try shots(
      "look: {vividness: 1}\nshots: [{at: 0, look: {saturation: 0.3}}, \"#21\", {at: 36}]")
    let interruption = AutochromeKit.Interruption()
    let stopped = try job("color.mkv", shots: other).run(interruption: interruption) { event in
      if case .progress(let progress) = event, progress.framesDone > 18,
        interruption.requests == 0
      {
        interruption.request()
      }
    }
    #expect(stopped.interrupted && stopped.jobFolder != nil)
    let resumed = try run(job("color.mkv", shots: other))
    #expect(!resumed.interrupted && resumed.frames == film.frameCount)
    try run(job("fresh.mkv", shots: other))
    #expect(try bytes("color.mkv") == bytes("fresh.mkv"))
  }

  @Test func aShotKeepsItsColors() throws {
    // The network's colors, once more in color.
    try run(job("source.mkv", shots: nil))
    try FileManager.default.moveItem(
      atPath: scratch.file("source.mkv"), toPath: scratch.file("colored.mkv"))
    func again(_ output: String, _ list: String) throws -> [Frame] {
      let file = try shots(list)
      let job = ColorizationJob(
        input: scratch.file("colored.mkv"), output: scratch.file(output),
        settings: try settings {
          $0.model = "autochrome-fast"
          $0.size = 64
          $0.codec = "ffv1"
          $0.saturation = 0.5
          $0.shots = file
        })
      let report = try run(job)
      #expect(report.framesKept == (list.contains("color: keep") ? 15 : 0))
      return try readFrames(scratch.file(output))
    }
    let source = try readFrames(scratch.file("colored.mkv"))
    let kept = try again("kept.mkv", Self.second("color: keep"))
    for index in [21, 30, 35] {
      #expect(
        largestDifference(source[index].picture.planes[1], kept[index].picture.planes[1]) == 0)
    }
    #expect(largestDifference(source[5].picture.planes[1], kept[5].picture.planes[1]) > 0)
    #expect(largestDifference(source[40].picture.planes[1], kept[40].picture.planes[1]) > 0)
  }

  @Test func someShotsAreMadeAlone() throws {
    let file = try shots(Self.second("look: {saturation: 0.5}"))
    try run(job("whole.mkv", shots: file))
    let whole = try readFrames(scratch.file("whole.mkv"))
    func program(_ words: String...) throws -> (status: Int32, errors: String) {
      let run = try runProgram(
        [
          scratch.file("film.mkv"), "--model", "autochrome-fast", "--size", "64", "--codec", "ffv1",
          "-q",
        ]
          + words)
      return (run.status, run.errors)
    }
    let parts = scratch.file("part-{shots}.mkv")
    let made = try program("--shots", file, "--only", "3,1", "-o", parts)
    #expect(made.status == 0, "\(made.errors)")
    let two = try program("--shots", file, "--only", "2-3", "-o", parts)
    #expect(two.status == 0, "\(two.errors)")
    for (name, frames) in [
      ("part-1.mkv", 0..<21), ("part-3.mkv", 36..<48), ("part-2-3.mkv", 21..<48),
    ] {
      let part = try readFrames(scratch.file(name))
      #expect(part.count == frames.count, "\(name)")
      for (frame, other) in zip(part, whole[frames]) {
        for plane in 0..<3 {
          #expect(
            largestDifference(frame.picture.planes[plane], other.picture.planes[plane]) == 0,
            "\(name), frame \(frame.index)")
        }
      }
    }
    for (words, said) in [
      (["--shots", file, "--only", "1,3", "-o", scratch.file("x.mkv")], "{shots}"),
      (["--shots", file, "--only", "4", "-o", scratch.file("x.mkv")], "asks for shot 4"),
      (["--only", "1", "-o", scratch.file("x.mkv")], "selects shots from a list"),
      (["--shots", file, "--only", "2-1", "-o", scratch.file("x.mkv")], "expected shot numbers"),
      (
        ["--shots", file, "--only", "1", "--to", "3", "-o", scratch.file("x.mkv")], "--from or --to"
      ),
    ] {
      let run = try runProgram([scratch.file("film.mkv")] + words)
      #expect(run.status == 64 && run.errors.contains(said), "\(run.errors)")
    }
  }

  /// Each column of a sheet of settings shows the shots in their looks, but for what the column is about.
  @Test func trySetsItsColumnsOverTheLooksOfTheShots() throws {
    func sheet(_ text: String) throws -> Picture {
      let output = scratch.file("try.png")
      let run = try runProgram([
        "try", scratch.file("film.mkv"), "-o", output, "--overwrite", "--vividness", "0,1",
        "--frames", "3",
        "--models", "autochrome-fast", "--size", "64", "--shots", try shots(text),
      ])
      #expect(run.status == 0, "\(run.errors)")
      return try #require(try readFrames(output).first).picture
    }
    let plain = try sheet(Self.plain)
    let gray = try sheet(Self.second("look: {saturation: 0, vividness: 0.3}"))
    // A row for each shot below three lines of headings; the source, and two columns.
    let (cell, top, row) = (208 + 8, 8 + 3 * 20 + 4, 120 + 24 + 8)
    for shot in 0..<3 {
      for column in 1...2 {
        let (x, y) = (8 + column * cell, top + shot * row)
        var (chroma, difference) = (0, 0)
        for at in stride(from: 0, to: 120 * 208, by: 7) {
          let (px, py) = (x + at % 208, y + at / 208)
          let codes = gray.planes.map { Int($0[px, py]) }
          chroma = max(chroma, (codes.max() ?? 0) - (codes.min() ?? 0))
          difference = max(
            difference, zip(plain.planes, codes).map { abs(Int($0[px, py]) - $1) }.max() ?? 0)
        }
        #expect((chroma <= 2) == (shot == 1), "shot \(shot), column \(column): \(chroma)")
        #expect((difference > 0) == (shot == 1), "shot \(shot), column \(column)")
      }
    }
  }

  /// Of a long film whose list names frames by number, the looks are those of the right shots.
  @Test func aPreviewCountsTheFramesThatAListNumbers() throws {
    try writeClip(film, frames: (0..<1000).map { $0 % 20 }, rate: 25, to: scratch.file("long.mkv"))
    let run = try runProgram([
      scratch.file("long.mkv"), "--preview", scratch.file("p.png"), "--preview-frames", "2",
      "--size", "64",
      "--model", "autochrome-fast", "--shots",
      try shots("shots: [{at: \"#0\", look: {saturation: 0}}, {at: \"#500\"}]"),
    ])
    #expect(run.status == 0, "\(run.errors)")
    let sheet = try #require(try readFrames(scratch.file("p.png")).first).picture
    for shot in 0..<2 {
      let chroma = (0..<(120 * 208)).map { at in
        let codes = sheet.planes.map {
          Int($0[8 + shot * (208 + 8) + at % 208, 8 + 124 + at / 208])
        }
        return (codes.max() ?? 0) - (codes.min() ?? 0)
      }.max()
      #expect(((chroma ?? 0) > 2) == (shot == 1), "shot \(shot): \(chroma ?? 0)")
    }
  }

  /// A look before the work shows each shot as it will be.
  @Test func aPreviewShowsTheLooksOfTheShots() throws {
    func sheet(_ name: String, _ text: String) throws -> Frame {
      let file = try shots(text)
      let path = scratch.file(name)
      _ = try Preview(
        input: scratch.file("film.mkv"), output: path,
        settings: settings {
          $0.model = "autochrome-fast"
          $0.size = 64
          $0.shots = file
        }, frames: 3
      ).run()
      return try #require(try readFrames(path).first)
    }
    let plain = try sheet("plain.png", Self.plain)
    let other = try sheet("other.png", Self.second("look: {saturation: 0}"))
    #expect(plain.picture.width == other.picture.width)
    #expect(largestDifference(plain.picture.planes[0], other.picture.planes[0]) > 0)
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: scratch.file("plain.png")))
        != Data(contentsOf: URL(fileURLWithPath: scratch.file("other.png"))))
  }

  @Test func faultsAreNamedWithLineAndShot() throws {
    for (text, said) in [
      ("cuts: [1]", "line 1: the file has the unknown key 'cuts'"),
      ("look: {}", "the file has no 'shots'"),
      ("shots: 3", "'shots' is not a list"), ("- 1", "the file is not a mapping"),
      ("shots:\n  - 0\n  - at: soon", "line 3: shot 2 begins at 'soon'"),
      ("shots:\n  - at: #12\n", "shot 1 begins at ''"),
      ("shots:\n  - {at: 0, lok: 1}", "line 2: shot 1 has the unknown key 'lok'"),
      ("shots:\n  - look: {vividness: 1}", "shot 1 has no 'at'"),
      ("shots:\n  - {at: 0, look: {vividness: 3}}", "shot 1: vividness 3.0 is outside of 0…1"),
      ("shots:\n  - {at: 0, look: {size: 64}}", "the look of shot 1 has the unknown key 'size'"),
      ("shots:\n  - {at: 0, look: {saturation: much}}", "shot 1 has a value of the wrong type"),
      ("shots:\n  - {at: 0, color: maybe}", "shot 1 has color 'maybe'"),
      ("shots:\n  - {at: 0, like: 7}", "shot 1 has 'like: 7'"),
      ("shots:\n  - {at: 0, like: 1}", "shot 1 has 'like: 1'"),
      ("shots: [5, 3]", "shot 2 does not begin after"), ("shots: [", "not valid YAML"),
    ] {
      let file = try shots(text)
      let error = #expect(throws: AutochromeError.self, "\(text)") {
        try run(job("color.mkv", shots: file))
      }
      let message = error?.message ?? ""
      #expect(error?.status == .badData, "\(message)")
      #expect(message.contains(said) && message.contains("film.shots.yaml"), "\(message)")
    }
    let both = #expect(throws: AutochromeError.self) {
      try job("color.mkv", shots: try shots(Self.plain)) { $0.cuts = scratch.file("cuts.txt") }
    }
    #expect(both?.status == .usage)
  }

  /// What `plan` writes is taken back, tells what it saw, and is not replaced.
  @Test func aPlannedFileIsTakenBack() throws {
    let (file, page) = (scratch.file("found.yaml"), scratch.file("found.html"))
    let arguments = [
      "plan", scratch.file("film.mkv"), "-o", file, "--sheet", page, "--model", "autochrome-fast",
      "--size", "64", "-q",
    ]
    var told = try runProgram(arguments)
    #expect(told.status == 0, "\(told.errors)")
    let list = try ShotsFile(contentsOf: file).list
    #expect(list.shots.map(\.position) == [0, 21, 36])
    let html = try String(contentsOfFile: page, encoding: .utf8)
    #expect(html.components(separatedBy: "data:image/png;base64,").count == 1 + 3 * 3 * 2)
    #expect(html.contains("id=\"shot-3\"") && !html.contains("id=\"shot-4\""))
    told = try runProgram(arguments)
    #expect(told.status == 73 && told.errors.contains("found.yaml already exists"))
    // A film colored with it is the one colored without, in another number of segments.
    let warnings = try run(job("color.mkv", shots: file)).warnings
    #expect(!warnings.contains { $0.contains("another film") }, "\(warnings)")
    try run(job("plain.mkv", shots: nil))
    let (planned, plain) = try (
      readFrames(scratch.file("color.mkv")), readFrames(scratch.file("plain.mkv"))
    )
    for (one, other) in zip(planned, plain) {
      #expect(largestDifference(one.picture.planes[1], other.picture.planes[1]) == 0)
    }
    // Of another film it says so.
    try writeClip(film, frames: 0..<10, rate: 1, to: scratch.file("other.mkv"))
    var other = try job("other-color.mkv", shots: file)
    other.request.input = scratch.file("other.mkv")
    #expect(try run(other).warnings.contains { $0.contains("another film") })
  }

  @Test func shotsThatAreInColorAreFlagged() throws {
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=160x120:r=8:d=2 -f lavfi -i color=black:s=160x120:r=8:d=2 "
        + "-filter_complex [0][1]concat=n=2 -c:v ffv1", scratch.file("color-black.mkv"))
    let cuts = try shots("0\n2\n", "cuts.txt")
    let survey = ShotSurvey(
      input: scratch.file("color-black.mkv"), output: scratch.file("flags.yaml"),
      settings: try settings {
        $0.model = "autochrome-fast"
        $0.size = 64
        $0.cuts = cuts
      })
    let found = try survey.run()
    #expect(found.map(\.frame) == [0, 16] && found.map(\.frames) == [16, 16])
    #expect(found[0].flags.contains(.color) && found[1].flags == [.black])
    let text = try String(contentsOfFile: scratch.file("flags.yaml"), encoding: .utf8)
    #expect(text.contains("flags: [color") && text.contains("flags: [black]"))
  }
}
