import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// What the users' film and hours of work depend on: nothing that is there is replaced, and what was
/// done before a failure is kept.
@Suite(.serialized) struct NothingIsLostTests {
  private let scratch: TemporaryFolder
  private let film: SampleFilm
  init() throws {
    scratch = try TemporaryFolder()
    film = smallFilm(shots: [.sea])
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: scratch.file(name)))
  }

  @Test func noOutputReplacesTheInput() throws {
    let scans = scratch.file("scans")
    try FileManager.default.createDirectory(atPath: scans, withIntermediateDirectories: true)
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48:r=5:d=0.4", scratch.file("scans/a_%d.png"))
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48 -frames:v 1", scratch.file("photo.png"))
    // Long enough to be stopped on the way.
    let reel = smallFilm()
    try writeClip(reel, frames: 0..<reel.frameCount, to: scratch.file("reel.partial.mkv"))
    try FileManager.default.linkItem(
      atPath: scratch.file("reel.partial.mkv"), toPath: scratch.file("link.mkv"))
    try FileManager.default.copyItem(
      atPath: scratch.file("reel.partial.mkv"), toPath: scratch.file(".new.mkv.partial"))
    let names = scratch.names
    let inputs = [
      "photo.png", "scans/a_1.png", "scans/a_2.png", "reel.partial.mkv",
      ".new.mkv.partial",
    ]
    let before = try inputs.map(bytes)
    for (arguments, status) in [
      (["photo.png", "-o", scratch.url.path], 64), (["scans/a_%d.png", "-o", scans], 64),
      (["scans", "-o", "scans/a_%d.png"], 64), (["link.mkv", "-o", "reel.partial.mkv"], 64),
      (["photo.png", "-o", "link.png", "--preview", "photo.png"], 64),
      (["reel.partial.mkv", "-o", "new.mkv", "--report", "reel.partial.mkv"], 64),
      ([".new.mkv.partial", "-o", "new.mkv"], 64),
    ] as [([String], Int32)] {
      let paths = arguments.map { $0.contains(".") && !$0.hasPrefix("/") ? scratch.file($0) : $0 }
      let run = try runProgram(
        paths.map { $0 == "scans" ? scans : $0 }
          + ["--overwrite", "--codec", "png"].prefix(
            arguments[0].contains("mkv") ? 1 : 3))
      #expect(run.status == status, "\(arguments): \(run.errors)")
      #expect(run.errors.contains("is the input itself"), "\(arguments): \(run.errors)")
      #expect(scratch.names == names, "\(arguments)")
    }
    #expect(try inputs.map(bytes) == before)

    // The part of a film that is done when the user stops takes no name that is taken.
    let interruption = AutochromeKit.Interruption()
    let report = try ColorizationJob(
      input: scratch.file("reel.partial.mkv"), output: scratch.file("reel.mkv"),
      settings: settings()
    ).run(interruption: interruption) { event in
      if case .progress(let progress) = event, progress.framesDone > 0, interruption.requests == 0 {
        interruption.request()
      }
    }
    #expect(report.partialOutput == scratch.file("reel.partial-2.mkv"))
    #expect(try bytes("reel.partial.mkv") == before[3])
    #expect(try readFrames(scratch.file("reel.partial-2.mkv")).count == report.frames)
  }

  @Test func pagesAndSheetsReplaceNoInput() throws {
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48 -frames:v 1", scratch.file("photo.png"))
    let (photo, before) = (scratch.file("photo.png"), try bytes("photo.png"))
    for arguments in [
      ["compare", photo, photo, "--html", photo], ["evaluate", photo, "--sheet", photo],
    ] {
      let run = try runProgram(arguments)
      #expect(run.status == 64 && run.errors.contains("is the input itself"), "\(run.errors)")
      #expect(try bytes("photo.png") == before)
    }
  }

  @Test func previewAndReportReplaceNothingUnasked() throws {
    try writeClip(film, frames: 0..<3, to: scratch.file("film.mkv"))
    try Data("mine".utf8).write(to: URL(fileURLWithPath: scratch.file("taken")))
    for option in ["--preview", "--report"] {
      let arguments = [
        scratch.file("film.mkv"), "-o", scratch.file("color.mkv"), option, scratch.file("taken"),
      ]
      let run = try runProgram(arguments)
      #expect(run.status == 73 && run.errors.contains("already exists"), "\(run.errors)")
      #expect(try bytes("taken") == Data("mine".utf8))
      #expect(scratch.names == ["film.mkv", "taken"])
    }
  }

  @Test func whateverElseIsWrittenReplacesNothingUnasked() throws {
    let input = scratch.file("film.mkv")
    try writeClip(film, frames: 0..<3, to: input)
    let taken = scratch.file("taken.png")
    try Data("mine".utf8).write(to: URL(fileURLWithPath: taken))
    for arguments in [
      ["compare", input, input, "--html", taken], ["evaluate", input, "--sheet", taken],
      ["probe", input, "--write-cuts", taken], ["try", input, "-o", taken],
      [input, "--preview", taken],
      ["model", "calibrate", "autochrome-fast", input, "-o", taken],
    ] {
      let run = try runProgram(arguments)
      #expect(
        run.status == 73
          && run.errors.contains("already exists; --overwrite replaces it, or choose another name"),
        "\(arguments): \(run.errors)")
      #expect(try bytes("taken.png") == Data("mine".utf8))
    }
    let run = try runProgram(["compare", input, input, "--html", taken, "--overwrite"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try bytes("taken.png").starts(with: Data("<!DOCTYPE".utf8)))
    // With --skip-existing, what is there is left, and told.
    let kept = try runProgram([
      input, "-o", scratch.file("color.mkv"), "--codec", "ffv1", "--report", taken, "--preview",
      scratch.file("new.png"), "--skip-existing",
    ])
    #expect(
      kept.status == 0 && kept.errors.contains("taken.png already exists"), "\(kept.errors)")
    #expect(try bytes("taken.png").starts(with: Data("<!DOCTYPE".utf8)))
    #expect(scratch.names == ["color.mkv", "film.mkv", "new.png", "taken.png"])
  }

  @Test func severalInputsHaveSheetsAndReportsOfTheirOwn() throws {
    for name in ["a.mkv", "b.mkv"] { try writeClip(film, frames: 0..<3, to: scratch.file(name)) }
    let inputs = ["a.mkv", "b.mkv"].map { scratch.file($0) }
    for option in ["--preview", "--report"] {
      let run = try runProgram(
        inputs + ["-o", scratch.file("{name}-color.mkv"), option, scratch.file("x.png")])
      #expect(run.status == 64 && run.errors.contains("{name}-x.png'"), "\(run.errors)")
    }
    let alone = try runProgram(inputs + ["--preview", scratch.file("x.png")])
    #expect(alone.status == 64 && alone.errors.contains("{name}-x.png'"), "\(alone.errors)")
    #expect(scratch.names == ["a.mkv", "b.mkv"])
    let run = try runProgram(
      inputs + [
        "-o", scratch.file("{name}-color.mkv"), "--codec", "ffv1", "--preview",
        scratch.file("{name}.png"), "--report", scratch.file("{name}.json"),
      ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      scratch.names == [
        "a-color.mkv", "a.json", "a.mkv", "a.png", "b-color.mkv", "b.json", "b.mkv", "b.png",
      ])
    #expect(run.errors.contains("3 frames in 1 shot"), "\(run.errors)")
    let looks = try runProgram(inputs + ["--preview", scratch.file("look-{name}.png")])
    #expect(looks.status == 0 && scratch.names.contains("look-b.png"), "\(looks.errors)")
    // Pictures that are one film have one sheet.
    try ffmpeg(words: "-i \(inputs[0]) -frames:v 3", scratch.file("scan_%d.png"))
    let scans = (1...3).map { scratch.file("scan_\($0).png") }
    let look = try runProgram(scans + ["--preview", scratch.file("scans.png")])
    #expect(look.status == 0 && look.errors.contains("scans.png: 3 frames"), "\(look.errors)")
    let one = try runProgram([
      inputs[0], "-o", scratch.file("one.mkv"), "--codec", "ffv1", "--frames", "1",
    ])
    #expect(one.errors.contains("one.mkv: 1 frame in 1 shot"), "\(one.errors)")
  }

  @Test func whereTheSizeChangesWhatWasDoneIsKept() throws {
    var joined = Data()
    for (name, size) in [("a.h264", "64x48"), ("b.h264", "48x64")] {
      try ffmpeg(
        words:
          "-f lavfi -i testsrc2=s=\(size):r=10:d=0.5 -c:v libx264 -preset ultrafast",
        scratch.file(name))
      joined += try bytes(name)
    }
    try joined.write(to: URL(fileURLWithPath: scratch.file("film.h264")))
    let run = try runProgram([
      scratch.file("film.h264"), "-o", scratch.file("color.mkv"), "--codec", "ffv1", "-q",
    ])
    #expect(run.status == 65)
    #expect(
      run.errors.contains("48×64") && run.errors.contains("color.partial.mkv"), "\(run.errors)")
    #expect(scratch.names == ["a.h264", "b.h264", "color.partial.mkv", "film.h264"])
    let (before, after) = (
      try readFrames(scratch.file("a.h264")), try readFrames(scratch.file("color.partial.mkv"))
    )
    #expect(after.count == 5)
    for (first, second) in zip(before, after) {
      #expect(first.picture.luma.hasSameSamples(as: second.picture.luma))
    }
  }

  /// A sanitizer keeps large files of its own, which the limit would stop.
  @Test(.disabled(if: isSanitized)) func whatFitsOntoTheDiskIsKept() throws {
    try writeClip(film, frames: 0..<15, to: scratch.file("film.mkv"))
    // A limit on the size of files is as good as a disk that is full.
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    shell.arguments = [
      "-c", "ulimit -f 200; exec \"$0\" \"$@\"", builtURL("autochrome").path,
      scratch.file("film.mkv"), "-o", scratch.file("color.mkv"), "--codec", "ffv1", "-q",
    ]
    let errors = Pipe()
    shell.standardError = errors
    try shell.run()
    let said = String(
      decoding: errors.fileHandleForReading.readToTheEnd(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 74, "\(said)")
    #expect(said.contains("color.partial.mkv"), "\(said)")
    #expect(scratch.names == ["color.partial.mkv", "film.mkv"])
    // It lacks its end; what is there can be read.
    var options = SourceOptions()
    options.onDamage = .continue
    let source = try MediaSource.open(scratch.file("color.partial.mkv"), options: options)
    #expect(try source.nextFrame() != nil)
  }

  @Test func anOutputThatAppearsMeanwhileStaysAndSoDoesTheWork() throws {
    try writeClip(film, frames: 0..<8, to: scratch.file("film.mkv"))
    let output = scratch.file("color.mkv")
    let error = #expect(throws: AutochromeError.self) {
      try ColorizationJob(input: scratch.file("film.mkv"), output: output, settings: settings())
        .run { event in
          if case .started = event {
            _ = FileManager.default.createFile(atPath: output, contents: Data("mine".utf8))
          }
        }
    }
    #expect(error?.status == .cannotCreate)
    #expect(try bytes("color.mkv") == Data("mine".utf8))
    #expect(try readFrames(scratch.file("color.partial.mkv")).count == 8)
  }

  @Test func damageIsToldByTheStatusAndInTheReport() throws {
    try writeClip(film, frames: 0..<8, to: scratch.file("whole.mkv"))
    let whole = try bytes("whole.mkv")
    try whole.prefix(whole.count * 2 / 3).write(to: URL(fileURLWithPath: scratch.file("film.mkv")))
    let run = try runProgram([
      scratch.file("film.mkv"), "-o", scratch.file("color.mkv"), "--codec", "ffv1", "-q",
      "--report", scratch.file("report.json"),
    ])
    #expect(run.status == 65 && run.errors.contains("cut off"), "\(run.errors)")
    let count = try readFrames(scratch.file("color.mkv")).count
    #expect((3...7).contains(count))
    let report = try JSONDecoder().decode(JobReport.self, from: bytes("report.json"))
    #expect(report.frames == count && report.damage?.contains("cut off") == true)
  }

  @Test func oneBadReelDoesNotStopTheOthers() throws {
    try Data("Dear reader,".utf8).write(to: URL(fileURLWithPath: scratch.file("a.mkv")))
    for name in ["b.mkv", "c.mkv"] {
      try writeClip(film, frames: 0..<3, to: scratch.file(name))
    }
    let run = try runProgram(
      ["a.mkv", "b.mkv", "c.mkv"].map(scratch.file) + ["-o", scratch.file("color"), "-q"])
    #expect(run.status == 65)
    let sentences = run.errors.split(separator: "\n")
    #expect(sentences.count == 2 && sentences[0].contains("a.mkv"), "\(run.errors)")
    #expect(sentences.last?.contains("1 of 3") == true)
    for name in ["color/b.mkv", "color/c.mkv"] {
      #expect(try readFrames(scratch.file(name)).count == 3)
    }
  }

  /// More packets than the pipeline holds items lie between two frames.
  @Test func aStillThatIsHeldForMinutesKeepsItsSound() throws {
    let input = scratch.file("slides.mkv")
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=64x48:r=1/60:d=180 -f lavfi -i sine=r=8000:d=180 "
        + "-af asetnsamples=n=16:p=0 -c:v ffv1 -c:a pcm_s16le", input)
    let output = scratch.file("color.mkv")
    let run = try runProgram([input, "-o", output, "--codec", "ffv1", "-q"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try readFrames(output).count == 3)
    let (before, after) = (try readPackets(input), try readPackets(output))
    #expect(before.count > 80_000)
    #expect(before.map(\.bytes) == after.map(\.bytes))
    #expect(before.map(\.presentationTime) == after.map(\.presentationTime))
  }

  @Test func whatTheOutputCannotHoldIsSaid() throws {
    let input = scratch.file("film.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=5:d=0.6 -f lavfi -i sine=d=0.6 -c:v ffv1", input)
    for output in ["color.y4m", "frame_%d.png"] {
      let run = try runProgram([input, "-o", scratch.file(output), "--progress", "none"])
      #expect(run.status == 0)
      #expect(run.errors.contains("Stream 1 (audio"), "\(run.errors)")
    }
  }

  @Test(arguments: [false, true])
  func theEndOfTheTerminalLeavesAPlayablePart(isIgnored: Bool) throws {
    let source = scratch.file("film.y4m")
    try writeClip(film, frames: (0..<200).map { $0 % 15 }, to: source)
    let process = Process()
    // As after `nohup`, or not, whatever the tests themselves were started with.
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      isIgnored ? "--ignore-signal=HUP" : "--default-signal=HUP", builtURL("autochrome").path,
      source, "-o", scratch.file("color.mkv"), "--codec", "ffv1", "--progress", "json",
    ]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    // Once it tells that frames are done, it has many more before it.
    var said = ""
    while !said.contains("\"framesDone\":") || said.contains("\"framesDone\":0") {
      let more = errors.fileHandleForReading.readMore()
      try #require(!more.isEmpty, "\(said)")
      said = String(decoding: more, as: UTF8.self)
    }
    kill(process.processIdentifier, SIGHUP)
    _ = errors.fileHandleForReading.readToTheEnd()
    process.waitUntilExit()
    #expect(process.terminationReason == .exit)
    #expect(process.terminationStatus == (isIgnored ? 0 : 130))
    let output = isIgnored ? "color.mkv" : "color.partial.mkv"
    #expect(scratch.names == [output, "film.y4m"])
    let count = try readFrames(scratch.file(output)).count
    #expect(isIgnored ? count == 200 : (1..<200).contains(count), "\(count)")
  }

  @Test func stoppingBeforeTheFirstFrameSaysSo() throws {
    try writeClip(film, frames: 0..<3, to: scratch.file("film.mkv"))
    let interruption = AutochromeKit.Interruption()
    interruption.request()
    let error = #expect(throws: AutochromeError.self) {
      try ColorizationJob(
        input: scratch.file("film.mkv"), output: scratch.file("color.mkv"), settings: settings()
      ).run(interruption: interruption) { _ in }
    }
    #expect(error?.status == .interrupted)
    #expect(error?.message.contains("before the first frame") == true)
    #expect(scratch.names == ["film.mkv"])
  }
}
