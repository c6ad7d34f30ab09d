internal import Imaging

/// What was given for some frames of a shot, as another frame of it sees it: for each position where it lies in the
/// frame for which it was given, and how much it still counts.
///
/// Places are carried from frame to frame, not colors: however long the way, a color is looked up but once, sharp,
/// and held against the lightness that it has to have there.
struct CarriedGuidance: Codable, Sendable {
  /// A frame for which something was given.
  struct Origin: Codable, Sendable {
    /// The frame's number.
    let frame: Int
    /// a, b, L\* and β of each position.
    let samples: SampleGrid
    /// How the lightness of the frame at hand turns into that of this frame.
    var exposure: ExposureChange
  }

  /// Those that any position refers to.
  private(set) var origins: [Origin]
  /// x and y in the origin's grid, β, and the origin as an index.
  private let places: SampleGrid
  /// L\* of the frame at hand.
  private let lightness: FloatImage

  var width: Int { places.width }
  var height: Int { places.height }

  /// Weights below this count as none.
  private static let leastWeight: Float = 0.02
  /// Up to the first difference in L\* from the place where it was given a color counts in full, from the second on
  /// not at all.
  private static let lightnessReach: (near: Float, far: Float) = (6, 18)
  /// A neighbor whose place lies this far from where it should be, in positions, is of another object.
  private static let placeReach: Float = 2
  /// A neighbor whose lightness is this far from the expected, in L\*, lies across an edge.
  private static let edgeReach: Float = 16

  private init(origins: [Origin], places: SampleGrid, lightness: FloatImage) {
    self.origins = origins
    self.places = places
    self.lightness = lightness
  }

  /// At the frame itself.
  init(_ field: GuidanceField, frame: Int, lightness: FloatImage) {
    let (a, b, weight, l) = (
      field.ab.channel(0), field.ab.channel(1), field.weight.channel(0), lightness.channel(0)
    )
    let samples = SampleGrid(width: field.width, height: field.height) { out in
      for at in 0..<field.area { out[at] = SIMD4(a[at], b[at], l[at], weight[at]) }
    }
    origins = [Origin(frame: frame, samples: samples, exposure: ExposureChange())]
    places = SampleGrid(width: field.width, height: field.height) { out in
      for y in 0..<field.height {
        for x in 0..<field.width {
          let at = y * field.width + x
          out[at] = SIMD4(Float(x), Float(y), weight[at] > Self.leastWeight ? weight[at] : 0, 0)
        }
      }
    }
    self.lightness = lightness
    withExtendedLifetime(field) {}
  }

  /// Whether it says nothing any more.
  var isSpent: Bool { origins.isEmpty }

  /// At another frame; `motion` leads from there to the frame at hand.
  func carried(to lightness: FloatImage, along motion: GridMotion) -> CarriedGuidance {
    let (vectors, before) = (motion.vectors, places.pointer)
    let (own, l) = (self.lightness.channel(0), lightness.channel(0))
    let (width, height) = (width, height)
    let carried = SampleGrid(width: width, height: height) { out in
      for y in 0..<height {
        for x in 0..<width {
          let at = y * width + x
          let vector = vectors.pointer[at]
          let (qx, qy) = (Float(x) + vector.x, Float(y) + vector.y)
          out[at] = .zero
          guard vector.z > Self.leastWeight, qx > -1, qy > -1, qx < Float(width),
            qy < Float(height)
          else { continue }
          let expected = motion.exposure(
            l[at], x: 2 * (Float(x) + 0.5) / Float(width) - 1,
            y: 2 * (Float(y) + 0.5) / Float(height) - 1)
          let (x0, y0) = (Int(qx + 1) - 1, Int(qy + 1) - 1)
          // The neighbor that counts most says whose place it is; those that agree make it finer.
          var best: (share: Float, place: SIMD4<Float>) = (0, .zero)
          var taps: [(share: Float, place: SIMD4<Float>)] = []
          taps.reserveCapacity(4)
          var whole: Float = 0
          for (cx, cy) in [(x0, y0), (x0 + 1, y0), (x0, y0 + 1), (x0 + 1, y0 + 1)] {
            guard cx >= 0, cy >= 0, cx < width, cy < height else { continue }
            let off = (own[cy * width + cx] - expected) / Self.edgeReach
            guard off * off < 1 else { continue }
            let near = (1 - abs(qx - Float(cx))) * (1 - abs(qy - Float(cy)))
            let share = near * (1 - off * off) * (1 - off * off)
            whole += share
            var place = before[cy * width + cx]
            guard place.z > 0, share > 0 else { continue }
            place.x += qx - Float(cx)
            place.y += qy - Float(cy)
            taps.append((share, place))
            if share > best.share { best = (share, place) }
          }
          guard best.share > 0 else { continue }
          var (sum, weight): (SIMD4<Float>, Float) = (.zero, 0)
          for tap in taps where tap.place.w == best.place.w {
            let (dx, dy) = (tap.place.x - best.place.x, tap.place.y - best.place.y)
            guard dx * dx + dy * dy < Self.placeReach * Self.placeReach else { continue }
            sum += tap.share * tap.place
            weight += tap.share
          }
          let mean = sum / weight
          // Neighbors of which nothing is known take their part from it.
          let beta = min(mean.z * min(weight / whole, 1), vector.z)
          guard beta > Self.leastWeight else { continue }
          out[at] = SIMD4(mean.x, mean.y, beta, best.place.w)
        }
      }
    }
    withExtendedLifetime((self, motion)) {}
    return CarriedGuidance(
      origins: origins.map { origin in
        var origin = origin
        origin.exposure = origin.exposure.after(motion.exposure)
        return origin
      }, places: carried, lightness: lightness
    ).settled()
  }

