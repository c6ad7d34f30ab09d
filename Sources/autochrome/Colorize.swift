import ArgumentParser
import AutochromeKit
import Dispatch
import Foundation

/// The default command.
struct Colorize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Colorize films, folders of frames or streams (the default command).")

  @Argument(
    help: "Films, folders of films or of frames, patterns such as frames/%06d.png, or - for stdin.")
  var inputs: [String]

  @Option(
    name: [.short, .long],
    help: "A file, a folder, a pattern, or - for stdout; {name} is the input's name.")
  var output: String?

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @OptionGroup(title: "Settings")
  var list: ShotsOption

  @Option(
    help: ArgumentHelp(
      "Only these shots of the list, such as 12,17-19; each run of them is a film of its own, {shots} in its name.",
      valueName: "numbers"))
  var only: String?

  @Flag(help: "Replace an output that exists.")
  var overwrite = false

  @Flag(help: "Leave outputs that exist and are whole as they are, and go on.")
  var skipExisting = false

  @Flag(help: "Begin anew where an earlier run has left off; otherwise the job goes on from there.")
  var restart = false

  @Option(
    help: ArgumentHelp(
      "Write a sheet of source and color frames to this PNG or JPEG; without -o, nothing else; {name} as in -o.",
      valueName: "file"))
  var preview: String?

  @Option(help: ArgumentHelp("How many frames the sheet shows.", valueName: "n"))
  var previewFrames = Preview.usualFrames

  @Option(help: "Write a report of what was done to this JSON file; {name} as in -o.")
  var report: String?

  @Flag(
    help:
      "Only look, and divide the film, so that several machines can make it: see 'render' and 'join'."
  )
  var planOnly = false

  @Flag(help: "Only tell what would be done.")
  var dryRun = false

  @OptionGroup
  var running: RunningOptions

  @Flag(name: [.short, .long], help: "Print the resolved settings and the time of each stage.")
  var verbose = false

  func validate() throws {
    if overwrite, skipExisting {
      throw ValidationError(
        "--overwrite and --skip-existing contradict each other; give one of them.")
    }
    if planOnly, preview != nil || report != nil {
      throw ValidationError(
        "--plan-only makes no film, so that there is nothing for --preview and --report to tell.")
    }
    guard output != nil || preview != nil else {
      throw ValidationError(
        "Missing expected argument '--output <output>'; or --preview FILE.png for a look alone.")
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
    try queue.run(jobs.map(\.request), notDone: "colorized whole") { index in
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
          + (result.partialOutput.map { "; what was done is in '\($0)'" } ?? "") + "."
          + (result.jobFolder.map { " The same command goes on from '\($0)'." } ?? ""))
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
      display.show(.warning("\(request.outputTitle) is there already and left as it is."))
    }
    return FilmQueue.Result(.left)
  }
}
