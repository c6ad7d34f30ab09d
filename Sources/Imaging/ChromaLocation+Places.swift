extension ChromaLocation {
  /// Whether chroma columns lie on luma columns; otherwise in the middle of those they stand for.
  package var isCositedX: Bool {
    switch self {
    case .unspecified, .left, .topLeft, .bottomLeft: true
    case .center, .top, .bottom: false
    }
  }

  /// The place of the first chroma column, in luma samples from the picture's left edge, where one
  /// chroma sample stands for `step` luma samples.
  package func firstColumn(step: Int) -> Double { isCositedX ? 0.5 : Double(step) / 2 }

  /// The place of the first chroma row, in luma rows from the picture's top edge, where one chroma row
  /// stands for `step` luma rows.
  package func firstRow(step: Int) -> Double {
    switch self {
    case .topLeft, .top: 0.5
    case .unspecified, .left, .center: Double(step) / 2
    case .bottomLeft, .bottom: Double(step) - 0.5
    }
  }
}
