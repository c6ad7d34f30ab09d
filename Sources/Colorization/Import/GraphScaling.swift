import NeuralNetwork

/// What a graph of others does to each number of a picture's three channels: factors and summands with
/// constants, and perhaps bounds.
struct GraphScaling {
  /// The value at the end of the chain that was followed.
  private(set) var value: String
  /// y = factor·x + summand for each channel, of what lies outside of the bounds.
  private var factors: [Float] = [1, 1, 1]
  private var summands: [Float] = [0, 0, 0]
  /// Whether numbers of 0…1 are all that passes.
  private var isBounded = false

  /// Whether numbers pass as they are.
  var isPlain: Bool { !isBounded && factors == [1, 1, 1] && summands == [0, 0, 0] }

  /// Follows a value on, as long as one operator alone reads it and scales it.
  init(from start: String, in document: ModelDocument) {
    value = start
    while true {
      let readers = document.consumers(of: value)
      guard readers.count == 1, let output = readers[0].outputs.first,
        let (factor, summand) = Self.effect(of: readers[0], on: value, in: document)
      else { return }
      summands = zip(summands, zip(factor, summand)).map { $0 * $1.0 + $1.1 }
      factors = zip(factors, factor).map { $0 * $1 }
      value = output
    }
  }

  /// Follows a value back to what is scaled, or to what is bounded to 0…1 before that.
  init(before end: String, in document: ModelDocument) {
    value = end
    while let step = document.producer(of: value) {
      if step.op == "Clip", let source = step.inputs.first {
        guard document.bounds(of: step) == 0...1, !isBounded else { return }
        // What lies before is the same picture: the sigmoid is looked for, its scale is known.
        let inside = GraphScaling(before: source, in: document)
        isBounded = true
        value = inside.value
        return
      }
      guard let source = step.inputs.first(where: { document.constantShape($0) == nil }),
        let (factor, summand) = Self.effect(of: step, on: source, in: document)
      else { return }
      summands = zip(summands, zip(factors, summand)).map { $0 + $1.0 * $1.1 }
      factors = zip(factors, factor).map { $0 * $1 }
      value = source
    }
  }

  /// What must be given in R′, G′ and B′ for `norm` to come out; nil where it would be no picture of 0…1 or of
  /// 0…255.
  func pictureNormalized(as norm: ChannelScale) -> ChannelScale? {
    guard !isBounded else { return nil }
    for range in [Float(1), 255]
    where isNear(factors, norm.scales.map { 1 / ($0 * range) })
      && isNear(summands, zip(norm.offsets, norm.scales).map { -$0 / $1 })
    {
      return ChannelScale(scale: 1 / range, channels: 3)
    }
    return nil
  }

  /// How R′, G′ and B′ come out that DeOldify makes, a sigmoid of −3…3 in the normalization `norm`: so, or
  /// brought back to 0…1 or 0…255; nil where it is none of these.
  func sigmoidPicture(normalizedAs norm: ChannelScale) -> ChannelScale? {
    let plain = ChannelScale(channels: 3)
    for (scale, range) in [(norm, Float(1)), (plain, 1), (plain, 255)] {
      let result = ChannelScale(
        offsets: scale.offsets, scales: scale.scales.map { $0 / range })
      if isBounded {
        if scale == plain, isNear(factors, [range, range, range]), isNear(summands, [0, 0, 0]) {
          return result
        }
        continue
      }
      // From the sigmoid to ±3, to 0…1, and to how it comes out.
      let slope = zip(norm.scales, result.scales).map { 6 * $0 / $1 }
      let start = (0..<3).map {
        (norm.offsets[$0] - 3 * norm.scales[$0] - result.offsets[$0]) / result.scales[$0]
      }
      if isNear(factors, slope), isNear(summands, start) { return result }
    }
    return nil
  }

  private func isNear(_ a: [Float], _ b: [Float]) -> Bool {
    zip(a, b).allSatisfy { abs($0 - $1) <= 1e-3 * max(abs($1), 1e-3) }
  }

  /// The factors and summands of one operator; nil if it does anything else.
  private static func effect(
    of step: ModelDocument.Step, on value: String, in document: ModelDocument
  ) -> (factors: [Float], summands: [Float])? {
    let (one, none): ([Float], [Float]) = ([1, 1, 1], [0, 0, 0])
    switch step.op {
    case "Identity", "Cast": return (one, none)
    case "Add", "Sub", "Mul", "Div":
      guard step.inputs.count == 2, let other = step.inputs.first(where: { $0 != value }),
        let numbers = channels(other, in: document)
      else { return nil }
      let isFirst = step.inputs[0] == value
      switch step.op {
      case "Add": return (one, numbers)
      case "Sub": return isFirst ? (one, numbers.map { -$0 }) : ([-1, -1, -1], numbers)
      case "Mul": return (numbers, none)
      default: return isFirst && !numbers.contains(0) ? (numbers.map { 1 / $0 }, none) : nil
      }
    default: return nil
    }
  }

  /// A constant of one number, or of one for each of three channels of (n, c, h, w).
  private static func channels(_ value: String, in document: ModelDocument) -> [Float]? {
    guard let numbers = document.constant(value), let shape = document.constantShape(value) else {
      return nil
    }
    if numbers.count == 1 { return [Float](repeating: numbers[0], count: 3) }
    guard numbers.count == 3, shape.count >= 3, shape[shape.count - 3] == 3 else { return nil }
    return numbers
  }
}
