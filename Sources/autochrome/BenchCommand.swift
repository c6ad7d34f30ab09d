import ArgumentParser
import AutochromeKit
import Measuring

/// How fast the program is here.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Time per stage, frames/s, and the ratio to plain FFmpeg.")

  @Argument(help: "A clip; by default one is rendered.")
  var input: String?

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @Flag(
    help: "Each stage alone on one core, at 480p, 1080p and 2160p, beside the machine's ceilings.")
  var stages = false

  @Flag(help: "As JSON.")
  var json = false

  func validate() throws {
    if stages, input != nil {
      throw ValidationError("--stages renders its frames; it takes no clip.")
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
