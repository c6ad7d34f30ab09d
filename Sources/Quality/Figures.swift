package import Imaging

/// All figures of results against their references, over any number of pictures.
///
/// Accuracy and PSNR pool the pixels of all pictures; SSIM, ΔE₀₀ and colorfulness are means over
/// pictures. Pictures must be added in the same order to get the same bits.
package struct Figures: Sendable {
  /// AuC and rebalanced AuC.
  package private(set) var accuracy = ColorAccuracy()
  /// PSNR.
  package private(set) var squaredError = SquaredError()
  /// Pictures added.
  package private(set) var pictures = 0
  private var similaritySum = 0.0
  private var differenceSum = 0.0
  private var colorfulnessSum = 0.0
  private var referenceColorfulnessSum = 0.0

  /// Of no pictures.
  package init() {}

  /// Of one picture.
  /// - Throws: `QualityError` if the sizes differ or are too small.
  package init(reference: MeasuredPicture, result: MeasuredPicture) throws(QualityError) {
    try accuracy.add(reference: reference.lab, result: result.lab)
    try squaredError.add(reference: reference.rgb, result: result.rgb)
    similaritySum = try StructuralSimilarity.of(reference: reference.rgb, result: result.rgb)
    differenceSum = try ColorDifference.mean(reference: reference.lab, result: result.lab)
    colorfulnessSum = result.colorfulness
    referenceColorfulnessSum = reference.colorfulness
    pictures = 1
  }

  /// Adds other pictures.
  package mutating func add(_ other: Figures) {
    accuracy.add(other.accuracy)
    squaredError.add(other.squaredError)
    pictures += other.pictures
    similaritySum += other.similaritySum
    differenceSum += other.differenceSum
    colorfulnessSum += other.colorfulnessSum
    referenceColorfulnessSum += other.referenceColorfulnessSum
  }

  /// SSIM, the mean over pictures.
  package var structuralSimilarity: Double { mean(similaritySum) }
  /// ΔE₀₀, the mean over pictures.
  package var colorDifference: Double { mean(differenceSum) }
  /// Colorfulness of the results, the mean over pictures.
  package var colorfulness: Double { mean(colorfulnessSum) }
  /// Colorfulness of the references, the mean over pictures.
  package var referenceColorfulness: Double { mean(referenceColorfulnessSum) }
  /// ΔCF: how far the results' mean colorfulness is from the references'.
  package var colorfulnessDifference: Double { abs(colorfulness - referenceColorfulness) }

  private func mean(_ sum: Double) -> Double { pictures > 0 ? sum / Double(pictures) : 0 }
}

/// A picture in the forms that figures are taken of.
package struct MeasuredPicture: Sendable {
  /// As a screen gets it.
  package let rgb: RGBImage
  /// In CIELAB.
  package let lab: LabImage
  /// M̂³ of Hasler and Süsstrunk.
  package let colorfulness: Double

  /// - Throws: `ImagingError` for tags that are not known.
  package init(_ picture: Picture) throws(ImagingError) {
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: picture.format)
    rgb = try RGBImage(picture)
    lab = LabImage(
      rgb, transfer: try TransferFunction(color.transfer),
      primaries: try RGBPrimaries(color.primaries))
    colorfulness = Colorfulness.of(rgb)
  }
}
