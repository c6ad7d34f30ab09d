import ArgumentParser
import AutochromeKit
import Colorization

/// The same frames at several settings, on a sheet.
struct TryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "try",
    abstract: "Show the same frames at several settings on one sheet.",
    discussion: """
      The sheet has a row for each frame, and a column for each network at each vividness. Each frame is \
      colorized by itself, without the temporal stage.
      """)

  @Argument(help: "A film, a picture, a folder, a pattern, or - for stdin.")
  var input: String

  @Option(name: [.short, .long], help: "The sheet: a name that ends in .png, .jpg or .jpeg.")
  var output: String

  @Option(
    help: ArgumentHelp(
      "Vividness of each column, optionally with a temperature: 0:0.7,0.5,1.", valueName: "list"))
  var vividness = "0,0.5,1"

  @Option(help: ArgumentHelp("Networks to compare, by name or ONNX file.", valueName: "list"))
  var models = Settings.defaultModel

  @Option(help: "Number of frames, spread over the film.")
  var frames = 4

  @OptionGroup
  var part: PartOptions

  @OptionGroup
  var list: ShotsOption

  @OptionGroup
  var cores: ThreadsOption

  @Flag(help: "Replace an existing sheet.")
  var overwrite = false

  @OptionGroup
  var running: RunningOptions

  func run() throws {
    var layer = SettingsLayer()
    try part.set(in: &layer)
    layer.shots = list.shots
    layer.threads = cores.threads
    let settings = try Settings(
      pipeline: nil, suggested: ColorizationJob.suggestedPipeline(for: input), options: layer)
    var trial = Trial(
      input: input, output: output, settings: settings,
      models: models.split(separator: ",").map(String.init),
      looks: try Look.list(vividness, over: settings.look, option: "--vividness"))
    trial.frames = frames
    trial.overwrite = overwrite
    try running.makeSheet(output) {
      try trial.run(interruption: $0, onEvent: $1)
    }
  }
}
