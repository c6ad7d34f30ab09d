/// The decoding times of a film whose encoder begins anew with each segment. An encoder that brings frames
/// into another order begins with decoding times before its first frame is shown; in the middle of a film
/// that would be before frames that were decoded already. In the segments after the first, every packet takes
/// the time at which a frame is shown, as many frames back as the order is changed by: what one encoder would
/// have given for the whole film.
struct DecodingTimes {
  /// When the film's first frame is shown; `nil` before it.
  private var first: Int64?
  /// When the frames are shown whose times no packet has taken yet, rising. Packets with times before the
  /// first frame take none, so that as many are left over as the order is changed by.
  private var shown: [Int64] = []
  private var isFirstSegment = true

  /// Takes note of a frame that goes into the encoder.
  mutating func show(_ time: Int64) {
    first = first ?? time
    shown.append(time)
  }

  /// The time of the next packet, of which the encoder says `own`.
  mutating func next(_ own: Int64) -> Int64 {
    if isFirstSegment, let first, own < first { return own }
    guard !shown.isEmpty else { return own }
    let time = shown.removeFirst()
    return isFirstSegment ? own : time
  }

  mutating func beginSegment() { isFirstSegment = false }
}
