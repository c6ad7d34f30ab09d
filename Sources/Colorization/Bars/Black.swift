import Imaging

/// What counts as black in a frame: what its darkest side, or else its darkest corner, shows.
struct Black {
  /// The median code of it.
  let level: Double
  /// The brightest code that belongs to it.
  let darkLimit: Int
  /// Brighter than this is something to see.
  let litLimit: Int
  /// Brighter than this is bright.
  let brightLimit: Int
  /// Darker than this is blacker than it.
  let darkerLimit: Int

  /// Y′ of the brightest black, in 219ths: scans and faded video have no better.
  private static let brightest = 26.0
  /// Its noise, in 219ths: how far the 95th percentile lies above the median.
  private static let mostNoise = 6.0

  /// nil where nothing at the border of the frame is black.
  init?(_ samples: BlackSamples) {
    let sides = FrameSide.allCases.map { side in
      [1, 3].flatMap { depth in
        spread(64, over: 0..<side.length(of: samples)).map {
          side.code(samples, depth: depth, along: $0)
        }
      }.sorted()
    }
    let corners = [0, 1].flatMap { right in
      [0, 1].map { bottom in
        (1...4).flatMap { v in
          (1...4).map { u in
            samples.code(
              right == 1 ? samples.width - 1 - u : u, bottom == 1 ? samples.height - 1 - v : v)
          }
        }.sorted()
      }
    }
    func darkest(_ places: [[Int]]) -> (median: Double, noise: Double)? {
      places.map { codes in
        let median = codes[codes.count / 2]
        return (Double(median), Double(codes[codes.count * 95 / 100] - median))
      }.filter { median, noise in
        median - samples.black <= Self.brightest * samples.step
          && noise <= Self.mostNoise * samples.step
      }.min { ($0.0, $0.1) < ($1.0, $1.1) }
    }
    guard let (level, noise) = darkest(sides) ?? darkest(corners) else { return nil }
    let step = samples.step
    self.level = level
    let limit = level + min(max(2 * noise + 4 * step, 8 * step), 14 * step)
    darkLimit = Int(limit.rounded())
    litLimit = Int((limit + 6 * step).rounded())
    brightLimit = Int((limit + 22 * step).rounded())
    darkerLimit = Int((level - max(8 * step, 2 * noise)).rounded())
  }
}
