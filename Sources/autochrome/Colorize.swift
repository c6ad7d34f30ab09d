import ArgumentParser
import AutochromeKit
import Dispatch
import Foundation

/// The default command.
struct Colorize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Colorize films, folders of frames or streams (the default command).")

  @Argument(
    help: "Films, folders of films or frames, patterns such as frames/%06d.png, or - for stdin.")
  var inputs: [String]

  @Option(
    name: [.short, .long],
    help: "A file, a folder, a pattern, or - for stdout; {name} stands for the input's name.")
  var output: String?

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @OptionGroup(title: "Settings")
  var list: ShotsOption

  @Option(
    help: ArgumentHelp(
      "Render only these shots of the list, such as 12,17-19; each run of consecutive shots becomes a film, with "
        + "{shots} in its name.",
      valueName: "numbers"))
  var only: String?

  @Flag(help: "Replace existing outputs.")
  var overwrite = false

  @Flag(help: "Skip inputs whose output exists and is complete.")
  var skipExisting = false

  @Flag(help: "Start over instead of continuing where an earlier run was interrupted.")
  var restart = false

  @Option(
    help: ArgumentHelp(
      "Write a sheet of source and colorized frames to this PNG or JPEG file; without -o, write only the sheet; {name} "
        + "as in -o.",
      valueName: "file"))
  var preview: String?

  @Option(help: ArgumentHelp("Number of frames on the sheet.", valueName: "n"))
  var previewFrames = Preview.usualFrames

  @Option(help: "Write a report to this JSON file; {name} as in -o.")
  var report: String?

  @Flag(
    help:
      "Only analyze the film and divide it into segments, for several processes or machines; see 'render' and 'join'."
  )
  var planOnly = false

  @Flag(help: "Only print what would be done.")
  var dryRun = false

  @OptionGroup
  var running: RunningOptions

  @Flag(name: [.short, .long], help: "Print the resolved settings and the time of each stage.")
  var verbose = false

  func validate() throws {
    if overwrite, skipExisting {
      throw ValidationError(
        "--overwrite and --skip-existing contradict each other; give only one of them.")
    }
    if planOnly, preview != nil || report != nil {
      throw ValidationError(
        "--plan-only can't be combined with --preview or --report, because it renders nothing.")
    }
    guard output != nil || preview != nil else {
      throw ValidationError(
        "Missing expected argument '--output <output>'; for a preview only, give --preview FILE.png."
      )
    }
  }

  /// The settings that are given.
  func layer() throws -> SettingsLayer {
    var layer = try settings.layer()
    layer.shots = list.shots
    return layer
  }

  func run() throws {
    guard let output else { return try preview.map { try look($0) } ?? () }
    let jobs = try jobs(output: output)
    let queue = FilmQueue(running.makeDisplay(verbose: verbose), makesNothing: dryRun || planOnly)
    defer { queue.stop() }
    try queue.run(jobs.map(\.request), notDone: "colorized completely") { index in
      guard !planOnly else { return try prepare(jobs[index], queue) }
      guard dryRun else { return try colorize(jobs[index], queue) }
      try Console.json(try jobs[index].plan())
      return FilmQueue.Result(.whole)
    }
  }

  private func prepare(_ job: ColorizationJob, _ queue: FilmQueue) throws -> FilmQueue.Result {
    let display = queue.display
    let summary = try job.prepare(interruption: queue.interruption) { display.show($0) }
    display.closeLine()
    try Console.json(summary)
    return FilmQueue.Result(.whole)
  }

  private func colorize(_ job: ColorizationJob, _ queue: FilmQueue) throws -> FilmQueue.Result {
    if skipExisting, try job.isDone() { return tellLeft(job.request, queue.display) }
    let display = queue.display
    let report = try report.flatMap {
      try job.place(job.request.name(from: $0)) { display.show(.warning($0)) }
    }
    let result = try job.run(interruption: queue.interruption) { display.show($0) }
    display.finished(result, output: job.output == "-" ? "stdout" : job.output)
    // Of a job that can go on, the run that ends it writes the report: the same command must find its place free.
    if let report, result.jobFolder == nil {
      try report.write(try Console.encoded(result, .prettyPrinted))
    }
    let frames = result.frames - result.framesBefore
    if result.interrupted {
      let error = AutochromeError(
        .interrupted,
        "Stopped after \(counted(result.frames, "frame"))"
          + (result.partialOutput.map { "; the finished part is in '\($0)'" } ?? "") + "."
          + (result.jobFolder.map { " Run the same command again to continue from '\($0)'." } ?? "")
      )
      return FilmQueue.Result(.interrupted, frames: frames, error: error)
    }
    if let damage = result.damage {
      return FilmQueue.Result(
        .damaged, frames: frames, error: AutochromeError(.badData, damage))
    }
    return FilmQueue.Result(.whole, frames: frames)
  }

  func tellLeft(_ request: JobRequest, _ display: ProgressDisplay) -> FilmQueue.Result {
    if !running.quiet {
      display.show(.warning(ExistingOutput.leftUnchanged(request.outputTitle)))
    }
    return FilmQueue.Result(.left)
  }
}
