import COneDNN

/// The units of a convolution of 8-bit integers: what one step of its source, weights, summand and
/// result stands for.
struct IntegerUnits {
  let source: Quantum
  /// For each channel of the result.
  let weights: [Float]
  /// nil where the result is real.
  let target: Quantum?
  /// Of the array that is added; nil where it is real or there is none.
  let summand: Quantum?

  /// One step of the result.
  var step: Float { target?.scale ?? 1 }

  /// What the sums of products are multiplied by.
  var scales: [Float] { weights.map { source.scale * $0 / step } }

  /// What the summand is multiplied by.
  var sumScale: Float { target == nil ? 1 : (summand?.scale ?? 1) / step }

  /// In which type the summand lies in the result's memory; undefined is the result's own.
  var sumType: dnnl_data_type_t {
    target == nil ? dnnl_data_type_undef : summand?.oneDNN ?? dnnl_data_type_undef
  }

  /// Tells apart the forms of one bias beside different weights.
  func biasKey(_ filter: Tensor) -> String {
    "bias \(source.scale.bitPattern) \(step.bitPattern) \(UInt(bitPattern: filter.storage.base))"
  }

  /// The bias in the unit in which oneDNN adds it: that of the sums of products, or of the result.
  func bias(_ real: Tensor) throws(NetworkError) -> Tensor {
    try Tensor(shape: real.shape) { values in
      _ = real.withUnsafeFloats { floats in
        for index in floats.indices {
          let unit =
            ac_dnnl_scales_are_arguments() != 0 ? step : source.scale * weights[index]
          values[index] = floats[index] / unit
        }
      }
    }
  }
}
