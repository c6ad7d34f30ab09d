package import Colorization
import Locking
import Media
import NeuralNetwork

/// The networks that a run of the program has loaded. Jobs that are given the same shelf and want the same file,
/// back end, arithmetic and size share one network, which is loaded when the first of them begins.
///
/// It holds what it has loaded for as long as it is kept: whoever runs the jobs makes it.
package final class NetworkShelf: Sendable {
  private struct NetworkKey: Hashable, Sendable {
    var path: String
    var backend: Backend?
    var precision: Precision?
  }

  private struct ColorizerKey: Hashable, Sendable {
    var network: NetworkKey
    var size: Int
  }

  private struct Contents {
    var networks: [NetworkKey: ColorNetwork] = [:]
    var colorizers: [ColorizerKey: FrameColorizer] = [:]
    /// By path.
    var digests: [String: String] = [:]
  }

  private let contents = Locked(Contents())

  /// An empty shelf.
  package init() {}

  /// How many networks it has loaded.
  package var networkCount: Int { contents.withLock { $0.networks.count } }

  /// The SHA-256 sum of a network's file, which is read once.
  /// - Throws: `MediaError` if it can't be read.
  func digest(ofFile path: String) throws -> String {
    try contents.withLock { contents in
      let digest = try contents.digests[path] ?? Fingerprint.ofAllBytes(of: path)
      contents.digests[path] = digest
      return digest
    }
  }

  /// The colorizer of `settings`; its network is loaded if no job has wanted it before.
  /// - Throws: `AutochromeError`, `NetworkError` or `ColorizationError` if it can't be loaded; the next job
  ///   tries again.
  package func colorizer(for settings: Settings) throws -> FrameColorizer {
    let network = NetworkKey(
      path: try ModelCatalog.path(of: settings.model),
      backend: try settings.backend.map { try ModelCatalog.parse($0) },
      precision: try ModelCatalog.parsePrecision(settings.precision))
    let key = ColorizerKey(network: network, size: settings.size)
    // Whoever wants the same meanwhile waits for it.
    return try contents.withLock { contents in
      if let found = contents.colorizers[key] { return found }
      let loaded =
        try contents.networks[network]
        ?? ModelCatalog.open(
          settings.model, backend: settings.backend, precision: settings.precision)
      let colorizer = FrameColorizer(network: loaded, shortSide: settings.size)
      contents.networks[network] = loaded
      contents.colorizers[key] = colorizer
      return colorizer
    }
  }
}
