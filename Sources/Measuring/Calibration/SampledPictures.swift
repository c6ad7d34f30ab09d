import AutochromeKit
import Imaging
import Media

/// Pictures out of files, folders and films, spread evenly over each of them.
struct SampledPictures {
  /// Files, folders, patterns or films.
  let inputs: [String]
  /// How many are wanted in all, each input giving as many.
  let count: Int
  /// As a job's; `threads` decode.
  let settings: Settings

  /// Hands over one after the other; of an input that does not tell its length, the first ones.
  /// - Returns: how many there were.
  /// - Throws: what `body` throws, and `MediaError`.
  func forEach(_ body: (Frame) throws -> Void) throws -> Int {
    let share = (count + inputs.count - 1) / max(inputs.count, 1)
    var taken = 0
    for input in inputs {
      let source = try JobParts.openSource(
        input: input, settings: settings, interruption: MediaInterruption(), warn: { _ in })
      let every = max(1, (source.info.estimatedFrameCount ?? share) / share)
      var left = share
      while left > 0, let frame = try source.nextFrame() {
        guard frame.index % every == 0 else { continue }
        try body(frame)
        (taken, left) = (taken + 1, left - 1)
      }
      guard source.damagedFrameCount == 0 else {
        throw AutochromeError(
          .badData,
          "'\(input)' holds \(counted(source.damagedFrameCount, "damaged picture")); remove the damaged ones."
        )
      }
    }
    return taken
  }
}
