package import Imaging

/// Makes the network's input tensor of small L\*: in the form that it is given, and padded to the stride at
/// the right and bottom by reflection, so that no border appears where there is none.
package struct NetworkInput: Sendable {
  /// What the network is given.
  package let form: ColorNetworkDescription.Input
  /// From L\* to the gray of sRGB.
  private static let gray = LightnessCurve(.sRGB)

  /// For networks that are given `form`.
  package init(_ form: ColorNetworkDescription.Input) { self.form = form }

  /// 1 or 3 channels × `paddedHeight` × `paddedWidth`.
  ///
  /// - Throws: `ColorizationError.unexpectedSize` if `lightness` is not of the working size.
  package func tensorValues(
    lightness: FloatImage, geometry: WorkingGeometry
  ) throws -> FloatImage {
    let (width, height) = (geometry.workingWidth, geometry.workingHeight)
    guard lightness.width == width, lightness.height == height else {
      throw ColorizationError.unexpectedSize(
        what: "the small picture", expected: "\(width)×\(height)",
        actual: "\(lightness.width)×\(lightness.height)")
    }
    let (paddedWidth, paddedHeight) = (geometry.paddedWidth, geometry.paddedHeight)
    let area = paddedWidth * paddedHeight
    let source = lightness.channel(0)
    return FloatImage(width: paddedWidth, height: paddedHeight, channels: form.channels) { out in
      // The last channel holds what all are made from, and is scaled last.
      let last = out + (form.channels - 1) * area
      for y in 0..<paddedHeight {
        let from = source + Self.reflect(y, height) * width
        let to = last + y * paddedWidth
        to.update(from: from, count: width)
        for x in width..<paddedWidth { to[x] = from[Self.reflect(x, width)] }
      }
      withExtendedLifetime(lightness) {}
      let scale: ChannelScale
      switch form {
      case .lightness(let own): scale = own
      case .gray(let own):
        scale = own
        for index in 0..<area { last[index] *= 0.01 }
        Self.gray.luma(ofHundredthLightness: last, count: area, into: last)
      }
      for channel in 0..<form.channels {
        let to = out + channel * area
        let (offset, divisor) = (scale.offsets[channel], scale.scales[channel])
        for index in 0..<area { to[index] = (last[index] - offset) / divisor }
      }
    }
  }

  /// The place inside of 0..<n that mirrors `index` about the last sample, and back about the first.
  static func reflect(_ index: Int, _ n: Int) -> Int {
    guard n > 1 else { return 0 }
    let period = 2 * (n - 1)
    let place = index % period
    return place < n ? place : period - place
  }
}
