internal import CKernels
internal import Imaging

/// Which positions of which images make up each position of the result, and with what weight.
/// Positions are planned one after the other: any number of `add`, then `close`.
struct MergePlan {
  private var taps: [ac_merge_tap] = []
  private var first: [Int32] = [0]
  /// The sum of the weights added to the position that is open.
  private(set) var openWeight: Float = 0

  /// A neighbour whose lightness is this far from the expected, in L\*, lies across an edge.
  private static let lightnessReach: Float = 12
  /// Fractions of a position below this are rounded away, so that what rests is not blurred.
  private static let finest: Float = 0.02
  /// A confidence below this counts as none.
  private static let leastConfidence: Float = 0.02

  /// Starts over, keeping the memory.
  mutating func removeAll() {
    taps.removeAll(keepingCapacity: true)
    first.removeAll(keepingCapacity: true)
    first.append(0)
    openWeight = 0
  }

  /// Adds one position with `weight`.
  mutating func add(source: Int, position: Int, weight: Float) {
    taps.append(ac_merge_tap(source: Int32(source), position: Int32(position), weight: weight))
    openWeight += weight
  }

  /// An image to fetch from, as far as weights go. Plain pointers, so that inner loops count no
  /// references: whoever makes one keeps the images alive.
  struct Source {
    let index: Int
    let width: Int
    let height: Int
    /// L\* of each position.
    let lightness: UnsafePointer<Float>
    /// The weight of each position.
    let weights: UnsafePointer<Float>
    /// How many frames each position stands for; nil if one.
    let counts: UnsafePointer<Float>?
  }

  /// Adds the up to four positions around (x, y), each weighted by `confidence`, its bilinear share,
  /// the likeness of its lightness to `expected`, and the source's weight. Those outside of the
  /// grid, or across an edge, drop out: nothing takes their place.
  ///
  /// - Returns: Σ share × count, the share being all but the source's weight.
  mutating func add(
    _ source: Source, x: Float, y: Float, confidence: Float, expected: Float
  ) -> Float {
    let (width, height) = (source.width, source.height)
    guard confidence > Self.leastConfidence, x > -1, y > -1, x < Float(width), y < Float(height)
    else { return 0 }
    let (left, u) = Self.split(x)
    let (top, v) = Self.split(y)
    var sum: Float = 0
    for j in 0...1 {
      let row = top + j
      let shareY = j == 0 ? 1 - v : v
      guard shareY > 0, row >= 0, row < height else { continue }
      for i in 0...1 {
        let column = left + i
        let shareX = i == 0 ? 1 - u : u
        guard shareX > 0, column >= 0, column < width else { continue }
        let at = row * width + column
        let likeness = biweight((source.lightness[at] - expected) / Self.lightnessReach)
        let share = confidence * shareX * shareY * likeness
        guard share > 0 else { continue }
        add(source: source.index, position: at, weight: share * source.weights[at])
        sum += source.counts.map { share * $0[at] } ?? share
      }
    }
    return sum
  }

  /// A coordinate as whole part and fraction.
  private static func split(_ v: Float) -> (whole: Int, fraction: Float) {
    let whole = v.rounded(.down)
    let fraction = v - whole
    if fraction < finest { return (Int(whole), 0) }
    if fraction > 1 - finest { return (Int(whole) + 1, 0) }
    return (Int(whole), fraction)
  }

  /// Ends the position: its weights are brought to a sum of 1.
  mutating func close() {
    let begin = Int(first[first.count - 1])
    let scale = openWeight > 0 ? 1 / openWeight : 0
    for index in begin..<taps.count { taps[index].weight *= scale }
    first.append(Int32(taps.count))
    openWeight = 0
  }

  /// Carries the plan out on images of one shape.
  func merged(_ sources: [CoarseEstimate], certainty: FloatImage) -> CoarseEstimate {
    let like = sources[0]
    let count = like.area * like.channelStride
    let buffer = AlignedBuffer(byteCount: max(count, 1) * MemoryLayout<Float>.stride)
    let pointers: [UnsafePointer<Float>?] = sources.map(\.pointer)
    withExtendedLifetime(sources) {
      ac_merge(
        pointers, taps, first, Int32(like.area), Int32(like.channelStride),
        buffer.base.bindMemory(to: Float.self, capacity: max(count, 1)))
    }
    return CoarseEstimate(
      width: like.width, height: like.height, channels: like.channels,
      channelStride: like.channelStride, values: buffer, certainty: certainty)
  }
}
