import AutochromeKit
import Foundation
import Imaging
import Media

/// Pictures for a colorization Turing test, taken evenly from those of an evaluation.
struct TuringPairs: Sendable {
  /// The middle square of a picture, as it was and as it was colorized.
  struct Pair: Sendable {
    let name: String
    let truth: Thumbnail
    let colorized: Thumbnail
  }

  /// In pixels, as in Zhang et al. 2016, section 3.1.
  static let side = 256
  /// Pairs that are shown first, with the answer, to learn what is asked; as in the paper.
  static let practice = 10
  /// Pairs that count; as in the paper.
  static let counted = 30
  /// Pairs that tell whether somebody pays attention.
  static let vigilance = 6

  private let samples: EvenSamples<Pair>

  /// - Parameter expected: how many pictures there are, if known.
  init(expected: Int?) {
    samples = EvenSamples(
      expected: expected, limit: Self.practice + Self.counted + Self.vigilance)
  }

  /// Takes a picture if it is in color and one of those wanted. Called in order.
  func offer(_ trial: PictureTrial, name: String) throws {
    guard trial.content == .color, let result = trial.results.first else { return }
    try samples.offer {
      Pair(name: name, truth: try Self.square(trial.truth), colorized: try Self.square(result))
    }
  }

  /// What was taken.
  var pairs: [Pair] { samples.samples }

  private static func square(_ picture: Picture) throws -> Thumbnail {
    CenterSquare(try RGBImage(picture), shortSide: side, side: side).thumbnail
  }
}

extension TuringPairs.Pair {
  /// The picture in the colors of another, place by place: what somebody who pays attention hardly takes for real (the
  /// row "Random" of Zhang et al. 2016, Table 1). Luma is its own; chroma that lies outside of R′G′B′ with it is scaled
  /// toward neutral.
  func mixed(with other: Self) -> Thumbnail {
    let weights = LumaWeights(forRGBWith: .bt709)
    func pixel(_ thumbnail: Thumbnail, _ index: Int) -> SIMD3<Double> {
      SIMD3(
        Double(thumbnail.rgb[0][index]), Double(thumbnail.rgb[1][index]),
        Double(thumbnail.rgb[2][index])) / 255
    }
    var rgb = truth.rgb
    for index in 0..<truth.width * truth.height {
      let luma = weights.luma(pixel(truth, index))
      let (cb, cr) = weights.chroma(pixel(other.truth, index))
      let wanted = weights.rgb(luma: luma, cb: cb, cr: cr) - SIMD3(repeating: luma)
      var share = 1.0
      for channel in 0..<3 {
        if luma + wanted[channel] > 1 { share = min(share, (1 - luma) / wanted[channel]) }
        if luma + wanted[channel] < 0 { share = min(share, -luma / wanted[channel]) }
      }
      for channel in 0..<3 {
        let code = (255 * (luma + share * wanted[channel])).rounded()
        rgb[channel][index] = UInt8(max(0, min(255, code)))
      }
    }
    return Thumbnail(width: truth.width, height: truth.height, rgb: rgb)
  }
}
