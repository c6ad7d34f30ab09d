import Foundation
import ModelFixtures
import NeuralNetwork
import TestSupport

/// Two convolutions in a row, the first with what may follow it, and what plain loops over integers make
/// of them.
struct IntegerCase {
  var batch = 1
  var groups = 1
  var channels = 16
  var filters = 16
  var results = 16
  var height = 1
  var width = 1
  var kernel = 1
  var stride = 1
  var dilation = 1
  var padding = 0
  var hasBias = false
  var activation = ""
  /// Of "Clip".
  var bounds: ClosedRange<Float> = 0...6
  var hasSum = false
  /// Whether x and the summand have negative numbers.
  var isSigned = (x: false, sum: false)

  init(_ random: inout SeededGenerator) {
    repeat {
      batch = random.pick([1, 1, 2])
      groups = random.pick([1, 1, 1, 2])
      channels = groups * random.pick([16, 17, 24, 48, 64])
      filters = groups * random.pick([16, 21, 32, 48])
      if random.pick([true, false, false]) {
        // A filter for each channel.
        groups = channels
        filters = channels
      }
      results = random.pick([1, 16, 19])
      height = Int.random(in: 1...9, using: &random)
      width = Int.random(in: 1...11, using: &random)
      kernel = random.pick([1, 2, 3, 3, 3, 5])
      stride = random.pick([1, 1, 2])
      dilation = random.pick([1, 1, 2])
      padding = random.pick([0, 1, 2])
      hasBias = random.pick([true, false])
      activation = random.pick(["", "Relu", "Relu", "LeakyRelu", "Clip", "Clip"])
      bounds = random.pick([0...1.5, 0...6, -0.75...1.25])
      hasSum = random.pick([true, false])
      isSigned = (random.pick([true, false]), random.pick([true, false]))
    } while min(height, width) + 2 * padding < (kernel - 1) * dilation + 1
      || isEmptySomewhere(height) || isEmptySomewhere(width)
  }

  /// Whether no tap meets an element at some place: oneDNN 2.6 can't do that, so the engine leaves it to
  /// real numbers.
  private func isEmptySomewhere(_ length: Int) -> Bool {
    (0..<extent(length)).contains { place in
      !(0..<kernel).contains { (0..<length).contains(place * stride + $0 * dilation - padding) }
    }
  }

  func extent(_ input: Int) -> Int {
    (input + 2 * padding - (kernel - 1) * dilation - 1) / stride + 1
  }
  var middle: [Int] { [batch, filters, extent(height), extent(width)] }
}

/// How one array is kept: as the engine is to do it, written out plainly.
struct PlainQuantum {
  var scale: Float
  var range: ClosedRange<Float>

  init(_ values: [Float]) {
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    let limit = max(-low, high)
    range = low < 0 ? -127...127 : 0...255
    scale = limit > 0 ? limit / range.upperBound : 1
    // oneDNN saturates at −128, one below what we spread.
    if low < 0 { range = -128...127 }
  }

  /// The same numbers, but those in the middle between two integers moved a little: there the last bit of a product
  /// decides, and one input that is rounded the other way changes every sum that it is part of.
  func withoutTies(_ values: [Float]) -> [Float] {
    values.map {
      let exact = $0 / scale
      return abs(exact - exact.rounded(.down) - 0.5) < 1e-3 ? $0 + 0.01 * scale : $0
    }
  }

  func integers(_ values: [Float]) -> [Int] {
    values.map {
      Int(min(max(($0 / scale).rounded(.toNearestOrEven), range.lowerBound), range.upperBound))
    }
  }
}

enum PlainIntegers {
  /// Weights of one filter after the other, each with a scale of its own (or all with one), what rounding
  /// leaves handed to the next weight. Where the CPU adds two products of bytes in 16 bits, seven bits
  /// are safe, and of those for signed bytes the library keeps 63 levels.
  static func weights(
    _ values: [Float], filters: Int, perFilter: Bool = true, multiplying x: PlainQuantum
  ) -> (integers: [Int], scales: [Float]) {
    let isWhole = BackendInfo.available().contains { info in
      ["avx512_core_vnni", "avx512_core_bf16", "avx512_core_amx"].contains(info.instructionSet)
    }
    let limit: Float = isWhole ? 127 : x.range.lowerBound < 0 ? 63 : 64
    let depth = values.count / filters
    let whole = values.reduce(0) { max($0, abs($1)) }
    var (integers, scales) = ([Int](), [Float]())
    for filter in 0..<filters {
      let row = values[filter * depth..<(filter + 1) * depth]
      let largest = perFilter ? row.reduce(0) { max($0, abs($1)) } : whole
      let scale = largest > 0 ? largest / limit : 1
      var carry: Float = 0
      for value in row {
        let exact = value / scale + carry
        let rounded = min(max(exact.rounded(), -limit), limit)
        carry = exact - rounded
        integers.append(Int(rounded))
      }
      scales.append(scale)
    }
    return (integers, scales)
  }

  /// Sums of products, N, M, H, W.
  static func convolution(
    _ x: [Int], _ weights: [Int], input: [Int], filters: Int, groups: Int,
    kernel: Int, stride: Int, dilation: Int, padding: Int
  ) -> [Int] {
    let (n, channels, h, w) = (input[0], input[1], input[2], input[3])
    func extent(_ length: Int) -> Int {
      (length + 2 * padding - (kernel - 1) * dilation - 1) / stride + 1
    }
    let (rows, columns) = (extent(h), extent(w))
    let depth = channels / groups
    var y = [Int](repeating: 0, count: n * filters * rows * columns)
    for image in 0..<n {
      for filter in 0..<filters {
        let first = filter / (filters / groups) * depth
        for row in 0..<rows {
          for column in 0..<columns {
            var sum = 0
            for channel in 0..<depth {
              for dy in 0..<kernel {
                let v = row * stride + dy * dilation - padding
                guard (0..<h).contains(v) else { continue }
                for dx in 0..<kernel {
                  let u = column * stride + dx * dilation - padding
                  guard (0..<w).contains(u) else { continue }
                  sum +=
                    x[((image * channels + first + channel) * h + v) * w + u]
                    * weights[((filter * depth + channel) * kernel + dy) * kernel + dx]
                }
              }
            }
            y[((image * filters + filter) * rows + row) * columns + column] = sum
          }
        }
      }
    }
    return y
  }
}

/// What is wrong with a result that should be the same integers: a place of the picture may differ, in all
/// its channels, where a number in between lay so near the middle of two integers that the order of fp32
/// operations decides.
/// - Parameters:
///   - shape: N, C, H, W of the result.
///   - filters: how many numbers in between each place depends on; of them, about one in some thousands lies so.
///   - step: what one integer in between can do to a result.
func integerDifference(
  _ actual: [Float], _ expected: [Float], shape: [Int], filters: Int, step: Float
) -> String? {
  guard actual.count == expected.count else {
    return "\(actual.count) numbers instead of \(expected.count)"
  }
  let scale = expected.reduce(Float(1e-20)) { max($0, abs($1)) }
  let (channels, area) = (shape[1], shape[2] * shape[3])
  var places = Set<Int>()
  for index in actual.indices {
    let error = abs(actual[index] - expected[index])
    guard error <= 4 * step + 1e-5 * scale else {
      return "at \(index): found \(actual[index]), expected \(expected[index]) (step \(step))"
    }
    if error > 1e-4 * scale { places.insert(index / area / channels * area + index % area) }
  }
  let count = shape[0] * area
  return places.count > max(2, count / 20, count * filters / 800)
    ? "\(places.count) of \(count) places differ" : nil
}
