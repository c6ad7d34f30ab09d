extension Picture {
  /// A smaller version for people to look at: each sample is the mean of `factor` × `factor` samples. Columns and rows
  /// that are left over at the right and at the bottom are left out.
  /// - Precondition: the picture is at least `factor` chroma samples wide and high.
  package func reduced(by factor: Int) -> Picture {
    guard factor > 1 else { return self }
    let (stepX, stepY) = (1 << format.chromaShiftX, 1 << format.chromaShiftY)
    let width = width / (factor * stepX) * stepX
    let height = height / (factor * stepY) * stepY
    precondition(width > 0 && height > 0, "\(self.width)×\(self.height) can't be a \(factor)th")
    let planes = planes.enumerated().map { index, plane in
      let size = format.planeSize(index, width: width, height: height)
      return plane.bitDepth > 8
        ? plane.reduced(by: factor, width: size.0, height: size.1, UInt16.self)
        : plane.reduced(by: factor, width: size.0, height: size.1, UInt8.self)
    }
    return Picture(width: width, height: height, format: format, color: color, planes: planes)
  }
}

extension Plane {
  fileprivate func reduced<Sample: FixedWidthInteger & UnsignedInteger>(
    by factor: Int, width: Int, height: Int, _ type: Sample.Type
  ) -> Plane {
    Plane(width: width, height: height, bitDepth: bitDepth) { target, targetBytes in
      let half = UInt32(factor * factor / 2)
      let count = UInt32(factor * factor)
      // Columns are summed first, which goes through the memory row by row.
      withUnsafeTemporaryAllocation(of: UInt32.self, capacity: width * factor) { sums in
        for y in 0..<height {
          for row in 0..<factor {
            let samples = (base + (y * factor + row) * bytesPerRow).assumingMemoryBound(to: type)
            for x in 0..<width * factor {
              sums[x] = (row == 0 ? 0 : sums[x]) &+ UInt32(truncatingIfNeeded: samples[x])
            }
          }
          let result = (target + y * targetBytes).assumingMemoryBound(to: type)
          if factor == 2 {
            // As below, in a form that becomes vector code.
            for x in 0..<width {
              result[x] = Sample(truncatingIfNeeded: (sums[2 &* x] &+ sums[2 &* x &+ 1] &+ 2) >> 2)
            }
            continue
          }
          for x in 0..<width {
            var sum: UInt32 = 0
            for column in 0..<factor { sum &+= sums[x &* factor &+ column] }
            result[x] = Sample(truncatingIfNeeded: (sum &+ half) / count)
          }
        }
      }
    }
  }
}