  /// Brings the exposures back to what the lightness says, and forgets what nothing refers to.
  private func settled() -> CarriedGuidance {
    let (width, height, area) = (width, height, width * height)
    let (places, l) = (self.places.pointer, lightness.channel(0))
    var kept: [Origin] = []
    var indices = [Float](repeating: 0, count: origins.count)
    for index in origins.indices {
      var origin = origins[index]
      let sampler = Sampler(origin)
      var rest: [Float] = []
      var isUsed = false
      for at in 0..<area where places[at].w == Float(index) && places[at].z > 0 {
        isUsed = true
        let place = places[at]
        guard let there = sampler.lightness(x: place.x, y: place.y) else { continue }
        rest.append(there - sampler.expected(l[at], at: at, width: width, height: height))
      }
      guard isUsed else { continue }
      if !rest.isEmpty {
        rest.sort()
        origin.exposure.offset += 0.5 * rest[rest.count / 2]
      }
      indices[index] = Float(kept.count)
      kept.append(origin)
    }
    guard kept.count < origins.count else {
      return CarriedGuidance(origins: kept, places: self.places, lightness: lightness)
    }
    let renumbered = SampleGrid(width: width, height: height) { out in
      for at in 0..<area {
        out[at] = places[at]
        out[at].w = indices[Int(places[at].w)]
      }
    }
    withExtendedLifetime(self) {}
    return CarriedGuidance(origins: kept, places: renumbered, lightness: lightness)
  }

  /// The same with what was given for the frame at hand, where that counts as much or more.
  func overlaid(by newer: CarriedGuidance) -> CarriedGuidance {
    let (mine, others, shift) = (
      places.pointer, newer.places.pointer, Float(origins.count)
    )
    let both = SampleGrid(width: width, height: height) { out in
      for at in 0..<width * height {
        out[at] = mine[at]
        if others[at].z > 0, others[at].z >= mine[at].z {
          out[at] = others[at]
          out[at].w += shift
        }
      }
    }
    withExtendedLifetime((self, newer)) {}
    return CarriedGuidance(
      origins: origins + newer.origins, places: both, lightness: newer.lightness
    ).settled()
  }

  // MARK: Looking up

  /// What is known of the frame at hand from frames before and after it: of both, the nearer counts more.
  /// - Parameter frame: its number.
  static func field(
    of frame: Int, before: CarriedGuidance?, after: CarriedGuidance?
  ) -> BroughtColors? {
    let sides = [before, after].compactMap { $0 }.filter { !$0.isSpent }
    guard let first = sides.first else { return nil }
    var frames: Set<Int> = []
    let field = GuidanceField(width: first.width, height: first.height) { a, b, beta in
      for plane in [a, b, beta] { plane.update(repeating: 0, count: first.width * first.height) }
      var sums = [Float](repeating: 0, count: first.width * first.height)
      for side in sides {
        side.lookUp { at, color, weight, origin in
          let share = weight / Float(abs(frame - origin) + 1)
          sums[at] += share
          a[at] += share * color.x
          b[at] += share * color.y
          beta[at] = max(beta[at], weight)
          frames.insert(origin)
        }
      }
      for at in sums.indices where sums[at] > 0 {
        a[at] /= sums[at]
        b[at] /= sums[at]
      }
    }
    return BroughtColors(field: field, frames: frames.sorted())
  }

