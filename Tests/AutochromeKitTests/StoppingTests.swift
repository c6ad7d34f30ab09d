import AutochromeKit
import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Signals end the program whatever it waits for, and what was done is kept.
@Suite(.serialized) struct StoppingTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  /// The program, running, and the ends of its pipes.
  private final class Run {
    let process = Process()
    let (input, output, errors) = (Pipe(), Pipe(), Pipe())

    init(_ arguments: [String]) throws {
      process.executableURL = builtURL("autochrome")
      process.arguments = arguments
      process.standardInput = input
      process.standardOutput = output
      process.standardError = errors
      try process.run()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    /// Waits until the program has taken charge of its signals, which /proc tells.
    func waitUntilItWatches() throws {
      let path = "/proc/\(process.processIdentifier)/status"
      for _ in 0..<3000 {
        let status = try String(contentsOfFile: path, encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") })
        let mask = try #require(line.split(separator: "\t").last.flatMap { UInt64($0, radix: 16) })
        if mask >> (UInt64(SIGTERM) - 1) & 1 == 1 { return }
        usleep(10_000)
      }
      Issue.record("the program does not watch its signals")
    }

    /// Waits until it tells that frames are done.
    func waitForFrames() throws {
      var said = ""
      while !said.contains("\"framesDone\":") || said.hasSuffix("\"framesDone\":0") {
        let more = errors.fileHandleForReading.readMore()
        try #require(!more.isEmpty, "\(said)")
        said = String(decoding: more, as: UTF8.self)
      }
    }

    /// The exit status; `nil` if it has not ended after 20 seconds, which a loaded machine may need.
    func status() -> Int32? {
      for _ in 0..<2000 where process.isRunning { usleep(10_000) }
      guard !process.isRunning else { return nil }
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  private func stream(frames: Int) throws -> Data {
    let path = scratch.file("film.y4m")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=25 -pix_fmt yuv420p -frames:v \(frames)", path)
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  @Test func aSourceThatGivesNothingCanBeStopped() throws {
    let run = try Run(["-", "-o", scratch.file("color.mkv")])
    try run.waitUntilItWatches()
    kill(run.process.processIdentifier, SIGTERM)
    #expect(run.status() == 130)
    #expect(scratch.names.isEmpty)
    let said = String(
      decoding: run.errors.fileHandleForReading.readToTheEnd(), as: UTF8.self)
    #expect(said == "autochrome: Stopped before the first frame was done.\n")
  }

  @Test func aSourceThatStallsLeavesWhatItGave() throws {
    let data = try stream(frames: 12)
    let run = try Run([
      "-", "-o", scratch.file("color.mkv"), "--codec", "ffv1", "--progress", "json",
    ])
    try run.input.fileHandleForWriting.write(contentsOf: data.dropLast(100))
    try run.waitForFrames()
    kill(run.process.processIdentifier, SIGTERM)
    #expect(run.status() == 130)
    #expect(scratch.names == ["color.partial.mkv", "film.y4m"])
    let (before, after) = (
      try readFrames(scratch.file("film.y4m")), try readFrames(scratch.file("color.partial.mkv"))
    )
    #expect((1...11).contains(after.count), "\(after.count)")
    for (first, second) in zip(before, after) {
      #expect(first.picture.luma.hasSameSamples(as: second.picture.luma))
    }
  }

  @Test func aReaderThatStallsHoldsNothingUp() throws {
    _ = try stream(frames: 100)
    let run = try Run([scratch.file("film.y4m"), "-o", "-", "-f", "y4m", "-q"])
    // Once the pipe is as full as it gets.
    var (filled, steady) = (Int32(-1), 0)
    for _ in 0..<3000 where steady < 20 {
      var now: Int32 = 0
      _ = ioctl(run.output.fileHandleForReading.fileDescriptor, UInt(FIONREAD), &now)
      steady = now > 0 && now == filled ? steady + 1 : 0
      filled = now
      usleep(20_000)
    }
    try #require(steady == 20)
    kill(run.process.processIdentifier, SIGTERM)
    #expect(run.status() == 130)
  }

  @Test(arguments: [true, false]) func aNamedPipeWithoutItsOtherEndCanBeStopped(isInput: Bool)
    throws
  {
    _ = try stream(frames: 3)
    let fifo = scratch.file("fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    let run = try Run(
      isInput
        ? [fifo, "-o", scratch.file("color.mkv")]
        : [scratch.file("film.y4m"), "-o", fifo, "-f", "matroska"])
    try run.waitUntilItWatches()
    kill(run.process.processIdentifier, SIGTERM)
    #expect(run.status() == 130)
  }

  @Test func aNamedPipeWaitsForItsReader() throws {
    _ = try stream(frames: 3)
    let fifo = scratch.file("fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    let run = try Run([scratch.file("film.y4m"), "-o", fifo, "-f", "y4m", "-q"])
    let reader = Process()
    reader.executableURL = URL(fileURLWithPath: "/bin/sh")
    reader.arguments = ["-c", "sleep 0.5; cat '\(fifo)' > '\(scratch.file("color.y4m"))'"]
    try reader.run()
    #expect(run.status() == 0)
    reader.waitUntilExit()
    #expect(try readFrames(scratch.file("color.y4m")).count == 3)
  }

  @Test(arguments: [
    ("film.y4m", "-", ">&-", 73), ("-", "color.mkv", "<&-", 66),
    ("film.y4m", "color.mkv", ">&- <&-", 0),
  ])
  func closedStandardStreamsAreTold(input: String, output: String, closing: String, status: Int32)
    throws
  {
    _ = try stream(frames: 3)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", "exec \"$0\" \"$@\" -f \(output == "-" ? "y4m" : "matroska") \(closing)"]
      + [builtURL("autochrome").path]
      + [
        input == "-" ? "-" : scratch.file(input), "-o", output == "-" ? "-" : scratch.file(output),
      ]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    for _ in 0..<3000 where process.isRunning { usleep(10_000) }
    if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    #expect(process.terminationStatus == status)
    let said = String(decoding: errors.fileHandleForReading.readToTheEnd(), as: UTF8.self)
    if status == 0 {
      #expect(try readFrames(scratch.file("color.mkv")).count == 3)
    } else {
      #expect(said.contains("is closed"), "\(said)")
    }
  }

  @Test func twoHangUpsAtOnceAreOne() throws {
    _ = try stream(frames: 3000)
    let run = try Run([
      scratch.file("film.y4m"), "-o", scratch.file("color.mkv"), "--codec", "ffv1", "--progress",
      "json",
    ])
    try run.waitForFrames()
    kill(run.process.processIdentifier, SIGHUP)
    usleep(20_000)
    kill(run.process.processIdentifier, SIGHUP)
    _ = run.errors.fileHandleForReading.readToTheEnd()
    #expect(run.status() == 130)
    #expect(scratch.names == ["color.partial.mkv", "film.y4m"])
    #expect(try !readFrames(scratch.file("color.partial.mkv")).isEmpty)
  }

  @Test func aQueueStopsAfterTheFilmAtHand() throws {
    _ = try stream(frames: 3000)
    let films = ["film.y4m", "second.y4m", "third.y4m"].map { scratch.file($0) }
    for film in films.dropFirst() {
      try FileManager.default.createSymbolicLink(atPath: film, withDestinationPath: films[0])
    }
    let run = try Run(
      films + ["-o", scratch.file("color/"), "--codec", "mjpeg", "-f", "avi", "--progress", "json"])
    try run.waitForFrames()
    kill(run.process.processIdentifier, SIGINT)
    let said = String(
      decoding: run.errors.fileHandleForReading.readToTheEnd(), as: UTF8.self)
    #expect(run.status() == 130)
    let events = try said.split(separator: "\n").suffix(3).map {
      try #require(
        try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: [String: Any]])
    }
    #expect(events.map(\.keys.first) == ["filmEnded", "summary", "error"], "\(said.suffix(2000))")
    let ended = try #require(events[0]["filmEnded"])
    #expect(ended["ending"] as? String == "interrupted")
    let summary = try #require(events[1]["summary"])
    let counts = ["films", "whole", "interrupted", "notBegun"].map { summary[$0] as? Int }
    #expect(counts == [3, 0, 1, 2])
    #expect(summary["frames"] as? Int == ended["frames"] as? Int)
    let notWhole = try #require(summary["notWhole"] as? [[String: Any]])
    #expect(notWhole.compactMap { ($0["film"] as? [String: Any])?["input"] as? String } == films)
    #expect(
      notWhole.compactMap { $0["ending"] as? String } == ["interrupted", "notBegun", "notBegun"])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.file("color"))
        == ["film.partial.y4m"])
  }
}
