/// What kind of color a picture holds.
public enum ColorContent: String, Codable, Hashable, Sendable {
  /// None: black and white, whatever small cast or noise a capture has left in the chroma.
  case gray
  /// One tone for each shade of gray, as of sepia, cyanotype, dyed film or a white balance that is off.
  case toned
  /// Colors of its own.
  case color
}

/// Examines the chroma of a picture.
///
/// The picture is divided into cells, about 16 from top to bottom, of which the means are taken: noise,
/// and what the subsampling leaves at edges, cancel out. In a toned picture the chroma is a function of
/// the luma alone. So for each sixteenth of the luma range the median chroma of its cells is found, and
/// between them the chroma is taken to change linearly; cells that are far from that curve have a color
/// of their own, and a picture in which more than a few have one is in color. If not, it is toned where the chroma of most cells is farther from neutral than a poorly
/// adjusted capture puts it, and gray otherwise.
public struct ColorSurvey: Hashable, Sendable {
  /// What was found.
  public let content: ColorContent
  /// Median Cb and Cr, −½…½: the cast, or the tone.
  public let tone: SIMD2<Float>
  /// Whether there is nothing to see, as in a black frame: it says nothing of the film's colors.
  public let isBlank: Bool

  /// Cells from top to bottom, about.
  private static let rows = 16
  /// Sides of a cell in samples that are looked at, at most.
  private static let samplesPerSide = 8
  /// Bands of luma in each of which one tone is expected.
  private static let bands = 16
  /// Farther than this from its band's tone a cell has a color of its own; 6 codes of 8 bits.
  private static let ownColor: Float = 6.0 / 224
  /// The share of cells with a color of their own that makes a picture one in color: more than a
  /// station's logo takes.
  private static let colorShare = 0.05
  /// Farther than this from neutral the picture has a tone; 6 codes of 8 bits.
  private static let leastTone: Float = 6.0 / 224
  /// Standard deviation of luma, black to white being 1, below which there is nothing to see.
  private static let leastContrast: Float = 0.015

  /// Examines `picture`: at most 64 samples of each cell and plane, whatever the size.
  public init(_ picture: Picture) {
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

  /// - Parameter cells: Y′, Cb and Cr of each.
  private init(cells: [SIMD3<Float>]) {
    let count = Float(cells.count)
    let mean = cells.reduce(0) { $0 + $1.x } / count
    let variance = cells.reduce(0) { $0 + ($1.x - mean) * ($1.x - mean) } / count
    let curve = ToneCurve(cells, bands: Self.bands)
    let distant = cells.count {
      Self.length(SIMD2($0.y, $0.z) - curve.tone(ofLuma: $0.x)) > Self.ownColor
    }
    let chroma = cells.map { SIMD2($0.y, $0.z) }
    let strengths = chroma.map(Self.length).sorted()
    let content: ColorContent =
      Double(distant) > Self.colorShare * Double(cells.count)
      ? .color : strengths[strengths.count / 2] > Self.leastTone ? .toned : .gray
    self.init(
      content: content, tone: median(chroma),
      isBlank: content == .gray && variance < Self.leastContrast * Self.leastContrast)
  }

  private static func length(_ vector: SIMD2<Float>) -> Float {
    (vector * vector).sum().squareRoot()
  }

  /// Mean Y′, Cb and Cr of each cell.
  private static func cells(of picture: Picture) -> [SIMD3<Float>] {
    let format = picture.format
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: format)
    let scale = CodeScale(bitDepth: format.bitDepth, range: color.range)
    // No plane has fewer samples than there are cells.
    let coarsest = picture.planes[1]
    let rows = min(Self.rows, coarsest.height)
    let columns = min(
      coarsest.width, max(1, min(4 * Self.rows, Self.rows * picture.width / picture.height)))
    let means = picture.planes.prefix(3).map { Self.means(of: $0, columns: columns, rows: rows) }
    let weights = LumaWeights(forRGBWith: color.primaries)
    return (0..<rows * columns).map { cell in
      let codes = means.map { Double($0[cell]) }
      guard format.model == .rgb else {
        return SIMD3(
          Float(scale.luma(codes[0])), Float(scale.chroma(codes[1])), Float(scale.chroma(codes[2])))
      }
      let rgb = SIMD3(scale.luma(codes[0]), scale.luma(codes[1]), scale.luma(codes[2]))
      let (cb, cr) = weights.chroma(rgb)
      return SIMD3(Float(weights.luma(rgb)), Float(cb), Float(cr))
    }
  }

  /// The mean code in each cell of a plane, of samples spread over it.
  private static func means(of plane: Plane, columns: Int, rows: Int) -> [Float] {
    var result = [Float](repeating: 0, count: columns * rows)
    func places(_ cell: Int, of cells: Int, length: Int) -> [Int] {
      let (start, end) = (cell * length / cells, (cell + 1) * length / cells)
      return Array(stride(from: start, to: end, by: max(1, (end - start) / samplesPerSide)))
    }
    let columnPlaces = (0..<columns).map { places($0, of: columns, length: plane.width) }
    for row in 0..<rows {
      let lines = places(row, of: rows, length: plane.height)
      for y in lines {
        let line = plane.base + y * plane.bytesPerRow
        for column in 0..<columns {
          var sum = 0
          if plane.bitDepth > 8 {
            let samples = line.assumingMemoryBound(to: UInt16.self)
            for x in columnPlaces[column] { sum += Int(samples[x]) }
          } else {
            let samples = line.assumingMemoryBound(to: UInt8.self)
            for x in columnPlaces[column] { sum += Int(samples[x]) }
          }
          result[row * columns + column] += Float(sum)
        }
      }
      for column in 0..<columns {
        result[row * columns + column] /= Float(lines.count * columnPlaces[column].count)
      }
    }
    withExtendedLifetime(plane) {}
    return result
  }
}

/// Chroma as a function of luma: through the median of each band of luma, and linear in between.
private struct ToneCurve {
  /// Mean luma and median chroma of the bands that have any cells, by rising luma.
  private let points: [(luma: Float, tone: SIMD2<Float>)]

  init(_ cells: [SIMD3<Float>], bands: Int) {
    var members = [[SIMD3<Float>]](repeating: [], count: bands)
    for cell in cells {
      let band = Int((cell.x * Float(bands)).rounded(.down))
      members[min(max(band, 0), bands - 1)].append(cell)
    }
    points = members.filter { !$0.isEmpty }.map { band in
      (band.reduce(0) { $0 + $1.x } / Float(band.count), median(band.map { SIMD2($0.y, $0.z) }))
    }
  }

  func tone(ofLuma luma: Float) -> SIMD2<Float> {
    guard let upper = points.firstIndex(where: { $0.luma >= luma }) else {
      return points.last?.tone ?? .zero
    }
    guard upper > 0 else { return points[0].tone }
    let (below, above) = (points[upper - 1], points[upper])
    let share = (luma - below.luma) / (above.luma - below.luma)
    return below.tone + share * (above.tone - below.tone)
  }
}

/// The median of each component; of at least one value.
private func median(_ values: [SIMD2<Float>]) -> SIMD2<Float> {
  SIMD2(values.map(\.x).sorted()[values.count / 2], values.map(\.y).sorted()[values.count / 2])
}
