import ArgumentParser
import AutochromeKit

extension ModelCommand {
  /// Making networks of others usable.
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an ONNX file of others a network for --model.",
      discussion: """
        Recognizes ECCV16 and SIGGRAPH17 of github.com/richzhang/colorization, as PyTorch exports \
        them, and adds the metadata that they lack. ECCV16 gives its distribution of 313 bins in \
        place of its own mean; its prior_probs.npy as --prior makes vividness work. SIGGRAPH17's \
        inputs for hints read zeros. Of other networks, --input and --gives tell the use.
        """)

    @Argument(help: "An ONNX file.")
    var source: String

    @Option(name: [.short, .long], help: "The ONNX file to write.")
    var output: String

    @Option(help: "What it is to be given: L, (L-50)/50 or (L-50)/100.")
    var input: String?

    @Option(help: "What to take from it: bins313 or ab.")
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
      let findings = try ModelCatalog.importModel(
        from: source, to: output, wishes: wishes, overwrite: overwrite)
      for finding in findings { try Console.result(finding) }
    }
  }
}
