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
    let interruption = Interruption()
    let signals = SignalWatch(interruption)
    defer { signals.stop() }
    try forEach(jobs, "colorized whole") { try colorize($0, interruption) }
  }

  /// Does something with all inputs. One bad reel must not keep the others waiting until morning.
  /// - Parameter what: what was not done where it fails.
  func forEach<Item>(_ items: [Item], _ what: String, _ body: (Item) throws -> Void) throws {
    var failures: [AutochromeError] = []
    for item in items {
      do {
        try body(item)
      } catch let error as AutochromeError where items.count > 1 && error.status != .interrupted {
        Console.fail(error)
        failures.append(error)
      }
    }
    if let first = failures.first {
      throw AutochromeError(
        first.status,
        "\(failures.count) of \(counted(items.count, "input")) \(failures.count == 1 ? "was" : "were") not \(what), see "
          + "above.")
    }
  }

  private func colorize(_ job: ColorizationJob, _ interruption: Interruption) throws {
    if dryRun {
      try Console.json(try job.plan())
    } else if planOnly {
      try prepare(job, interruption)
    } else if skipExisting, try job.isDone() {
      tellLeft(job.request.outputTitle)
    } else {
      try run(job, interruption)
    }
  }

  private func prepare(_ job: ColorizationJob, _ interruption: Interruption) throws {
    let display = running.makeDisplay(verbose: verbose)
    defer { display.closeLine() }
    let summary = try job.prepare(interruption: interruption) { display.show($0) }
    display.closeLine()
    try Console.json(summary)
  }

  func tellLeft(_ output: String) {
    if !running.quiet {
      running.makeDisplay().show(.warning("\(output) is there already and left as it is."))
    }
  }

  private func run(_ job: ColorizationJob, _ interruption: Interruption) throws {
    let display = running.makeDisplay(verbose: verbose)
    defer { display.closeLine() }
    let report = try report.flatMap {
      try job.place(job.request.name(from: $0)) { display.show(.warning($0)) }
    }
    let result = try job.run(interruption: interruption) { display.show($0) }
    display.finished(result, output: job.output == "-" ? "stdout" : job.output)
    // Of a job that can go on, the run that ends it writes the report: the same command must find its place free.
    if let report, result.jobFolder == nil {
      try report.write(try Console.encoded(result, .prettyPrinted))
    }
    if result.interrupted {
      throw AutochromeError(
        .interrupted,
        "Stopped after \(counted(result.frames, "frame"))"
          + (result.partialOutput.map { "; what was done is in '\($0)'" } ?? "") + "."
          + (result.jobFolder.map { " The same command goes on from '\($0)'." } ?? ""))
    }
    if let damage = result.damage { throw AutochromeError(.badData, damage) }
  }
}
