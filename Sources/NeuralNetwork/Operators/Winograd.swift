import CKernels
import Dispatch

/// Images with channels last, as tiles of `winograd.h`.
struct WinogradMap: Sendable {
  let images: Int
  let height: Int
  let width: Int
  /// A multiple of 8.
  var channels: Int
  let dilation: Int

  fileprivate var kernel: ac_winograd_map {
    ac_winograd_map(
      images: Int32(images), height: Int32(height), width: Int32(width), channels: Int32(channels),
      dilation: Int32(dilation))
  }

  /// How many tiles cover all images.
  var tiles: Int { withUnsafePointer(to: kernel) { Int(ac_winograd_tiles($0)) } }

  /// Calls `body` with ranges of tiles, one for each thread.
  fileprivate func forEachPart(
    threads: Int, _ body: (_ map: UnsafePointer<ac_winograd_map>, _ part: Range<Int>) -> Void
  ) {
    let (tiles, parts) = (self.tiles, min(threads, self.tiles))
    withUnsafePointer(to: kernel) { map in
      guard parts > 1 else { return body(map, 0..<tiles) }
      nonisolated(unsafe) let (map, body) = (map, body)
      DispatchQueue.concurrentPerform(iterations: parts) { part in
        body(map, (part * tiles / parts)..<((part + 1) * tiles / parts))
      }
    }
  }
}

/// A convolution's input (N, H, W, C) at Winograd's points: (36, tiles, C).
struct WinogradInput: Operator {
  let map: WinogradMap
  var outputs: [TensorType] { [] }

  func run(_ memory: OperatorMemory) {
    let (x, v) = (memory.input(0), memory.output())
    map.forEachPart(threads: memory.threads) { map, part in
      ac_winograd_input(map, x, Int32(part.lowerBound), Int32(part.count), v)
    }
  }
}

/// From a convolution's products at Winograd's points, (36, tiles, C), to its result (N, H, W, C), with
/// what is done to that. The output may be the memory of the summand.
struct WinogradOutput: Operator {
  let map: WinogradMap
  /// What numbers below 0 are multiplied by: 1 leaves them, 0 is ReLU.
  let slope: Float
  /// Indexes among the inputs, of which the products are the first.
  var bias: Int?
  var summand: Int?
  var scale: Int?
  var shift: Int?
  var outputs: [TensorType] { [] }

  init(map: WinogradMap, slope: Float) {
    self.map = map
    self.slope = slope
  }

  func run(_ memory: OperatorMemory) {
    let (products, y) = (memory.input(0), memory.output())
    let finish = ac_winograd_finish(
      bias: bias.map { memory.input($0) }, summand: summand.map { memory.input($0) },
      slope: slope, scale: scale.map { memory.input($0) }, shift: shift.map { memory.input($0) })
    map.forEachPart(threads: memory.threads) { map, part in
      withUnsafePointer(to: finish) {
        ac_winograd_output(map, products, $0, Int32(part.lowerBound), Int32(part.count), y)
      }
    }
  }
}
