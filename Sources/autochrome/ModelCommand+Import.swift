import ArgumentParser
import AutochromeKit

extension ModelCommand {
  /// Making networks of others usable.
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an ONNX file of others a network for --model.",
      discussion: """
        Recognizes ECCV16 and SIGGRAPH17 of github.com/richzhang/colorization, DDColor of \
        github.com/piddnad/DDColor and DeOldify of github.com/jantic/DeOldify, as PyTorch exports them, \
        and adds the metadata that they lack. ECCV16 gives its distribution of 313 bins in place of its \
        own mean; its prior_probs.npy as --prior makes vividness work. SIGGRAPH17's inputs for hints read \
        zeros. Of other networks, --input and --gives tell the use.
        """)

    @Argument(help: "An ONNX file.")
    var source: String

    @Option(name: [.short, .long], help: "The ONNX file to write.")
    var output: String

    @Option(
      help: ArgumentHelp(
        "What it is to be given: L, (L-50)/50, (L-50)/100, or gray R'G'B' as RGB, RGB*255 or imagenet.",
        valueName: "form"))
    var input: String?

    @Option(
      help: ArgumentHelp(
        "What to take from it: bins313, ab, or R'G'B' as RGB, RGB*255 or imagenet.",
        valueName: "form"))
    var gives: String?

    @Option(
      help: ArgumentHelp(
        "Probabilities of the 313 bins in its training, as text or .npy.", valueName: "file"))
    var prior: String?

    @Option(help: "The share of the uniform distribution in its rebalancing; 0.5 by default.")
    var lambda: Double?

    @Option(help: "Temperature of the annealed mean that suits it; 0.38 by default.")
    var temperature: Float?

    @Option(help: "Vividness that suits it; 1 by default.")
    var vividness: Float?

    @Option(
      help: ArgumentHelp(
        "Short side below which it does not know what it sees; 512 for DDColor, 336 for DeOldify.",
        valueName: "samples"))
    var size: Int?

    @Flag(help: "Replace an output that exists.")
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
      let findings = try ModelCatalog.importModel(
        from: source, to: output, wishes: wishes, overwrite: overwrite)
      for finding in findings { try Console.result(finding) }
    }
  }
}
