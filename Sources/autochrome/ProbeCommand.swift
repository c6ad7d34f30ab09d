import ArgumentParser
import AutochromeKit

/// What an input is and what would be done with it.
struct ProbeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe",
    abstract: "Describe a film: its streams, its shots, and what would be done with it.")

  @Argument(help: "A file, a folder or a pattern.")
  var input: String

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @Flag(help: "Find the shots, too; this decodes the whole film.")
  var shots = false

  @Option(
    help: ArgumentHelp(
      "Also write the cuts to a file that you can correct and give to --cuts.",
      valueName: "file"))
  var writeCuts: String?

  @Flag(help: "Replace an existing file of cuts.")
  var overwrite = false

  @Flag(help: "Print JSON.")
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
