import Foundation

/// A TIFF file that is put together tag by tag, so that tests decide on each byte.
struct TIFFBytes {
  var isBigEndian = false
  var isBigTIFF = false
  /// Tags of each page: type 2 (text), 3 (16 bits), 4 (32 bits), 5 (fractions, two numbers each).
  var pages: [[(tag: Int, type: Int, values: [Int])]] = []
  var blocks: [[UInt8]] = []

  /// A gray picture of 8 bits as its baseline tags.
  static func gray(_ width: Int, _ height: Int, _ samples: [UInt8]) -> TIFFBytes {
    var result = TIFFBytes()
    result.add(width: width, height: height, samples: samples)
    return result
  }

  /// Adds a page; `extra` tags replace those of the same number, and those without values remove
  /// them.
  mutating func add(
    width: Int, height: Int, samples: [UInt8], bits: [Int] = [8], photometric: Int = 1,
    extra: [(tag: Int, type: Int, values: [Int])] = []
  ) {
    blocks.append(samples)
    var tags: [(tag: Int, type: Int, values: [Int])] = [
      (256, 4, [width]), (257, 4, [height]), (258, 3, bits), (259, 3, [1]),
      (262, 3, [photometric]), (273, 4, [0]), (277, 3, [bits.count]), (278, 4, [height]),
      (279, 4, [samples.count]),
    ]
    for entry in extra {
      tags.removeAll { $0.tag == entry.tag }
      if !entry.values.isEmpty { tags.append(entry) }
    }
    pages.append(tags.sorted { $0.tag < $1.tag })
  }

  private func number(_ value: Int, _ count: Int) -> [UInt8] {
    let little = (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    return isBigEndian ? little.reversed() : little
  }

  /// The directories come first and the samples last, so that a file that is cut short keeps its tags.
  var data: Data {
    let (placeBytes, entryBytes, countBytes) = isBigTIFF ? (8, 20, 8) : (4, 12, 2)
    var directories: [(size: Int, tail: [[UInt8]])] = []
    for page in pages {
      let tail = page.map { entry -> [UInt8] in
        let size = [1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 7: 1][entry.type] ?? 4
        return entry.values.flatMap { number($0, size) }
      }
      let outside = tail.filter { $0.count > placeBytes }.reduce(0) { $0 + ($1.count + 1) / 2 * 2 }
      directories.append((countBytes + page.count * entryBytes + placeBytes + outside, tail))
    }
    let head = isBigTIFF ? 16 : 8
    var samplesPlace = head + directories.reduce(0) { $0 + $1.size }
    var result: [UInt8] = isBigEndian ? [0x4D, 0x4D] : [0x49, 0x49]
    result += isBigTIFF ? number(43, 2) + number(8, 2) + number(0, 2) : number(42, 2)
    result += number(head, placeBytes)
    var place = head
    for (index, page) in pages.enumerated() {
      let (size, tail) = directories[index]
      var outside: [UInt8] = []
      let outsidePlace = place + countBytes + page.count * entryBytes + placeBytes
      result += number(page.count, countBytes)
      for (entry, bytes) in zip(page, tail) {
        let count = entry.type == 5 ? entry.values.count / 2 : entry.values.count
        result += number(entry.tag, 2) + number(entry.type, 2) + number(count, placeBytes)
        if entry.tag == 273, entry.values == [0] {
          result += number(samplesPlace, 4) + [UInt8](repeating: 0, count: placeBytes - 4)
        } else if bytes.count <= placeBytes {
          result += bytes + [UInt8](repeating: 0, count: placeBytes - bytes.count)
        } else {
          result += number(outsidePlace + outside.count, placeBytes)
          outside += bytes + (bytes.count % 2 == 1 ? [0] : [])
        }
      }
      place += size
      result += number(index + 1 < pages.count ? place : 0, placeBytes) + outside
      samplesPlace += blocks[index].count
    }
    return Data(result + blocks.flatMap { $0 })
  }
}

/// Samples that differ from their neighbors.
func pattern(_ count: Int, phase: Int = 0) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 7 &+ phase &* 31) ^ ($0 >> 5)) }
}
