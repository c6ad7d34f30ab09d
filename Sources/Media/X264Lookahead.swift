/// How far x264 looks ahead of the frame it writes. It keeps what it looks at, in 10 bits about three
/// times a frame's luma, and its slower presets look at 40 frames and more: 2 GB at 2160p.
public enum X264Lookahead {
  /// What all frames of the look-ahead may take together, in bytes.
  static let budget = 74_000_000

  /// Frames that the presets with a look-ahead look at (x264 0.164, `--fullhelp`).
  private static let presets = [
    "veryfast": 10, "faster": 20, "fast": 30, "medium": 40, "slow": 50, "slower": 60,
    "veryslow": 60, "placebo": 60,
  ]

  /// The parameters that keep it within the budget, for `x264-params`; nil where the preset does not
  /// look ahead. No fewer than five frames. Beyond 1440p x264's own thread for it, which is three frames
  /// further ahead, is done without; below, that thread saves a tenth of the time.
  public static func parameters(preset: String?, width: Int, height: Int) -> String? {
    guard let usual = presets[preset ?? "medium"] else { return nil }
    let pixels = width * height
    let frames = min(usual, max(5, budget / max(6 * pixels, 1)))
    return "rc-lookahead=\(frames)" + (pixels > 2560 * 1440 ? ":sync-lookahead=0" : "")
  }
}
