import Colorization
import Foundation
import Imaging
import ModelFixtures
import NeuralNetwork
import TestSupport
import Testing

/// Networks that draw a small chroma picture: the draws, and what is made of them.
@Suite struct SamplingTests {
  private func network(_ builder: ModelBuilder = .pixelCNN(seed: 3)) throws -> ColorNetwork {
    try ColorNetwork(
      model: try builder.model(), name: "pixels", backend: .openBLAS, precision: .float32)
  }

  private func survey(
    _ colorizer: FrameColorizer, width: Int = 32, height: Int = 32, phase: Float = 0
  ) -> FrameSurvey {
    FrameSurvey(
      area: PictureArea(wholeOfWidth: width, height: height),
      geometry: colorizer.geometry(
        width: width, height: height, sampleAspectRatio: Rational(1, 1)),
      lightness: FloatImage(width: width, height: height) { out in
        for y in 0..<height {
          for x in 0..<width {
            out[y * width + x] = 50 + 30 * sin(Float(x) / 3 + phase) * cos(Float(y) / 4)
          }
        }
      })
  }

  private func sample(
    _ colorizer: FrameColorizer, _ survey: FrameSurvey, seed: Int, sample: Int = 0,
    temperature: Float? = nil, known: KnownChroma? = nil
  ) throws -> SampledChroma {
    try #require(
      try colorizer.sample(
        survey, look: Look(temperature: temperature, seed: seed, sample: sample), known: known))
  }

  private func values(_ chroma: SampledChroma) -> [Float] {
    withExtendedLifetime(chroma) {
      Array(UnsafeBufferPointer(start: chroma.values.channel(0), count: 2 * chroma.values.area))
    }
  }

  // MARK: Numbers

  /// Computed by another program from the formula.
  @Test(arguments: [
    (0 as UInt64, 0, 0, 0, 0.8833108082136426), (0, 0, 0, 1, 0.43152799704850997),
    (7, 0, 783, 1, 0.9415833639845435), (7, 3, 5, 0, 0.2043679432675959),
    (1 << 63, 63, 1, 1, 0.8108037899609218),
  ])
  func numbersFollowFromTheirPlace(
    seed: UInt64, sample: Int, position: Int, channel: Int, expected: Double
  ) {
    let draw = SampleDraw(seed: seed, sample: sample)
    #expect(draw.uniform(position: position, channel: channel) == expected)
  }

  private func level(_ logits: [Float], _ uniform: Double, temperature: Float = 1) -> Int? {
    logits.withUnsafeBufferPointer {
      SampleDraw(temperature: temperature).level(of: $0, uniform: uniform)
    }
  }

  @Test func levelsComeFromTheCumulativeDistribution() {
    // Probabilities 1/4, 1/2, 1/4.
    let logits: [Float] = [0, log(2), 0].map { $0 + 100 }
    for (uniform, expected) in [
      (0.0, 0), (0.2499, 0), (0.2501, 1), (0.7499, 1), (0.7501, 2), (0.9999, 2),
    ] {
      #expect(level(logits, uniform) == expected, "\(uniform)")
    }
    for uniform in [0.001, 0.3, 0.99] {
      #expect(level(logits, uniform, temperature: 0) == 1)
      #expect(level(logits, uniform, temperature: 0.01) == 1)
    }
    #expect(level([0, .nan], 0.5) == nil && level([0, .infinity], 0.5) == nil)
    let mean = [0, 1, 2].map { index in
      logits.withUnsafeBufferPointer { SampleDraw.logProbability(of: index, logits: $0) ?? 0 }
    }
    #expect(abs(mean[0] + log(4.0)) < 1e-6 && abs(mean[1] + log(2.0)) < 1e-6)
  }

  /// χ² of 20,000 draws from 8 levels: above the bound of 24.3 in one of a thousand cases, so of fixed seeds.
  @Test(arguments: [1 as UInt64, 2, 3]) func draws(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let logits = random.floats(8, in: -2...2)
    let total = logits.reduce(0) { $0 + exp(Double($1)) }
    func statistic(_ count: (Int) -> Int?) -> Double {
      var counts = [Int](repeating: 0, count: 8)
      for position in 0..<20_000 { counts[count(position) ?? 0] += 1 }
      return zip(counts, logits).reduce(0) { sum, pair in
        let expected = 20_000 * exp(Double(pair.1)) / total
        return sum + (Double(pair.0) - expected) * (Double(pair.0) - expected) / expected
      }
    }
    let draw = SampleDraw(seed: seed)
    let found = statistic { level(logits, draw.uniform(position: $0, channel: 1)) }
    #expect(found < 24.3, "seed \(seed): \(found)")
    // Another distribution is rejected.
    #expect(
      statistic { level(logits, draw.uniform(position: $0, channel: 1), temperature: 0.9) } > 24.3)
  }

  // MARK: Samples

  @Test func theSameSeedGivesTheSameColors() throws {
    let colorizer = FrameColorizer(network: try network(), shortSide: 32)
    let survey = survey(colorizer)
    let first = try sample(colorizer, survey, seed: 5)
    let form = try #require(colorizer.network.description.sampler)
    #expect(values(first) == values(try sample(colorizer, survey, seed: 5)))
    #expect(first.drawnCount == 2 * 8 * 8 && first.logLikelihood < 0)
    for value in values(first) { #expect(form.value(of: form.level(of: value)) == value) }
    let others = try [
      sample(colorizer, survey, seed: 6), sample(colorizer, survey, seed: 5, sample: 1),
      sample(colorizer, survey, seed: 5, sample: 2),
    ].map { values($0) }
    #expect(Set(others + [values(first)]).count == 4)
    // The estimates differ too, and are those of the sample.
    let looks = [5, 6, 5].map { Look(seed: $0) }
    let estimates = try colorizer.analyze(survey, looks: looks).map(\.estimate.ab)
    #expect(estimates[0].hasSameValues(as: estimates[2]))
    #expect(!estimates[0].hasSameValues(as: estimates[1]))
    #expect((estimates[0].width, estimates[0].height) == (16, 16))
    let given = try colorizer.analyze(survey, look: Look(seed: 6), chroma: first)
    #expect(given.estimate.ab.hasSameValues(as: estimates[0]))
    // What was drawn is as likely as a run over the whole picture takes it to be.
    let judged = try #require(
      try colorizer.network.judged(
        first.values, lightness: survey.lightness, geometry: survey.geometry))
    #expect(judged.drawnCount == first.drawnCount)
    #expect(abs(judged.logLikelihood - first.logLikelihood) < 1e-3 * abs(first.logLikelihood))
    #expect(abs((judged.bitsPerDimension ?? 0) * 128 * log(2) + judged.logLikelihood) < 1e-6)
  }

  @Test func aLowTemperatureTakesTheMode() throws {
    let colorizer = FrameColorizer(network: try network(), shortSide: 32)
    let survey = survey(colorizer)
    let cold = try (1...3).map {
      values(try sample(colorizer, survey, seed: $0, temperature: 1e-4))
    }
    #expect(cold[0] == cold[1] && cold[0] == cold[2])
    #expect(colorizer.network.description.temperature == 1)
    // The mode of each position is likelier than what chance gives.
    let modes = try sample(colorizer, survey, seed: 1, temperature: 1e-4).logLikelihood
    #expect(try modes > sample(colorizer, survey, seed: 1).logLikelihood)
  }

  @Test func whatIsKnownStays() throws {
    let colorizer = FrameColorizer(network: try network(), shortSide: 32)
    let survey = survey(colorizer)
    let given = FloatImage(width: 8, height: 8, channels: 2) { out in
      for at in 0..<128 { out[at] = Float(at) / 64 - 1 }
    }
    let isKnown = (0..<64).map { $0 % 8 < 3 || $0 / 8 == 4 }
    let free = try sample(colorizer, survey, seed: 5)
    let bound = try sample(
      colorizer, survey, seed: 5, known: KnownChroma(values: given, isKnown: isKnown))
    let (own, known) = (values(bound), isKnown.filter { $0 }.count)
    for at in 0..<128 where isKnown[at % 64] { #expect(own[at] == Float(at) / 64 - 1) }
    #expect(bound.drawnCount == 2 * (64 - known))
    // The rest goes along with it.
    #expect((0..<128).contains { !isKnown[$0 % 64] && own[$0] != values(free)[$0] })
    let all = try sample(
      colorizer, survey, seed: 5,
      known: KnownChroma(values: free.values, isKnown: Array(repeating: true, count: 64)))
    #expect(values(all) == values(free) && all.drawnCount == 0 && all.bitsPerDimension == nil)
  }

  /// Pictures whose size is no multiple of the grid are padded by reflection; nothing is drawn there.
  @Test func paddingIsReflected() throws {
    var builder = ModelBuilder.pixelCNN(seed: 3)
    for index in builder.proto.metadataProps.indices
    where builder.proto.metadataProps[index].key == "autochrome.stride" {
      builder.proto.metadataProps[index].value = "16"
    }
    let colorizer = FrameColorizer(network: try network(builder), shortSide: 32)
    let survey = survey(colorizer, width: 40, height: 32)
    #expect(survey.geometry.paddedWidth == 48)
    let chroma = try sample(colorizer, survey, seed: 1)
    #expect((chroma.values.width, chroma.values.height) == (12, 8))
    #expect(chroma.drawnCount == 2 * 10 * 8)
    for y in 0..<8 {
      for c in 0..<2 {
        #expect(chroma.values[c, 10, y] == chroma.values[c, 8, y])
        #expect(chroma.values[c, 11, y] == chroma.values[c, 7, y])
      }
    }
  }

  // MARK: What is refused

  @Test(arguments: [
    ("autochrome.levels", "1"), ("autochrome.levels", "many"), ("autochrome.sampler-scale", "0"),
    ("autochrome.sampler-outputs", "first"), ("autochrome.output", "RGB"),
  ])
  func wrongPropertiesAreRefused(property: String, value: String) throws {
    var builder = ModelBuilder.pixelCNN(seed: 3)
    for index in builder.proto.metadataProps.indices
    where builder.proto.metadataProps[index].key == property {
      builder.proto.metadataProps[index].value = value
    }
    let error = #expect(throws: ColorizationError.self) { try network(builder) }
    #expect(error?.description.contains(property) == true, "\(error as Any)")
    #expect(error?.description.contains(value) == true)
  }

  @Test func wrongNetworksAreRefused() throws {
    let causal = #expect(throws: NetworkError.self) {
      try network(.pixelCNN(seed: 3, mistake: .looksAhead))
    }
    #expect(causal?.location == "node \"layer0.wide\"")
    var builder = ModelBuilder.pixelCNN(seed: 3)
    for index in builder.proto.metadataProps.indices
    where builder.proto.metadataProps[index].key == "autochrome.levels" {
      builder.proto.metadataProps[index].value = "9"
    }
    let colorizer = FrameColorizer(network: try network(builder), shortSide: 32)
    let levels = #expect(throws: ColorizationError.self) {
      try colorizer.sample(survey(colorizer), look: Look())
    }
    #expect(levels?.description.contains("8 channels") == true, "\(levels as Any)")
    // Settings that would have no effect.
    let plain = FrameColorizer(network: try network(), shortSide: 32)
    try plain.prepare(for: Look(temperature: 0.5, seed: 3))
    for look in [Look(vividness: 0.5), Look(hues: HueWeights([.red: 0]))] {
      #expect(throws: ColorizationError.self) { try plain.prepare(for: look) }
    }
  }

  // MARK: Films

  /// Frames of one shot that are equal but for noise: what was drawn for the first stays, with the same bytes
  /// whether or not the state goes over to another run.
  @Test func aShotKeepsOneSample() throws {
    var random = SeededGenerator(seed: 11)
    let colorizer = FrameColorizer(network: try network(), shortSide: 64)
    let still = survey(colorizer, width: 96, height: 64)
    var (tracker, track) = (FrameTracker(followsMotion: true), ChromaTrack())
    var all: [SampledChroma] = []
    var drawn: [Int] = []
    for frame in 0..<24 {
      var survey = still
      survey.lightness = FloatImage(width: 96, height: 64) { out in
        let noise = random.floats(96 * 64, in: -2...2)
        for at in 0..<96 * 64 { out[at] = still.lightness.channel(0)[at] + noise[at] }
      }
      let tracking = tracker.track(survey.lightness)
      #expect(tracking.shot.startsShot == (frame == 0))
      if frame == 12 {
        track = try JSONDecoder().decode(ChromaTrack.self, from: try JSONEncoder().encode(track))
      }
      let chroma = try #require(
        try track.follow(
          survey, tracking: tracking, isSeen: true, look: Look(seed: 4), by: colorizer))
      all.append(chroma)
      drawn.append(chroma.drawnCount)
    }
    let first = values(all[0])
    #expect(drawn[0] == 2 * 24 * 16)
    // Hardly anything is drawn again, and what is comes out alike.
    #expect(drawn.dropFirst().reduce(0, +) < drawn[0] / 20, "\(drawn)")
    let changes = all.map { chroma in
      zip(values(chroma), first).map { abs($0 - $1) }.reduce(0, +) / Float(first.count)
    }
    #expect(changes.max() ?? 1 < 0.02, "\(changes)")
    // Each frame for itself would have changed far more.
    var noisy = still
    noisy.lightness = FloatImage(width: 96, height: 64) { out in
      let noise = random.floats(96 * 64, in: -2...2)
      for at in 0..<96 * 64 { out[at] = still.lightness.channel(0)[at] + noise[at] }
    }
    let alone = values(try sample(colorizer, noisy, seed: 4))
    let change = zip(alone, first).map { abs($0 - $1) }.reduce(0, +) / Float(first.count)
    #expect(change > 0.05, "\(change)")
  }

  /// A cut draws anew, as if the shot stood alone.
  @Test func nothingCrossesACut() throws {
    let colorizer = FrameColorizer(network: try network(), shortSide: 64)
    func chroma(_ phases: [Float]) throws -> [Float] {
      var (tracker, track) = (FrameTracker(followsMotion: true), ChromaTrack())
      var last: [Float] = []
      for (index, phase) in phases.enumerated() {
        let survey = survey(colorizer, width: 96, height: 64, phase: phase)
        let tracking = tracker.track(
          survey.lightness, startsShot: index == 0 || phase != phases[index - 1])
        last = values(
          try #require(
            try track.follow(
              survey, tracking: tracking, isSeen: true, look: Look(), by: colorizer)))
      }
      return last
    }
    #expect(try chroma([0, 0, 2]) == chroma([2]))
    #expect(try chroma([0, 0, 2]) != chroma([0]))
  }
}
