import CKernels
import Colorization
import Imaging
import TestSupport
import Testing

/// The fast paths against the plain ones: the same bits, nothing written outside.
@Suite(.serialized) struct TemporalKernelTests {
  static let seed = UInt64.random(in: 0...UInt64.max)
  static let guardValue: Float = -12345.5
  static let guardCount = 37
  /// The instruction sets to compare with the plain path; those that the CPU lacks are left out by
  /// the dispatch.
  static let masks: [UInt32] = [UInt32(AC_CPU_AVX2), .max]

  /// Where two results differ first; nil if they have the same bits.
  static func firstDifference(_ a: [Float], _ b: [Float]) -> Int? {
    guard a.count == b.count else { return min(a.count, b.count) }
    return a.indices.first { a[$0].bitPattern != b[$0].bitPattern }
  }

  /// Runs `body` on a block with guards on both sides and returns the block.
  static func guarded(
    _ count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void
  ) -> [Float] {
    var memory = [Float](repeating: guardValue, count: count + 2 * guardCount)
    memory.withUnsafeMutableBufferPointer { buffer in
      if let base = buffer.baseAddress { body(base + guardCount) }
    }
    #expect(memory.prefix(guardCount).allSatisfy { $0 == guardValue }, "written before the start")
    #expect(memory.suffix(guardCount).allSatisfy { $0 == guardValue }, "written past the end")
    return Array(memory[guardCount..<(guardCount + count)])
  }

  static func limited<T>(to mask: UInt32, _ body: () -> T) -> T {
    ac_cpu_limit(mask)
    defer { ac_cpu_limit(.max) }
    return body()
  }

  @Test func comparerRejectsWrongResults() {
    var random = SeededGenerator(seed: Self.seed)
    let (width, height) = (13, 7)
    let right = (0..<(width * height)).map { _ in random.float(in: 0.5...1) }
    #expect(Self.firstDifference(right, right) == nil)
    #expect(Self.firstDifference(right, right.map { _ in 0 }) == 0)
    let shifted = Array(right[width...]) + Array(right[..<width])
    #expect(Self.firstDifference(right, shifted) != nil)
    var one = right
    one[45] = one[45].nextUp
    #expect(Self.firstDifference(right, one) == 45)
    #expect(Self.firstDifference(right, Array(right.dropLast())) == right.count - 1)
    #expect(Self.firstDifference([0], [-0.0]) == 0)
  }

  // MARK: motion

  /// A plane with its border, and memory around it that nobody may write.
  final class Plane {
    private let memory: UnsafeMutablePointer<Float>
    let plane: ac_motion_plane
    init(width: Int, height: Int) {
      let border = Int(AC_MOTION_BORDER)
      let stride = width + 2 * border + 3
      let rows = height + 2 * border
      let count = rows * stride + 2 * guardCount
      memory = .allocate(capacity: count)
      memory.initialize(repeating: guardValue, count: count)
      plane = ac_motion_plane(
        origin: memory + guardCount + border * stride + border, width: Int32(width),
        height: Int32(height), stride: stride)
    }
    deinit { memory.deallocate() }
    func withPlane<T>(_ body: (UnsafePointer<ac_motion_plane>) -> T) -> T {
      withExtendedLifetime(self) { withUnsafePointer(to: plane, body) }
    }
    /// The samples with their border.
    var samples: [Float] {
      let border = Int(AC_MOTION_BORDER)
      return (-border..<(Int(plane.height) + border)).flatMap { y in
        (-border..<(Int(plane.width) + border)).map { x in plane.origin[y * plane.stride + x] }
      }
    }
    var guardsHold: Bool {
      let border = Int(AC_MOTION_BORDER)
      let start = plane.origin - border * plane.stride - border
      let gap = plane.stride - Int(plane.width) - 2 * border
      let rows = Int(plane.height) + 2 * border
      return (1...guardCount).allSatisfy { start[-$0] == guardValue }
        && (0..<rows).allSatisfy { row in
          (1...gap).allSatisfy { start[(row + 1) * plane.stride - $0] == guardValue }
        }
    }
  }

  /// Pictures to search: texture, noise, edges, extremes.
  static func picture(
    _ kind: Int, _ width: Int, _ height: Int, random: inout SeededGenerator
  ) -> [Float] {
    let texture = TemporalTexture(seed: random.next())
    return (0..<(width * height)).map { index in
      let (x, y) = (Float(index % width), Float(index / width))
      switch kind {
      case 0: return texture(x, y)
      case 1: return random.float(in: 0...100)
      case 2: return x > Float(width / 2) ? 100 : 0
      case 3: return 50
      default: return [0, 100, 1e4, -1e4].randomElement(using: &random) ?? 0
      }
    }
  }

