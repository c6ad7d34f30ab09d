/// How samples along one axis are averaged to fewer: output i is the mean of the input over
/// [i·n/m, (i+1)·n/m), parts of samples counted as such.
package struct AreaAxis: Sendable {
  /// First input sample of each output.
  package let first: [Int32]
  /// `taps` weights for each output, adding up to 1; those past the covered samples are 0.
  package let weights: [Float]
  /// Weights per output: a multiple of 8.
  package let taps: Int
  /// Input samples that each output really covers.
  package let counts: [Int]

  package init(from input: Int, to output: Int) {
    let length = Double(input) / Double(output)
    var first: [Int32] = []
    var covers: [[Float]] = []
    for index in 0..<output {
      let (start, end) = (Double(index) * length, Double(index + 1) * length)
      let from = min(Int(start), input - 1)
      let to = max(min(Int(end.rounded(.up)), input), from + 1)
      let shares = (from..<to).map { max(min(Double($0 + 1), end) - max(Double($0), start), 0) }
      let sum = shares.reduce(0, +)
      first.append(Int32(from))
      covers.append(shares.map { Float($0 / sum) })
    }
    self.first = first
    counts = covers.map(\.count)
    let taps = ((counts.max() ?? 1) + 7) / 8 * 8
    weights = covers.flatMap { $0 + [Float](repeating: 0, count: taps - $0.count) }
    self.taps = taps
  }

  /// One output, of the values of the input.
  package func mean(at output: Int, of value: (Int) -> Double) -> Double {
    let start = Int(first[output])
    var sum = 0.0
    for tap in 0..<counts[output] {
      sum += Double(weights[output * taps + tap]) * value(start + tap)
    }
    return sum
  }
}
