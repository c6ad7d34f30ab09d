import CKernels
package import Foundation

/// How likely a place has the color that a hint gave to another, as a small perceptron learned it from photographs
/// (`training/autochrome_training/reach.py`). docs/decisions/0037-learned-reach.md has the figures.
///
/// Of each pair of a place and a hint it is given nine numbers: how unlike what the network takes the two for is,
/// the geodesic distance and its square, the distance in the picture, the difference of L\*, that of the network's
/// own colors, how far the hint's color is from what the network had thought there, and from what it thinks
/// here, and how many places of a stroke stand for it. Its scores, and one of the network's own color, divide the place by the softmax function.
package struct HintReach: Sendable {
  /// Numbers of a pair.
  static let numbers = Int(AC_REACH_NUMBERS)

  private let pair: [Float]
  /// (weight in, bias, weight out) of each unit.
  private let own: [SIMD3<Float>]
  private let ownBias: Float
  private let largest: Float

  /// Reads what the training writes.
  /// - Parameter json: the file `hint-reach.json`.
  /// - Throws: `DecodingError` if it is no such file, or its layers are of other sizes.
  package init(json: Data) throws {
    let file = try JSONDecoder().decode(File.self, from: json)
    let hidden = Int(AC_REACH_HIDDEN)
    guard file.format == 1,
      file.pair.map(\.sizes) == [[hidden, Self.numbers], [hidden, hidden], [1, hidden]],
      file.own.count == 2, file.own[0].sizes == [file.own[0].bias.count, 1],
      file.own[1].sizes == [1, file.own[0].bias.count],
      (file.pair + file.own).allSatisfy({ ($0.weight.joined() + $0.bias).allSatisfy(\.isFinite) })
    else {
      throw DecodingError.dataCorrupted(
        .init(
          codingPath: [],
          debugDescription: "format \(file.format) with layers of \(file.pair.map(\.sizes)) and "
            + "\(file.own.map(\.sizes)); expected format 1 with layers of \([[hidden, Self.numbers], [hidden, hidden], [1, hidden]])"
        ))
    }
    pair = file.pair.flatMap { $0.weight.joined() + $0.bias }
    own = file.own[0].bias.indices.map {
      SIMD3(file.own[0].weight[$0][0], file.own[0].bias[$0], file.own[1].weight[0][$0])
    }
    (ownBias, largest) = (file.own[1].bias[0], file.largest)
  }

  private struct File: Decodable {
    struct Layer: Decodable {
      /// Outputs × inputs.
      var weight: [[Float]]
      var bias: [Float]

      /// Outputs and inputs; empty where rows differ.
      var sizes: [Int] {
        weight.count == bias.count && Set(weight.map(\.count)).count == 1
          ? [weight.count, weight[0].count] : []
      }
    }

    var format: Int
    var largest: Float
    var pair: [Layer]
    var own: [Layer]
  }

  /// Scores of `count` pairs.
  /// - Parameters:
  ///   - planes: the numbers, `numbers` planes that are `stride` apart.
  package func write(
    scoresOf planes: UnsafePointer<Float>, stride: Int, count: Int,
    to scores: UnsafeMutablePointer<Float>
  ) {
    ac_reach_scores(planes, Int64(stride), Int32(count), largest, pair, scores)
  }

  /// The same by the plain kernel.
  package func write(
    plainScoresOf planes: UnsafePointer<Float>, stride: Int, count: Int,
    to scores: UnsafeMutablePointer<Float>
  ) {
    ac_reach_scores_ref(planes, Int64(stride), Int32(count), largest, pair, scores)
  }

  /// The score of the network's own color.
  /// - Parameter doubt: the collision entropy of the signature, in nats ÷ 3.
  package func ownScore(doubt: Float) -> Float {
    own.reduce(ownBias) { $0 + $1.z * max($1.x * doubt + $1.y, 0) }
  }
}
