import Foundation

/// Resizes fp32 arrays along any axes, each axis on its own: nearest neighbour or linear, with the
/// coordinate transformations of ONNX (operators Resize and Upsample).
struct Resize: Operator {
  /// How one axis is resampled: output element i is (1 − fraction[i])·x[low[i]] +
  /// fraction[i]·x[high[i]].
  struct Axis: Sendable {
    let axis: Int
    let low: [Int]
    let high: [Int]
    let fraction: [Float]
  }

  let input: TensorType
  let output: TensorType
  let isLinear: Bool
  /// The axes that change, the slowest first.
  let axes: [Axis]
  /// Whether it repeats each element a whole number of times along each axis.
  let isRepetition: Bool
  /// Whether it is linear interpolation between element centers (half_pixel).
  let isHalfPixelLinear: Bool

  var outputs: [TensorType] { [output] }
  var floatingPointOperations: Int { isLinear ? 4 * output.count * axes.count : 0 }

  /// Each axis but the last writes an intermediate array.
  func scratchByteCount(threads: Int) -> Int { 2 * 4 * intermediateCount }

  private var intermediateCount: Int {
    intermediateShapes.map { $0.reduce(1, *) }.reduce(0, max)
  }

  private var intermediateShapes: [[Int]] {
    var shape = input.shape
    return axes.dropLast().map { axis in
      shape[axis.axis] = axis.low.count
      return shape
    }
  }

  func run(_ memory: OperatorMemory) {
    guard let last = axes.indices.last else {
      memory.output().update(from: memory.input(0), count: input.count)
      return
    }
    let half = intermediateCount
    var from = memory.input(0)
    var shape = input.shape
    for (index, axis) in axes.enumerated() {
      let to = index == last ? memory.output() : memory.scratch() + (index % 2) * half
      resample(from, shape, axis, to)
      shape[axis.axis] = axis.low.count
      from = UnsafePointer(to)
    }
  }

  private func resample(
    _ x: UnsafePointer<Float>, _ shape: [Int], _ axis: Axis, _ y: UnsafeMutablePointer<Float>
  ) {
    let outer = shape[..<axis.axis].reduce(1, *)
    let inner = shape[(axis.axis + 1)...].reduce(1, *)
    let (extent, count) = (shape[axis.axis], axis.low.count)
    for block in 0..<outer {
      let from = x + block * extent * inner
      let to = y + block * count * inner
      if inner == 1 {
        for i in 0..<count {
          let low = from[axis.low[i]]
          to[i] = isLinear ? low + (from[axis.high[i]] - low) * axis.fraction[i] : low
        }
        continue
      }
      for i in 0..<count {
        let low = from + axis.low[i] * inner
        let row = to + i * inner
        let fraction = axis.fraction[i]
        if !isLinear || fraction == 0 {
          row.update(from: low, count: inner)
        } else {
          let high = from + axis.high[i] * inner
          for j in 0..<inner { row[j] = low[j] + (high[j] - low[j]) * fraction }
        }
      }
    }
  }
}
