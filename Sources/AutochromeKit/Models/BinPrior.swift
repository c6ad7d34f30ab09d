import Colorization
import Foundation
import NeuralNetwork

/// How often each of the 313 bins occurs in photographs, and where that is from.
package struct BinPrior {
  package let values: [Double]
  package let origin: String

  /// That of a file, or `shipped`.
  package static func given(_ path: String?) throws -> BinPrior {
    try path.map { try BinPrior(contentsOf: $0) } ?? shipped()
  }

  /// That of the default network, whichever is measured, so that figures compare.
  private static func shipped() throws -> BinPrior {
    let name = Settings.defaultModel
    let description = try ColorNetworkDescription(
      name: name, metadata: try ModelCatalog.load(name).model.metadata)
    guard let prior = description.prior else {
      throw AutochromeError(
        .unavailable,
        "The network '\(name)' contains no bin probabilities; name a file with --prior.")
    }
    return BinPrior(values: prior, origin: "network '\(name)'")
  }

  /// Reads 313 numbers from a file: text with spaces, line ends or commas between, or NumPy's `.npy`
  /// format with little-endian floats, as Zhang et al. publish theirs (`prior_probs.npy`).
  package init(contentsOf path: String) throws {
    let data: Data
    do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw AutochromeError(
        .noInput, "The prior '\(path)' can't be read: \(error.localizedDescription).")
    }
    let text =
      data.starts(with: Self.magic)
      ? Self.numbers(npy: data)?.map { "\($0)" }.joined(separator: " ")
      : String(data: data, encoding: .utf8)
    guard let values = text.flatMap({ ColorNetworkDescription.prior($0) }) else {
      throw AutochromeError(
        .badData,
        "The prior '\(path)' does not contain 313 non-negative numbers, as text or as little-endian floats in NumPy's "
          + "format.")
    }
    self.init(values: values, origin: "'\(path)'")
  }

  private init(values: [Double], origin: String) {
    self.values = values
    self.origin = origin
  }

  private static let magic = [0x93] + Array("NUMPY".utf8)

  /// The numbers of an array of floats; nil if it is of another type or cut off. See NumPy's
  /// `numpy.lib.format`.
  private static func numbers(npy data: Data) -> [Double]? {
    let bytes = Array(data)
    let lengthBytes = bytes.count > 6 && bytes[6] == 1 ? 2 : 4
    guard bytes.count > 8 + lengthBytes else { return nil }
    let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let start = 8 + lengthBytes + length
    guard start <= bytes.count else { return nil }
    let header = String(decoding: bytes[(8 + lengthBytes)..<start], as: UTF8.self)
    let body = bytes[start...]
    func words<T: FixedWidthInteger>(_ type: T.Type) -> [T] {
      stride(
        from: body.startIndex, through: body.endIndex - MemoryLayout<T>.size,
        by: MemoryLayout<T>.size
      )
      .map { place in
        (0..<MemoryLayout<T>.size).reduce(T(0)) { $0 | T(body[place + $1]) << T(8 * $1) }
      }
    }
    if header.contains("'<f8'") { return words(UInt64.self).map { Double(bitPattern: $0) } }
    if header.contains("'<f4'") {
      return words(UInt32.self).map { Double(Float(bitPattern: $0)) }
    }
    return nil
  }
}
