import ArgumentParser
import AutochromeKit
import Measuring

/// How a colorized film stands against another.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare a colorized film with the original, or with the true colors.",
    discussion: """
      Compares two films of the same frame size, frame by frame; if one is longer, the rest of it is ignored. \
      Prints a sentence each on whether the luma is unchanged, how accurate the colors are (if the reference is \
      in color), how colorful they are, and how steady. --all adds all figures: ΔE2000, AuC, class-rebalanced \
      AuC, PSNR, SSIM, colorfulness, the warp error of a*b* and of RGB, CDC, and the energy of color changes \
      along the motion, by period. --json always holds all figures.
      """)

  @Argument(
    help: "The original, or the film in its true colors: a film, a picture, a folder or a pattern.")
  var reference: String

  @Argument(help: "The colorized film, picture, folder or pattern.")
  var result: String

  @Flag(help: "Print all figures, each with its meaning.")
  var all = false

  @Option(help: ArgumentHelp("Also write an HTML page with plots to this file.", valueName: "file"))
  var html: String?

  @Option(help: "Compare at most this many frames.")
  var frames: Int?

  @Option(\.cuts) var cuts: String?

  @Flag(help: "Replace an existing page.")
  var overwrite = false

  @OptionGroup
  var cores: ThreadsOption

  @OptionGroup
  var measuring: MeasuringOptions

  func run() throws {
    var layer = SettingsLayer()
    layer.frames = frames
    layer.cuts = cuts
    layer.threads = cores.threads
    var comparison = Comparison(
      reference: reference, result: result,
      settings: try Settings(pipeline: nil, suggested: "film", options: layer))
    comparison.prior = measuring.prior
    comparison.page = html
    comparison.overwrite = overwrite
    try measuring.print(all ? \.fullText : \.text) {
      try comparison.run(interruption: $0, onEvent: $1)
    }
  }
}
