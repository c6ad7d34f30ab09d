import Foundation
import Imaging

/// How far the luma of two pictures, or of two films, is apart, in codes of 8 bits and full range:
/// Y′ × 255.
///
/// Lossy encoders leave errors that go both ways at each brightness; whatever else alters luma (a curve,
/// another range, a filter) moves what was of one brightness the same way. So errors are gathered by the
/// brightness at which they occur.
struct LumaDifference: Sendable {
  /// The largest difference of a sample.
  private(set) var largest = 0.0
  private var squares = 0.0
  private var bands = [Band](repeating: Band(), count: Self.bandCount)

  private static let bandCount = 16
  private struct Band {
    var count = 0
    var sum = 0.0
  }

  /// Of no pictures.
  init() {}

  /// - Parameters:
  ///   - first: gray; its brightness is what errors are gathered by.
  ///   - second: gray.
  init(_ first: Picture, _ second: Picture) {
    let (one, other) = (first.planes[0], second.planes[0])
    let (width, height) = (min(one.width, other.width), min(one.height, other.height))
    guard first.color.range != second.color.range || !first.luma.hasSameSamples(as: second.luma)
    else {
      bands[0].count = width * height
      return
    }
    func values(_ picture: Picture) -> [Float] {
      let scale = CodeScale(bitDepth: picture.format.bitDepth, range: picture.color.range)
      return (0...picture.format.maximumCode).map { Float(scale.luma(Double($0))) }
    }
    let (ofOne, ofOther) = (values(first), values(second))
    let band = ofOne.map { max(0, min(Self.bandCount - 1, Int($0 * Float(Self.bandCount)))) }
    // Of 16 bits that hold a code of 10, the others may be set all the same.
    let (most, otherMost) = (ofOne.count - 1, ofOther.count - 1)
    var largest: Float = 0
    for y in 0..<height {
      for x in 0..<width {
        let code = min(one[x, y], most)
        let difference = ofOther[min(other[x, y], otherMost)] - ofOne[code]
        largest = max(largest, abs(difference))
        squares += Double(difference * difference)
        bands[band[code]].count += 1
        bands[band[code]].sum += Double(difference)
      }
    }
    // What single precision makes of equal values.
    self.largest = largest < 1e-6 ? 0 : Double(largest) * 255
  }

  /// Adds the difference of other pictures.
  mutating func add(_ other: LumaDifference) {
    largest = max(largest, other.largest)
    squares += other.squares
    for index in bands.indices {
      bands[index].count += other.bands[index].count
      bands[index].sum += other.bands[index].sum
    }
  }

  /// In decibels; nil where nothing differs.
  var psnr: Double? {
    largest > 0 && meanSquare > 0 ? -10 * log10(meanSquare) : nil
  }

  private var meanSquare: Double {
    let count = bands.reduce(0) { $0 + $1.count }
    return count > 0 ? squares / Double(count) : 0
  }

  /// The share of the squared error that goes one way at each brightness, 0…1.
  private var systematicShare: Double {
    let count = bands.reduce(0) { $0 + $1.count }
    guard squares > 0, count > 0 else { return 0 }
    let systematic = bands.reduce(0.0) { sum, band in
      band.count > 0 ? sum + band.sum * band.sum / Double(band.count) : sum
    }
    return min(1, systematic / squares)
  }

  /// What may have made the difference.
  var kind: ComparisonReport.Luma.Kind {
    if largest == 0 { return .identical }
    return (psnr ?? .infinity) >= Self.lossyPSNR && systematicShare <= Self.lossyShare
      ? .lossy : .altered
  }

  /// Encoders at the settings that one would watch stay above this, in decibels.
  private static let lossyPSNR = 30.0
  /// x264 and x265 stay below 0.05 of it from CRF 10 to 30, a gain of 2 % lies above 0.5.
  private static let lossyShare = 0.2
}
