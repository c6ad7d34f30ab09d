import ArgumentParser
import AutochromeKit

/// The stills that are worth coloring by hand.
struct RefsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "refs",
    abstract: "Write the stills of a film that are worth coloring by hand.",
    discussion: """
      autochrome refs film.mkv -o refs/
      autochrome film.mkv -o color.mkv --references refs/

      Writes one still per shot, and more where new things come into view or a shot is long. Color those that \
      matter in any program, keep their names, and remove the others. Their colors then follow the motion \
      through the shots. Transparent parts of a still are left to the network.
      """)

  @Argument(help: "A film, a folder of frames or a pattern.")
  var input: String

  @Option(name: [.short, .long], help: "The folder for the stills.")
  var output: String

  @Option(help: "Write at most this many stills: those of which the network is least sure.")
  var limit: Int?

  @Option(help: "Greatest number of frames of a shot for one still.")
  var distance = 240

  @Flag(help: "Write stills in the network's colors, for you to correct, instead of gray.")
  var colored = false

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @OptionGroup(title: "Settings")
  var list: ShotsOption

  @Flag(help: "Replace existing stills; beware that you may have colored them.")
  var overwrite = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup
  var running: RunningOptions

  func run() throws {
    for (option, value) in [("--limit", limit ?? 1), ("--distance", distance)] where value < 1 {
      throw AutochromeError(.usage, "\(option) is \(value); expected 1 or more.")
    }
    var layer = try settings.layer()
    layer.shots = list.shots
    var survey = StillSurvey(
      input: input, output: output,
      settings: try Settings(
        pipeline: settings.pipeline, suggested: ColorizationJob.suggestedPipeline(for: input),
        options: layer))
    (survey.limit, survey.distance) = (limit, distance)
    (survey.isColored, survey.overwrite) = (colored, overwrite)
    let (stills, _) = try running.run { try survey.run(interruption: $0, onEvent: $1) }
    if json {
      try Console.json(stills)
    } else {
      try Console.result(StillSurvey.text(stills))
    }
  }
}
