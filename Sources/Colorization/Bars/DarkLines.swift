import Imaging

/// How deep each side of a frame is dark, line by line.
struct DarkLines {
  /// Lines of which nearly all samples are dark, in a row from each side.
  let depths: (left: Int, right: Int, top: Int, bottom: Int)
  /// The share of samples that are bright.
  let brightShare: Double
  /// The share of samples that are darker than black.
  let darkerShare: Double

  /// At how many places a line is looked at.
  static let samples = 128
  /// So many samples of a dark line may be brighter: dust, dirt, an encoder's errors.
  private static let dirt = 0.02
  /// Of so many rows one counts for the shares of bright and darker samples.
  private static let rowsPerShare = 4

  init(_ samples: BlackSamples, black: Black) {
    let (width, height) = (samples.width, samples.height)
    let rows = spread(Self.samples, over: 0..<height)
    var columnsLit = [UInt16](repeating: 0, count: width)
    var bright = 0
    var darker = 0
    let (limit, brightLimit) = (UInt16(black.darkLimit), UInt16(black.brightLimit))
    let darkerLimit = UInt16(max(black.darkerLimit, 0))
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: width) { row in
      columnsLit.withUnsafeMutableBufferPointer { lit in
        guard let row = row.baseAddress, let lit = lit.baseAddress else { return }
        for (index, y) in rows.enumerated() {
          samples.read(row: y, from: 0, count: width, into: row)
          for x in 0..<width { lit[x] &+= row[x] > limit ? 1 : 0 }
          // Shares need fewer samples than edges do.
          guard index % Self.rowsPerShare == 0 else { continue }
          for x in 0..<width where row[x] > brightLimit { bright += 1 }
          for x in 0..<width where row[x] < darkerLimit { darker += 1 }
        }
      }
    }
    let columns = columnsLit.map { Double($0) <= Self.dirt * Double(rows.count) }
    // Blocks of neighbors, since a row's samples lie side by side.
    let block = min(16, width)
    let starts = spread(Self.samples / 16, over: 0..<width - block + 1)
    func isDark(_ y: Int) -> Bool {
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 16) { codes in
        guard let codes = codes.baseAddress else { return true }
        var lit = 0
        for x in starts {
          samples.read(row: y, from: x, count: block, into: codes)
          for index in 0..<block where codes[index] > limit { lit += 1 }
        }
        return Double(lit) <= Self.dirt * Double(starts.count * block)
      }
    }
    // No more rows than may be bars.
    let most = height / 2
    depths = (
      columns.firstIndex(of: false) ?? width,
      columns.reversed().firstIndex(of: false) ?? width,
      (0..<most).first { !isDark($0) } ?? most,
      (0..<most).first { !isDark(height - 1 - $0) } ?? most
    )
    let total = Double((rows.count + Self.rowsPerShare - 1) / Self.rowsPerShare * width)
    brightShare = Double(bright) / total
    darkerShare = Double(darker) / total
  }
}
