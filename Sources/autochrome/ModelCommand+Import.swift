import ArgumentParser
import AutochromeKit

extension ModelCommand {
  /// Making networks of others usable.
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Turn a published ONNX file into a network for --model.",
      discussion: """
        Recognizes ECCV16 and SIGGRAPH17 of github.com/richzhang/colorization, DDColor of \
        github.com/piddnad/DDColor and DeOldify of github.com/jantic/DeOldify, as PyTorch exports them, \
        and adds the metadata that they lack. From ECCV16, the distribution over 313 bins is used instead of \
        its own mean; give its prior_probs.npy as --prior for vividness to have an effect. The hint inputs of \
        SIGGRAPH17 are set to zero. For other networks, describe input and output with --input and --gives.
        """)

    @Argument(help: "An ONNX file.")
    var source: String

    @Option(name: [.short, .long], help: "The ONNX file to write.")
    var output: String

    @Option(
      help: ArgumentHelp(
        "What the network takes: L, (L-50)/50, (L-50)/100, gray Y' as Y or Y*255, or R'G'B' as RGB, RGB*255 or imagenet.",
        valueName: "form"))
    var input: String?

    @Option(
      help: ArgumentHelp(
        "What the network gives: bins313, ab, uv, huechroma, or R'G'B' as RGB, RGB*255 or imagenet.",
        valueName: "form"))
    var gives: String?

    @Option(
      help: ArgumentHelp(
        "A file with the probabilities of the 313 bins in its training data, as text or .npy.",
        valueName: "file"))
    var prior: String?

    @Option(
      help:
        "The weight of the uniform distribution in the rebalancing of its training; 0.5 by default."
    )
    var lambda: Double?

    @Option(help: "Temperature of the annealed mean that suits it; 0.38 by default.")
    var temperature: Float?

    @Option(help: "Vividness that suits it; 1 by default.")
    var vividness: Float?

    @Option(
      help: ArgumentHelp(
        "Smallest useful short side of its input; 512 for DDColor, 336 for DeOldify.",
        valueName: "samples"))
    var size: Int?

    @Option(
      help: ArgumentHelp(
        "With huechroma: how many bins of hue there are; their logits come first.",
        valueName: "number"))
    var hueBins: String?

    @Option(
      help: ArgumentHelp(
        "With huechroma: the centers of the bins of chroma in CIELAB units, such as '2 6 10'.",
        valueName: "numbers"))
    var chromaBins: String?

    @Option(
      help: ArgumentHelp(
        "Height and width of its input, if it takes pictures in tiles only.", valueName: "samples"))
    var tile: Int?

    @Option(
      help: ArgumentHelp(
        "What a tile shows on each side beyond the part that the network answers for; 0 by default.",
        valueName: "samples"))
    var margin: Int?

    @Flag(help: "Replace an existing output.")
    var overwrite = false

    func run() throws {
      var wishes = ModelImportWishes()
      wishes.input = input
      wishes.gives = gives
      wishes.prior = prior
      wishes.lambda = lambda
      wishes.temperature = temperature
      wishes.vividness = vividness
      wishes.size = size
      wishes.hueBins = hueBins
      wishes.chromaBins = chromaBins
      wishes.tile = tile
      wishes.margin = margin
      let findings = try ModelCatalog.importModel(
        from: source, to: output, wishes: wishes, overwrite: overwrite)
      for finding in findings { try Console.result(finding) }
    }
  }
}
