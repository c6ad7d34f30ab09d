/// Where a network that sees pictures in tiles looks, and how its answers become one: the parts that the tiles answer for
/// overlap by a quarter or more, and each answer counts less towards the edge of its tile, so that one goes over into
/// the next without a seam.
struct TileCover: Sendable {
  /// Along one side of the picture.
  struct Axis: Sendable {
    /// The first position of the grid that each tile answers for.
    let starts: [Int]
    /// How much each tile's answer counts at each of its positions: linear in the overlap of two, and 1 together at each
    /// position of the grid.
    let shares: [[Float]]

    /// - Parameters:
    ///   - length: positions of the grid.
    ///   - inner: positions that a tile answers for; where the grid has fewer, one tile reaches beyond it.
    init(length: Int, inner: Int) {
      let step = inner - inner / 4
      let intervals = max(0, length - inner + step - 1) / step
      let starts = (0...intervals).map { tile in
        intervals == 0 ? 0 : (tile * (length - inner) + intervals / 2) / intervals
      }
      // The distance to the nearer edge.
      let weights = (0..<inner).map { Float(min($0, inner - 1 - $0)) + 0.5 }
      var sums = [Float](repeating: 0, count: max(length, inner))
      for start in starts {
        for place in 0..<inner { sums[start + place] += weights[place] }
      }
      self.starts = starts
      shares = starts.map { start in (0..<inner).map { weights[$0] / sums[start + $0] } }
    }
  }

  /// One tile.
  struct Place: Sendable {
    /// Its number along each axis.
    let column: Int
    let row: Int
  }

  let tile: NetworkTile
  private let geometry: WorkingGeometry
  /// Positions that a tile answers for, along each side.
  let inner: Int
  private let columns: Axis
  private let rows: Axis

  init(_ tile: NetworkTile, geometry: WorkingGeometry) {
    (self.tile, self.geometry) = (tile, geometry)
    inner = tile.answerSize(scale: geometry.scale)
    columns = Axis(length: geometry.gridWidth, inner: inner)
    rows = Axis(length: geometry.gridHeight, inner: inner)
  }

  /// How many tiles there are.
  var count: Int { columns.starts.count * rows.starts.count }

  /// The tiles in parts that are run together: a row of tiles, or each by itself.
  func batches(areRows: Bool) -> [[Place]] {
    let rows = rows.starts.indices.map { row in
      columns.starts.indices.map { Place(column: $0, row: row) }
    }
    return areRows ? rows : rows.joined().map { [$0] }
  }

  /// The columns and the rows of the working picture that a tile shows: beyond an edge, the picture's last sample goes
  /// on.
  func samples(of place: Place) -> (columns: [Int], rows: [Int]) {
    func samples(_ start: Int, _ length: Int) -> [Int] {
      let first = start * geometry.scale - tile.margin
      return (first..<first + tile.size).map { min(max($0, 0), length - 1) }
    }
    return (
      samples(columns.starts[place.column], geometry.workingWidth),
      samples(rows.starts[place.row], geometry.workingHeight)
    )
  }

  /// Adds the answer for a tile to those of the others, as far as it counts.
  /// - Parameters:
  ///   - values: `inner` × `inner` × `channels`.
  ///   - grid: `gridHeight` × `gridWidth` × `channels`.
  func add(
    _ values: UnsafePointer<Float>, of place: Place, channels: Int,
    to grid: UnsafeMutablePointer<Float>
  ) {
    let (left, top) = (columns.starts[place.column], rows.starts[place.row])
    let (across, down) = (columns.shares[place.column], rows.shares[place.row])
    for y in 0..<min(inner, geometry.gridHeight - top) {
      for x in 0..<min(inner, geometry.gridWidth - left) {
        let share = across[x] * down[y]
        let from = values + (y * inner + x) * channels
        let to = grid + ((top + y) * geometry.gridWidth + left + x) * channels
        for channel in 0..<channels { to[channel] += share * from[channel] }
      }
    }
  }
}
