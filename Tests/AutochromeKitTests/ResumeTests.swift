import AutochromeKit
import Foundation
import Media
import SampleFilm
import TestSupport
import Testing

/// A film that is broken off goes on where it was, and becomes the film that it would have become.
@Suite(.serialized) struct ResumeTests {
  private let scratch: TemporaryFolder
  private let film: SampleFilm

  /// The film twice, one frame a second: parts end in a shot after 20 s, and with shots after 10 s.
  init() throws {
    scratch = try TemporaryFolder()
    film = smallFilm()
    let frames = Array(0..<film.frameCount)
    try writeClip(film, frames: frames + frames, rate: 1, to: scratch.file("film.mkv"))
  }

  /// The frames at which segments begin.
  private static let starts = [0, 20, 36, 48, 68, 84]

  private func job(
    _ output: String, input: String = "film.mkv", _ change: (inout SettingsLayer) -> Void = { _ in }
  ) throws -> ColorizationJob {
    ColorizationJob(
      input: scratch.file(input), output: scratch.file(output),
      settings: try settings {
        $0.model = "autochrome-fast"
        $0.size = 64
        $0.codec = output.hasSuffix("mkv") ? "ffv1" : nil
        change(&$0)
      })
  }

  /// Runs until the first segment is kept, and stops.
  @discardableResult
  private func stop(_ job: ColorizationJob) throws -> JobReport {
    let interruption = AutochromeKit.Interruption()
    let segment = job.output.trimmingSuffix("/") + ".job" + "/000001.segment"
    let watch = Thread {
      while !Thread.current.isCancelled, interruption.requests == 0 {
        if FileManager.default.fileExists(atPath: segment) { interruption.request() }
        usleep(500)
      }
    }
    watch.start()
    defer { watch.cancel() }
    return try job.run(interruption: interruption) { _ in }
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: scratch.file(name)))
  }

  @discardableResult
  private func finish(_ job: ColorizationJob) throws -> JobReport { try job.run { _ in } }

  @Test func aStoppedFilmGoesOnWhereItWas() throws {
    let whole = try finish(job("whole.mkv"))
    #expect(whole.frames == 96 && whole.framesBefore == 0)
    let stopped = try stop(try job("color.mkv"))
    #expect(stopped.interrupted && stopped.jobFolder == scratch.file("color.mkv.job"))
    #expect(
      scratch.names == [
        "color.mkv.job", "color.partial.mkv", "film.mkv", "whole.mkv",
      ])
    let resumed = try finish(job("color.mkv"))
    #expect(
      resumed.warnings.contains {
        $0.contains("Continuing at frame") && $0.contains("color.mkv.job")
      })
    #expect(try bytes("color.mkv") == bytes("whole.mkv"))
    #expect(!scratch.names.contains("color.mkv.job"))
    // What is told of the film is told of all of it.
    #expect(Self.starts.dropFirst().contains(resumed.framesBefore))
    #expect(resumed.frames == 96 && resumed.framesSeen == whole.framesSeen)
    #expect(resumed.shots == whole.shots && resumed.areas == whole.areas)
    #expect(resumed.sourceColors == whole.sourceColors)
  }

  /// The sheet of a job that went on shows the frames of all its runs.
  @Test func aSheetGoesOnToo() throws {
    var whole = try job("whole.mkv")
    whole.preview = scratch.file("whole.png")
    try finish(whole)
    var color = try job("color.mkv")
    color.preview = scratch.file("color.png")
    #expect(try stop(color).jobFolder != nil)
    #expect(!scratch.names.contains("color.png"))
    #expect(try finish(color).framesBefore > 0)
    #expect(try bytes("color.png") == bytes("whole.png"))
  }

  /// With motion between frames that the network does not see, and with what keeps its colors.
  @Test(arguments: ["key-frames", "keep", "audio"]) func otherJobsGoOnToo(kind: String) throws {
    if kind == "audio" {
      try ffmpeg(
        "-i", scratch.file("film.mkv"), "-f", "lavfi", "-i", "sine=r=8000:d=96", "-c:v", "copy",
        "-c:a",
        "pcm_s16le", scratch.file("with.mkv"))
    }
    let change: (inout SettingsLayer) -> Void = { layer in
      switch kind {
      case "key-frames": layer.keyFrames = .atMost(4)
      case "keep": layer.color = .keep
      default: layer.audio = .flac
      }
    }
    let input = kind == "audio" ? "with.mkv" : "film.mkv"
    let ending = kind == "audio" ? "mov" : "mkv"
    try finish(job("whole.\(ending)", input: input, change))
    try stop(try job("color.\(ending)", input: input, change))
    #expect(scratch.names.contains("color.\(ending).job"))
    try finish(job("color.\(ending)", input: input, change))
    #expect(try bytes("color.\(ending)") == bytes("whole.\(ending)"))
  }

  @Test func aFolderOfPicturesGoesOnWhereItWas() throws {
    try finish(job("whole/"))
    try stop(try job("color/"))
    let before =
      try FileManager.default.attributesOfItem(
        atPath: scratch.file("color/000001.png"))[.systemFileNumber] as? Int
    #expect(scratch.names.contains("color.job"))
    let resumed = try finish(job("color/"))
    #expect(resumed.framesBefore >= 20 && resumed.frames == 96)
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.file("whole")).sorted()
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.file("color")).sorted() == names)
    #expect(names.count == 96)
    for name in names { #expect(try bytes("color/\(name)") == bytes("whole/\(name)"), "\(name)") }
    // What was whole was not written again.
    let after =
      try FileManager.default.attributesOfItem(
        atPath: scratch.file("color/000001.png"))[.systemFileNumber] as? Int
    #expect(before == after)
    #expect(!scratch.names.contains("color.job"))
  }

  /// A folder of pictures that is not of this job is not replaced by going on.
  @Test func picturesOfOthersStay() throws {
    try stop(try job("color/"))
    try Data("mine".utf8).write(to: URL(fileURLWithPath: scratch.file("color/000096.png")))
    let error = #expect(throws: AutochromeError.self) { try finish(job("color/")) }
    #expect(error?.status == .cannotCreate)
    #expect(try bytes("color/000096.png") == Data("mine".utf8))
  }

  @Test func anotherJobIsRefusedWithTheDifference() throws {
    try stop(try job("color.mkv"))
    let names = scratch.names
    for (said, change) in [
      ("vividness", { $0.vividness = 0.25 }), ("saturation", { $0.saturation = 0.5 }),
      ("model", { $0.model = "autochrome" }),
    ] as [(String, (inout SettingsLayer) -> Void)] {
      let error = #expect(throws: AutochromeError.self) {
        try finish(job("color.mkv", change))
      }
      #expect(error?.status == .cannotCreate)
      let message = error?.message ?? ""
      #expect(message.contains(said) && message.contains("--restart"), "\(message)")
      #expect(scratch.names == names)
    }
    // Other threads and memory make the same film.
    try finish(job("whole.mkv"))
    let resumed = try finish(
      job("color.mkv") {
        $0.threads = 1
        $0.memory = 300
      })
    #expect(resumed.framesBefore > 0)
    #expect(try bytes("color.mkv") == bytes("whole.mkv"))
  }

  @Test func anotherInputIsRefusedAndRestartBeginsAnew() throws {
    try stop(try job("color.mkv"))
    try FileManager.default.removeItem(atPath: scratch.file("film.mkv"))
    try writeClip(
      film, frames: (0..<film.frameCount).reversed(), rate: 1, to: scratch.file("film.mkv"))
    let error = #expect(throws: AutochromeError.self) { try finish(job("color.mkv")) }
    #expect(error?.message.contains("the input's contents") == true)
    var again = try job("color.mkv")
    again.restarts = true
    #expect(try finish(again).framesBefore == 0)
    try finish(job("whole.mkv"))
    #expect(try bytes("color.mkv") == bytes("whole.mkv"))
  }

  /// Whatever else lies where a job's folder would.
  @Test func aFolderOfOthersIsNotTouched() throws {
    try FileManager.default.createDirectory(
      atPath: scratch.file("color.mkv.job"), withIntermediateDirectories: false)
    try Data("mine".utf8).write(to: URL(fileURLWithPath: scratch.file("color.mkv.job/notes")))
    let error = #expect(throws: AutochromeError.self) { try finish(job("color.mkv")) }
    #expect(error?.status == .cannotCreate)
    #expect(try bytes("color.mkv.job/notes") == Data("mine".utf8))
    #expect(scratch.names == ["color.mkv.job", "film.mkv"])
  }

  /// What a full disk or a decoder that fails leaves is a job's folder, and no second copy of the film.
  @Test(.disabled(if: isSanitized)) func aFullDiskLeavesWhatToGoOnFrom() throws {
    let arguments = [
      scratch.file("film.mkv"), "-o", scratch.file("color.mkv"), "--codec", "ffv1", "--model",
      "autochrome-fast", "--size", "64", "-q",
    ]
    try finish(job("whole.mkv"))
    let size = try bytes("whole.mkv").count
    // A limit on the size of files is as good as a disk that is full.
    let limited = try runProgram(
      ["-c", "ulimit -f \(size * 3 / 4 / 1024); exec \"$0\" \"$@\"", builtURL("autochrome").path]
        + arguments, tool: "bash")
    #expect(limited.status == 74, "\(limited.errors)")
    #expect(limited.errors.contains("Run the same command again"), "\(limited.errors)")
    #expect(scratch.names == ["color.mkv.job", "film.mkv", "whole.mkv"])
    let resumed = try runProgram(arguments)
    #expect(resumed.status == 0, "\(resumed.errors)")
    #expect(try bytes("color.mkv") == bytes("whole.mkv"))
  }

  /// As a disk that goes bad under the input: what was made is kept, and once the input can be read again, the
  /// same command makes the film of a run that met nothing. A library of our own can't stand before a sanitizer's.
  @Test(.disabled(if: isSanitized)) func anInputThatFailsOnTheWayIsGoneOnWith() throws {
    let arguments = [
      scratch.file("film.mkv"), "--codec", "ffv1", "--model", "autochrome-fast", "--size", "64",
      "-q",
    ]
    let film = URL(fileURLWithPath: scratch.file("film.mkv")).resolvingSymlinksInPath().path
    func reads(_ output: String, failsAfter most: Int?) throws -> (status: Int32, errors: String) {
      var environment = [
        "LD_PRELOAD": builtURL("libReadFailure.so").path, "READ_FAILURE_FILE": film,
      ]
      environment["READ_FAILURE_AFTER"] = most.map { "\($0)" }
      let run = try runProgram(
        arguments + ["-o", scratch.file(output)], environment: environment)
      return (run.status, run.errors)
    }
    let whole = try reads("whole.mkv", failsAfter: nil)
    #expect(whole.status == 0, "\(whole.errors)")
    let count = try #require(
      whole.errors.split(separator: "\n").last?.split(separator: " ").first.flatMap { Int($0) })
    #expect(count > 20)
    // Nearly at the end; then at ever other places, each run going on where the last one failed.
    var failures = 0
    for share in [0.95, 0.97, 0.99] {
      let failed = try reads("color.mkv", failsAfter: Int(share * Double(count)))
      guard failed.status != 0 else { break }
      failures += 1
      #expect(failed.status == 74, "\(failed.errors)")
      #expect(failed.errors.contains("Run the same command again"), "\(failed.errors)")
    }
    #expect(failures > 0 && scratch.names.contains("color.mkv.job"))
    #expect(try reads("color.mkv", failsAfter: nil).status == 0)
    #expect(try bytes("color.mkv") == bytes("whole.mkv"))
    #expect(!scratch.names.contains("color.mkv.job"))
  }

  /// As a network drive that goes away and comes back.
  @Test func aFolderThatDisappearsIsGoneOnWith() throws {
    try finish(job("whole.mkv"))
    try FileManager.default.createDirectory(
      atPath: scratch.file("drive"), withIntermediateDirectories: false)
    let (here, away) = (scratch.file("drive"), scratch.file("away"))
    let watch = Thread {
      while !FileManager.default.fileExists(atPath: here + "/color.mkv.job/000001.segment") {
        if Thread.current.isCancelled { return }
        usleep(500)
      }
      rename(here, away)
    }
    watch.start()
    let error = #expect(throws: AutochromeError.self) {
      try finish(job("drive/color.mkv"))
    }
    watch.cancel()
    #expect(error?.status == .ioError, "\(error?.message ?? "")")
    #expect(rename(away, here) == 0)
    #expect(try finish(job("drive/color.mkv")).framesBefore >= 20)
    #expect(try bytes("drive/color.mkv") == bytes("whole.mkv"))
    #expect(!FileManager.default.fileExists(atPath: scratch.file("drive/color.mkv.job")))
  }

  /// Two runs at once would write over each other.
  @Test func oneRunAtATimeHasAJob() throws {
    let other = try job("color.mkv")
    let said = Box("")
    _ = try stop(try job("color.mkv"))
    let interruption = AutochromeKit.Interruption()
    _ = try other.run(interruption: interruption) { event in
      guard case .progress = event, said.value.isEmpty else { return }
      do { _ = try other.run { _ in } } catch { said.value = "\(error)" }
      interruption.request()
    }
    #expect(said.value.contains("Another process is writing"), "\(said.value)")
  }

  /// A short form of the check that is made with 200 kills, see CONTRIBUTING.md.
  @Test(.disabled(if: isSanitized)) func killsLeaveNoTrace() throws {
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../scripts/check-resume.sh").standardized.path
    let run = try runProgram(
      [script, "-n", "10", "-s", "24"],
      environment: ["AUTOCHROME": builtURL("autochrome").path], tool: "bash")
    #expect(run.status == 0, "\(String(decoding: run.output, as: UTF8.self)) \(run.errors)")
  }
}

extension String {
  fileprivate func trimmingSuffix(_ suffix: String) -> String {
    hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
  }
}
