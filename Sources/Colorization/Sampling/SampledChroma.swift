import Foundation
package import Imaging
import NeuralNetwork

/// The small chroma picture from which a sampling network makes its colors: Cr and Cb of BT.601 in full range, twice
/// their usual numbers so that they lie in −1…1.
package struct SampledChroma: Sendable {
  /// Cr, then Cb, 2 × `paddedHeight` × `paddedWidth` of its ``ChromaGrid``.
  package let values: FloatImage
  /// The natural logarithm of the probability of what was drawn, in the network's own distribution.
  package let logLikelihood: Double
  /// How many numbers were drawn.
  package let drawnCount: Int

  /// What the network costs in bits for each number that was drawn; nil if none was.
  package var bitsPerDimension: Double? {
    drawnCount > 0 ? -logLikelihood / log(2) / Double(drawnCount) : nil
  }

  /// As the network takes it.
  var tensor: Tensor {
    get throws(NetworkError) {
      try Tensor(shape: [1, 2, values.height, values.width]) { out in
        out.baseAddress?.update(from: values.channel(0), count: 2 * values.area)
        withExtendedLifetime(values) {}
      }
    }
  }
}

/// The positions of the small chroma picture of a frame.
package struct ChromaGrid: Hashable, Sendable {
  /// Positions per row that lie in the picture.
  package let width: Int
  /// Rows that lie in the picture.
  package let height: Int
  /// Positions per row, padding included.
  package let paddedWidth: Int
  /// Rows, padding included.
  package let paddedHeight: Int

  /// - Parameter scale: the size of the network's input ÷ that of the grid.
  package init(_ geometry: WorkingGeometry, scale: Int) {
    width = (geometry.workingWidth + scale - 1) / scale
    height = (geometry.workingHeight + scale - 1) / scale
    paddedWidth = geometry.paddedWidth / scale
    paddedHeight = geometry.paddedHeight / scale
  }

  /// The position in the picture whose value a position of the padding has: the network's input is padded by
  /// reflection. It lies before it in raster order.
  func source(row: Int, column: Int) -> Int {
    NetworkInput.reflect(row, height) * paddedWidth + NetworkInput.reflect(column, width)
  }
}

/// What is known of a small chroma picture before it is drawn.
package struct KnownChroma: Sendable {
  /// Cr, then Cb, 2 × `height` × `width` of the ``ChromaGrid``.
  package let values: FloatImage
  /// Which positions are known.
  package let isKnown: [Bool]

  /// - Precondition: `values` has two channels, and as many positions as `isKnown`.
  package init(values: FloatImage, isKnown: [Bool]) {
    precondition(
      values.channels == 2 && values.area == isKnown.count,
      "\(values.channels)×\(values.area) values, \(isKnown.count) positions")
    self.values = values
    self.isKnown = isKnown
  }
}
