import Foundation
import Imaging
import Quality
import TestSupport
import Testing

@Suite("Figures over time")
struct TemporalFigureTests {
  private func plain(_ code: UInt8) -> RGBImage {
    RGBImage(width: 3, height: 2, codes: [UInt8](repeating: code, count: 18))
  }

  @Test func framesWithoutCommonColorsDivergeByTheLogarithmOfTwo() throws {
    var index = ColorDistributionConsistency()
    for frame in 0..<4 { index.add(plain(frame % 2 == 0 ? 10 : 200)) }
    #expect(index.index == nil, "no frames lie four apart yet")
    for frame in 4..<9 { index.add(plain(frame % 2 == 0 ? 10 : 200)) }
    // Frames one apart have nothing in common, those two and four apart are the same.
    #expect(abs(try #require(index.index) - log(2) / 3) < 1e-12)
    var still = ColorDistributionConsistency()
    for _ in 0..<6 { still.add(randomImage(width: 8, height: 8, seed: 3)) }
    #expect(still.index == 0)
  }

  @Test func theIndexMatchesTheDefinition() throws {
    let frames = (0..<7).map { randomImage(width: 16, height: 9, seed: 20 + $0) }
    func share(_ frame: RGBImage, _ channel: Int, _ code: Int) -> Double {
      let hits = stride(from: channel, to: frame.codes.count, by: 3).count {
        Int(frame.codes[$0]) == code
      }
      return Double(hits) / 144
    }
    func divergence(_ first: RGBImage, _ second: RGBImage, _ channel: Int) -> Double {
      var (toFirst, toSecond) = (0.0, 0.0)
      for code in 0...255 {
        let (p, q) = (share(first, channel, code), share(second, channel, code))
        let mean = (p + q) / 2
        if p > 0 { toFirst += p * log(p / mean) }
        if q > 0 { toSecond += q * log(q / mean) }
      }
      return (toFirst + toSecond) / 2
    }
    var expected = 0.0
    for distance in [1, 2, 4] {
      var sum = 0.0
      for frame in 0..<7 - distance {
        for channel in 0..<3 { sum += divergence(frames[frame], frames[frame + distance], channel) }
      }
      expected += sum / Double(3 * (7 - distance)) / 3
    }
    var index = ColorDistributionConsistency()
    for frame in frames { index.add(frame) }
    #expect(abs(try #require(index.index) - expected) < 1e-12)
    #expect(expected > 0.1)
  }

  @Test func nothingIsComparedAcrossACut() throws {
    var index = ColorDistributionConsistency()
    for code in [UInt8(10), 200] {
      for _ in 0..<5 { index.add(plain(code)) }
      index.cut()
    }
    #expect(index.index == 0)
  }

  private func flow(_ width: Int, _ height: Int, _ value: (Int, Int) -> SIMD2<Float>) -> FlowField {
    FlowField(
      width: width, height: height,
      values: (0..<width * height).map { value($0 % width, $0 / width) })
  }

  /// A picture and the same moved by (3, 1), with other colors where something new comes in.
  private func moved() -> (earlier: RGBImage, later: RGBImage) {
    let earlier = randomImage(width: 30, height: 20, seed: 40)
    let other = randomImage(width: 30, height: 20, seed: 41)
    var codes = other.codes
    for y in 1..<20 {
      for x in 3..<30 {
        for channel in 0..<3 {
          codes[(y * 30 + x) * 3 + channel] = earlier.codes[((y - 1) * 30 + x - 3) * 3 + channel]
        }
      }
    }
    return (earlier, RGBImage(width: 30, height: 20, codes: codes))
  }

