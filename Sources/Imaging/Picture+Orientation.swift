/// How the rows and columns of a stored picture lie in the scene (TIFF 6.0 and EXIF, tag 274).
package enum PictureOrientation: Int, Hashable, Sendable {
  /// As it is shown.
  case upright = 1
  case mirrored = 2
  case upsideDown = 3
  case upsideDownMirrored = 4
  /// Rows are columns.
  case transposed = 5
  /// To be turned clockwise by a quarter.
  case turnedLeft = 6
  case transposedUpsideDown = 7
  /// To be turned counterclockwise by a quarter.
  case turnedRight = 8

  /// Whether rows become columns on the way to the upright picture.
  package var swapsSides: Bool { rawValue >= 5 }
}

extension Picture {
  /// The upright picture of one that is stored as `orientation` tells. Samples change their places,
  /// never their values.
  package func upright(from orientation: PictureOrientation) -> Picture {
    guard orientation != .upright else { return self }
    var format = format
    var color = color
    if orientation.swapsSides {
      (format.chromaShiftX, format.chromaShiftY) = (format.chromaShiftY, format.chromaShiftX)
      switch color.chromaLocation {
      case .left: color.chromaLocation = .top
      case .top: color.chromaLocation = .left
      default: break
      }
    }
    return Picture(
      width: orientation.swapsSides ? height : width,
      height: orientation.swapsSides ? width : height, format: format, color: color,
      planes: planes.map { $0.upright(from: orientation) })
  }
}

extension Plane {
  fileprivate func upright(from orientation: PictureOrientation) -> Plane {
    bytesPerSample == 1
      ? upright(from: orientation, of: UInt8.self) : upright(from: orientation, of: UInt16.self)
  }

  private func upright<Sample>(
    from orientation: PictureOrientation, of type: Sample.Type
  ) -> Plane {
    let (lastX, lastY) = (width - 1, height - 1)
    let swaps = orientation.swapsSides
    // Where the first sample of the upright plane lies, and which way its rows and columns run.
    let start: (x: Int, y: Int)
    switch orientation {
    case .upright, .transposed: start = (0, 0)
    case .mirrored, .turnedRight: start = (lastX, 0)
    case .upsideDown, .transposedUpsideDown: start = (lastX, lastY)
    case .upsideDownMirrored, .turnedLeft: start = (0, lastY)
    }
    let (stepX, stepY) = (start.x == 0 ? 1 : -1, start.y == 0 ? 1 : -1)
    let size = MemoryLayout<Sample>.stride
    let alongRow = swaps ? stepY * bytesPerRow : stepX * size
    let alongColumn = swaps ? stepX * size : stepY * bytesPerRow
    let first = base + start.y * bytesPerRow + start.x * size
    let (newWidth, newHeight) = swaps ? (height, width) : (width, height)
    return Plane(width: newWidth, height: newHeight, bitDepth: bitDepth) { target, stride in
      for y in 0..<newHeight {
        let source = first + y * alongColumn
        let row = (target + y * stride).assumingMemoryBound(to: Sample.self)
        for x in 0..<newWidth {
          row[x] = source.load(fromByteOffset: x * alongRow, as: Sample.self)
        }
      }
    }
  }
}
