/// Where output samples lie between input samples, for linear interpolation along one axis; both cover
/// the same length.
struct LinearAxis: Sendable {
  /// The input sample before each output; its successor is never needed when it is the last.
  let index: [Int32]
  /// How far towards the next, 0…1; 0 at and beyond the last.
  let fraction: [Float]

  /// - Parameters:
  ///   - input: Number of input samples, centered in equal cells.
  ///   - positions: Places of the outputs, 0…1 from end to end.
  init(input: Int, positions: some Sequence<Double>) {
    var index: [Int32] = []
    var fraction: [Float] = []
    for position in positions {
      let place = min(max(position * Double(input) - 0.5, 0), Double(input - 1))
      index.append(Int32(place))
      fraction.append(Float(place - place.rounded(.down)))
    }
    self.index = index
    self.fraction = fraction
  }

  /// For `output` samples centered in equal cells.
  init(input: Int, output: Int) {
    self.init(
      input: input, positions: (0..<output).lazy.map { (Double($0) + 0.5) / Double(output) })
  }
}
