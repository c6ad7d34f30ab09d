/// What kind of color a picture holds.
package enum ColorContent: String, Codable, Hashable, Sendable {
  /// None: black and white, whatever small cast or noise a capture has left in the chroma.
  case gray
  /// One tone for each shade of gray, as of sepia, cyanotype, dyed film or a white balance that is off.
  case toned
  /// Colors of its own.
  case color
}

/// Examines the chroma of a picture.
///
/// In a toned picture the chroma is a function of the luma alone. So for each sixty-fourth of the luma range
/// the median chroma of the samples is found, and between them the chroma is taken to change linearly. The
/// picture is divided into cells, about 16 from top to bottom, and in each of them the means of the chroma
/// and of what that curve gives for its samples are compared: noise, and what the subsampling leaves at
/// edges, cancel out. Cells that are far from the curve have a color of their own, and a picture in which
/// more than a few have one is in color; so is one whose curve leaps, such as color bars, each of a luma of
/// its own. If not, it is toned where the chroma of more than a tenth of the
/// cells is farther from neutral than a poorly adjusted capture puts it, and gray otherwise.
package struct ColorSurvey: Hashable, Sendable {
  /// What was found.
  package let content: ColorContent
  /// Median Cb and Cr, −½…½: the cast, or the tone where there is one.
  package let tone: SIMD2<Float>
  /// Whether there is nothing to see, as in a black frame: it says nothing of the film's colors.
  package let isBlank: Bool

  /// Cells from top to bottom, about.
  private static let rows = 16
  /// Samples of a cell's side that are looked at, about.
  private static let samplesPerSide = 6
  /// Farther than this from what its luma explains, a cell has a color of its own; 4 codes of 8 bits.
  private static let ownColor: Float = 4.0 / 224
  /// The share of cells with a color of their own that makes a picture one in color: more than a
  /// station's logo takes.
  private static let colorShare = 0.05
  /// Farther than this from neutral the picture has a tone; 6 codes of 8 bits.
  private static let leastTone: Float = 6.0 / 224
  /// The share of cells with a tone that makes a picture a toned one: in a dark picture most have little.
  private static let toneShare = 0.1
  /// Standard deviation of luma, black to white being 1, below which there is nothing to see.
  private static let leastContrast: Float = 0.015

  /// Examines `picture`: about 36 samples of each cell or more, whatever the size.
  package init(_ picture: Picture) {
    guard picture.format.model != .gray else {
      self.init(content: .gray, tone: .zero, isBlank: false)
      return
    }
    self.init(cells: Self.cells(of: picture))
  }

  private init(content: ColorContent, tone: SIMD2<Float>, isBlank: Bool) {
    self.content = content
    self.tone = tone
    self.isBlank = isBlank
  }

  private init(cells: Cells) {
    let samples = UnsafeBufferPointer(cells.samples)
    defer { withExtendedLifetime(cells) {} }
    let curve = ToneCurve(samples, leastShare: Self.colorShare)
    // Y′, Cb and Cr, and the distance from the curve.
    let means = cells.ranges.map { range -> (value: SIMD3<Float>, distance: Float) in
      var (sum, explained) = (SIMD3<Float>.zero, SIMD2<Float>.zero)
      for sample in samples[range] {
        sum += sample
        explained += curve.tone(ofLuma: sample.x)
      }
      let count = Float(range.count)
      return (sum / count, Self.length(SIMD2(sum.y, sum.z) - explained) / count)
    }
    let count = Float(means.count)
    let mean = means.reduce(0) { $0 + $1.value.x } / count
    let variance = means.reduce(0) { $0 + ($1.value.x - mean) * ($1.value.x - mean) } / count
    let distant = means.count { $0.distance > Self.ownColor }
    let chroma = means.map { SIMD2($0.value.y, $0.value.z) }
    let toned = chroma.filter { Self.length($0) > Self.leastTone }
    let content: ColorContent =
      curve.leaps || Double(distant) > Self.colorShare * Double(means.count)
      ? .color
      : Double(toned.count) > Self.toneShare * Double(means.count) ? .toned : .gray
    let counted = content == .toned ? toned : chroma
    self.init(
      content: content,
      tone: SIMD2(
        counted.map(\.x).sorted()[counted.count / 2],
        counted.map(\.y).sorted()[counted.count / 2]),
      isBlank: content == .gray && variance < Self.leastContrast * Self.leastContrast)
  }

  private static func length(_ vector: SIMD2<Float>) -> Float {
    (vector * vector).sum().squareRoot()
  }

  /// What is looked at.
  private struct Cells {
    /// From a pool: each frame of a film is examined.
    let buffer: AlignedBuffer
    /// Where the samples of each cell lie, at least one.
    let ranges: [Range<Int>]

    /// Y′, Cb and Cr, cell by cell; alive as long as the cells.
    var samples: UnsafeMutableBufferPointer<SIMD3<Float>> {
      UnsafeMutableBufferPointer(
        start: buffer.base.assumingMemoryBound(to: SIMD3<Float>.self),
        count: ranges.last?.upperBound ?? 0)
    }
  }

  /// Samples of chroma that are spread over each cell, and the mean luma of what each of them covers.
  private static func cells(of picture: Picture) -> Cells {
    let format = picture.format
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: format)
    let scale = CodeScale(bitDepth: format.bitDepth, range: color.range)
    let weights = LumaWeights(forRGBWith: color.primaries)
    let cells =
      format.bitDepth > 8
      ? codes(of: picture, as: UInt16.self) : codes(of: picture, as: UInt8.self)
    let samples = cells.samples
    // Of a code: what it is multiplied with, and what is added.
    let luma = SIMD2<Float>(Float(1 / scale.lumaSpan), Float(scale.luma(0)))
    let chroma = SIMD2<Float>(Float(1 / scale.chromaSpan), Float(scale.chroma(0)))
    if format.model == .rgb {
      for index in samples.indices {
        let rgb = SIMD3<Double>(samples[index] * luma.x + luma.y)
        let (cb, cr) = weights.chroma(rgb)
        samples[index] = SIMD3(Float(weights.luma(rgb)), Float(cb), Float(cr))
      }
    } else {
      let (gain, bias) = (SIMD3(luma.x, chroma.x, chroma.x), SIMD3(luma.y, chroma.y, chroma.y))
      for index in samples.indices { samples[index] = samples[index] * gain + bias }
    }
    return cells
  }

  /// The codes of the first three planes.
  private static func codes<Sample: FixedWidthInteger>(
    of picture: Picture, as sample: Sample.Type
  ) -> Cells {
    let (first, second, third) = (picture.planes[0], picture.planes[1], picture.planes[2])
    let rows = min(Self.rows, second.height)
    let columns = min(
      second.width, max(1, min(4 * Self.rows, Self.rows * picture.width / picture.height)))
    // What a sample of chroma covers of the luma plane, which is no coarser.
    let (across, down) = (
      (first.width + second.width - 1) / second.width,
      (first.height + second.height - 1) / second.height
    )
    func places(of cells: Int, length: Int) -> [StrideTo<Int>] {
      (0..<cells).map { cell in
        let (start, end) = (cell * length / cells, (cell + 1) * length / cells)
        return stride(from: start, to: end, by: max(1, (end - start) / samplesPerSide))
      }
    }
    func total(_ places: [StrideTo<Int>]) -> Int {
      places.reduce(0) { $0 + $1.underestimatedCount }
    }
    func line(_ y: Int, of plane: Plane) -> UnsafePointer<Sample> {
      (plane.base + y * plane.bytesPerRow).assumingMemoryBound(to: Sample.self)
    }
    let rowPlaces = places(of: rows, length: second.height)
    let columnPlaces = places(of: columns, length: second.width)
    let count = total(rowPlaces) * total(columnPlaces)
    let buffer = AlignedBuffer(byteCount: count * MemoryLayout<SIMD3<Float>>.stride)
    let samples = buffer.base.bindMemory(to: SIMD3<Float>.self, capacity: count)
    var ranges: [Range<Int>] = []
    ranges.reserveCapacity(rows * columns)
    var end = 0
    for ys in rowPlaces {
      for xs in columnPlaces {
        let start = end
        for y in ys {
          let (cb, cr) = (line(y, of: second), line(y, of: third))
          let lines = y * down..<min((y + 1) * down, first.height)
          for x in xs {
            let covered = x * across..<min((x + 1) * across, first.width)
            var sum = 0
            for y in lines {
              let luma = line(y, of: first)
              for x in covered { sum += Int(luma[x]) }
            }
            let area = max(1, lines.count * covered.count)
            samples[end] = SIMD3(Float(sum) / Float(area), Float(Int(cb[x])), Float(Int(cr[x])))
            end += 1
          }
        }
        ranges.append(start..<end)
      }
    }
    withExtendedLifetime(picture) {}
    return Cells(buffer: buffer, ranges: ranges)
  }
}

