/// A reader of data that comes from outside, as a function of bytes. Whatever the bytes are, it returns: what it can't
/// read, it refuses by a typed error.
public struct FuzzEntry: Sendable {
  /// The name of the entry, and of its folder in `corpus`.
  public let name: String
  /// Reads the bytes, and drops the error.
  public let run: @Sendable ([UInt8]) -> Void

  init(_ name: String, _ read: @escaping @Sendable ([UInt8]) throws -> Void) {
    self.name = name
    run = { bytes in
      do { try read(bytes) } catch { _ = "\(error)" }
    }
  }

  /// Everything that is fuzzed.
  public static let all: [FuzzEntry] = [
    .onnx, .prior, .y4m, .picture, .pictureStream, .container,
    .pipeline, .shots, .shotEdit, .cuts, .plan, .trailer, .arguments,
  ]

  /// Fails where it is given a byte, to see that a failure is noticed.
  public static let faulty = FuzzEntry("faulty") { bytes in
    precondition(bytes.isEmpty, "a byte came")
  }
}
