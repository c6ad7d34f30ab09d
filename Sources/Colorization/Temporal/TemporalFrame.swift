package import Imaging

/// A frame on its way through the `Stabilizer`: what it needs of the frame, what it finds out, and
/// whatever the caller wants to keep with it.
package struct TemporalFrame<Payload> {
  /// The small lightness image: channel 0 is L\* in 0…100.
  package var lightness: FloatImage
  /// The network's answer on the grid that covers `lightness`; merged with its neighbours' when the
  /// frame comes back.
  package var estimate: CoarseEstimate
  /// How much the frame's shot is steadied, 0…1, as `Stabilizer.stability` is; the same for all frames of a shot.
  /// nil for what the stabilizer was made with.
  package var stability: Float?
  /// Carried along, not looked at.
  package var payload: Payload
  /// Whether the frame is the first of its shot. Set by the stabilizer.
  package internal(set) var startsShot = false
  /// What a stabilizer must know to begin with this frame, if a part begins with it. Set by the stabilizer.
  package internal(set) var partState: StabilizerState?

  package init(
    lightness: FloatImage, estimate: CoarseEstimate, stability: Float? = nil, payload: Payload
  ) {
    self.lightness = lightness
    self.estimate = estimate
    self.stability = stability
    self.payload = payload
  }
}

extension TemporalFrame: Sendable where Payload: Sendable {}