  @Test func whatMovesAsTheFlowSaysHasNoError() throws {
    let (earlier, later) = moved()
    let along = try Correspondence(
      backward: flow(30, 20) { _, _ in SIMD2(-3, -1) },
      forward: flow(30, 20) { _, _ in SIMD2(3, 1) })
    // All but what comes in from the left and the top.
    #expect(abs(along.share - 27.0 * 19 / 600) < 1e-12)
    var (codes, colors) = (WarpError(), WarpError())
    #expect(codes.mean == nil)
    #expect(try codes.add(earlier: earlier, later: later, along: along) == 0)
    #expect(try colors.add(earlier: lab(earlier), later: lab(later), along: along) ?? 1 < 1e-9)
    #expect(codes.mean == 0 && codes.pairs == 1)
    // The wrong flow.
    let none = flow(30, 20) { _, _ in .zero }
    let wrong = try Correspondence(backward: none, forward: none)
    try codes.add(earlier: earlier, later: later, along: wrong)
    try colors.add(earlier: lab(earlier), later: lab(later), along: wrong)
    #expect((codes.mean ?? 0) > 0.01 && (colors.mean ?? 0) > 10 && colors.pairs == 2)
  }

  @Test func theErrorMatchesTheDefinition() throws {
    // Half a pixel to the right: each warped value is the mean of two neighbours.
    let earlier = randomImage(width: 12, height: 7, seed: 60)
    let later = randomImage(width: 12, height: 7, seed: 61)
    let along = try Correspondence(
      backward: flow(12, 7) { _, _ in SIMD2(0.5, 0) },
      forward: flow(12, 7) { _, _ in SIMD2(-0.5, 0) })
    let (first, second) = try (lab(earlier), lab(later))
    var (codes, colors) = (0.0, 0.0)
    for y in 0..<7 {
      for x in 0..<11 {
        let at = y * 12 + x
        for channel in 0..<3 {
          let warped =
            (Double(earlier.codes[3 * at + channel]) + Double(earlier.codes[3 * at + 3 + channel]))
            / 2
          codes += pow((warped - Double(later.codes[3 * at + channel])) / 255, 2) / 3 / 77
        }
        let difference = (first.values[at] + first.values[at + 1]) / 2 - second.values[at]
        colors += Double(difference.y * difference.y + difference.z * difference.z) / 77
      }
    }
    var (ofCodes, ofColors) = (WarpError(), WarpError())
    try ofCodes.add(earlier: earlier, later: later, along: along)
    try ofColors.add(earlier: first, later: second, along: along)
    #expect(abs(try #require(ofCodes.mean) - codes) < 1e-6)
    #expect(abs(try #require(ofColors.mean) / colors - 1) < 1e-5)
  }

  @Test func aFlashIsSeen() throws {
    let none = flow(3, 2) { _, _ in .zero }
    let along = try Correspondence(backward: none, forward: none)
    var error = WarpError()
    try error.add(earlier: plain(100), later: plain(151), along: along)
    #expect(abs((error.mean ?? 0) - 0.04) < 1e-6)
    // Of a*b*, gray has none.
    var colors = WarpError()
    try colors.add(earlier: lab(plain(100)), later: lab(plain(151)), along: along)
    #expect((colors.mean ?? 1) < 1e-6)
  }

  @Test func occlusionsAndBordersOfMotionsAreLeftOut() throws {
    let (earlier, later) = moved()
    let backward = flow(30, 20) { _, _ in SIMD2(-3, -1) }
    // The way back leads elsewhere: |w + b|² = 4 > 0.01·(9 + 1 + 25 + 1) + 0.5.
    let nothing = try Correspondence(
      backward: backward, forward: flow(30, 20) { _, _ in SIMD2(5, 1) })
    var error = WarpError()
    #expect(try error.add(earlier: earlier, later: later, along: nothing) == nil)
    #expect(nothing.share == 0 && error.mean == nil && error.pairs == 0)
    // Slightly elsewhere, |w + b|² = 0.36, is within the bounds.
    let nearly = try Correspondence(
      backward: backward, forward: flow(30, 20) { _, _ in SIMD2(3.6, 1) })
    #expect(nearly.share > 0.8)
    // A step of one pixel between two halves: its column and no other is a border.
    let halves = try Correspondence(
      backward: flow(30, 20) { x, _ in x < 15 ? .zero : SIMD2(-0.5, 0) },
      forward: flow(30, 20) { x, _ in x < 15 ? .zero : SIMD2(0.5, 0) })
    #expect(abs(halves.share - 29.0 / 30) < 1e-12)
  }

