import CKernels
import Foundation
import Imaging

/// Pairs of each place of a frame and each of its hints, as numbers that `HintReach` scores.
struct HintPairs {
  /// Places of a stroke that stand for it, at most.
  private static let mostSamples = 8
  /// Places that are scored together: their products and numbers stay in the cache.
  private static let block = 1024
  // What the numbers are divided by; the training does the same.
  private static let colorUnit: Float = 20
  private static let lightnessUnit: Float = 20
  private static let pathUnit: Float = 7
  private static let likenessUnit: Float = 0.49
  private static let doubtUnit: Float = 3

  private let colors: [SIMD2<Float>]
  /// Of each hint, the places that stand for it.
  private let samples: [[Int]]
  private let paths: FloatImage
  private let lightness: FloatImage
  private let signature: FloatImage
  /// The network's own colors, at a temperature of 2/3.
  private let own: FloatImage

  /// - Parameters:
  ///   - places: of each hint, on the grid.
  ///   - paths: geodesic distances, hints × height × width.
  ///   - lightness: L\* of the grid.
  ///   - signature: `ColorSignature` of the grid.
  init(
    _ hints: [Hint], _ places: [[Int]], paths: FloatImage, lightness: FloatImage,
    signature: FloatImage
  ) {
    colors = hints.map { SIMD2($0.color.a, $0.color.b) }
    samples = places.map { places in
      let count = min(places.count, Self.mostSamples)
      return (0..<count).map { places[(2 * $0 + 1) * places.count / (2 * count)] }
    }
    (self.paths, self.lightness, self.signature) = (paths, lightness, signature)
    own = ColorSignature.meanColors(signature)
  }

  /// The score of the network's own color at each place.
  func ownScores(by reach: HintReach) -> [Float] {
    ColorSignature.collisionEntropies(signature).map { reach.ownScore(doubt: $0 / Self.doubtUnit) }
  }

  /// The scores of all pairs, hints × (height × width).
  func scores(by reach: HintReach) -> FloatImage {
    let (area, channels) = (signature.area, signature.channels)
    let planes = signature.channel(0)
    let sampled = samples.flatMap { $0 }
    let vectors = sampled.flatMap { place in (0..<channels).map { planes[$0 * area + place] } }
    return FloatImage(width: signature.width, height: signature.height, channels: samples.count) {
      out in
      let scratch = FloatImage(
        width: Self.block, height: 1, channels: sampled.count + HintReach.numbers
      ) { products in
        let numbers = products + sampled.count * Self.block
        for start in stride(from: 0, to: area, by: Self.block) {
          let count = min(Self.block, area - start)
          ac_inner_products(
            planes + start, Int64(area), Int32(channels), Int32(count), vectors,
            Int32(sampled.count), products, Int64(Self.block))
          var row = products
          for (hint, places) in samples.enumerated() {
            write(numbersOf: hint, from: start, count: count, products: row, to: numbers)
            reach.write(
              scoresOf: numbers, stride: Self.block, count: count, to: out + hint * area + start)
            row += places.count * Self.block
          }
        }
      }
      withExtendedLifetime((scratch, signature)) {}
    }
  }

  /// The numbers of one hint and places in a row. Of a stroke, that place counts which is most like the place at hand.
  /// - Parameter products: of the signatures, samples × `block`.
  private func write(
    numbersOf hint: Int, from start: Int, count: Int, products: UnsafePointer<Float>,
    to out: UnsafeMutablePointer<Float>
  ) {
    let (places, color, width) = (samples[hint], colors[hint], signature.width)
    let side = 1 / Float(signature.area).squareRoot()
    let strokeLength = log(Float(places.count))
    let (path, l) = (paths.channel(hint), lightness.channel(0))
    let (a, b) = (own.channel(0), own.channel(1))
    let corners = places.map { SIMD2(Float($0 % width), Float($0 / width)) }
    func length(_ v: SIMD2<Float>) -> Float { (v * v).sum().squareRoot() }
    for index in 0..<count {
      let place = start + index
      var (best, likeness) = (places[0], products[index])
      let position = SIMD2(Float(place % width), Float(place / width))
      var far = length(position - corners[0])
      for other in 1..<max(places.count, 1) {
        if products[other * Self.block + index] > likeness {
          (best, likeness) = (places[other], products[other * Self.block + index])
        }
        far = min(far, length(position - corners[other]))
      }
      let way = path[place] / Self.pathUnit
      let (here, there) = (SIMD2(a[place], b[place]), SIMD2(a[best], b[best]))
      // Of unit vectors, ‖x − y‖² = 2 − 2·x·y.
      let first = SIMD8(
        max(2 - 2 * likeness, 0) / Self.likenessUnit, way, way * way, far * side,
        abs(l[place] - l[best]) / Self.lightnessUnit, length(here - there) / Self.colorUnit,
        length(color - there) / Self.colorUnit, length(here - color) / Self.colorUnit)
      for number in 0..<first.scalarCount { out[number * Self.block + index] = first[number] }
      out[first.scalarCount * Self.block + index] = strokeLength
    }
    withExtendedLifetime((paths, lightness, own)) {}
  }
}
