internal import Imaging

/// The running mean of a shot up to a frame, or from its last frame back to a frame, where that frame's
/// content lies.
struct Memory: Codable {
  let tracked: Tracked
  /// a and b of the mean, L\* of the frame, and the weight: how many frames it stands for, times
  /// their mean certainty.
  private let samples: SampleGrid
  /// How many frames each position stands for, 1…limit; and the L\* at which its color was learned.
  private let counts: FloatImage
  /// How much of the picture is as light as it was when its colors were learned, 0…1: as far as this says that
  /// it is another picture, as in a cross-fade, nothing counts as settled.
  private let sameness: Float

  /// A color that stands for as many frames as this is settled: each further frame makes it stand for more
  /// than one frame more, so that the beginning of a shot decides, not the end.
  private static let settled: Float = 16
  /// How much more a settled color stands for at each frame.
  private static let growth: Float = 1.1
  /// The L\* at which a color was learned follows that of the place over as many frames, so that errors of
  /// the exposure do not add up.
  private static let levelFrames: Float = 48
  /// Further than this from the L\* at which its color was learned nothing counts as settled.
  private static let settledReach: Float = 4
  /// Shares of such positions up to which the picture is the same, and from which on it is another.
  private static let changedShare: (same: Float, other: Float) = (0.25, 0.6)

  /// Merges a frame's own estimate with the memory of the frames on one side of it, if there is one;
  /// `motion` leads from the frame to the memory's.
  init(_ tracked: Tracked, after past: Memory?, along motion: GridMotion?, limit: Float) {
    self.tracked = tracked
    let (width, height, area) = (tracked.width, tracked.height, tracked.width * tracked.height)
    let own = tracked.samples.pointer
    guard let past, let motion else {
      samples = tracked.samples
      sameness = 1
      counts = FloatImage(width: width, height: height, channels: 2) { out in
        out.update(repeating: 1, count: area)
        for at in 0..<area { out[area + at] = own[at].z }
        withExtendedLifetime(tracked) {}
      }
      return
    }
    let reach = Reach(past.samples, counts: past.counts, along: motion)
    let levels = past.counts.channel(1)
    let settledLimit = min(limit, Self.settled)
    let sameLimit = settledLimit + (limit - settledLimit) * past.sameness
    var changed: Float = 0
    var merged: SampleGrid?
    counts = FloatImage(width: width, height: height, channels: 2) { counts in
      merged = SampleGrid(width: width, height: height) { out in
        for row in 0..<height {
          for column in 0..<width {
            let at = row * width + column
            let lightness = own[at].z
            var mean = ColorMean()
            let (found, level) = reach.follow(
              into: &mean, column, row, lightness: lightness, levels: levels)
            let isSame = abs(level - lightness) < Self.settledReach
            changed += isSame ? 0 : 1
            mean.add(own[at], weight: own[at].w)
            let grown = found < Self.settled ? found + 1 : found * Self.growth + 1
            let count = max(min(grown, isSame ? sameLimit : settledLimit), 1)
            let remembered = min(found, Self.levelFrames)
            counts[at] = count
            counts[area + at] = lightness + (level - lightness) * (remembered / (remembered + 1))
            out[at] = SIMD4(
              lowHalf: mean.color, highHalf: SIMD2(lightness, count * mean.weight / (found + 1)))
          }
        }
      }
    }
    samples = merged ?? tracked.samples
    let (same, other) = Self.changedShare
    sameness = min(max((other - changed / Float(max(area, 1))) / (other - same), 0), 1)
    withExtendedLifetime((past, motion, tracked)) {}
  }

  /// The mean itself.
  var estimate: CoarseEstimate { merged { _, _, _ in 0 } }

  /// The mean of the shot up to this frame and of the shot from the next one on; `motion` leads to
  /// that.
  func joined(with next: Memory, along motion: GridMotion) -> CoarseEstimate {
    let reach = Reach(next.samples, counts: next.counts, along: motion)
    let (own, levels, width) = (samples.pointer, next.counts.channel(1), tracked.width)
    return withExtendedLifetime((next, motion)) {
      merged { mean, column, row in
        reach.follow(
          into: &mean, column, row, lightness: own[row * width + column].z, levels: levels
        ).frames
      }
    }
  }

  /// The mean with what `more` adds to each position, of which it returns the number of frames.
  @inline(__always)
  private func merged(
    with more: (_ mean: inout ColorMean, _ column: Int, _ row: Int) -> Float
  ) -> CoarseEstimate {
    let (width, height) = (tracked.width, tracked.height)
    let (own, counts) = (samples.pointer, self.counts.channel(0))
    return withExtendedLifetime(self) {
      CoarseEstimate(width: width, height: height) { a, b, certainty in
        for row in 0..<height {
          for column in 0..<width {
            let at = row * width + column
            var mean = ColorMean()
            mean.add(own[at], weight: own[at].w)
            let count = counts[at] + more(&mean, column, row)
            a[at] = mean.color.x
            b[at] = mean.color.y
            certainty[at] = mean.weight / count
          }
        }
      }
    }
  }
}
