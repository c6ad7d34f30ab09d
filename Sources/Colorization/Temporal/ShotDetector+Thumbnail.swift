internal import Imaging

extension ShotDetector {
  /// Block means of a frame, with mean 0 and the contrast brought to about 1, inside a border.
  struct Thumbnail: Codable, Sendable {
    let width: Int
    let height: Int
    let sourceWidth: Int
    let sourceHeight: Int
    /// Whether there is nothing to see but noise.
    let isEmpty: Bool
    /// Whether there is nothing to see because it is dark.
    let isBlack: Bool
    /// Rows of `rowStride` values with `reach` copies of the edge on every side.
    private let values: [Float]
    private let rowStride: Int

    /// Rows of the thumbnail, about.
    private static let rows = 32
    /// Displacements tried, in thumbnail pixels, both ways; also the border.
    private static let reach = 4
    /// Side of a block that moves as one.
    private static let block = 8
    /// Contrast (standard deviation in L\*) that counts as noise.
    private static let noise: Float = 1.5
    /// A mean L\* that counts as dark.
    private static let dark: Float = 10

    init(_ lightness: FloatImage) {
      sourceWidth = lightness.width
      sourceHeight = lightness.height
      let side = max(min(sourceWidth, sourceHeight) / Self.rows, 1)
      // Whole multiples of the blocks that are compared; a little of the picture's edge is left out.
      width = max(sourceWidth / side, 1)
      height = max(sourceHeight / side, 1)
      var means = Self.blockMeans(of: lightness, side: side, width: width, height: height)

      let count = Float(means.count)
      let mean = means.reduce(0, +) / count
      let variance = means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
      let deviation = variance.squareRoot()
      isEmpty = !(deviation > Self.noise)
      isBlack = isEmpty && mean < Self.dark
      let gain = 1 / (deviation + Self.noise)
      for index in means.indices { means[index] = (means[index] - mean) * gain }

      let reach = Self.reach
      rowStride = width + 2 * reach + Self.block
      var padded = [Float](repeating: 0, count: rowStride * (height + 2 * reach + Self.block))
      for y in 0..<(height + 2 * reach) {
        let row = min(max(y - reach, 0), height - 1) * width
        for x in 0..<(width + 2 * reach) {
          padded[y * rowStride + x] = means[row + min(max(x - reach, 0), width - 1)]
        }
      }
      values = padded
    }

    func matchesSize(of other: Thumbnail) -> Bool {
      sourceWidth == other.sourceWidth && sourceHeight == other.sourceHeight
    }

    /// What is left of the contrast after each block has found its best place in `other`: 0 for the
    /// same picture (or nothing to see in both), 2 for unrelated ones that agree nowhere.
    func difference(from other: Thumbnail) -> Float {
      if isEmpty && other.isEmpty { return 0 }
      let (reach, block) = (Self.reach, Self.block)
      var rest: Float = 0
      var contrast: Float = 0
      values.withUnsafeBufferPointer { own in
        other.values.withUnsafeBufferPointer { others in
          for y in Self.starts(height) {
            for x in Self.starts(width) {
              let columns = min(block, width - x)
              let rows = min(block, height - y)
              let mask = SIMD8<Float>(0, 1, 2, 3, 4, 5, 6, 7) .< Float(columns)
              let at = (y + reach) * rowStride + x + reach
              func row(_ buffer: UnsafeBufferPointer<Float>, _ start: Int) -> SIMD8<Float> {
                UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped + start)
                  .loadUnaligned(as: SIMD8<Float>.self).replacing(with: 0, where: .!mask)
              }
              var pattern: (SIMD8<Float>, SIMD8<Float>) = (.zero, .zero)
              for i in 0..<rows {
                let (a, b) = (row(own, at + i * rowStride), row(others, at + i * rowStride))
                pattern.0 += a * a
                pattern.1 += b * b
              }
              contrast += 0.5 * (pattern.0.sum() + pattern.1.sum())
              var best = Float.infinity
              for dy in -reach...reach {
                for dx in -reach...reach {
                  var sum = SIMD8<Float>.zero
                  for i in 0..<rows {
                    let d =
                      row(own, at + i * rowStride) - row(others, at + (i + dy) * rowStride + dx)
                    sum += d * d
                  }
                  best = min(best, sum.sum())
                }
              }
              rest += best
            }
          }
        }
      }
      // Little contrast means little of a difference, too.
      return rest / max(contrast, 0.5 * Float(width * height))
    }

    private static func starts(_ length: Int) -> StrideTo<Int> {
      stride(from: 0, to: length, by: block)
    }

    private static func blockMeans(
      of image: FloatImage, side: Int, width: Int, height: Int
    ) -> [Float] {
      var means = [Float](repeating: 0, count: width * height)
      guard image.area > 0 else { return means }
      let pixels = image.channel(0)
      let scale = 1 / Float(side * side)
      var columns = [Float](repeating: 0, count: width * side)
      for y in 0..<height {
        for x in columns.indices { columns[x] = 0 }
        for row in (y * side)..<((y + 1) * side) {
          let line = pixels + row * image.width
          for x in columns.indices { columns[x] += line[x] }
        }
        for x in 0..<width {
          var sum: Float = 0
          for i in 0..<side { sum += columns[x * side + i] }
          means[y * width + x] = sum * scale
        }
      }
      withExtendedLifetime(image) {}
      return means
    }
  }
}
