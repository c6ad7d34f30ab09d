import CKernels
package import Imaging

/// Local linear models of a and b over luma, on a grid that covers the picture: a = Aₐ·Y′ + Bₐ, b
/// likewise, bilinear between the grid's points.
package struct ChromaModels: Sendable {
  package let width: Int
  package let height: Int
  /// `height` × `width` × 4, pixel-interleaved: Aₐ, Bₐ, A_b, B_b.
  let values: FloatImage

  /// Plain bilinear interpolation of a and b, 2 × height × width, without regard to luma.
  package static func bilinear(_ ab: FloatImage) -> ChromaModels {
    let (a, b) = (ab.channel(0), ab.channel(1))
    let values = FloatImage(width: 4 * ab.width, height: ab.height) { out in
      for position in 0..<ab.area {
        out[4 * position] = 0
        out[4 * position + 1] = a[position]
        out[4 * position + 2] = 0
        out[4 * position + 3] = b[position]
      }
      withExtendedLifetime(ab) {}
    }
    return ChromaModels(width: ab.width, height: ab.height, values: values)
  }
}

extension ChromaModels {
  /// Up to the first distance from a hint's stroke, in points of the grid, its color holds, whatever the luma;
  /// from the second on nothing is changed. The first covers all four points around a place.
  private static let pinReach: (whole: Double, end: Double) = (1.5, 3)

  /// The models with the colors of hints where they were given, exactly: what is fitted to a window rounds
  /// them.
  func pinned(to hints: [Hint]) -> ChromaModels {
    guard !hints.isEmpty else { return self }
    let old = values.channel(0)
    let (whole, end) = Self.pinReach
    let pinned = FloatImage(width: 4 * width, height: height) { out in
      out.update(from: old, count: values.area)
      for hint in hints {
        let points = hint.points.map {
          SIMD2($0.x * Double(width) - 0.5, $0.y * Double(height) - 0.5)
        }
        let (left, right) = (points.map(\.x).min() ?? 0, points.map(\.x).max() ?? 0)
        let (top, bottom) = (points.map(\.y).min() ?? 0, points.map(\.y).max() ?? 0)
        let columns =
          max(0, Int((left - end).rounded(.up)))..<max(0, min(width, Int(right + end) + 1))
        let rows =
          max(0, Int((top - end).rounded(.up)))..<max(0, min(height, Int(bottom + end) + 1))
        for y in rows {
          for x in columns {
            let distance = hint.squaredDistance(
              x: Double(x) + 0.5, y: Double(y) + 0.5, width: width, height: height
            ).squareRoot()
            guard distance < end else { continue }
            let share = Float(min((end - distance) / (end - whole), 1))
            let model = out + 4 * (y * width + x)
            for (index, wanted) in [0, hint.color.a, 0, hint.color.b].enumerated() {
              model[index] += share * (wanted - model[index])
            }
          }
        }
      }
      withExtendedLifetime(values) {}
    }
    return ChromaModels(width: width, height: height, values: pinned)
  }
}

/// Upsamples coarse a and b along the edges of the luma: the fast guided filter (He and Sun 2015,
/// arXiv:1505.00996; He, Sun, Tang 2013). Coarse ab are brought to the working size bilinearly, the
/// local linear models are fitted there under small luma as guide, and applied to luma at full size by
/// the `Recombiner`.
package struct GuidedUpsampler: Sendable {
  /// Half the window's side, as a part of the working size's short side, so that it scales with the
  /// picture.
  package let radius: Double
  /// What a window's variance of Y′ (0…1, squared) must exceed to count as an edge.
  package let epsilon: Float

  package init(radius: Double = 1.0 / 48, epsilon: Double = 1e-3) {
    self.radius = radius
    self.epsilon = Float(epsilon)
  }

  /// Fits the models.
  ///
  /// - Parameters:
  ///   - ab: a and b on the network's grid, 2 × height × width.
  ///   - lightness: L\* (0…100) at the working size, as `LightnessReducer` gives it.
  ///   - curve: The reducer's: the guide is the luma that the small L\* came from.
  package func models(
    ab: FloatImage, lightness: FloatImage, curve: LightnessCurve
  ) -> ChromaModels {
    let (width, height) = (lightness.width, lightness.height)
    let area = width * height
    let window = max(1, Int((radius * Double(min(width, height))).rounded()))
    let scratchCount = ac_guided_scratch(Int32(width), Int32(height))
    let count = 3 * area + scratchCount + ab.width + 1
    let buffer = AlignedBuffer(byteCount: count * MemoryLayout<Float>.stride)
    let guide = buffer.base.bindMemory(to: Float.self, capacity: count)
    let (a, b) = (guide + area, guide + 2 * area)
    let scratch = guide + 3 * area

    let small = lightness.channel(0)
    for index in 0..<area { guide[index] = small[index] * 0.01 }
    curve.luma(ofHundredthLightness: guide, count: area, into: guide)
    Self.enlarge(ab, channel: 0, width: width, height: height, row: scratch + scratchCount, to: a)
    Self.enlarge(ab, channel: 1, width: width, height: height, row: scratch + scratchCount, to: b)
    withExtendedLifetime(lightness) {}
    let values = FloatImage(width: 4 * width, height: height) { out in
      ac_guided_coefficients(
        guide, a, b, Int32(width), Int32(height), Int32(window), epsilon, out, scratch)
    }
    return ChromaModels(width: width, height: height, values: values)
  }

  /// Bilinear enlargement of one channel; `row` holds one input row and a sample more.
  private static func enlarge(
    _ image: FloatImage, channel: Int, width: Int, height: Int, row: UnsafeMutablePointer<Float>,
    to out: UnsafeMutablePointer<Float>
  ) {
    let columns = LinearAxis(input: image.width, output: width)
    let rows = LinearAxis(input: image.height, output: height)
    let source = image.channel(channel)
    for y in 0..<height {
      let upper = Int(rows.index[y])
      let lower = min(upper + 1, image.height - 1)
      ac_lerp_rows(
        source + upper * image.width, source + lower * image.width, rows.fraction[y], 1, row,
        Int32(image.width))
      row[image.width] = row[image.width - 1]
      ac_lerp_columns(row, columns.index, columns.fraction, out + y * width, Int32(width))
    }
    withExtendedLifetime(image) {}
  }
}
