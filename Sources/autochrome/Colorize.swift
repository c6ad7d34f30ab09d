import ArgumentParser
import AutochromeKit
import Dispatch
import Foundation

/// The default command.
struct Colorize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Colorize films, folders of frames or streams (the default command).")

  @Argument(help: "A file, a folder, a pattern such as frames/%06d.png, or - for stdin.")
  var inputs: [String]

  @Option(name: [.short, .long], help: "A file, a folder, a pattern, or - for stdout.")
  var output: String

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @Flag(help: "Replace an output that exists.")
  var overwrite = false

  @Option(help: "Write a sheet of source and color frames to this PNG.")
  var preview: String?

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

  func run() throws {
    let pairs = try JobOutputs.pair(inputs: inputs, output: output)
    if pairs.count > 1, preview != nil || report != nil {
      throw AutochromeError(.usage, "--preview and --report go with a single input.")
    }
    let interruption = Interruption()
    let signals = SignalWatch(interruption)
    defer { signals.stop() }
    if pairs.count > 1, !dryRun { try JobOutputs.createFolder(output) }
    var failures: [AutochromeError] = []
    for (input, output) in pairs {
      do {
        try colorize(input, output, interruption)
      } catch let error as AutochromeError where pairs.count > 1 && error.status != .interrupted {
        // One bad reel must not keep the others waiting until morning.
        Console.fail(error)
        failures.append(error)
      }
    }
    if let first = failures.first {
      throw AutochromeError(
        first.status,
        "\(failures.count) of \(pairs.count) inputs were not colorized whole, see above.")
    }
  }

  private func colorize(_ input: String, _ output: String, _ interruption: Interruption) throws {
    let settings = try Settings(
      pipeline: settings.pipeline, suggested: ColorizationJob.suggestedPipeline(for: input),
      options: settings.layer)
    let job = ColorizationJob(
      input: input, output: output, settings: settings, overwrite: overwrite, preview: preview)
    if dryRun {
      try Console.json(try job.plan())
    } else {
      try run(job, interruption)
    }
  }

  private func run(_ job: ColorizationJob, _ interruption: Interruption) throws {
    let verbosity: Verbosity = quiet ? .quiet : verbose ? .verbose : .normal
    let display = ProgressDisplay(mode: progress, verbosity: verbosity)
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
