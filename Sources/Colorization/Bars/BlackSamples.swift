import Imaging

/// The samples of a frame as far as it matters whether they are black: luma codes, or the greatest of the
/// R′, G′ and B′ codes.
struct BlackSamples {
  let width: Int
  let height: Int
  /// A step of Y′ that 8-bit video of limited range can tell, 1/219, in codes.
  let step: Double
  /// Code of black.
  let black: Double
  private let planes: [Plane]

  init(_ picture: Picture) {
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: picture.format)
    let scale = CodeScale(bitDepth: picture.format.bitDepth, range: color.range)
    width = picture.width
    height = picture.height
    black = scale.lumaOffset
    step = scale.lumaSpan / 219
    planes = Array(picture.planes.prefix(picture.format.model == .rgb ? 3 : 1))
  }

  /// `count` samples of a row.
  func read(row y: Int, from x: Int, count: Int, into out: UnsafeMutablePointer<UInt16>) {
    for (index, plane) in planes.enumerated() {
      let line = plane.base + y * plane.bytesPerRow
      if plane.bitDepth > 8 {
        let codes = line.assumingMemoryBound(to: UInt16.self) + x
        if index == 0 {
          for i in 0..<count { out[i] = codes[i] }
        } else {
          for i in 0..<count { out[i] = max(out[i], codes[i]) }
        }
      } else {
        let codes = line.assumingMemoryBound(to: UInt8.self) + x
        if index == 0 {
          for i in 0..<count { out[i] = UInt16(codes[i]) }
        } else {
          for i in 0..<count { out[i] = max(out[i], UInt16(codes[i])) }
        }
      }
    }
    withExtendedLifetime(planes) {}
  }

  /// One sample.
  func code(_ x: Int, _ y: Int) -> Int {
    planes.reduce(0) { greatest, plane in
      let line = plane.base + y * plane.bytesPerRow
      let code =
        plane.bitDepth > 8
        ? Int(line.load(fromByteOffset: 2 * x, as: UInt16.self))
        : Int(line.load(fromByteOffset: x, as: UInt8.self))
      return max(greatest, code)
    }
  }
}

/// A side of a frame, and places told by how deep they lie in from there and how far along it.
enum FrameSide: CaseIterable {
  case left, right, top, bottom

  /// Samples from this side to the one across.
  func depth(of samples: BlackSamples) -> Int {
    self == .left || self == .right ? samples.width : samples.height
  }

  /// Samples along this side.
  func length(of samples: BlackSamples) -> Int {
    self == .left || self == .right ? samples.height : samples.width
  }

  func code(_ samples: BlackSamples, depth: Int, along: Int) -> Int {
    switch self {
    case .left: samples.code(depth, along)
    case .right: samples.code(samples.width - 1 - depth, along)
    case .top: samples.code(along, depth)
    case .bottom: samples.code(along, samples.height - 1 - depth)
    }
  }
}

/// `count` places of a range, or all of them if there are fewer, spread evenly.
func spread(_ count: Int, over range: Range<Int>) -> [Int] {
  guard range.count > count else { return Array(range) }
  return (0..<count).map { range.lowerBound + (2 * $0 + 1) * range.count / (2 * count) }
}
