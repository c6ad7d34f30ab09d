import ArgumentParser
import AutochromeKit
import Measuring

/// How fast the program is here.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure the time per stage, frames/s, and the ratio to plain FFmpeg.")

  @Argument(help: "A clip; by default, the sample film is rendered.")
  var input: String?

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @Flag(
    help:
      "Measure each stage by itself on one core, at 480p, 1080p and 2160p, against the limits of the machine."
  )
  var stages = false

  @Flag(help: "Print JSON.")
  var json = false

  func validate() throws {
    if stages, input != nil {
      throw ValidationError("--stages renders its own frames and can't be combined with a clip.")
    }
  }

  func run() throws {
    if stages {
      let bench = try StageBench.run(options: settings.layer()) { Console.say($0) }
      if json { try Console.json(bench) } else { try Console.result(bench.text) }
      return
    }
    let bench = try Bench.run(input: input, options: settings.layer()) { Console.say($0) }
    if json { try Console.json(bench) } else { try Console.result(bench.text) }
  }
}
