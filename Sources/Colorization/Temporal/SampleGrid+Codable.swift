import Foundation

/// Bit by bit, see `FloatImage`.
extension SampleGrid: Codable {
  private enum CodingKeys: String, CodingKey { case width, height, values }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let width = try container.decode(Int.self, forKey: .width)
    let height = try container.decode(Int.self, forKey: .height)
    let bytes = try container.decode(Data.self, forKey: .values)
    guard (0...1 << 20).contains(width), (0...1 << 20).contains(height),
      bytes.count == width * height * MemoryLayout<SIMD4<Float>>.stride
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .values, in: container,
        debugDescription: "\(bytes.count) bytes for \(height)×\(width) positions")
    }
    self.init(width: width, height: height) { out in
      bytes.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(start: out, count: $0.count).copyMemory(from: $0)
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(width, forKey: .width)
    try container.encode(height, forKey: .height)
    let count = width * height * MemoryLayout<SIMD4<Float>>.stride
    try container.encode(Data(bytes: pointer, count: count), forKey: .values)
  }
}
