package import Imaging

/// Makes the network's input tensor of small L\*: in the form that it is given, and padded to the stride at
/// the right and bottom by reflection, so that no border appears where there is none; or a tile of it.
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
    try check(lightness, geometry)
    return FloatImage(
      width: geometry.paddedWidth, height: geometry.paddedHeight, channels: form.channels
    ) { out in
      write(
        lightness, columns: (0..<geometry.paddedWidth).map { Self.reflect($0, lightness.width) },
        rows: (0..<geometry.paddedHeight).map { Self.reflect($0, lightness.height) }, to: out)
    }
  }

  /// - Throws: `ColorizationError.unexpectedSize` if `lightness` is not of the working size.
  func check(_ lightness: FloatImage, _ geometry: WorkingGeometry) throws(ColorizationError) {
    try lightness.check("the small picture", 1, geometry.workingWidth, geometry.workingHeight)
  }

  /// The samples of small L\* in these columns and rows, in the form that the network is given.
  /// - Parameter out: 1 or 3 channels × `rows` × `columns`.
  func write(
    _ lightness: FloatImage, columns: [Int], rows: [Int], to out: UnsafeMutablePointer<Float>
  ) {
    let area = columns.count * rows.count
    // The last channel holds what all are made from, and is scaled last.
    let last = out + (form.channels - 1) * area
    for (y, row) in rows.enumerated() {
      let from = lightness.channel(0) + row * lightness.width
      let to = last + y * columns.count
      for (x, column) in columns.enumerated() { to[x] = from[column] }
    }
    withExtendedLifetime(lightness) {}
    let scale: ChannelScale
    switch form {
    case .lightness(let own): scale = own
    case .gray(let own), .luma(let own):
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

  /// The place inside of 0..<n that mirrors `index` about the last sample, and back about the first.
  static func reflect(_ index: Int, _ n: Int) -> Int {
    guard n > 1 else { return 0 }
    let period = 2 * (n - 1)
    let place = index % period
    return place < n ? place : period - place
  }
}