  @Test func motionPaths() {
    print("motion seed \(Self.seed)")
    var random = SeededGenerator(seed: Self.seed)
    for (width, height) in [(1, 1), (7, 3), (8, 8), (33, 21), (64, 40), (45, 52)] {
      for kind in 0..<5 {
        let first = Plane(width: width, height: height)
        let second = Plane(width: width, height: height)
        let pictures = (
          Self.picture(kind, width, height, random: &random),
          Self.picture(kind, width, height, random: &random)
        )
        first.withPlane { ac_motion_fill(pictures.0, $0) }
        second.withPlane { ac_motion_fill(pictures.1, $0) }
        #expect(first.guardsHold && second.guardsHold)
        let (columns, rows) = ((width + 3) / 4, (height + 3) / 4)
        let area = columns * rows
        let prior: [Float] = (0..<(2 * area)).map { _ in
          [0, 0.5, random.float(in: -9...9), random.float(in: -200...200)]
            .randomElement(using: &random) ?? 0
        }
        let radius = Int32.random(in: 0...2, using: &random)
        // Vectors, qualities, then the median of the vectors.
        func run() -> [Float] {
          Self.guarded(8 * area) { out in
            var prior = prior
            prior.withUnsafeMutableBufferPointer { buffer in
              guard let expected = buffer.baseAddress else { return }
              func grid(_ x: UnsafeMutablePointer<Float>) -> ac_motion_grid {
                ac_motion_grid(
                  x: x, y: x + area, width: Int32(columns), height: Int32(rows))
              }
              var from = grid(expected)
              var to = grid(out)
              var medians = grid(out + 6 * area)
              var quality = ac_motion_quality(
                residual: out + 2 * area, variance: out + 3 * area, pattern_mean: out + 4 * area,
                target_mean: out + 5 * area)
              first.withPlane { a in
                second.withPlane { b in
                  ac_motion_search(a, b, &from, &to, radius, 3, &quality)
                }
              }
              ac_motion_median(&to, &medians)
            }
          }
        }
        let plain = Self.limited(to: 0) { run() }
        #expect(plain.allSatisfy { $0.isFinite })
        for mask in Self.masks {
          let fast = Self.limited(to: mask) { run() }
          let difference = Self.firstDifference(plain, fast)
          #expect(
            difference == nil,
            "mask \(mask), \(width)×\(height), kind \(kind), at \(difference ?? 0) of 8×\(area)")
        }
      }
    }
  }

  /// Medians of random values, of which each row has another width.
  @Test func medianPaths() {
    var random = SeededGenerator(seed: Self.seed)
    for width in Array(1...21) + [58, 116] {
      for height in [1, 2, 5] {
        let area = width * height
        var values = (0..<(2 * area)).map { _ in random.float(in: -50...50) }
        func run() -> [Float] {
          Self.guarded(2 * area) { out in
            values.withUnsafeMutableBufferPointer { buffer in
              guard let base = buffer.baseAddress else { return }
              var from = ac_motion_grid(
                x: base, y: base + area, width: Int32(width), height: Int32(height))
              var to = ac_motion_grid(
                x: out, y: out + area, width: Int32(width), height: Int32(height))
              ac_motion_median(&from, &to)
            }
          }
        }
        let plain = Self.limited(to: 0) { run() }
        for mask in Self.masks {
          #expect(Self.firstDifference(plain, Self.limited(to: mask) { run() }) == nil)
        }
        // The reference itself, at one place, by sorting.
        let (x, y) = (width / 2, height / 2)
        let nine = (-1...1).flatMap { dy in
          (-1...1).map { dx in
            values[min(max(y + dy, 0), height - 1) * width + min(max(x + dx, 0), width - 1)]
          }
        }
        #expect(plain[y * width + x] == nine.sorted()[4])
      }
    }
  }

  @Test func planesAndGrids() {
    let (width, height) = (5, 3)
    let source = (0..<15).map(Float.init)
    let whole = Plane(width: width, height: height)
    let half = Plane(width: 3, height: 2)
    whole.withPlane { ac_motion_fill(source, $0) }
    whole.withPlane { a in half.withPlane { b in ac_motion_halve(a, b) } }
    #expect(whole.guardsHold && half.guardsHold)
    let border = Int(AC_MOTION_BORDER)
    for y in -border..<(height + border) {
      for x in -border..<(width + border) {
        let inside = min(max(y, 0), height - 1) * width + min(max(x, 0), width - 1)
        #expect(whole.plane.origin[y * whole.plane.stride + x] == source[inside])
      }
    }
    #expect(half.plane.origin[0] == 3)
    // The last column and row count twice.
    #expect(half.plane.origin[2] == 6.5)
    #expect(half.plane.origin[half.plane.stride + 2] == 14)
    #expect(half.plane.origin[half.plane.stride + 2 + border] == 14)

    // A linear field stays linear where nothing is held at the edge.
    var coarse: [Float] = (0..<24).map { Float($0 % 4) } + (0..<24).map { Float($0 / 4) }
    let fine = Self.guarded(2 * 7 * 12) { out in
      coarse.withUnsafeMutableBufferPointer { buffer in
        guard let base = buffer.baseAddress else { return }
        var from = ac_motion_grid(x: base, y: base + 24, width: 4, height: 6)
        var to = ac_motion_grid(x: out, y: out + 84, width: 7, height: 12)
        ac_motion_spread(&from, &to)
      }
    }
    for y in 1..<11 {
      for x in 1..<7 {
        #expect(abs(fine[y * 7 + x] - 2 * ((Float(x) + 0.5) / 2 - 0.5)) < 1e-5)
        #expect(abs(fine[84 + y * 7 + x] - 2 * ((Float(y) + 0.5) / 2 - 0.5)) < 1e-5)
      }
    }
  }
}
