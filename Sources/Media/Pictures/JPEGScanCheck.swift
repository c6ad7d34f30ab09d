/// Reads over the compressed samples of a JPEG without making a picture of them, and tells whether they
/// are as many as its header promises (ITU-T T.81, annex F). A decoder that has lost its place in damaged
/// data mostly ends too early or too late; FFmpeg's tells the former alone.
///
/// Sequential Huffman coding only; of progressive and arithmetic coding nothing is known.
struct JPEGScanCheck {
  private struct Component {
    var id: UInt8
    var horizontal: Int
    var vertical: Int
    var quantizer: Int
  }

  /// Codes by their first 16 bits: length in the upper byte, symbol in the lower; 0 for none.
  private typealias Table = [UInt16]

  private var width = 0
  private var height = 0
  private var components: [Component] = []
  private var tables: [UInt8: Table] = [:]
  /// The quantizer of the mean, by number.
  private var quantizers = [Int](repeating: 1, count: 4)
  private var restartInterval = 0

  /// Whether the samples of a JPEG are damaged; `nil` where that cannot be told.
  static func isDamaged(_ bytes: [UInt8]) -> Bool? {
    var check = JPEGScanCheck()
    return bytes.withUnsafeBufferPointer { check.run($0) }
  }

  private mutating func run(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool? {
    var position = 2
    var hasScan = false
    while position + 4 <= bytes.count {
      guard bytes[position] == 0xFF else { return hasScan ? true : nil }
      let marker = bytes[position + 1]
      if marker == 0xFF {
        position += 1
        continue
      }
      if marker == 0xD9 { return hasScan ? false : nil }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let end = position + 2 + length
      guard length >= 2, end <= bytes.count else { return nil }
      let payload = UnsafeBufferPointer(rebasing: bytes[(position + 4)..<max(end, position + 4)])
      switch marker {
      case 0xC0, 0xC1: guard readFrame(payload) else { return nil }
      case 0xC2, 0xC3, 0xC5...0xC7, 0xC9...0xCB, 0xCD...0xCF: return nil
      case 0xC4: guard readTables(payload) else { return nil }
      case 0xDB: readQuantizers(payload)
      case 0xDD where payload.count == 2:
        restartInterval = Int(payload[0]) << 8 | Int(payload[1])
      case 0xDA:
        hasScan = true
        var reader = Bits(bytes: bytes, position: end)
        guard let isWhole = readScan(payload, &reader) else { return nil }
        guard isWhole, let next = reader.endOfScan() else { return true }
        position = next
        continue
      default: break
      }
      position = end
    }
    // The end marker is looked for elsewhere.
    return hasScan && position + 2 <= bytes.count ? false : nil
  }

  private mutating func readFrame(_ payload: UnsafeBufferPointer<UInt8>) -> Bool {
    guard payload.count >= 6, payload[0] == 8 else { return false }
    height = Int(payload[1]) << 8 | Int(payload[2])
    width = Int(payload[3]) << 8 | Int(payload[4])
    let count = Int(payload[5])
    guard width > 0, height > 0, payload.count >= 6 + 3 * count else { return false }
    components = (0..<count).map { index in
      let start = 6 + 3 * index
      return Component(
        id: payload[start], horizontal: Int(payload[start + 1] >> 4),
        vertical: Int(payload[start + 1] & 15), quantizer: Int(payload[start + 2] & 3))
    }
    return components.allSatisfy {
      (1...4).contains($0.horizontal) && (1...4).contains($0.vertical)
    }
  }

  private mutating func readQuantizers(_ payload: UnsafeBufferPointer<UInt8>) {
    var position = 0
    while position < payload.count {
      let isWide = payload[position] >> 4 != 0
      let size = isWide ? 128 : 64
      guard position + size < payload.count else { return }
      let first = Int(payload[position + 1])
      quantizers[Int(payload[position] & 3)] =
        isWide ? first << 8 | Int(payload[position + 2]) : first
      position += 1 + size
    }
  }

  private mutating func readTables(_ payload: UnsafeBufferPointer<UInt8>) -> Bool {
    var position = 0
    while position + 17 <= payload.count {
      let id = payload[position]
      let counts = (1...16).map { Int(payload[position + $0]) }
      let total = counts.reduce(0, +)
      guard position + 17 + total <= payload.count else { return false }
      var table = Table(repeating: 0, count: 1 << 16)
      var (code, symbol) = (0, position + 17)
      for length in 1...16 {
        for _ in 0..<counts[length - 1] {
          let first = code << (16 - length)
          let next = (code + 1) << (16 - length)
          guard next <= 1 << 16 else { return false }
          let entry = UInt16(length) << 8 | UInt16(payload[symbol])
          for index in first..<next { table[index] = entry }
          code += 1
          symbol += 1
        }
        code <<= 1
      }
      tables[id] = table
      position += 17 + total
    }
    return true
  }

  /// Whether all blocks of a scan are there; `nil` for what this does not read.
  private func readScan(_ payload: UnsafeBufferPointer<UInt8>, _ reader: inout Bits) -> Bool? {
    guard let count = payload.first.map({ Int($0) }), payload.count >= 1 + 2 * count, count > 0
    else {
      return nil
    }
    var parts: [(blocks: Int, mean: Table, rest: Table, quantizer: Int)] = []
    let across = components.map(\.horizontal).max() ?? 1
    let down = components.map(\.vertical).max() ?? 1
    var units = 0
    for index in 0..<count {
      let (id, selectors) = (payload[1 + 2 * index], payload[2 + 2 * index])
      guard let component = components.first(where: { $0.id == id }),
        let mean = tables[selectors >> 4], let rest = tables[0x10 | (selectors & 15)]
      else { return nil }
      parts.append(
        (
          count == 1 ? 1 : component.horizontal * component.vertical, mean, rest,
          quantizers[component.quantizer]
        ))
      if count == 1 {
        // Alone, a component has no more blocks than its own size takes.
        let ownWidth = (width * component.horizontal + across - 1) / across
        let ownHeight = (height * component.vertical + down - 1) / down
        units = ((ownWidth + 7) / 8) * ((ownHeight + 7) / 8)
      }
    }
    if count > 1 {
      units =
        ((width + 8 * across - 1) / (8 * across)) * ((height + 8 * down - 1) / (8 * down))
    }
    var means = [Int](repeating: 0, count: count)
    for unit in 0..<units {
      if restartInterval > 0, unit > 0, unit % restartInterval == 0 {
        guard reader.restart((unit / restartInterval - 1) % 8) else { return false }
        for index in means.indices { means[index] = 0 }
      }
      for (index, part) in parts.enumerated() {
        for _ in 0..<part.blocks {
          guard reader.block(mean: part.mean, rest: part.rest, previous: &means[index]),
            // Eight times the mean of samples from −128 to 127, with room for encoders that overshoot.
            abs(means[index] * part.quantizer) <= 2048 + part.quantizer
          else { return false }
        }
      }
    }
    return true
  }

  /// The bits of a scan, stuffed zeros taken out.
  private struct Bits {
    let bytes: UnsafeBufferPointer<UInt8>
    var position: Int
    private var buffer: UInt64 = 0
    private var count = 0
    /// Zeros that stand behind the end.
    private var invented = 0

    init(bytes: UnsafeBufferPointer<UInt8>, position: Int) {
      self.bytes = bytes
      self.position = position
    }

    private mutating func fill() {
      while count <= 48 {
        var byte: UInt8 = 0
        if position < bytes.count, bytes[position] != 0xFF {
          byte = bytes[position]
          position += 1
        } else if position + 1 < bytes.count, bytes[position + 1] == 0 {
          byte = 0xFF
          position += 2
        } else {
          invented += 8
        }
        buffer = buffer << 8 | UInt64(byte)
        count += 8
      }
    }

    private var next16: Int { Int(truncatingIfNeeded: buffer >> UInt64(count - 16) & 0xFFFF) }

    /// The next symbol of `table`; `nil` if there is none such.
    private mutating func symbol(_ table: Table) -> Int? {
      if count < 32 { fill() }
      let entry = table[next16]
      guard entry != 0 else { return nil }
      count -= Int(entry >> 8)
      return Int(entry & 255)
    }

    /// Reads over one block of 64 coefficients; `false` where it cannot be one.
    mutating func block(mean: Table, rest: Table, previous: inout Int) -> Bool {
      guard let size = symbol(mean), size <= 11 else { return false }
      if size > 0 {
        let bits = next16 >> (16 - size)
        count -= size
        // T.81, table F.1.
        previous += bits >> (size - 1) == 1 ? bits : bits - (1 << size) + 1
      }
      var index = 1
      while index < 64 {
        guard let code = symbol(rest) else { return false }
        let (run, size) = (code >> 4, code & 15)
        if size == 0 {
          if run == 0 { break }
          guard run == 15 else { return false }
          index += 16
          guard index <= 64 else { return false }
        } else {
          index += run + 1
          guard index <= 64, size <= 10 else { return false }
          count -= size
        }
      }
      return invented <= count
    }

    /// Whether what is left in front of the next marker is padding.
    private var isAtMarker: Bool {
      let left = count - invented
      guard (0..<8).contains(left) else { return false }
      let rest = Int(truncatingIfNeeded: buffer >> UInt64(invented)) & ((1 << left) - 1)
      // Ones by the standard; some encoders write zeros.
      return rest == (1 << left) - 1 || rest == 0
    }

    /// Goes over the restart marker of this number; `false` if it is not next.
    mutating func restart(_ number: Int) -> Bool {
      fill()
      guard isAtMarker else { return false }
      while position + 1 < bytes.count, bytes[position + 1] == 0xFF { position += 1 }
      guard position + 1 < bytes.count, bytes[position] == 0xFF,
        Int(bytes[position + 1]) == 0xD0 + number
      else { return false }
      position += 2
      (buffer, count, invented) = (0, 0, 0)
      return true
    }

    /// The place of the marker behind the scan; `nil` if samples are left in front of it.
    mutating func endOfScan() -> Int? {
      fill()
      return isAtMarker ? position : nil
    }
  }
}
