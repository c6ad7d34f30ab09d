import Foundation
import ModelFixtures
import Network

extension ModelBuilder {
  /// Runs the model, whose only output is returned.
  func run(
    _ inputs: [String: Tensor], on backend: Backend, precision: Precision = .float32,
    fusion: Bool = true, threads: Int = 1, layout: TensorLayout = .nchw
  ) throws -> Tensor {
    let session = try Session(
      model: try model(), backend: backend, precision: precision, threadsPerRun: threads,
      fusion: fusion)
    let outputs = try session.run(inputs, outputLayout: layout)
    guard let output = outputs[proto.graph.output[0].name] else {
      throw TestFailure("the output is missing")
    }
    return output
  }
}

struct TestFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Random numbers that a seed repeats (SplitMix64).
struct Generator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  mutating func pick<T>(_ list: [T]) -> T { list[Int.random(in: 0..<list.count, using: &self)] }
}

/// Where two arrays differ by more than `tolerance` × the largest expected magnitude; nil if nowhere.
func difference(_ actual: [Float], _ expected: [Float], tolerance: Float) -> String? {
  guard actual.count == expected.count else {
    return "\(actual.count) numbers instead of \(expected.count)"
  }
  let scale = expected.reduce(Float(1e-20)) { max($0, abs($1)) }
  var worst: (index: Int, error: Float) = (0, -1)
  for index in actual.indices {
    let error = actual[index] == expected[index] ? 0 : abs(actual[index] - expected[index])
    guard !error.isNaN else {
      return "at \(index): found \(actual[index]), expected \(expected[index])"
    }
    if error > worst.error { worst = (index, error) }
  }
  guard worst.error > tolerance * scale else { return nil }
  return
    "at \(worst.index): found \(actual[worst.index]), expected \(expected[worst.index]) (range \(scale))"
}
