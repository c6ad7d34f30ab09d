internal import Imaging

/// Chooses the frames that the network must see: the first of each shot, and from there on each that
/// motion does not explain, or that is as far from the last one as may be.
///
/// Explained is what can be followed back to the last key frame: each place keeps the least confidence
/// that it met on its way (`MotionEstimator`: photometric match after the change of exposure,
/// agreement there and back, inside of the picture), and what enters the picture or comes out from
/// behind something has none.
struct KeyFrameChooser: Codable, Sendable {
  /// The greatest distance between key frames; 1 for every frame.
  private let distance: Int
  /// Frames since the last key frame; nil before the first.
  private var since: Int?
  /// How far each cell is explained by the last key frame, 0…1; empty at the key frame itself.
  private var explained: [Float] = []

  /// The share of the picture that may be unexplained.
  private let mostUnexplained: Float

  init(distance: Int, mostUnexplained: Float = 0.05) {
    self.distance = max(distance, 1)
    self.mostUnexplained = mostUnexplained
  }

  /// Takes the next frame, with the motion between the frame before and it; nil where none leads to it.
  /// - Parameter tooSoon: whether it is not one, whatever motion explains.
  mutating func isKeyFrame(
    after motion: MotionEstimator.Pair?, tooSoon: Bool = false
  ) -> Bool {
    guard distance > 1, let motion, let since, since + 1 < distance else { return start() }
    follow(motion.backward)
    let unexplained = 1 - explained.reduce(0, +) / Float(max(explained.count, 1))
    guard unexplained <= mostUnexplained || tooSoon else { return start() }
    self.since = since + 1
    return false
  }

  /// Makes the frame that was taken last a key frame.
  mutating func startHere() { _ = start() }

  private mutating func start() -> Bool {
    since = 0
    explained = []
    return true
  }

  /// Brings `explained` to the next frame; `back` leads from there to the frame before.
  private mutating func follow(_ back: MotionField) {
    let (width, height) = (back.width, back.height)
    let cell = Float(MotionField.cellSide)
    let (x, y, confidence) = (
      back.values.channel(0), back.values.channel(1), back.values.channel(2)
    )
    let before = explained
    var now = [Float](repeating: 0, count: width * height)
    for row in 0..<height {
      for column in 0..<width {
        let at = row * width + column
        guard !before.isEmpty else {
          now[at] = confidence[at]
          continue
        }
        let fx = min(max(Float(column) + x[at] / cell, 0), Float(width - 1))
        let fy = min(max(Float(row) + y[at] / cell, 0), Float(height - 1))
        let (x0, y0) = (Int(fx), Int(fy))
        let (x1, y1) = (min(x0 + 1, width - 1), min(y0 + 1, height - 1))
        let (u, v) = (fx - Float(x0), fy - Float(y0))
        let top = before[y0 * width + x0] * (1 - u) + before[y0 * width + x1] * u
        let bottom = before[y1 * width + x0] * (1 - u) + before[y1 * width + x1] * u
        now[at] = min(confidence[at], top * (1 - v) + bottom * v)
      }
    }
    withExtendedLifetime(back) {}
    explained = now
  }
}
