import ArgumentParser
import AutochromeKit

/// The same frames at several settings, on a sheet.
struct TryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "try",
    abstract: "Show the same frames at several settings, on a sheet.",
    discussion: """
      A row for each frame, a column for each network at each vividness. Each frame stands for itself: \
      what steadies colors over time is not at work.
      """)

  @Argument(help: "A film, a picture, a folder, a pattern, or - for stdin.")
  var input: String

  @Option(name: [.short, .long], help: "The sheet: a name that ends in .png, .jpg or .jpeg.")
  var output: String

  @Option(
    help: ArgumentHelp(
      "A column for each vividness, with a temperature if wanted: 0:0.7,0.5,1.", valueName: "list"))
  var vividness = "0,0.5,1"

  @Option(help: ArgumentHelp("Networks by name or ONNX file.", valueName: "list"))
  var models = Settings.defaultModel

  @Option(help: "How many frames; spread over the film.")
  var frames = 4

  @Option(
    help: ArgumentHelp("First frame: \(TimePosition.forms).", valueName: "time"),
    transform: TimePosition.option)
  var from: TimePosition?

  @Option(
    help: ArgumentHelp(
      "Where to end, in the same forms; that frame is left out.", valueName: "time"),
    transform: TimePosition.option)
  var to: TimePosition?

  @Option(help: "Short side of the picture that the network sees.")
  var size: Int?

  @Option(help: "Factor on the chroma, 0…2.")
  var saturation: Float?

  @Option(name: [.short, .long], help: "Processor threads.")
  var threads: Int?

  @Flag(help: "Replace a sheet that exists.")
  var overwrite = false

  @Option(help: "auto, plain, json or none.")
  var progress: ProgressMode = .auto

  @Flag(name: [.short, .long], help: "Say nothing but errors.")
  var quiet = false

  func run() throws {
    var layer = SettingsLayer()
    layer.from = from
    layer.to = to
    layer.size = size
    layer.saturation = saturation
    layer.threads = threads
    var trial = Trial(
      input: input, output: output,
      settings: try Settings(
        pipeline: nil, suggested: ColorizationJob.suggestedPipeline(for: input), options: layer),
      models: models.split(separator: ",").map(String.init),
      dials: try ColorDial.list(vividness, option: "--vividness"))
    trial.frames = frames
    trial.overwrite = overwrite
    try SheetRun(progress: progress, quiet: quiet).run(output: output) {
      try trial.run(interruption: $0, onEvent: $1)
    }
  }
}

/// Makes a sheet, which the user can stop, and tells that it is there.
struct SheetRun {
  var progress: ProgressMode
  var quiet: Bool

  func run(
    output: String,
    _ make: (Interruption, @escaping @Sendable (JobEvent) -> Void) throws -> Int
  ) throws {
    let interruption = Interruption()
    let signals = SignalWatch(interruption)
    defer { signals.stop() }
    let display = ProgressDisplay(mode: progress, verbosity: quiet ? .quiet : .normal)
    defer { display.closeLine() }
    let count = try make(interruption) { display.show($0) }
    display.finishedSheet(output, frames: count)
  }
}
