/// How samples along one axis are averaged to fewer: output i is the mean of the input over
/// [i·n/m, (i+1)·n/m), parts of samples counted as such.
struct AreaAxis: Sendable {
  /// First input sample of each output.
  let first: [Int32]
  /// `taps` weights for each output, adding up to 1; those past the covered samples are 0.
  let weights: [Float]
  /// Weights per output: a multiple of 8.
  let taps: Int
  /// Input samples that each output really covers.
  let counts: [Int]

  init(from input: Int, to output: Int) {
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
}