  @Test func sizesMustAgree() throws {
    let none = flow(3, 2) { _, _ in .zero }
    let along = try Correspondence(backward: none, forward: none)
    var error = WarpError()
    #expect(throws: QualityError.self) {
      try error.add(
        earlier: randomImage(width: 2, height: 3, seed: 1), later: plain(1), along: along)
    }
    #expect(throws: QualityError.self) {
      try Correspondence(backward: none, forward: flow(2, 3) { _, _ in .zero })
    }
    var paths = PathVariation(films: 2)
    #expect(throws: QualityError.self) {
      try paths.add(
        [lab(plain(1)), lab(randomImage(width: 2, height: 3, seed: 1))], forward: nil, backward: nil
      )
    }
  }

  private func lab(_ image: RGBImage) throws -> LabImage {
    LabImage(
      image, transfer: try TransferFunction(.iec61966_2_1), primaries: try RGBPrimaries(.bt709))
  }

  /// One color everywhere.
  private func plain(a: Float, b: Float) -> LabImage {
    let color = SIMD3<Float>(50, a, b)
    return LabImage(width: 24, height: 18, values: [SIMD3<Float>](repeating: color, count: 24 * 18))
  }

  @Test func noiseFillsEachOctaveByHalfOfTheOneBefore() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let none = flow(24, 18) { _, _ in .zero }
    var paths = PathVariation(films: 2)
    for frame in 0..<160 {
      let noise = (0..<24 * 18).map { (_: Int) -> SIMD3<Float> in
        SIMD3<Float>(
          .random(in: 0...100, using: &generator), .random(in: -6...6, using: &generator),
          .random(in: -6...6, using: &generator))
      }
      try paths.add(
        [LabImage(width: 24, height: 18, values: noise), plain(a: 3, b: -4)],
        forward: frame > 0 ? none : nil, backward: frame > 0 ? none : nil)
    }
    // The variance of −6…6 is 12, in each of a* and b*.
    for (octave, energy) in paths.spectra[0].energies.enumerated() {
      let expected = 24 / pow(2, Double(octave))
      #expect(abs(try #require(energy) / expected - 1) < 0.35, "octave \(octave), seed \(seed)")
    }
    #expect(paths.spectra[1].energies == [0, 0, 0, 0])
  }

  @Test func colorsThatTakeTurnsAreOfTheirOctave() throws {
    let none = flow(24, 18) { _, _ in .zero }
    for octave in 0..<PathVariation.octaves {
      var paths = PathVariation(films: 1)
      for frame in 0..<64 {
        let turn: Float = frame >> octave & 1 == 0 ? 3 : -3
        try paths.add(
          [plain(a: turn, b: 0)], forward: frame > 0 ? none : nil, backward: frame > 0 ? none : nil)
      }
      // Half of 6².
      for (other, energy) in paths.spectra[0].energies.enumerated() {
        let expected: Double = other == octave ? 18 : 0
        #expect(abs(try #require(energy) - expected) < 1e-4)
      }
    }
  }

  @Test func pathsFollowTheMotionAndEndAtCuts() throws {
    // A ramp of color that moves by (1.25, 0.5) a frame: along the paths nothing changes.
    func frame(_ time: Int) -> LabImage {
      let values = (0..<60 * 40).map { (place: Int) -> SIMD3<Float> in
        let x = Float(place % 60) - 1.25 * Float(time)
        let y = Float(place / 60) - 0.5 * Float(time)
        return SIMD3<Float>(50, x, 2 * y)
      }
      return LabImage(width: 60, height: 40, values: values)
    }
    let forward = flow(60, 40) { _, _ in SIMD2(1.25, 0.5) }
    let backward = flow(60, 40) { _, _ in SIMD2(-1.25, -0.5) }
    var paths = PathVariation(films: 1)
    for time in 0..<20 {
      try paths.add(
        [frame(time)], forward: time > 0 ? forward : nil, backward: time > 0 ? backward : nil)
    }
    for energy in paths.spectra[0].energies { #expect(try #require(energy) < 1e-5) }
    // With the flow of something at rest they change.
    let none = flow(60, 40) { _, _ in .zero }
    var resting = PathVariation(films: 1)
    for time in 0..<20 {
      try resting.add(
        [frame(time)], forward: time > 0 ? none : nil, backward: time > 0 ? none : nil)
    }
    let changed = try #require(resting.spectra[0].energies[0])
    #expect(abs(changed - 1.28125) < 1e-3)
    // Nothing is compared across a cut.
    var cut = PathVariation(films: 1)
    for color in [Float(10), 60] {
      cut.cut()
      try cut.add([plain(a: color, b: 0)], forward: nil, backward: nil)
    }
    #expect(cut.spectra[0].energies == [nil, nil, nil, nil])
  }

  @Test func driftIsTheWayFromTheFirstToTheLastFrame() throws {
    let none = flow(24, 18) { _, _ in .zero }
    // The first film drifts by 0.5 a frame, the second flickers around its color, the third jumps once.
    func colors(_ time: Int) -> [LabImage] {
      let steps = Float(time)
      let drifting = plain(a: 11 - 0.3 * steps, b: 0.4 * steps)
      let flickering = plain(a: time % 2 == 0 ? 4 : -4, b: 0)
      return [drifting, flickering, plain(a: 0, b: time < 60 ? 0 : 7)]
    }
    var paths = PathVariation(films: 3)
    for time in 0..<15 {
      try paths.add(
        colors(time), forward: time > 0 ? none : nil, backward: time > 0 ? none : nil)
    }
    #expect(paths.drifts.map(\.mean) == [nil, nil, nil], "too short to drift")
    for time in 15..<95 { try paths.add(colors(time), forward: none, backward: none) }
    // Frames 0 to 47 and 47 to 94 on 12 paths.
    #expect(paths.drifts.map(\.stretches) == [24, 24, 24])
    let means = try paths.drifts.map { try #require($0.mean) }
    #expect(abs(means[0] - 23.5) < 1e-3)
    #expect(abs(means[1] - 8) < 1e-3)
    #expect(abs(means[2] - 3.5) < 1e-3)
    // A shot that follows adds its own, whose paths go on, and nothing across the cut.
    paths.cut()
    for time in 0..<16 {
      try paths.add(
        [plain(a: 50, b: 0), plain(a: 0, b: 50), plain(a: 2 * Float(time), b: 0)] as [LabImage],
        forward: time > 0 ? none : nil, backward: time > 0 ? none : nil)
    }
    #expect(paths.drifts.map(\.stretches) == [36, 36, 36])
    let drifted: Double = 23.5 * 24 / 36
    #expect(abs(try #require(paths.drifts[0].mean) - drifted) < 1e-3)
    let jumped: Double = (3.5 * 24 + 30 * 12) / 36
    #expect(abs(try #require(paths.drifts[2].mean) - jumped) < 1e-3)
  }

  @Test func driftFollowsTheMotion() throws {
    // A ramp of color moves by (1.25, 0) a frame and changes by 0.25 of b a frame.
    let forward = flow(90, 20) { _, _ in SIMD2(1.25, 0) }
    let backward = flow(90, 20) { _, _ in SIMD2(-1.25, 0) }
    var paths = PathVariation(films: 1)
    for time in 0..<30 {
      let b = 0.25 * Float(time)
      let values = (0..<90 * 20).map { (place: Int) -> SIMD3<Float> in
        let a = Float(place % 90) - 1.25 * Float(time)
        return SIMD3<Float>(50, a, b)
      }
      try paths.add(
        [LabImage(width: 90, height: 20, values: values)], forward: time > 0 ? forward : nil,
        backward: time > 0 ? backward : nil)
    }
    let drift = try #require(paths.drifts[0].mean)
    // Of 16 to 30 frames.
    #expect((3.749...7.251).contains(drift))
  }
}
