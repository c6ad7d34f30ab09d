import AutochromeKit
import Colorization
import Imaging

/// The middle square of a picture, which is scaled first.
struct CenterSquare: Sendable {
  /// In pixels, width and height.
  let side: Int
  /// R′, G′, B′, each `side` × `side` codes, 0…255, not rounded.
  let planes: [[Float]]

  /// - Parameters:
  ///   - image: the picture.
  ///   - shortSide: the length to which its short side is brought: by the means of areas where it gets shorter, by linear
  ///     interpolation where it gets longer.
  ///   - side: that of the square, at most `shortSide`.
  init(_ image: RGBImage, shortSide: Int, side: Int) {
    precondition((1...shortSide).contains(side), "a square of \(side) out of \(shortSide)")
    let short = min(image.width, image.height)
    func axis(_ length: Int) -> [Taps] {
      let scaled = max(shortSide, (length * shortSide + short / 2) / short)
      return Taps.axis(from: length, to: scaled, outputs: (scaled - side) / 2..<(scaled + side) / 2)
    }
    let (columns, rows) = (axis(image.width), axis(image.height))
    self.side = side
    planes = (0..<3).map { channel in
      // Rows that no output covers are left out.
      let covered = (rows.first?.first ?? 0)..<(rows.last?.end ?? 0)
      var narrow = [Float](repeating: 0, count: covered.count * side)
      for y in covered {
        let start = y * image.width * 3 + channel
        for (x, taps) in columns.enumerated() {
          narrow[(y - covered.lowerBound) * side + x] = taps.sum {
            Float(image.codes[start + 3 * $0])
          }
        }
      }
      var plane = [Float](repeating: 0, count: side * side)
      for (y, taps) in rows.enumerated() {
        for x in 0..<side {
          plane[y * side + x] = taps.sum { narrow[($0 - covered.lowerBound) * side + x] }
        }
      }
      return plane
    }
  }

  /// For people to look at.
  var thumbnail: Thumbnail {
    Thumbnail(
      width: side, height: side,
      rgb: planes.map { $0.map { UInt8(max(0, min(255, $0.rounded()))) } })
  }
}

/// The samples along one axis that make one output, and their weights, which add up to 1.
private struct Taps {
  let first: Int
  let weights: [Float]

  /// The sample after the last one.
  var end: Int { first + weights.count }

  func sum(_ value: (Int) -> Float) -> Float {
    var sum: Float = 0
    for (index, weight) in weights.enumerated() { sum += weight * value(first + index) }
    return sum
  }

  /// Those of some of `scaled` outputs, which together cover `length` samples.
  static func axis(from length: Int, to scaled: Int, outputs: Range<Int>) -> [Taps] {
    if scaled <= length {
      let areas = AreaAxis(from: length, to: scaled)
      return outputs.map { output in
        let start = output * areas.taps
        return Taps(
          first: Int(areas.first[output]),
          weights: Array(areas.weights[start..<start + areas.counts[output]]))
      }
    }
    return outputs.map { output in
      let place = (Double(output) + 0.5) * Double(length) / Double(scaled) - 0.5
      let inside = min(max(place, 0), Double(length - 1))
      let first = Int(inside)
      let fraction = Float(inside - Double(first))
      return Taps(first: first, weights: fraction > 0 ? [1 - fraction, fraction] : [1])
    }
  }
}
