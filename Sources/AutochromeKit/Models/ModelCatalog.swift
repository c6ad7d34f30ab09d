package import Colorization
package import Foundation
import Media
package import NeuralNetwork

/// The networks that are shipped, and others by path.
package enum ModelCatalog {
  /// The names of the shipped networks.
  /// - Throws: `AutochromeError`.
  package static func names() throws(AutochromeError) -> [String] {
    try ResourceLocator.files(in: "models", extension: "onnx").keys.sorted()
  }

  /// What a network takes, gives, holds and costs.
  /// - Throws: `AutochromeError`.
  package static func summary(of model: String) throws(AutochromeError) -> ModelSummary {
    try AutochromeError.wrapping {
      let (url, loaded) = try load(model)
      return try ModelSummary(model: loaded, url: url)
    }
  }

  /// Runs a folder of ONNX test data.
  /// - Parameters:
  ///   - saveTo: a folder that gets our outputs, under the name of `folder`.
  /// - Throws: `AutochromeError` only for a back end or precision that does not exist; a model that
  ///   can't be run is a verdict.
  package static func verify(
    folder: String, backend: String?, precision: String?, saveTo: String?
  ) throws(AutochromeError) -> ModelVerdict {
    try AutochromeError.wrapping {
      let verifier = ModelVerifier(
        backend: try backend.map { try parse($0) } ?? .oneDNN,
        precision: try parsePrecision(precision) ?? .float32)
      let path = URL(fileURLWithPath: folder)
      if let saveTo,
        ResolvedPath.of(PathParts.join(saveTo, path.lastPathComponent)) == ResolvedPath.of(folder)
      {
        throw AutochromeError(
          .usage,
          "--save '\(saveTo)' would overwrite the expected outputs in '\(folder)'; choose another folder."
        )
      }
      return ModelVerdict(
        verifier.verify(
          folder: folder, savedIn: saveTo.map { $0 + "/" + path.lastPathComponent }))
    }
  }

  package static func load(_ model: String) throws -> (url: URL, model: Model) {
    let path = try path(of: model)
    return (URL(fileURLWithPath: path), try Model(contentsOf: path))
  }

  /// Where the file of a network lies.
  static func path(of model: String) throws(AutochromeError) -> String {
    try ResourceLocator.resolve(model, kind: "model", subfolder: "models", extension: "onnx").path
  }

  package static func open(_ model: String, backend: String?, precision: String?) throws
    -> ColorNetwork
  {
    let (url, loaded) = try load(model)
    return try ColorNetwork(
      model: loaded, name: url.deletingPathExtension().lastPathComponent,
      backend: try backend.map { try parse($0) }, precision: try parsePrecision(precision))
  }

  /// A precision by name; nil for `auto` and where none is named.
  package static func parsePrecision(_ text: String?) throws -> Precision? {
    guard let text, text != "auto" else { return nil }
    guard let value = Precision(rawValue: text) else {
      let names = ["auto"] + Precision.allCases.map(\.rawValue)
      throw AutochromeError(
        .usage,
        "'\(text)' is not a precision; expected \(names.map { "'\($0)'" }.joined(separator: ", "))."
      )
    }
    return value
  }

  package static func parse<T: RawRepresentable & CaseIterable>(_ text: String) throws -> T
  where T.RawValue == String {
    guard let value = T(rawValue: text) else {
      throw AutochromeError(
        .usage,
        "'\(text)' is not one of "
          + T.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ") + ".")
    }
    return value
  }
}
