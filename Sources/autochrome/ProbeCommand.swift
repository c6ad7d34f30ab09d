import ArgumentParser
import AutochromeKit

/// What an input is and what would be done with it.
struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Streams, shots, what would be done and why.")

  @Argument(help: "A file, a folder or a pattern.")
  var input: String

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @Flag(help: "Find the shots too: decodes the whole film.")
  var shots = false

  @Option(
    help: ArgumentHelp(
      "Also write the shots to a file that can be corrected and given to --cuts.",
      valueName: "file"))
  var writeCuts: String?

  @Flag(help: "Replace a file of shots that exists.")
  var overwrite = false

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let settings = try Settings(
      pipeline: settings.pipeline,
      suggested: ColorizationJob.suggestedPipeline(for: input),
      options: settings.layer())
    var files = CommandFiles()
    files.reads(input, as: CommandFiles.input)
    try files.reads(settings)
    files.writes(writeCuts, as: "--write-cuts")
    try files.check()
    let cuts = try writeCuts.map { try files.place($0, overwrite: overwrite) }
    let probe = try Probe.examine(
      input: input, settings: settings, findShots: shots || cuts != nil)
    if let cuts { try probe.writeCuts(to: cuts) }
    if json { try Console.json(probe) } else { try Console.result(probe.text) }
  }
}
