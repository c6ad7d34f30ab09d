import Colorization
import Foundation
import Network

/// What the user says of a network that is imported; nil leaves it to recognition or to what is usual.
public struct ModelImportWishes: Hashable, Sendable {
  /// What the network is to be given: `L`, `(L-50)/50` or `(L-50)/100`.
  public var input: String?
  /// What to take from it: `bins313` or `ab`.
  public var gives: String?
  /// A file with the probabilities of the 313 bins in its training.
  public var prior: String?
  /// The λ that rebalanced its training.
  public var lambda: Double?
  /// The temperature of the annealed mean that suits it.
  public var temperature: Float?
  /// The vividness that suits it.
  public var vividness: Float?

  /// Nothing is said.
  public init() {}
}

extension ModelCatalog {
  /// Makes a network of others usable and writes it to `output`.
  /// - Parameters:
  ///   - source: an ONNX file.
  ///   - output: the file to write.
  ///   - wishes: what is not to be recognized.
  /// - Returns: what was recognized and done, in sentences.
  /// - Throws: `AutochromeError`; nothing is written then.
  public static func importModel(
    from source: String, to output: String, wishes: ModelImportWishes = ModelImportWishes(),
    overwrite: Bool = false
  ) throws(AutochromeError) -> [String] {
    try AutochromeError.wrapping {
      guard FileManager.default.fileExists(atPath: source) else {
        throw AutochromeError(.noInput, "There is no file '\(source)'.")
      }
      var files = CommandFiles()
      files.reads(source, as: "the network")
      files.reads(wishes.prior, as: "--prior")
      files.writes(output, as: CommandFiles.output)
      try files.check()
      let file = try files.place(output, overwrite: overwrite)
      var options = ModelImport.Options()
      options.input = wishes.input
      options.output = try wishes.gives.map { try parse($0) }
      options.prior = try wishes.prior.map { try BinPrior(contentsOf: $0).values }
      options.lambda = wishes.lambda
      options.temperature = wishes.temperature
      options.vividness = wishes.vividness
      let imported = try ModelImport(try ModelDocument(contentsOf: source), options: options)
      // That the engine has all operators, and that the decoder takes the settings.
      let network = try ColorNetwork(
        model: imported.model, name: imported.description.name, precision: .float32)
      _ = try DistributionDecoder(network.description, look: Look())
      try file.write(Data(try imported.document.bytes()))
      return imported.findings
    }
  }
}
