/// A row of a published table of the same figures.
package struct PublishedRow: Codable, Hashable, Sendable {
  /// Method and source.
  package var name: String
  /// AuC minus that of the table's gray row, in percent.
  package var aucGain: Double
  /// Class-rebalanced AuC minus that of the table's gray row, in percent.
  package var rebalancedAUCGain: Double

  /// Zhang, Isola, Efros, *Colorful Image Colorization*, ECCV 2016, Table 1, as gains over its gray
  /// row (89.1 and 58.0) on 10,000 pictures of ImageNet. The level of the rebalanced figure hangs on
  /// how often rare colors occur in the pictures at hand; the gain is what compares.
  package static let zhang2016: [PublishedRow] = [
    PublishedRow(name: "Zhang et al. 2016, full", auc: 89.5, rebalanced: 67.3),
    PublishedRow(name: "Zhang et al. 2016, class", auc: 91.6, rebalanced: 65.1),
    PublishedRow(name: "Zhang et al. 2016, L2", auc: 91.2, rebalanced: 64.4),
    PublishedRow(name: "Larsson et al. 2016", auc: 91.7, rebalanced: 65.9),
  ]

  private init(name: String, auc: Double, rebalanced: Double) {
    self.name = name
    // To the table's one decimal.
    aucGain = ((auc - 89.1) * 10).rounded() / 10
    rebalancedAUCGain = ((rebalanced - 58.0) * 10).rounded() / 10
  }
}

/// A row of a published table of how well a classifier recognizes pictures.
package struct PublishedAccuracy: Codable, Hashable, Sendable {
  /// The version of the pictures.
  package var name: String
  /// Pictures of which the right class came first, in percent.
  package var top1: Double

  /// The table of ``PublishedRow/zhang2016``, column "VGG Top-1 Class Acc": another classifier and other pictures, so the
  /// distances from gray and from the original are what compares.
  package static let zhang2016: [PublishedAccuracy] = [
    PublishedAccuracy(name: "original", top1: 68.3), PublishedAccuracy(name: "gray", top1: 52.7),
    PublishedAccuracy(name: "Zhang et al. 2016, full", top1: 56.0),
    PublishedAccuracy(name: "Larsson et al. 2016", top1: 59.4),
  ]
}
