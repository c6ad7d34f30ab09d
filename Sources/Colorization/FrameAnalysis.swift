public import Imaging

/// What is found out about a frame before its neighbours are looked at.
public struct FrameAnalysis: Sendable {
  /// The part of the frame that is the picture.
  public var area: PictureArea
  /// The sizes that this part passes through.
  public var geometry: WorkingGeometry
  /// L\*, 0…100, at the working size.
  public var lightness: FloatImage
  /// What the network says of the colors, on the coarse grid; blank as long as it has not seen the frame.
  public var estimate: CoarseEstimate

  /// Wraps its parts.
  public init(
    area: PictureArea, geometry: WorkingGeometry, lightness: FloatImage, estimate: CoarseEstimate
  ) {
    self.area = area
    self.geometry = geometry
    self.lightness = lightness
    self.estimate = estimate
  }
}
