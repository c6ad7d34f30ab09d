import Autochrome
import Foundation
import Locking
import SampleFilm
import TestSupport
import Testing

/// Jobs of the library: the program's own frames in and out, files, events, stops and errors.
@Suite struct JobTests {
  /// The small sample film as a source, and what was taken of it.
  private final class Film: Autochrome.FrameSource {
    let format: VideoFormat
    let frameCount: Int?
    private let film = SampleFilm(width: 160, height: 96, frameRate: 24)
    private let given = Locked(0)
    private let failsAt: Int?
    /// Each frame is shown twice as long after this one.
    private let slowAfter: Int?

    struct Broken: Error, Equatable { var frame: Int }

    init(frames: Int, bitDepth: Int = 8, failsAt: Int? = nil, slowAfter: Int? = nil) throws {
      format = VideoFormat(
        width: 160, height: 96, pixelFormat: try PixelFormat(.gray, bitDepth: bitDepth),
        frameRate: (24, 1), matrix: .bt709)
      frameCount = frames
      (self.failsAt, self.slowAfter) = (failsAt, slowAfter)
    }

    /// The codes of a frame, row by row.
    func luma(_ index: Int) -> [Int] {
      film.render(frame: index).luma.map { Int($0) << (format.pixelFormat.bitDepth - 8) }
    }

    func nextFrame() throws -> VideoFrame? {
      let index = given.withLock { given in
        defer { given += 1 }
        return given
      }
      if index == failsAt { throw Broken(frame: index) }
      guard index < frameCount ?? 0 else { return nil }
      let gray = film.render(frame: index).luma
      let shift = format.pixelFormat.bitDepth - 8
      let time = slowAfter.map { index > $0 ? 2 * index - $0 : index } ?? index
      return try VideoFrame(format: format, time: time) { _, samples, bytesPerRow in
        for y in 0..<96 {
          for x in 0..<160 {
            let code = gray[y * 160 + x]
            if shift == 0 {
              samples[y * bytesPerRow + x] = code
            } else {
              samples.storeBytes(
                of: UInt16(code) << shift, toByteOffset: y * bytesPerRow + 2 * x, as: UInt16.self)
            }
          }
        }
      }
    }
  }

  private final class Taken: Autochrome.FrameSink {
    let pixelFormat: Autochrome.PixelFormat?
    let frames = Locked<[VideoFrame]>([])
    let end = Locked<String?>(nil)
    private let failsAt: Int?

    init(_ pixelFormat: Autochrome.PixelFormat? = nil, failsAt: Int? = nil) {
      (self.pixelFormat, self.failsAt) = (pixelFormat, failsAt)
    }

    func write(_ frame: VideoFrame) throws {
      let count = frames.withLock {
        $0.append(frame); return $0.count
      }
      if count - 1 == failsAt { throw Film.Broken(frame: count - 1) }
    }
    func finish(isComplete: Bool) { end.withLock { $0 = isComplete ? "complete" : "early" } }
    func discard() { end.withLock { $0 = $0 ?? "discarded" } }
  }

  @Test(arguments: [8, 10]) func framesGoThroughTheProgramsOwnHands(bitDepth: Int) async throws {
    let (film, taken) = (try Film(frames: 20, bitDepth: bitDepth, slowAfter: 9), Taken())
    let report = try await Job(.frames(film), to: .frames(taken)).run()
    #expect(report.frames == 20 && !report.isInterrupted && report.warnings.isEmpty)
    #expect(taken.end.withLock { $0 } == "complete")
    let frames = taken.frames.withLock { $0 }
    #expect(frames.map(\.time) == (0..<20).map { $0 > 9 ? 2 * $0 - 9 : $0 })
    for (index, frame) in frames.enumerated() {
      #expect(frame.pixelFormat == (try PixelFormat(.yuv420, bitDepth: bitDepth)))
      #expect(frame.matrixCoefficients == 1 && !frame.isFullRange)
      let luma = film.luma(index)
      for (x, y) in [(0, 0), (159, 95), (80, 48), (31, 77)] {
        #expect(frame.planes[0][x, y] == luma[y * 160 + x])
      }
    }
    let neutral = 1 << (bitDepth - 1)
    let colored = frames[10].planes[1...].contains { plane in
      (0..<plane.height).contains { y in
        (0..<plane.width).contains { abs(plane[$0, y] - neutral) > neutral / 32 }
      }
    }
    #expect(colored)
  }

