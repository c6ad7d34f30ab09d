package import Imaging

/// The sizes that a picture passes through on its way to the network and back.
///
///     source ─ reduced ─ working ─ padded at the right and bottom ─ padded ─ network ─ padded grid
///                                                                     grid (the valid part) ─┘
///
/// - The *working* size is what the network looks at: the short side of the displayed picture is
///   brought to `shortSide`, the aspect kept, both sides rounded to multiples of `scale`, so that
///   grid cells do not straddle the border. A picture smaller than that is not enlarged, except to
///   the next multiple of `scale`.
/// - The *padded* size is the next multiple of the network's stride.
/// - The *grid* is what the network answers on: one position for `scale` × `scale` working pixels.
/// For a network that takes but one size, that is the working size and the padded one: pictures of any
/// aspect are stretched to it, as those who publish such networks do.
package struct WorkingGeometry: Sendable, Hashable {
  /// The only size that a network takes, in samples.
  package struct FixedSize: Sendable, Hashable {
    package let width: Int
    package let height: Int

    package init(width: Int, height: Int) {
      self.width = width
      self.height = height
    }
  }

  package let sourceWidth: Int
  package let sourceHeight: Int
  package let workingWidth: Int
  package let workingHeight: Int
  package let paddedWidth: Int
  package let paddedHeight: Int
  /// Positions per row of the grid that lie inside the working size.
  package let gridWidth: Int
  /// Rows of the grid that lie inside the working size.
  package let gridHeight: Int
  /// Positions per row of the network's answer, padding included.
  package let paddedGridWidth: Int
  /// Rows of the network's answer, padding included.
  package let paddedGridHeight: Int
  /// Input size ÷ output size of the network.
  package let scale: Int

  /// - Parameters:
  ///   - width: Luma width of the picture, in samples.
  ///   - height: Luma height of the picture, in rows.
  ///   - shortSide: Wanted length of the working size's short side.
  ///   - stride: What the network's input sizes are multiples of.
  ///   - scale: Input size ÷ output size of the network.
  ///   - sampleAspectRatio: Width ÷ height of one sample; the network was trained on square ones.
  ///     Values outside of 1/8…8, and unknown ones, count as 1.
  ///   - fixedSize: The only size that the network takes, a multiple of `scale`; nil for any.
  package init(
    width: Int, height: Int, shortSide: Int, stride: Int, scale: Int,
    sampleAspectRatio: Rational = Rational(1, 1), fixedSize: FixedSize? = nil
  ) {
    let (width, height) = (max(width, 1), max(height, 1))
    let (stride, scale) = (max(stride, 1), max(scale, 1))
    let ratio = sampleAspectRatio.value
    let aspect = (0.125...8).contains(ratio) ? ratio : 1
    // Keep the side on which the samples are denser, shrink the other: nothing is enlarged.
    let displayWidth = Double(width) * min(aspect, 1)
    let displayHeight = Double(height) / max(aspect, 1)
    let factor = min(1, Double(max(shortSide, scale)) / min(displayWidth, displayHeight))

    func working(_ size: Double) -> Int {
      let cells = size * factor / Double(scale)
      // Without reduction, round up: the next multiple; with it, to the nearest.
      let rounded = factor < 1 ? cells.rounded() : cells.rounded(.up)
      return max(1, Int(rounded)) * scale
    }
    let multiple = leastCommonMultiple(stride, scale)
    func padded(_ size: Int) -> Int { (size + multiple - 1) / multiple * multiple }

    sourceWidth = width
    sourceHeight = height
    workingWidth = fixedSize?.width ?? working(displayWidth)
    workingHeight = fixedSize?.height ?? working(displayHeight)
    paddedWidth = fixedSize?.width ?? padded(workingWidth)
    paddedHeight = fixedSize?.height ?? padded(workingHeight)
    gridWidth = workingWidth / scale
    gridHeight = workingHeight / scale
    paddedGridWidth = paddedWidth / scale
    paddedGridHeight = paddedHeight / scale
    self.scale = scale
  }
}

/// The least number above 0 that is a multiple of two numbers above 0.
func leastCommonMultiple(_ a: Int, _ b: Int) -> Int {
  var (divisor, rest) = (a, b)
  while rest > 0 { (divisor, rest) = (rest, divisor % rest) }
  return a / divisor * b
}
