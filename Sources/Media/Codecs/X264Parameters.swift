/// What x264 is told beside the user's wishes: threads and look-ahead.
package enum X264Parameters {
  /// How many frames are encoded at once, on any machine and with any `--threads`: each number gives
  /// other bytes, since what a frame may refer to depends on how far its neighbors are done. Four keep
  /// two cores as busy as more do, and each takes 27 MB at 1080p in 10 bits.
  static let threads = 4

  /// What all frames of the look-ahead may take together, in bytes. x264 keeps what it looks at, in 10
  /// bits about three times a frame's luma, and its slower presets look at 40 frames and more: 2 GB at
  /// 2160p.
  static let budget = 74_000_000

  /// Frames that the presets with a look-ahead look at (x264 0.164, `--fullhelp`).
  private static let presets = [
    "veryfast": 10, "faster": 20, "fast": 30, "medium": 40, "slow": 50, "slower": 60,
    "veryslow": 60, "placebo": 60,
  ]

  /// The parameters for `x264-params`. The look-ahead is kept within the budget, but not below five
  /// frames. Beyond 1440p x264's own thread for it, which is three frames further ahead, is done
  /// without; below, that thread saves a tenth of the time.
  package static func text(preset: String?, width: Int, height: Int) -> String {
    let threads = "threads=\(threads)"
    guard let usual = presets[preset ?? "medium"] else { return threads }
    let pixels = width * height
    let frames = min(usual, max(5, budget / max(6 * pixels, 1)))
    return threads + ":rc-lookahead=\(frames)"
      + (pixels > 2560 * 1440 ? ":sync-lookahead=0" : "")
  }
}
