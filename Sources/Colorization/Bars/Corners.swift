import Imaging

/// Corners of the picture that a film gate rounds off.
///
/// Such a corner is dark in its tip, along both sides, and no more in the middle of its diagonal than a
/// curve or a slant leaves; it ends in something to see; and there is another one like it at the same side of
/// the picture. Stray light makes the mask of a gate a little brighter than bars.
enum Corners {
  /// The greatest radius, as a part of the picture's shorter side: more is a vignette or an iris.
  private static let greatestPart = 0.15
  private static let leastPart = 1.0 / 48
  /// The share of the surrounding rectangle that is black: 0.21 outside of a quarter of a circle, half
  /// beyond a slant.
  private static let filled = 0.1...0.55
  /// How many of the rows must end in something to see.
  private static let edgeShare = 0.7
  /// How different two corners of one gate are, at most.
  private static let mostUneven = 1.7

  /// The corners of the rectangle, as `PictureArea` has them; empty if there are not two alike.
  static func find(
    in samples: BlackSamples, columns: Range<Int>, rows: Range<Int>, black: Black
  ) -> [[Int]] {
    let found = (0..<4).map { corner in
      blackColumns(of: corner, in: samples, columns: columns, rows: rows, black: black)
    }
    func areAlike(_ one: [Int], _ other: [Int]) -> Bool {
      guard let a = one.first, let b = other.first else { return false }
      func even(_ a: Int, _ b: Int) -> Bool { Double(max(a, b)) <= mostUneven * Double(min(a, b)) }
      return even(a, b) && even(one.count, other.count)
    }
    // Those that have a neighbor: top left and right, bottom left and right, left, right.
    let neighbors = [(0, 1), (2, 3), (0, 2), (1, 3)].filter { areAlike(found[$0.0], found[$0.1]) }
    let kept = (0..<4).map { corner in
      neighbors.contains { $0.0 == corner || $0.1 == corner } ? found[corner] : []
    }
    return kept.allSatisfy(\.isEmpty) ? [] : kept
  }

  /// The black columns of a corner, row by row; empty if it is none.
  private static func blackColumns(
    of corner: Int, in samples: BlackSamples, columns: Range<Int>, rows: Range<Int>, black: Black
  ) -> [Int] {
    let side = min(columns.count, rows.count)
    let (most, least) = (Int(greatestPart * Double(side)), max(5, Int(leastPart * Double(side))))
    // A gate is out of focus.
    let (softness, reach) = (max(3, side / 120), max(4, side / 40))
    guard most > least + softness else { return [] }
    let (isRight, isBottom) = (corner & 1 == 1, corner & 2 == 2)
    func code(_ u: Int, _ v: Int) -> Int {
      samples.code(
        isRight ? columns.upperBound - 1 - u : columns.lowerBound + u,
        isBottom ? rows.upperBound - 1 - v : rows.lowerBound + v)
    }
    func run(_ v: Int) -> Int {
      (0...most).first { code($0, v) > black.litLimit } ?? most + 1
    }
    var runs: [Int] = []
    var lit = 0
    for v in 0..<most {
      let run = run(v)
      // The first row, where the picture begins, may be dark all along.
      guard run <= most || v < softness else { return [] }
      if v >= softness, run <= softness { break }
      runs.append(run)
      if (run...run + reach).contains(where: { code($0, v) > black.brightLimit }) { lit += 1 }
    }
    guard runs.count < most, runs.count >= least else { return [] }
    // What is darker beside the corner does not belong to it.
    let inner = runs[min(softness, runs.count - 1)]
    for v in 0..<min(softness, runs.count) where runs[v] > inner + 2 * softness {
      runs[v] = inner + softness
    }
    for v in runs.indices.dropFirst() { runs[v] = min(runs[v], runs[v - 1]) }
    let size = Double(runs[0] * (runs.count + softness))
    guard runs[0] >= least, runs[0] <= 2 * runs.count, runs.count <= 2 * runs[0],
      filled.contains(Double(runs.reduce(0, +)) / size),
      Double(lit) >= edgeShare * Double(runs.count)
    else { return [] }
    // The end of a curve lies along the side, as a soft edge does.
    for v in runs.count..<min(2 * runs.count, most) {
      let last = min(run(v), runs[v - 1])
      guard last > 0 else { break }
      runs.append(last)
    }
    return runs
  }

  /// Whether there is something to see in the corners of `area`.
  /// - Parameter limit: what passes for dark in bars.
  static func contradict(_ area: PictureArea, limit: Int, in samples: BlackSamples) -> Bool {
    for (corner, runs) in area.corners.enumerated() where !runs.isEmpty {
      var (seen, lit) = (0, 0)
      for (v, run) in runs.enumerated() where v % 3 == 0 {
        // The inner half is that of the soft edge.
        for u in stride(from: 0, to: run / 2, by: 2) {
          seen += 1
          let x = corner & 1 == 1 ? area.left + area.width - 1 - u : area.left + u
          let y = corner & 2 == 2 ? area.top + area.height - 1 - v : area.top + v
          if Double(samples.code(x, y)) > Double(limit) + 8 * samples.step { lit += 1 }
        }
      }
      if seen > 0, 4 * lit > seen { return true }
    }
    return false
  }
}