  /// Hands on the color of each position of which something is known, its weight, and the frame for which it
  /// was given.
  private func lookUp(
    _ body: (_ at: Int, _ color: SIMD2<Float>, _ weight: Float, _ frame: Int) -> Void
  ) {
    let (places, l) = (self.places.pointer, lightness.channel(0))
    let samplers = origins.map(Sampler.init)
    let (near, far) = Self.lightnessReach
    for at in 0..<width * height where places[at].z > 0 {
      let place = places[at]
      let index = Int(place.w)
      let sampler = samplers[index]
      let expected = sampler.expected(l[at], at: at, width: width, height: height)
      guard let found = sampler.color(x: place.x, y: place.y, expected: expected) else { continue }
      let likeness = min(max((far - abs(found.lightness - expected)) / (far - near), 0), 1)
      let weight = place.z * likeness
      if weight > Self.leastWeight { body(at, found.color, weight, origins[index].frame) }
    }
    withExtendedLifetime(self) {}
  }

  /// Reads an origin between its positions. Plain pointers: whoever makes one keeps the origin alive.
  private struct Sampler {
    private let samples: UnsafePointer<SIMD4<Float>>
    private let width: Int
    private let height: Int
    private let exposure: ExposureChange

    init(_ origin: Origin) {
      samples = origin.samples.pointer
      width = origin.samples.width
      height = origin.samples.height
      exposure = origin.exposure
    }

    /// What lightness `l` of a position of the frame at hand is in the origin.
    func expected(_ l: Float, at: Int, width: Int, height: Int) -> Float {
      exposure(
        l, x: 2 * (Float(at % width) + 0.5) / Float(width) - 1,
        y: 2 * (Float(at / width) + 0.5) / Float(height) - 1)
    }

    /// Nil outside of the grid.
    func lightness(x: Float, y: Float) -> Float? {
      let (column, row) = (Int(x.rounded()), Int(y.rounded()))
      guard column >= 0, row >= 0, column < width, row < height else { return nil }
      return samples[row * width + column].z
    }

    /// The mean of the four positions around a place, those that are as light as expected above all.
    func color(
      x: Float, y: Float, expected: Float
    ) -> (color: SIMD2<Float>, lightness: Float)? {
      guard x > -1, y > -1, x < Float(width), y < Float(height) else { return nil }
      let (x0, y0) = (Int(x + 1) - 1, Int(y + 1) - 1)
      var (sum, weight, lightness): (SIMD2<Float>, Float, Float) = (.zero, 0, 0)
      for (cx, cy) in [(x0, y0), (x0 + 1, y0), (x0, y0 + 1), (x0 + 1, y0 + 1)] {
        guard cx >= 0, cy >= 0, cx < width, cy < height else { continue }
        let sample = samples[cy * width + cx]
        let off = (sample.z - expected) / edgeReach
        let likeness = off * off < 1 ? (1 - off * off) * (1 - off * off) : 0
        let near = (1 - abs(x - Float(cx))) * (1 - abs(y - Float(cy)))
        // Nothing is taken from positions for which nothing was given.
        let share = near * (likeness + 1e-3) * (sample.w > leastWeight ? 1 : 0)
        sum += share * sample.lowHalf
        lightness += share * sample.z
        weight += share
      }
      return weight > 0 ? (sum / weight, lightness / weight) : nil
    }
  }
}

extension ExposureChange {
  /// First `first`, then this.
  fileprivate func after(_ first: ExposureChange) -> ExposureChange {
    ExposureChange(
      offset: offset + gain * first.offset, gain: gain * first.gain,
      slopeX: slopeX + gain * first.slopeX, slopeY: slopeY + gain * first.slopeY)
  }
}
