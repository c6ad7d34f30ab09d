import Foundation

/// The values travel bit by bit, in the byte order of the machine: a state that is read back goes on exactly
/// as it would have gone on.
extension FloatImage: Codable {
  private enum CodingKeys: String, CodingKey { case width, height, channels, values }

  /// - Throws: `DecodingError` if the values are fewer or more than the size asks for.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let width = try container.decode(Int.self, forKey: .width)
    let height = try container.decode(Int.self, forKey: .height)
    let channels = try container.decode(Int.self, forKey: .channels)
    let bytes = try container.decode(Data.self, forKey: .values)
    let counts = [width, height, channels]
    guard counts.allSatisfy({ (0...1 << 20).contains($0) }),
      bytes.count == width * height * channels * MemoryLayout<Float>.stride
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .values, in: container,
        debugDescription: "\(bytes.count) bytes for \(channels)×\(height)×\(width) floats")
    }
    self.init(width: width, height: height, channels: channels) { out in
      bytes.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(start: out, count: $0.count).copyMemory(from: $0)
      }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(width, forKey: .width)
    try container.encode(height, forKey: .height)
    try container.encode(channels, forKey: .channels)
    let count = area * channels
    let bytes =
      count > 0 ? Data(bytes: channel(0), count: count * MemoryLayout<Float>.stride) : Data()
    try container.encode(bytes, forKey: .values)
  }
}
