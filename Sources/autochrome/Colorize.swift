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

  @Flag(help: "Replace an output that exists.")
  var overwrite = false

  @Flag(help: "Leave outputs that exist and are whole as they are, and go on.")
  var skipExisting = false

  @Option(
    help: ArgumentHelp(
      "Write a sheet of source and color frames to this PNG or JPEG; without -o, nothing else.",
      valueName: "file"))
  var preview: String?

  @Option(help: ArgumentHelp("How many frames the sheet shows.", valueName: "n"))
  var previewFrames = Preview.usualFrames

  @Option(help: "Write a report of what was done to this JSON file.")
  var report: String?

  @Option(help: "auto, plain, json or none.")
  var progress: ProgressMode = .auto

  @Flag(help: "Only tell what would be done.")
  var dryRun = false

  @Flag(name: [.short, .long], help: "Say nothing but errors.")
  var quiet = false

  @Flag(name: [.short, .long], help: "Print the resolved settings and the time of each stage.")
  var verbose = false

  func validate() throws {
    if overwrite, skipExisting {
      throw ValidationError(
        "--overwrite and --skip-existing contradict each other; give one of them.")
    }
    guard output != nil || preview != nil else {
      throw ValidationError(
        "Missing expected argument '--output <output>'; or --preview FILE.png for a look alone.")
    }
  }

  func run() throws {
    guard let output else { return try look() }
    let jobs = try jobs(output: output)
    let interruption = Interruption()
    let signals = SignalWatch(interruption)
    defer { signals.stop() }
    var failures: [AutochromeError] = []
    for job in jobs {
      do {
        try colorize(job, interruption)
      } catch let error as AutochromeError where jobs.count > 1 && error.status != .interrupted {
        // One bad reel must not keep the others waiting until morning.
        Console.fail(error)
        failures.append(error)
      }
    }
    if let first = failures.first {
      throw AutochromeError(
        first.status,
        "\(failures.count) of \(jobs.count) inputs were not colorized whole, see above.")
    }
  }

  private func colorize(_ job: ColorizationJob, _ interruption: Interruption) throws {
    if dryRun {
      try Console.json(try job.plan())
    } else if skipExisting, try job.isDone() {
      if !quiet {
        makeDisplay().show(
          .warning("\(job.request.outputTitle) is there already and left as it is."))
      }
    } else {
      try run(job, interruption)
    }
  }

  private func makeDisplay() -> ProgressDisplay {
    ProgressDisplay(mode: progress, verbosity: quiet ? .quiet : verbose ? .verbose : .normal)
  }

  private func run(_ job: ColorizationJob, _ interruption: Interruption) throws {
    let display = makeDisplay()
    defer { display.closeLine() }
    if let report { try job.checkSideOutput(report) }
    let result = try job.run(interruption: interruption) { display.show($0) }
    display.finished(result, output: job.output == "-" ? "stdout" : job.output)
    if let report { try Console.write(result, to: report) }
    if result.interrupted {
      throw AutochromeError(
        .interrupted,
        "Stopped after \(result.frames) frames"
          + (result.partialOutput.map { "; they are in '\($0)'" } ?? "") + ".")
    }
    if let damage = result.damage { throw AutochromeError(.badData, damage) }
  }
}
