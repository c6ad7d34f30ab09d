import ArgumentParser
import AutochromeKit

/// How fast the program is here.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Time per stage, frames/s, and the ratio to plain FFmpeg.")

  @Argument(help: "A clip; by default one is rendered.")
  var input: String?

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let bench = try Bench.run(input: input, options: settings.layer) { Console.say($0) }
    if json { try Console.json(bench) } else { Console.result(bench.text) }
  }
}
