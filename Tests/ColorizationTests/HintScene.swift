import Colorization
import Foundation
import Imaging

/// Pictures with hints, and what tells fields apart.
enum HintScene {
  /// The grid of a picture of 4 × 4 samples per place.
  static func geometry(_ width: Int, _ height: Int) -> WorkingGeometry {
    WorkingGeometry(
      width: 4 * width, height: 4 * height, shortSide: 4 * min(width, height), stride: 32, scale: 4)
  }

  /// L* at the working size, from its values on the grid.
  static func lightness(
    _ geometry: WorkingGeometry, _ value: (_ x: Int, _ y: Int) -> Float
  ) -> FloatImage {
    FloatImage(width: geometry.workingWidth, height: geometry.workingHeight) { out in
      for y in 0..<geometry.workingHeight {
        for x in 0..<geometry.workingWidth {
          out[y * geometry.workingWidth + x] = value(x / 4, y / 4)
        }
      }
    }
  }

  static func hint(
    _ x: Int, _ y: Int, of geometry: WorkingGeometry, a: Float, b: Float = 0,
    radius: Double? = nil
  ) throws -> Hint {
    try Hint(
      points: [
        Hint.Point(
          x: (Double(x) + 0.5) / Double(geometry.gridWidth),
          y: (Double(y) + 0.5) / Double(geometry.gridHeight))
      ], color: try HintColor(a: a, b: b), radius: radius)
  }

  /// The shortest ways to all places, by Bellman and Ford in double precision.
  static func ways(from sources: [Int], light: [Double], width: Int, height: Int) -> [Double] {
    let area = width * height
    let side = 1.6 / Double(area).squareRoot()
    var far = [Double](repeating: .infinity, count: area)
    for source in sources { far[source] = 0 }
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for place in 0..<area {
        for dy in -1...1 {
          for dx in -1...1 where dx != 0 || dy != 0 {
            let (x, y) = (place % width + dx, place / width + dy)
            guard x >= 0, x < width, y >= 0, y < height else { continue }
            let other = y * width + x
            let cost =
              abs(light[place] - light[other]) / 8 + side
              * (Double(dx * dx + dy * dy)).squareRoot()
            if far[other] + cost < far[place] - 1e-12 {
              far[place] = far[other] + cost
              hasChanged = true
            }
          }
        }
      }
    }
    return far
  }

  /// Where a field is farthest from the reference, in units of what is allowed. Places for which that has no numbers
  /// don't count.
  static func difference(
    _ field: GuidanceField, _ wanted: [(a: Double, b: Double, weight: Double)]
  ) -> Double {
    var most = 0.0
    for place in 0..<field.area where wanted[place].weight.isFinite {
      let (x, y) = (place % field.width, place / field.width)
      let weight = Double(field.weight[0, x, y])
      // At the least weight there is, rounding decides whether there is any.
      let isAtTheEnd = min(weight, wanted[place].weight) == 0
      most = max(most, abs(weight - wanted[place].weight) / (isAtTheEnd ? 0.0041 : 1e-3))
      guard !isAtTheEnd else { continue }
      most = max(most, abs(Double(field.ab[0, x, y]) - wanted[place].a) / 0.05)
      most = max(most, abs(Double(field.ab[1, x, y]) - wanted[place].b) / 0.05)
    }
    return most
  }
}
