/// How many frames of a film the network sees: all, or those that motion does not explain and at least
/// each Nth. In pipeline files and on the command line it is a number or `off`.
package enum KeyFrames: Hashable, Sendable {
  /// The network sees every frame.
  case off
  /// The network sees frames at most this far apart.
  case atMost(Int)

  /// The greatest distance that may be asked for.
  package static let most = 48

  /// The greatest distance between frames that the network sees, in frames; 1 for every frame.
  package var distance: Int {
    switch self {
    case .off: 1
    case .atMost(let distance): distance
    }
  }
}

extension KeyFrames: LosslessStringConvertible {
  /// `off`, or a number; 1 is `off`. nil for anything else. The number is not held to its range here.
  package init?(_ text: String) {
    if text == "off" {
      self = .off
    } else if let distance = Int(text) {
      self = distance == 1 ? .off : .atMost(distance)
    } else {
      return nil
    }
  }

  package var description: String {
    switch self {
    case .off: "off"
    case .atMost(let distance): "\(distance)"
    }
  }
}

extension KeyFrames: Codable {
  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = KeyFrames(text) else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: decoder.codingPath,
          debugDescription: "key-frames '\(text)' is neither a number nor 'off'"))
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
