/// How the color of things varies over time, told apart by how fast: a spectrum along the paths on which
/// things move.
///
/// Tracers are spread over the first frame of a shot, one for each `spacing` × `spacing` pixels, and
/// carried along by the flow of the input. What is occluded or leaves the picture ends its path; a part
/// of the picture that no tracer is left in gets a new one. Each path's a\*b\* are split into octaves as by
/// the Haar wavelet: octave k compares the means of neighbouring blocks of 2ᵏ frames, that is changes
/// with a period of about 2ᵏ⁺¹ frames. Flicker lies in the first octaves. What goes on slower than the last
/// is told by `drifts`.
package struct PathVariation: Sendable {
  /// Blocks of 1, 2, 4 and 8 frames.
  package static let octaves = 4
  /// Pixels between tracers, both ways.
  static let spacing = 6

  /// What one film's colors did along the paths.
  package struct Spectrum: Hashable, Sendable {
    private var sums = [Double](repeating: 0, count: PathVariation.octaves)
    private var counts = [Int](repeating: 0, count: PathVariation.octaves)

    /// Of no paths.
    package init() {}

    /// For each octave half the mean squared distance in a\*b\* between the means of neighbouring blocks;
    /// nil where no path was long enough. For noise of variance σ² it is σ² ÷ 2ᵏ.
    package var energies: [Double?] {
      zip(sums, counts).map { $1 > 0 ? $0 / Double($1) : nil }
    }

    fileprivate mutating func add(_ difference: SIMD2<Float>, octave: Int) {
      sums[octave] += Double((difference * difference).sum()) / 2
      counts[octave] += 1
    }

    /// Adds other paths.
    package mutating func add(_ other: Spectrum) {
      for octave in sums.indices {
        sums[octave] += other.sums[octave]
        counts[octave] += other.counts[octave]
      }
    }
  }

  private struct Tracer {
    var x: Float
    var y: Float
    /// Frames on the path.
    var age = 0
    /// For each film, where the part of the path that is measured for drift began, and where it is.
    var stretches: [Drift.Stretch]
    /// The means of blocks that wait for their neighbours: octave by octave, for each film.
    var waiting: [SIMD2<Float>]
  }

  /// One for each film that is measured, in the order given to `add`.
  package private(set) var spectra: [Spectrum]
  private var ended: [Drift]
  private var tracers: [Tracer] = []

  /// - Parameter films: how many are measured along the same paths.
  package init(films: Int) {
    spectra = Array(repeating: Spectrum(), count: films)
    ended = Array(repeating: Drift(), count: films)
  }

  /// How far each film's colors went from the first to the last frame of the paths, as far as those go by
  /// now.
  package var drifts: [Drift] {
    var drifts = ended
    for tracer in tracers { Self.end(tracer, in: &drifts) }
    return drifts
  }

  /// Begins a shot: all paths end.
  package mutating func cut() {
    for tracer in tracers { Self.end(tracer, in: &ended) }
    tracers = []
  }

  private static func end(_ tracer: Tracer, in drifts: inout [Drift]) {
    for (film, stretch) in tracer.stretches.enumerated() { drifts[film].add(stretch) }
  }

  /// Adds the next frame of each film.
  /// - Parameters:
  ///   - forward: the flow from the frame before to this one; not used after `cut` and at first.
  ///   - backward: the flow from this frame to the one before.
  /// - Throws: `QualityError.sizesDiffer`.
  package mutating func add(
    _ frames: [LabImage], forward: FlowField?, backward: FlowField?
  ) throws(QualityError) {
    guard let first = frames.first else { return }
    let (width, height) = (first.width, first.height)
    for frame in frames {
      try Pair.check(reference: (width, height), result: (frame.width, frame.height))
    }
    if let forward, let backward {
      for flow in [forward, backward] {
        try Pair.check(reference: (width, height), result: (flow.width, flow.height))
      }
      tracers = tracers.compactMap { tracer in
        if let moved = Self.moved(tracer, forward: forward, backward: backward) { return moved }
        Self.end(tracer, in: &ended)
        return nil
      }
    } else {
      cut()
    }
    spread(width: width, height: height, films: frames.count)
    for index in tracers.indices {
      guard
        let place = Footprint(
          x: tracers[index].x, y: tracers[index].y, width: width, height: height)
      else { continue }
      for (film, frame) in frames.enumerated() {
        let color = Self.color(of: frame, at: place)
        note(color, film: film, films: frames.count, tracer: index)
        if let whole = tracers[index].stretches[film].extend(to: color) { ended[film].add(whole) }
      }
      tracers[index].age += 1
    }
  }

  private static func moved(
    _ tracer: Tracer, forward: FlowField, backward: FlowField
  ) -> Tracer? {
    let (width, height) = (forward.width, forward.height)
    let (x, y) = (Int(tracer.x.rounded()), Int(tracer.y.rounded()))
    guard x < width, y < height, forward.trusted(x: x, y: y, back: backward) != nil,
      let place = Footprint(x: tracer.x, y: tracer.y, width: width, height: height)
    else { return nil }
    let step = forward.sample(place)
    var tracer = tracer
    tracer.x += step.x
    tracer.y += step.y
    return Footprint(x: tracer.x, y: tracer.y, width: width, height: height) == nil ? nil : tracer
  }

  /// One tracer for each square: the oldest stays, an empty square gets a new one.
  private mutating func spread(width: Int, height: Int, films: Int) {
    let columns = max(width / Self.spacing, 1)
    let rows = max(height / Self.spacing, 1)
    var oldest = [Tracer?](repeating: nil, count: columns * rows)
    for tracer in tracers {
      let square =
        min(Int(tracer.y) / Self.spacing, rows - 1) * columns
        + min(Int(tracer.x) / Self.spacing, columns - 1)
      guard let other = oldest[square] else {
        oldest[square] = tracer
        continue
      }
      let isOlder = tracer.age > other.age
      oldest[square] = isOlder ? tracer : other
      Self.end(isOlder ? other : tracer, in: &ended)
    }
    let waiting = [SIMD2<Float>](repeating: .zero, count: films * Self.octaves)
    let stretches = [Drift.Stretch](repeating: Drift.Stretch(), count: films)
    tracers = oldest.enumerated().map { square, tracer in
      tracer
        ?? Tracer(
          x: min(Float(square % columns * Self.spacing + Self.spacing / 2), Float(width - 1)),
          y: min(Float(square / columns * Self.spacing + Self.spacing / 2), Float(height - 1)),
          stretches: stretches, waiting: waiting)
    }
  }

  private static func color(of frame: LabImage, at place: Footprint) -> SIMD2<Float> {
    var sum = SIMD3<Float>.zero
    for tap in 0..<4 { sum += place.weights[tap] * frame.values[place.places[tap]] }
    return SIMD2(sum.y, sum.z)
  }

  /// Takes one more color of a path. The bits of the age tell which octaves have a block waiting.
  private mutating func note(_ color: SIMD2<Float>, film: Int, films: Int, tracer: Int) {
    var mean = color
    for octave in 0..<Self.octaves {
      let slot = octave * films + film
      guard tracers[tracer].age >> octave & 1 == 1 else {
        tracers[tracer].waiting[slot] = mean
        return
      }
      let earlier = tracers[tracer].waiting[slot]
      spectra[film].add(mean - earlier, octave: octave)
      mean = (mean + earlier) / 2
    }
  }
}
