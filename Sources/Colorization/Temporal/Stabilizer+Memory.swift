internal import Imaging

/// The running mean of a shot up to a frame, or from its last frame back to a frame, where that frame's
/// content lies.
struct Memory {
  let tracked: Tracked
  /// a and b of the mean, L\* of the frame, and the weight: how many frames it stands for, times
  /// their mean certainty.
  private let samples: SampleGrid
  /// How many frames each position stands for, 1…limit.
  private let counts: FloatImage

  /// Merges a frame's own estimate with the memory of the frames on one side of it, if there is one;
  /// `motion` leads from the frame to the memory's.
  init(_ tracked: Tracked, after past: Memory?, along motion: GridMotion?, limit: Float) {
    self.tracked = tracked
    let (width, height) = (tracked.width, tracked.height)
    guard let past, let motion else {
      samples = tracked.samples
      counts = FloatImage(width: width, height: height) { out in
        out.update(repeating: 1, count: width * height)
      }
      return
    }
    let reach = Reach(past.samples, counts: past.counts, along: motion)
    let own = tracked.samples.pointer
    var merged: SampleGrid?
    counts = FloatImage(width: width, height: height) { counts in
      merged = SampleGrid(width: width, height: height) { out in
        for row in 0..<height {
          for column in 0..<width {
            let at = row * width + column
            var mean = ColorMean()
            let found = reach.fetch(into: &mean, column, row, lightness: own[at].z)
            mean.add(own[at], weight: own[at].w)
            let count = max(min(found + 1, limit), 1)
            counts[at] = count
            out[at] = SIMD4(
              lowHalf: mean.color, highHalf: SIMD2(own[at].z, count * mean.weight / (found + 1)))
          }
        }
      }
    }
    samples = merged ?? tracked.samples
    withExtendedLifetime((past, motion, tracked)) {}
  }

  /// The mean itself.
  var estimate: CoarseEstimate { merged { _, _, _ in 0 } }

  /// The mean of the shot up to this frame and of the shot from the next one on; `motion` leads to
  /// that.
  func joined(with next: Memory, along motion: GridMotion) -> CoarseEstimate {
    let reach = Reach(next.samples, counts: next.counts, along: motion)
    let (own, width) = (samples.pointer, tracked.width)
    return withExtendedLifetime((next, motion)) {
      merged { mean, column, row in
        reach.fetch(into: &mean, column, row, lightness: own[row * width + column].z)
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
