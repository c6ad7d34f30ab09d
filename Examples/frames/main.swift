// Colorizes frames that the program makes, and takes the result back, without any file:
//
//     frames COUNT
import Autochrome
import Foundation
import Synchronization

/// A film of a soft light that wanders over a gray wall.
final class Lamp: FrameSource {
  let format: VideoFormat
  let frameCount: Int?
  private let next = Atomic(0)

  init(frames: Int) throws(AutochromeError) {
    format = VideoFormat(
      width: 320, height: 240, pixelFormat: try PixelFormat(.gray), frameRate: (25, 1))
    frameCount = frames
  }

  func nextFrame() throws -> VideoFrame? {
    let index = next.add(1, ordering: .relaxed).oldValue
    guard index < frameCount ?? 0 else { return nil }
    return try VideoFrame(format: format, time: index) { _, samples, bytesPerRow in
      for y in 0..<format.height {
        for x in 0..<format.width {
          let (dx, dy) = (x - 40 - 4 * index, y - 120)
          samples[y * bytesPerRow + x] = UInt8(40 + 180 / (1 + (dx * dx + dy * dy) / 900))
        }
      }
    }
  }
}

/// Adds up how far the colors are from gray.
final class Meter: FrameSink {
  let pixelFormat: PixelFormat?
  private let frames = Atomic(0)
  private let chroma = Atomic(0)

  init() throws(AutochromeError) { pixelFormat = try PixelFormat(.yuv444) }

  func write(_ frame: VideoFrame) {
    var sum = 0
    for plane in frame.planes.dropFirst() {
      for y in 0..<plane.height {
        plane.withRow(y) { row in for sample in row { sum += abs(Int(sample) - 128) } }
      }
    }
    frames.add(1, ordering: .relaxed)
    chroma.add(sum / (2 * frame.width * frame.height), ordering: .relaxed)
  }

  var summary: String {
    let (frames, chroma) = (frames.load(ordering: .relaxed), chroma.load(ordering: .relaxed))
    return "\(frames) frames, mean chroma \(chroma / max(1, frames))"
  }
}

let meter = try Meter()
let lamp = try Lamp(frames: CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 50)
try await Job(.frames(lamp), to: .frames(meter)).run()
print(meter.summary)
