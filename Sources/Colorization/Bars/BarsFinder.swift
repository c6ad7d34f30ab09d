package import Imaging

/// Finds black bars in a single frame: at the sides, above and below, and in the corners that a film gate
/// rounds off.
///
/// A bar is as dark as the darkest side of the frame and flat, ends in a straight and sharp edge, most of
/// which has something to see beyond it, and has a counterpart across, unless it is as narrow as what
/// captures leave at one side. What is not sure of all that is none: a night scene, titles on black, a dark
/// door.
package struct BarsFinder: Sendable {
  /// What one frame tells.
  package struct Finding: Sendable {
    /// The picture: the whole frame where no bar is sure.
    package let area: PictureArea
    /// Whether enough of the frame is bright to see bars, if there were any.
    package let hasContent: Bool
    /// The brightest code of R′, G′, B′ or luma that passes for dark in bars.
    package let limit: Int
  }

  /// Places where a rectangle may begin and end: multiples of these.
  private let stepX: Int
  private let stepY: Int

  /// Bars are at least this part of the frame's side, and 4 samples.
  private static let leastPart = 128
  /// A bar without a counterpart is at most this part of the frame's side.
  private static let narrowPart = 24
  /// What is left in width, and in height.
  private static let leastWidth = 0.3
  private static let leastHeight = 0.4
  /// How much of an edge must show something beyond it; of one without a clear counterpart more.
  private static let edgeShare = 0.6
  private static let clearEdgeShare = 0.8

  /// - Parameters:
  ///   - format: Of the output: rectangles begin and end with its chroma samples.
  ///   - isInterlaced: Whether they must begin with a row of the first field.
  package init(format: PixelFormat, isInterlaced: Bool = false) {
    stepX = 1 << format.chromaShiftX
    stepY = (1 << format.chromaShiftY) * (isInterlaced ? 2 : 1)
  }

  /// Examines a frame: each row and each column at up to 128 places.
  package func find(in picture: Picture) -> Finding {
    let samples = BlackSamples(picture)
    let whole = PictureArea(wholeOfWidth: picture.width, height: picture.height)
    guard min(picture.width, picture.height) >= 16, let black = Black(samples) else {
      return Finding(area: whole, hasContent: true, limit: 0)
    }
    let lines = DarkLines(samples, black: black)
    let hasContent = lines.brightShare > 0.05
    func result(_ area: PictureArea) -> Finding {
      Finding(area: area, hasContent: hasContent, limit: black.litLimit)
    }
    // Blacker than the bars: then these are no bars.
    guard lines.darkerShare < 0.02 else { return result(whole) }
    let dark = lines.depths
    let (inner, outer) = (
      (
        width: picture.width - dark.left - dark.right,
        height: picture.height - dark.top - dark.bottom
      ),
      (width: picture.width, height: picture.height)
    )
    guard Double(inner.width) >= Self.leastWidth * Double(outer.width),
      Double(inner.height) >= Self.leastHeight * Double(outer.height)
    else { return result(whole) }
    let (columns, rows) = (
      dark.left..<picture.width - dark.right, dark.top..<picture.height - dark.bottom
    )
    func edge(_ side: FrameSide, _ depth: Int) -> Edge {
      let length = side == .left || side == .right ? rows : columns
      return Edge(
        depth: depth,
        litShare: Self.litShare(
          of: side, at: depth, along: length, samples: samples, limit: black.litLimit))
    }
    let (left, right) = Self.bars(
      edge(.left, dark.left), edge(.right, dark.right), length: picture.width)
    let (top, bottom) = Self.bars(
      edge(.top, dark.top), edge(.bottom, dark.bottom), length: picture.height)
    return result(
      aligned(left: left, top: top, right: right, bottom: bottom, samples: samples, black: black))
  }

  /// Whether there is something to see where `area` has bars. In bars above and below the picture subtitles
  /// may stand.
  /// - Parameter limit: What passes for dark.
  package func contradictsBars(_ area: PictureArea, limit: Int, in picture: Picture) -> Bool {
    let samples = BlackSamples(picture)
    let columns = area.left..<area.left + area.width
    let rows = area.top..<area.top + area.height
    for (side, depth, along, most) in [
      (FrameSide.left, area.left, rows, 1.0 / 16), (.right, area.right, rows, 1.0 / 16),
      (.top, area.top, columns, 1.0 / 4), (.bottom, area.bottom, columns, 1.0 / 4),
    ] where depth > 0 {
      // Not where the edge is soft, or the rectangle was made smaller.
      let margin = max(2, stepX, stepY)
      for place in Set([depth / 2, max(depth / 2, depth - 1 - margin)]) {
        let places = spread(DarkLines.samples, over: along)
        let lit = places.count { side.code(samples, depth: place, along: $0) > limit }
        if Double(lit) > most * Double(places.count) { return true }
      }
    }
    return false
  }

  /// Whether there is something to see where `area` has black corners.
  /// - Parameter limit: What passes for dark.
  package func contradictsCorners(_ area: PictureArea, limit: Int, in picture: Picture) -> Bool {
    !area.corners.isEmpty && Corners.contradict(area, limit: limit, in: BlackSamples(picture))
  }

  /// Whether the rectangle of `area` begins and ends with chroma samples of the output, as those that are found
  /// do; it may stem from a frame of another format.
  package func fits(_ area: PictureArea) -> Bool {
    area.left % stepX == 0 && area.top % stepY == 0
      && (area.right == 0 || area.width % stepX == 0)
      && (area.bottom == 0 || area.height % stepY == 0)
  }

  /// How deep a side is dark, and how much of what comes then is lit.
  private struct Edge {
    let depth: Int
    let litShare: Double
  }

  /// How much of an edge has light next to it; the ends are left out, which may be rounded.
  private static func litShare(
    of side: FrameSide, at depth: Int, along range: Range<Int>, samples: BlackSamples, limit: Int
  ) -> Double {
    let margin = range.count / 10
    let places = spread(96, over: range.lowerBound + margin..<range.upperBound - margin)
    let softness = max(3, side.depth(of: samples) / 160)
    let reach = depth...min(depth + softness, side.depth(of: samples) - 1)
    let lit = places.count { along in
      reach.contains { side.code(samples, depth: $0, along: along) > limit }
    }
    return Double(lit) / Double(max(places.count, 1))
  }

  /// The bars at two opposite sides, `length` apart.
  private static func bars(_ one: Edge, _ other: Edge, length: Int) -> (Int, Int) {
    let least = max(4, length / leastPart)
    let (a, b) = (one.depth, other.depth)
    if a >= least, b >= least {
      let (nearer, farther) = a <= b ? (one, other) : (other, one)
      let areAlike = 4 * farther.depth <= 5 * nearer.depth + 4 * least
      if areAlike, min(one.litShare, other.litShare) >= edgeShare { return (a, b) }
      // Beyond one of them the picture may be dark: bars lie in the middle.
      return nearer.litShare >= clearEdgeShare ? (nearer.depth, nearer.depth) : (0, 0)
    }
    func narrow(_ edge: Edge) -> Int {
      edge.depth >= least && edge.depth <= length / narrowPart && edge.litShare >= clearEdgeShare
        ? edge.depth : 0
    }
    return (narrow(one), narrow(other))
  }

  /// The area between bars, made smaller to begin and end with chroma samples.
  private func aligned(
    left: Int, top: Int, right: Int, bottom: Int, samples: BlackSamples, black: Black
  ) -> PictureArea {
    func up(_ place: Int, _ step: Int) -> Int { (place + step - 1) / step * step }
    func end(_ bar: Int, _ length: Int, _ step: Int) -> Int {
      bar == 0 ? length : (length - bar) / step * step
    }
    let (x, y) = (up(left, stepX), up(top, stepY))
    let (endX, endY) = (end(right, samples.width, stepX), end(bottom, samples.height, stepY))
    return PictureArea(
      frameWidth: samples.width, frameHeight: samples.height, left: x, top: y, width: endX - x,
      height: endY - y,
      corners: Corners.find(in: samples, columns: x..<endX, rows: y..<endY, black: black))
  }
}