  @Test func aFileIsThatOfTheProgram() async throws {
    let scratch = try TemporaryFolder()
    let sample = samplePath
    var options = Options(pipeline: .archive, look: Look(warmth: 3))
    options["frames"] = "30"
    let (library, program) = (scratch.file("library.mkv"), scratch.file("program.mkv"))
    let made = Job(.path(sample), to: .path(library), options: options).start()
    var (plans, progress) = ([Plan](), [Autochrome.Progress]())
    for try await event in made {
      switch event {
      case .started(let plan): plans.append(plan)
      case .progress(let step): progress.append(step)
      case .warning(let text): Issue.record("\(text)")
      }
    }
    let report = try await made.report
    #expect(report.frames == 30 && report.shotStarts == [0])
    #expect(plans.count == 1 && plans[0].width == 640 && plans[0].height == 360)
    #expect(progress.map(\.framesDone) == progress.map(\.framesDone).sorted())
    let json = try #require(
      try JSONSerialization.jsonObject(with: report.json) as? [String: Any])
    #expect(json["frames"] as? Int == 30)
    _ = try run(
      builtURL("autochrome").path,
      [
        sample, "-o", program, "--pipeline", "archive", "--warmth", "3", "--frames", "30",
        "--quiet",
      ])
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: library))
        == Data(contentsOf: URL(fileURLWithPath: program)))
  }

  @Test func aFilmIsTakenFrameByFrame() async throws {
    var options = Options()
    options["frames"] = "12"
    let taken = Taken(try PixelFormat(.yuv444))
    try await Job(.path(samplePath), to: .frames(taken), options: options).run()
    let frames = taken.frames.withLock { $0 }
    #expect(frames.map(\.time).map { $0 - frames[0].time } == Array(0..<12))
    #expect(frames.allSatisfy { $0.planes.map(\.width) == [640, 640, 640] })
  }

  @Test func errorsKeepKindAndCause() async throws {
    await #expect {
      try await Job(.frames(Film(frames: 9, failsAt: 4)), to: .frames(Taken())).run()
    } throws: { error in
      let error = try #require(error as? AutochromeError)
      return error.code == .io && error.cause as? Film.Broken == Film.Broken(frame: 4)
    }
    let taken = Taken(failsAt: 2)
    await #expect {
      try await Job(.frames(Film(frames: 9)), to: .frames(taken)).run()
    } throws: { ($0 as? AutochromeError)?.cause as? Film.Broken == Film.Broken(frame: 2) }
    #expect(taken.end.withLock { $0 } == "discarded")
    await #expect {
      try await Job(.path("no such film.mkv"), to: .path("unused.mkv")).run()
    } throws: { ($0 as? AutochromeError)?.code == .noInput }
    await #expect {
      try await Job(.frames(Film(frames: 0)), to: .frames(Taken())).run()
    } throws: { ($0 as? AutochromeError)?.code == .badData }
  }

  /// Each wrong option is told by its name, without the dashes of the command line.
  @Test(arguments: [
    ("look-ahead", "99"), ("look-ahed", "4"), ("key-frames", "-1"), ("crf", "12"), ("to", "0:00"),
    ("cuts", "a\nb: c"), ("encoder-option", "{tune: film}"), ("codec", "ffv1"),
  ])
  func optionsAreCalledByTheirNames(name: String, value: String) async throws {
    var options = Options()
    options[name] = value
    let job = Job(.frames(try Film(frames: 3)), to: .frames(Taken()), options: options)
    do throws(AutochromeError) {
      try await job.run()
      Issue.record("\(name): \(value) is taken")
    } catch {
      #expect(error.code == .options, "\(error)")
      #expect(error.message.contains(name), "\(error)")
      #expect(!error.message.contains("--"), "\(error)")
    }
  }

  @Test func encoderOptionsNeedAnEncoder() async throws {
    var options = Options()
    options.encoder = "ffv1"
    await #expect {
      try await Job(.frames(Film(frames: 3)), to: .frames(Taken()), options: options).run()
    } throws: { ($0 as? AutochromeError)?.code == .options }
    #expect(throws: AutochromeError.self) { try PixelFormat(.gray, bitDepth: 7) }
    await #expect {
      try await Job(
        .frames(Film(frames: 3, bitDepth: 10)), to: .frames(Taken(PixelFormat(.yuv420)))
      ).run()
    } throws: { ($0 as? AutochromeError)?.code == .options }
  }

  /// Runs tasks on a thread that no other test holds: those that block the common pool would let the job end before
  /// the task that stops it sees the first frame.
  private final class OwnQueue: TaskExecutor {
    private let queue = DispatchQueue(label: "tasks of one test")

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
  }

  /// A job that is stopped by the iterating task's end keeps what is done, and goes on from there.
  @Test(.timeLimit(.minutes(20))) func aStoppedJobGoesOn() async throws {
    let scratch = try TemporaryFolder()
    let (film, whole) = (scratch.file("film.mkv"), scratch.file("whole.mkv"))
    let options = Options(pipeline: .archive)
    let job = Job(.path(samplePath), to: .path(film), options: options)
    let run = job.start()
    let first = try await Task(executorPreference: OwnQueue()) {
      for try await event in run {
        if case .progress(let progress) = event, progress.framesDone > 0 {
          withUnsafeCurrentTask { $0?.cancel() }
        }
      }
      return try await run.report
    }.value
    #expect(first.isInterrupted && first.frames < 192)
    #expect(!FileManager.default.fileExists(atPath: film))
    let second = try await job.run()
    #expect(second.frames == 192 && !second.isInterrupted)
    try await Job(.path(samplePath), to: .path(whole), options: options).run()
    #expect(
      try Data(contentsOf: URL(fileURLWithPath: film))
        == Data(contentsOf: URL(fileURLWithPath: whole)))
  }

  /// Who does not iterate finds the newest progress, and no more than one.
  @Test func eventsThatNobodyTakesDoNotPileUp() async throws {
    let run = Job(.path(samplePath), to: .frames(Taken())).start()
    _ = try await run.report
    var progress = 0
    for try await event in run { if case .progress = event { progress += 1 } }
    #expect(progress <= 2)
  }

  private var samplePath: String {
    checkoutURL.appending(path: "samples/film.mkv").path
  }
}