/// Chroma as a function of luma: through the median of each band of luma, and linear in between.
private struct ToneCurve {
  /// Chroma at luma 0…1, in `steps` equal steps; what lies beyond has that of the ends.
  private let tones: [SIMD2<Float>]

  /// Whether it leaps between colors that take much of the picture, as in color bars: no tone does.
  let leaps: Bool

  private static let bands = 64
  /// Change of chroma over that of luma. Strong blue dye stays below 1, color bars have 5.
  private static let steepest: Float = 2
  /// Change of chroma, −½…½, that is no leap, however steep: sepia is clipped at once in the lights.
  private static let leastLeap: Float = 0.15
  private static let steps = 1024
  /// Chroma is told apart in steps of less than half a code of 8 bits.
  private static let chromaSteps = 512

  /// - Parameter leastShare: of the samples, what takes less makes no leap.
  init(_ samples: UnsafeBufferPointer<SIMD3<Float>>, leastShare: Double) {
    // Added before the fraction is cut off, which is quicker than rounding.
    let middle = Float(Self.chromaSteps / 2) + 0.5
    func step(_ chroma: Float) -> Int {
      min(max(Int(chroma * Float(Self.chromaSteps) + middle), 0), Self.chromaSteps - 1)
    }
    var sums = [(count: Int, luma: Float)](repeating: (0, 0), count: Self.bands)
    let length = Self.bands * Self.chromaSteps
    let buffer = AlignedBuffer(byteCount: 2 * length * MemoryLayout<Int32>.stride)
    defer { withExtendedLifetime(buffer) {} }
    let cb = buffer.base.bindMemory(to: Int32.self, capacity: 2 * length)
    let cr = cb + length
    cb.update(repeating: 0, count: 2 * length)
    for sample in samples {
      let band = min(max(Int(sample.x * Float(Self.bands)), 0), Self.bands - 1)
      sums[band].count += 1
      sums[band].luma += sample.x
      cb[band * Self.chromaSteps + step(sample.y)] += 1
      cr[band * Self.chromaSteps + step(sample.z)] += 1
    }
    func median(_ histograms: UnsafePointer<Int32>, _ band: Int) -> Float {
      var below = 0
      var step = 0
      while step < Self.chromaSteps {
        below += Int(histograms[band * Self.chromaSteps + step])
        if 2 * below >= sums[band].count { break }
        step += 1
      }
      return Float(step - Self.chromaSteps / 2) / Float(Self.chromaSteps)
    }
    let points = sums.indices.filter { sums[$0].count > 0 }.map { band in
      (
        luma: sums[band].luma / Float(sums[band].count),
        tone: SIMD2(median(cb, band), median(cr, band)),
        share: Double(sums[band].count) / Double(samples.count)
      )
    }
    let large = points.filter { $0.share > leastShare }
    leaps = zip(large, large.dropFirst()).contains { below, above in
      let step = above.tone - below.tone
      return (step * step).sum().squareRoot()
        > max(Self.leastLeap, Self.steepest * (above.luma - below.luma))
    }
    var upper = 0
    tones = (0...Self.steps).map { step in
      let luma = Float(step) / Float(Self.steps)
      while upper < points.count, points[upper].luma < luma { upper += 1 }
      guard upper < points.count else { return points.last?.tone ?? .zero }
      guard upper > 0 else { return points[0].tone }
      let (below, above) = (points[upper - 1], points[upper])
      let share = (luma - below.luma) / (above.luma - below.luma)
      return below.tone + share * (above.tone - below.tone)
    }
  }

  func tone(ofLuma luma: Float) -> SIMD2<Float> {
    tones[min(max(Int(luma * Float(Self.steps) + 0.5), 0), Self.steps)]
  }
}
