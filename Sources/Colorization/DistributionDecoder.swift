import CKernels
import Foundation
internal import Imaging

/// From the network's answer, a distribution over the 313 bins at each position, to a and b.
package struct DistributionDecoder: Sendable {
  /// What the network answers with.
  package enum Output: Hashable, Sendable {
    case logits
    case probabilities
  }

  /// Annealing temperature: 1 the mean, 0 the mode.
  package let temperature: Float
  package let output: Output
  /// Subtracted from the logits: (1 − vividness)·ln w, less the evidence of the hues and the palette.
  private let bias: [Float]
  private let centerA: [Float]
  private let centerB: [Float]

  /// - Parameters:
  ///   - temperature: 0…1.
  ///   - vividness: 1 leaves the network as it was trained; 0 takes the whole rebalancing back.
  ///   - prior: How often each of the 313 bins occurs, as the network's rebalancing took it; without
  ///     it vividness has no effect.
  ///   - lambda: The share of the uniform distribution in the rebalancing, 0…1.
  ///   - hues: Evidence on the hues that there are: ln P′ = ln P + ln of the bin's weight.
  ///   - palette: The colors that there are; evidence against `prior`.
  /// - Throws: `ColorizationError` if a setting is out of range or `prior` is not 313 numbers.
  package init(
    temperature: Double = 0.38, vividness: Double = 1, prior: [Double]? = nil,
    lambda: Double = 0.5, hues: HueWeights = HueWeights(), palette: Palette? = nil,
    output: Output = .logits
  ) throws {
    for (name, value) in [
      ("temperature", temperature), ("vividness", vividness), ("lambda", lambda),
    ] where !(0...1).contains(value) {
      throw ColorizationError.settingOutOfRange(
        name: name, expected: "a number in 0…1", actual: "\(value)")
    }
    try hues.check()
    self.temperature = Float(temperature)
    self.output = output
    let bins = ColorBins.count
    var bias = [Double](repeating: 0, count: bins)
    if let prior {
      guard prior.count == bins else {
        throw ColorizationError.unexpectedCount(
          what: "the prior", expected: bins, actual: prior.count)
      }
      guard prior.allSatisfy({ $0 >= 0 && $0.isFinite }), prior.contains(where: { $0 > 0 }) else {
        throw ColorizationError.settingOutOfRange(
          name: "the prior", expected: "non-negative numbers that are not all 0",
          actual: "\(prior.min() ?? 0)…\(prior.max() ?? 0)")
      }
      let weights = ColorBins.rebalancingWeights(prior: prior, lambda: lambda)
      bias = weights.map { (1 - vividness) * log($0) }
    }
    if let palette {
      bias = zip(bias, palette.evidence(against: prior)).map { $0 - $1 }
    }
    self.bias = zip(bias, ColorBins.centers).map {
      Float($0 - hues.evidence(a: Double($1.x), b: Double($1.y)))
    }
    centerA = ColorBins.centers.map(\.x)
    centerB = ColorBins.centers.map(\.y)
  }

  /// The decoder of a network's answers in a look, and with the colors of a palette.
  /// - Throws: `ColorizationError` if a setting is out of range.
  package init(_ description: ColorNetworkDescription, look: Look, palette: Palette? = nil) throws {
    try self.init(
      temperature: Double(look.temperature(of: description)),
      vividness: Double(look.vividness(of: description)),
      prior: description.lambda == nil ? nil : description.prior,
      lambda: description.lambda ?? 0, hues: look.hues, palette: palette)
  }

  /// The annealed mean of the bins' probabilities, and their certainty, on the valid part of the grid.
  /// A position whose numbers are not finite comes out gray with certainty 0, or as it is guided.
  ///
  /// Guidance is evidence: where it counts β, ln P′(q) = ln P(q) + β·ln N(q; its color, σ). The annealed mean of P′
  /// then goes over into the color itself, which the bins would round, by β². Positions with β = 0 are
  /// bit for bit those without guidance.
  ///
  /// - Parameters:
  ///   - values: The network's answer, `paddedGridHeight` × `paddedGridWidth` × 313 (NHWC), dense:
  ///     logits or probabilities, as `output` says.
  ///   - guidance: What the user says of the colors; nil for nothing.
  /// - Throws: `ColorizationError.unexpectedSize` if the guidance is not of the grid's size.
  package func estimate(
    values: UnsafePointer<Float>, geometry: WorkingGeometry, guidance: GuidanceField
  ) throws(ColorizationError) -> CoarseEstimate {
    try guidance.check(geometry)
    return decode(values: values, geometry: geometry, guidance: guidance)
  }

  /// The same without guidance.
  package func estimate(
    values: UnsafePointer<Float>, geometry: WorkingGeometry
  ) -> CoarseEstimate {
    decode(values: values, geometry: geometry, guidance: nil)
  }

  private func decode(
    values: UnsafePointer<Float>, geometry: WorkingGeometry, guidance: GuidanceField?
  ) -> CoarseEstimate {
    let count = ColorBins.count
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    let logs = AlignedBuffer(
      byteCount: output == .probabilities ? width * count * MemoryLayout<Float>.stride : 0)
    let logRow = logs.base.bindMemory(to: Float.self, capacity: logs.byteCount / 4)
    return CoarseEstimate(width: width, height: height) { a, b, certainty in
      bias.withUnsafeBufferPointer { bias in
        centerA.withUnsafeBufferPointer { centerA in
          centerB.withUnsafeBufferPointer { centerB in
            var bins = ac_bins(
              count: Int32(count), bias: bias.baseAddress, center_a: centerA.baseAddress,
              center_b: centerB.baseAddress, temperature: temperature)
            for y in 0..<height {
              var row = values + y * geometry.paddedGridWidth * count
              if output == .probabilities {
                ac_log_row(row, logRow, Int32(width * count))
                row = UnsafePointer(logRow)
              }
              let at = y * width
              ac_decode_bins(
                row, Int32(count), &bins, Int32(width), a + at, b + at, certainty + at)
              if let guidance {
                add(guidance, row: y, logits: row, &bins, a + at, b + at, certainty + at)
              }
            }
          }
        }
      }
    }
  }

  /// Decodes the guided positions of a row anew.
  private func add(
    _ guidance: GuidanceField, row: Int, logits: UnsafePointer<Float>, _ bins: inout ac_bins,
    _ a: UnsafeMutablePointer<Float>, _ b: UnsafeMutablePointer<Float>,
    _ certainty: UnsafeMutablePointer<Float>
  ) {
    let count = ColorBins.count
    guard let centerA = bins.center_a, let centerB = bins.center_b else { return }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { buffer in
      guard let evident = buffer.baseAddress else { return }
      for x in 0..<guidance.width {
        let place = row * guidance.width + x
        let weight = guidance.weight.channel(0)[place]
        guard weight > 0 else { continue }
        let (wantedA, wantedB) = (guidance.ab.channel(0)[place], guidance.ab.channel(1)[place])
        let precision = weight / (2 * Self.evidenceDeviation * Self.evidenceDeviation)
        let own = logits + x * count
        for q in 0..<count {
          let (da, db) = (centerA[q] - wantedA, centerB[q] - wantedB)
          evident[q] = own[q] - precision * (da * da + db * db)
        }
        ac_decode_bins(evident, Int32(count), &bins, 1, a + x, b + x, certainty + x)
        Self.blend(wantedA, wantedB, by: weight * weight, &a[x], &b[x], &certainty[x])
      }
    }
    withExtendedLifetime(guidance) {}
  }

  /// σ of the evidence of a color, in units of a\* and b\*: a little more than the step of the bins.
  /// docs/decisions/0035-guidance-in-space.md has the figures.
  private static let evidenceDeviation: Float = 12

  /// Moves an estimate towards a color, and its certainty towards 1; by 1, to exactly both.
  fileprivate static func blend(
    _ wantedA: Float, _ wantedB: Float, by share: Float, _ a: inout Float, _ b: inout Float,
    _ certainty: inout Float
  ) {
    a = a * (1 - share) + wantedA * share
    b = b * (1 - share) + wantedB * share
    certainty += (1 - certainty) * share
  }
}

extension GuidanceField {
  /// - Throws: `ColorizationError.unexpectedSize` if it is not of the grid's size.
  func check(_ geometry: WorkingGeometry) throws(ColorizationError) {
    try ab.check("the guidance", 2, geometry.gridWidth, geometry.gridHeight)
  }
}

extension CoarseEstimate {
  /// The estimate of a network that gives a and b alone, as guided: the two colors are blended by β.
  /// - Throws: `ColorizationError.unexpectedSize` if the guidance is of another size.
  package func guided(by guidance: GuidanceField) throws(ColorizationError) -> CoarseEstimate {
    try guidance.ab.check("the guidance", 2, width, height)
    return CoarseEstimate(width: width, height: height) { a, b, certainty in
      for place in 0..<area {
        a[place] = ab.channel(0)[place]
        b[place] = ab.channel(1)[place]
        certainty[place] = self.certainty.channel(0)[place]
        let weight = guidance.weight.channel(0)[place]
        guard weight > 0 else { continue }
        DistributionDecoder.blend(
          guidance.ab.channel(0)[place], guidance.ab.channel(1)[place], by: weight, &a[place],
          &b[place], &certainty[place])
      }
    }
  }
}
