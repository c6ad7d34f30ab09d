import ArgumentParser
import AutochromeKit
import Measuring

/// How a colorized film stands against another.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Hold a colorized film against the original, or against the truth.",
    discussion: """
      Frame by frame, both of the same size; where one is longer, what both have is compared. Prints a \
      sentence on luma, on how right the colors are (where the reference is in color), on how colorful, \
      and on how steady; --all adds each figure: ΔE2000, AuC, class-rebalanced AuC, PSNR, SSIM, \
      colorfulness, the warp error of a*b* and of RGB, CDC, and the energy of changes along the paths of \
      motion by their period. --json holds all figures in any case.
      """)

  @Argument(help: "The original or the truth: a film, a picture, a folder or a pattern.")
  var reference: String

  @Argument(help: "The colorized film, picture, folder or pattern.")
  var result: String

  @Flag(help: "Print all figures, each with what it means.")
  var all = false

  @Option(help: ArgumentHelp("Also write a page for people to this file.", valueName: "file"))
  var html: String?

  @Option(help: "Compare only so many frames.")
  var frames: Int?

  @Option(\.cuts) var cuts: String?

  @Flag(help: "Replace a page that exists.")
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
