import CKernels
import Foundation
import TestSupport
import Testing

extension SeededGenerator {
  mutating func codes<T: FixedWidthInteger & UnsignedInteger>(
    _ count: Int, upTo maximum: T = .max
  ) -> [T] {
    // Extremes are as likely as everything else together.
    (0..<count).map { _ in
      switch UInt8.random(in: 0..<4, using: &self) {
      case 0: 0
      case 1: maximum
      default: T.random(in: 0...maximum, using: &self)
      }
    }
  }
}

/// The first place where two results differ by more than the tolerance.
struct Mismatch: Equatable, CustomStringConvertible {
  let index: Int
  let actual: Double
  let expected: Double
  var description: String { "at \(index): \(actual), expected \(expected)" }
}

/// Compares value by value; NaN equals NaN only.
func mismatch(
  _ actual: [Double], _ expected: [Double], absolute: Double, relative: Double = 0
) -> Mismatch? {
  guard actual.count == expected.count else {
    return Mismatch(
      index: min(actual.count, expected.count), actual: Double(actual.count),
      expected: Double(expected.count))
  }
  for (index, pair) in zip(actual, expected).enumerated() {
    let same =
      pair.0.isNaN || pair.1.isNaN
      ? pair.0.isNaN && pair.1.isNaN : abs(pair.0 - pair.1) <= absolute + relative * abs(pair.1)
    if !same { return Mismatch(index: index, actual: pair.0, expected: pair.1) }
  }
  return nil
}

func doubles<T: BinaryInteger>(_ values: [T]) -> [Double] { values.map { Double($0) } }
func doubles(_ values: [Float]) -> [Double] { values.map { Double($0) } }

/// Lets `write` fill `count` values between guard bands, and reports when it touched those.
func guarded<T: ExpressibleByIntegerLiteral & Equatable>(
  _ count: Int, fill: T, _ write: (UnsafeMutablePointer<T>) -> Void
) -> [T] {
  let band = 32
  let memory = UnsafeMutablePointer<T>.allocate(capacity: count + 2 * band)
  defer { memory.deallocate() }
  memory.initialize(repeating: fill, count: count + 2 * band)
  write(memory + band)
  let before = (0..<band).allSatisfy { memory[$0] == fill }
  let after = (0..<band).allSatisfy { memory[band + count + $0] == fill }
  #expect(before && after, "wrote outside of \(count) values")
  return (0..<count).map { memory[band + $0] }
}

/// Runs `body` once for each set of instructions that this CPU has, the plain one included.
func onEachPath(_ body: (UInt32) throws -> Void) rethrows {
  ac_cpu_limit(.max)
  let available = ac_cpu_flags()
  defer { ac_cpu_limit(.max) }
  for mask in Set([0, UInt32(AC_CPU_AVX2) & available, available]).sorted() {
    ac_cpu_limit(mask)
    try body(mask)
  }
}

/// Sizes around and between the vector widths.
let lengths = [1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 100, 257]

@Suite("The comparer itself")
struct ComparerTests {
  private let expected = (0..<40).map { Double($0 % 7) + 1 }

  @Test func acceptsWhatIsWithinTolerance() {
    #expect(mismatch(expected.map { $0 + 1e-7 }, expected, absolute: 1e-6) == nil)
  }

  @Test func rejectsZeros() {
    #expect(mismatch([Double](repeating: 0, count: 40), expected, absolute: 1e-3) != nil)
  }

  @Test func rejectsAShiftedRow() {
    #expect(mismatch(Array(expected[1...] + [expected[0]]), expected, absolute: 1e-3) != nil)
  }

  @Test func rejectsOneWrongPixelAndSaysWhere() {
    var wrong = expected
    wrong[23] += 0.01
    #expect(mismatch(wrong, expected, absolute: 1e-3)?.index == 23)
  }

  @Test func rejectsNaNAndMissingValues() {
    var wrong = expected
    wrong[5] = .nan
    #expect(mismatch(wrong, expected, absolute: 1e3)?.index == 5)
    #expect(mismatch(Array(expected.dropLast()), expected, absolute: 1e3) != nil)
  }
}

/// All tests that switch instruction sets, one after another, because the switch is global.
@Suite("Kernels against their plain versions", .serialized)
enum KernelTests {}
