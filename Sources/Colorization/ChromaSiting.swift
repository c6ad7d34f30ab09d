import CKernels
import Imaging

/// Where the chroma samples of a format lie among the luma samples, and how luma is averaged there.
///
/// A chroma sample that lies on a luma sample takes a triangle over its neighbours, one that lies in
/// the middle takes their plain mean.
struct ChromaSiting: Sendable {
  let shiftX: Int
  let shiftY: Int
  private let location: ChromaLocation

  init(_ format: PixelFormat, location: ChromaLocation) {
    shiftX = format.chromaShiftX
    shiftY = format.chromaShiftY
    self.location = location
  }

  /// Places of `count` chroma columns in a picture of `width` luma samples, 0…1 from edge to edge.
  func columnPositions(count: Int, width: Int) -> [Double] {
    let step = Double(1 << shiftX)
    let offset = location.firstColumn(step: 1 << shiftX)
    return (0..<count).map { (Double($0) * step + offset) / Double(width) }
  }

  /// Places of `count` chroma rows in a picture of `height` luma rows, 0…1 from edge to edge.
  func rowPositions(count: Int, height: Int) -> [Double] {
    let step = Double(1 << shiftY)
    let offset = location.firstRow(step: 1 << shiftY)
    return (0..<count).map { (Double($0) * step + offset) / Double(height) }
  }

  /// Luma rows relative to the first one of a chroma row's, and their weights, which add up to 1.
  var rowTaps: (offsets: [Int], weights: [Float]) {
    let step = 1 << shiftY
    let first = location.firstRow(step: step)
    guard first != Double(step) / 2, step > 1 else {
      return (Array(0..<step), [Float](repeating: 1 / Float(step), count: step))
    }
    let middle = first < Double(step) / 2 ? 0 : step - 1
    let reach = Array(1 - step..<step)
    return (
      reach.map { middle + $0 }, reach.map { Float(step - abs($0)) / Float(step * step) }
    )
  }

  /// The luma rows that a chroma row of an interlaced picture of `height` rows lies between, and their
  /// weights, which add up to 1. Even and odd rows were taken at different times: a chroma row
  /// belongs to the field of its own parity, and only that field's luma says what is there
  /// (ITU-T H.262, §6.1.1.8).
  func fieldTaps(row: Int, height: Int) -> (rows: [Int], weights: [Float]) {
    let field = row & 1
    let place = Double(row << shiftY) + location.firstRow(step: 1 << shiftY)
    // In lines of the field, from the middle of its first one.
    let line = (place - 0.5 - Double(field)) / 2
    let upper = Int(line.rounded(.down))
    let last = (height - field + 1) / 2 - 1
    let lines = [upper, upper + 1].map { 2 * min(max($0, 0), last) + field }
    let fraction = Float(line - Double(upper))
    return (lines, [1 - fraction, fraction])
  }

  /// Averages a luma row of `width` samples to the chroma columns. Both rows are overwritten; the
  /// result lies in the one that is returned.
  func reduceColumns(
    _ row: UnsafeMutablePointer<Float>, width: Int, spare: UnsafeMutablePointer<Float>
  ) -> UnsafeMutablePointer<Float> {
    var (from, to, count) = (row, spare, width)
    for _ in 0..<shiftX {
      if location.isCositedX {
        ac_halve_row_cosited(from, to, Int32(count))
      } else {
        ac_halve_row_centered(from, to, Int32(count))
      }
      swap(&from, &to)
      count = (count + 1) / 2
    }
    return from
  }
}
