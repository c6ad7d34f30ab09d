import Imaging

/// The part of a frame that shows the picture: a rectangle, less the corners that a film gate rounds off.
/// All around lie black bars. Positions are in luma samples.
package struct PictureArea: Hashable, Sendable, Codable, CustomStringConvertible {
  /// Of the frame.
  package let frameWidth: Int
  /// Of the frame.
  package let frameHeight: Int
  /// Columns of the bar on the left.
  package let left: Int
  /// Rows of the bar at the top.
  package let top: Int
  /// Of the rectangle.
  package let width: Int
  /// Of the rectangle.
  package let height: Int
  /// Black corners of the rectangle: top left, top right, bottom left, bottom right; empty if there are none.
  /// Of each the columns that are black, from the side inward, in each row from the upper or lower edge on,
  /// none longer than the one before.
  package let corners: [[Int]]

  /// - Precondition: the rectangle lies in the frame, and there are no corners or four.
  package init(
    frameWidth: Int, frameHeight: Int, left: Int, top: Int, width: Int, height: Int,
    corners: [[Int]] = []
  ) {
    precondition(
      left >= 0 && top >= 0 && width > 0 && height > 0 && left + width <= frameWidth
        && top + height <= frameHeight && [0, 4].contains(corners.count),
      "\(width)×\(height) at \(left),\(top) is no part of \(frameWidth)×\(frameHeight)")
    self.frameWidth = frameWidth
    self.frameHeight = frameHeight
    self.left = left
    self.top = top
    self.width = width
    self.height = height
    self.corners = corners
  }

  /// All of a frame.
  package init(wholeOfWidth width: Int, height: Int) {
    self.init(
      frameWidth: width, frameHeight: height, left: 0, top: 0, width: width, height: height)
  }

  /// Columns of the bar on the right.
  package var right: Int { frameWidth - left - width }
  /// Rows of the bar at the bottom.
  package var bottom: Int { frameHeight - top - height }
  /// Whether the picture has the frame's size.
  package var fillsFrame: Bool { width == frameWidth && height == frameHeight }
  /// Whether there is nothing around the picture.
  package var isWhole: Bool { fillsFrame && corners.isEmpty }

  /// Whether both have one rectangle, whatever their corners.
  package func hasRectangle(of other: PictureArea) -> Bool {
    (frameWidth, frameHeight, left, top, width, height)
      == (
        other.frameWidth, other.frameHeight, other.left, other.top, other.width, other.height
      )
  }

  /// For people, such as `picture 960×720 at 160,0 of 1280×720`.
  package var description: String {
    "picture \(width)×\(height) at \(left),\(top) of \(frameWidth)×\(frameHeight)"
      + (corners.isEmpty ? "" : ", rounded")
  }

  /// A position in parts of the frame's width and height, in parts of the rectangle's; outside of 0…1 where it
  /// lies in the bars.
  func part(ofFrame position: SIMD2<Double>) -> SIMD2<Double> {
    let frame = SIMD2(Double(frameWidth), Double(frameHeight))
    return (position * frame - SIMD2(Double(left), Double(top)))
      / SIMD2(Double(width), Double(height))
  }

  /// How many columns at the left and at the right of the rectangle belong to black corners, in the worst of
  /// `rows`, which count from its top; rows outside of it count as the nearest inside.
  package func blackColumns(rows: ClosedRange<Int>) -> (left: Int, right: Int) {
    guard !corners.isEmpty else { return (0, 0) }
    // Corners get longer outward.
    let upper = min(max(rows.lowerBound, 0), height - 1)
    let lower = height - 1 - min(max(rows.upperBound, 0), height - 1)
    func columns(_ corner: Int, _ row: Int) -> Int {
      row < corners[corner].count ? corners[corner][row] : 0
    }
    return (max(columns(0, upper), columns(2, lower)), max(columns(1, upper), columns(3, lower)))
  }
}

extension Plane {
  /// A part of the plane, in the same memory.
  ///
  /// - Precondition: the plane has the area's frame size.
  func cropped(to area: PictureArea) -> Plane {
    precondition(
      width == area.frameWidth && height == area.frameHeight,
      "\(area) is no part of \(width)×\(height)")
    return Plane(
      base: base + area.top * bytesPerRow + area.left * bytesPerSample, width: area.width,
      height: area.height, bytesPerRow: bytesPerRow, bitDepth: bitDepth, owner: owner)
  }
}
