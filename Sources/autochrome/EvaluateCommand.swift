import ArgumentParser
import AutochromeKit
import Colorization
import Measuring

/// How good a network is on pictures of which the colors are known.
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Measure how well the network restores the colors of pictures.",
    discussion: """
      Removes the color from the pictures, colorizes them, and compares the result with the original. Prints \
      accuracy (AuC and class-rebalanced AuC of Zhang et al. 2016, with the gains over gray and those of the \
      paper's table), PSNR, SSIM, ΔE2000, and colorfulness with its distance from that of the originals. Each \
      picture is colorized by itself and keeps its luma. For a film in black and white, only the sheet and the \
      colorfulness are available. --semantic and --turing judge the colors as the paper does: by what a classifier \
      recognizes, and by what people take for real.
      """)

  @Argument(help: "A folder of color pictures, a pattern, or a film.")
  var input: String

  @Option(
    help: ArgumentHelp(
      "Vividness of each row, optionally with a temperature: 0:0.7,0.6,1:0.38.",
      valueName: "list"))
  var dials: String?

  @Option(help: "Use only every Nth picture.")
  var every = 1

  @Option(
    help: ArgumentHelp(
      "Write a sheet of gray, colorized and original pictures to this PNG or JPEG "
        + "file.", valueName: "file"))
  var sheet: String?

  @Option(
    help: ArgumentHelp(
      "Also count how often this classifier (an ONNX file) recognizes the original, gray and colorized pictures.",
      valueName: "classifier"))
  var semantic: String?

  @Option(
    help: ArgumentHelp(
      "What the pictures show, for --semantic: lines with a picture's name and its class; by default the class that "
        + "the folder is called after, or else the one seen in the original.", valueName: "file"))
  var labels: String?

  @Option(
    help: ArgumentHelp(
      "Write an HTML page that asks people which of two pictures, original and colorized, is real.",
      valueName: "page"))
  var turing: String?

  @Flag(help: "Replace an existing sheet or page.")
  var overwrite = false

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @OptionGroup
  var measuring: MeasuringOptions

  func run() throws {
    var evaluation = Evaluation(
      input: input,
      settings: try Settings(
        pipeline: settings.pipeline, suggested: "photos", options: settings.layer()))
    let look = evaluation.settings.look
    evaluation.looks = try dials.map { try Look.list($0, over: look, option: "--dials") } ?? []
    evaluation.every = every
    evaluation.prior = measuring.prior
    evaluation.sheet = sheet
    evaluation.semantic = semantic
    evaluation.labels = labels
    evaluation.turing = turing
    evaluation.overwrite = overwrite
    try measuring.print(\.text) { try evaluation.run(interruption: $0, onEvent: $1) }
  }
}
