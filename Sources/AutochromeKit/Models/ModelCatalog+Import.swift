import Colorization
import Foundation
import NeuralNetwork

/// What the user says of a network that is imported; nil leaves it to recognition or to what is usual.
package struct ModelImportWishes: Hashable, Sendable {
  /// What the network is to be given, as the property `autochrome.input` says it, or `imagenet`.
  package var input: String?
  /// What to take from it, as the property `autochrome.output` says it, or `imagenet`.
  package var gives: String?
  /// A file with the probabilities of the 313 bins in its training.
  package var prior: String?
  /// The λ that rebalanced its training.
  package var lambda: Double?
  /// The temperature of the annealed mean that suits it.
  package var temperature: Float?
  /// The vividness that suits it.
  package var vividness: Float?
  /// The short side below which it does not know what it sees, in samples.
  package var size: Int?
  /// The number of bins of hue, for `huechroma`.
  package var hueBins: String?
  /// The centers of the bins of chroma, for `huechroma`.
  package var chromaBins: String?
  /// Height and width of the tiles in which it sees pictures, in samples; nil where it sees all of a picture.
  package var tile: Int?
  /// What a tile shows around the part that is answered for, on each side, in samples.
  package var margin: Int?

  /// Nothing is said.
  package init() {}
}

extension ModelImportWishes {
  /// The bins of `huechroma`.
  /// - Throws: `AutochromeError` if one of both is missing or can't be right.
  fileprivate func bins() throws(AutochromeError) -> HueChromaBins {
    guard let hueBins, let hues = HueChromaBins.hueCount(hueBins) else {
      throw AutochromeError(
        .usage,
        "--gives huechroma needs --hue-bins, the number of bins of hue in 2…256; given is "
          + "\(hueBins.map { "'\($0)'" } ?? "none").")
    }
    guard let chromaBins, let chromas = HueChromaBins.chromas(chromaBins) else {
      throw AutochromeError(
        .usage,
        "--gives huechroma needs --chroma-bins, the centers of the bins of chroma: 2 to 256 increasing numbers in "
          + "0…200; given is \(chromaBins.map { "'\($0)'" } ?? "none").")
    }
    return HueChromaBins(hueCount: hues, chromas: chromas)
  }

  /// The tile, if there is one.
  /// - Throws: `AutochromeError` if its margins leave nothing of it.
  fileprivate func networkTile() throws(AutochromeError) -> NetworkTile? {
    guard let tile else {
      guard margin == nil else {
        throw AutochromeError(.usage, "--margin needs --tile, the size of the tiles.")
      }
      return nil
    }
    let sizes = NetworkTile.sizes
    guard sizes.contains(tile) else {
      throw AutochromeError(
        .usage, "--tile \(tile) is outside of \(sizes.lowerBound)…\(sizes.upperBound).")
    }
    let (margin, margins) = (margin ?? 0, NetworkTile.margins(of: tile))
    guard margins.contains(margin) else {
      throw AutochromeError(
        .usage,
        "--margin \(margin) is outside of 0…\(margins.upperBound), less than half of --tile \(tile)."
      )
    }
    return NetworkTile(size: tile, margin: margin)
  }
}

extension ModelCatalog {
  /// Makes a network of others usable and writes it to `output`.
  /// - Parameters:
  ///   - source: an ONNX file.
  ///   - output: the file to write.
  ///   - wishes: what is not to be recognized.
  /// - Returns: what was recognized and done, in sentences.
  /// - Throws: `AutochromeError`; nothing is written then.
  package static func importModel(
    from source: String, to output: String, wishes: ModelImportWishes = ModelImportWishes(),
    overwrite: Bool = false
  ) throws(AutochromeError) -> [String] {
    try AutochromeError.wrapping {
      guard FileManager.default.fileExists(atPath: source) else {
        throw AutochromeError(.noInput, "The file '\(source)' does not exist.")
      }
      var files = CommandFiles()
      files.reads(source, as: "the network")
      files.reads(wishes.prior, as: "--prior")
      files.writes(output, as: CommandFiles.output)
      try files.check()
      let file = try files.place(output, overwrite: overwrite)
      var options = ModelImport.Options()
      options.input = try wishes.input.map { text in
        guard let input = ColorNetworkDescription.input(spelledOut(text)) else {
          throw AutochromeError(
            .usage,
            "--input '\(text)' is not a known form; expected one such as L, L/100, (L-50)/50, (L-50)/100, Y, RGB, RGB*255 "
              + "or imagenet."
          )
        }
        return input
      }
      options.output = try wishes.gives.map { text in
        if text == HueChromaBins.word { return .hueChroma(try wishes.bins()) }
        guard let output = ColorNetworkDescription.output(spelledOut(text)) else {
          throw AutochromeError(
            .usage,
            "--gives '\(text)' is not a known form; expected one such as bins313, ab, uv, huechroma, RGB, RGB*255 or "
              + "imagenet."
          )
        }
        return output
      }
      options.tile = try wishes.networkTile()
      if let size = wishes.size, !(16...1024).contains(size) {
        throw AutochromeError(.usage, "--size \(size) is outside of 16…1024.")
      }
      options.size = wishes.size
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

  /// `imagenet` stands for R′G′B′ in the normalization of ImageNet's pictures.
  private static func spelledOut(_ text: String) -> String {
    text.lowercased() == "imagenet"
      ? ColorNetworkDescription.Output.rgb(.imageNet).text : text
  }
}
