import ArgumentParser
import AutochromeKit

/// A shots file to be corrected.
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Find the shots and write a shots file that flags those that deserve a look.",
    discussion: """
      autochrome plan film.mkv -o film.shots.yaml --sheet film.html
      autochrome film.mkv -o color.mkv --shots film.shots.yaml

      Give shots a look of their own in the file, then colorize again: only those shots are rendered again.
      """)

  @Argument(help: "A film, a folder of frames or a pattern.")
  var input: String

  @Option(name: [.short, .long], help: "The shots file to write, YAML.")
  var output: String

  @Option(
    help: ArgumentHelp("Also write a page with pictures of each shot.", valueName: "file.html"))
  var sheet: String?

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @OptionGroup(title: "Settings")
  var list: ShotsOption

  @Flag(help: "Replace existing files; beware that a shots file may hold your corrections.")
  var overwrite = false

  @OptionGroup
  var running: RunningOptions

  func run() throws {
    var layer = try settings.layer()
    layer.shots = list.shots
    let settings = try Settings(
      pipeline: settings.pipeline, suggested: ColorizationJob.suggestedPipeline(for: input),
      options: layer)
    let survey = ShotSurvey(
      input: input, output: output, sheet: sheet, settings: settings, overwrite: overwrite)
    let (shots, display) = try running.run { try survey.run(interruption: $0, onEvent: $1) }
    display.finishedShots(output, shots: shots)
  }
}
