import Imaging
import Locking

/// Decoded frames of a film on disk, by their numbers: reading one takes a tenth of the time of decoding it.
final class FrameStore: Sendable {
  private struct State {
    /// nil where there is none.
    var file: SlotFile?
    /// Frames without their samples, by slot.
    var frames: [Frame] = []
    /// By number.
    var slots: [Int: Int] = [:]
  }

  private let state: Locked<State>

  /// - Parameter capacity: the room on the disk that they may take, in bytes.
  init(capacity: Int) { state = Locked(State(file: SlotFile(capacity: capacity))) }

  /// Whether there is room for so many frames of the size of another one.
  func hasRoom(for count: Int, like frame: Frame) -> Bool {
    state.withLock { state in
      count <= state.file?.count(ofSize: frame.picture.planes.reduce(0) { $0 + $1.denseSize }) ?? 0
    }
  }

  /// Whether all of these frames are here.
  func holds(_ numbers: Range<Int>) -> Bool {
    state.withLock { state in numbers.allSatisfy { state.slots[$0] != nil } }
  }

  /// The frame with a number; nil if it is not here.
  func frame(_ number: Int) -> Frame? {
    state.withLock { state in
      guard let file = state.file, let slot = state.slots[number] else { return nil }
      let frame = state.frames[slot]
      var (offset, planes): (Int, [Plane]) = (0, [])
      for plane in frame.picture.planes {
        guard let read = Plane(like: plane, from: file, slot, at: offset) else { return nil }
        planes.append(read)
        offset += plane.denseSize
      }
      let picture = frame.picture
      return frame.with(
        Picture(
          width: picture.width, height: picture.height, format: picture.format,
          color: picture.color, planes: planes))
    }
  }

  /// Keeps a frame that is not here; `index` is its number.
  func keep(_ frame: Frame) {
    state.withLock { state in
      guard let file = state.file, state.slots[frame.index] == nil else { return }
      let dense = frame.picture.planes.map { $0.dense }
      let slot = withExtendedLifetime(dense) {
        file.write(dense.map { UnsafeRawBufferPointer(start: $0.base, count: $0.denseSize) })
      }
      guard let slot else { return }
      var kept = frame.with(frame.picture.withoutSamples)
      kept.attachments = nil
      if slot < state.frames.count {
        state.slots[state.frames[slot].index] = nil
        state.frames[slot] = kept
      } else {
        state.frames.append(kept)
      }
      state.slots[frame.index] = slot
    }
  }
}

extension Picture {
  /// The same with planes that take hardly any memory.
  fileprivate var withoutSamples: Picture {
    Picture(
      width: width, height: height, format: format, color: color,
      planes: planes.map {
        Plane.repeating(0, width: $0.width, height: $0.height, bitDepth: $0.bitDepth)
      })
  }
}

extension Plane {
  /// Bytes of the samples alone.
  fileprivate var denseSize: Int { width * bytesPerSample * height }

  /// The same with rows that follow each other without gaps.
  fileprivate var dense: Plane {
    let rowSize = width * bytesPerSample
    guard bytesPerRow != rowSize else { return self }
    let buffer = AlignedBuffer(byteCount: max(rowSize * height, 1))
    for y in 0..<height {
      (buffer.base + y * rowSize).copyMemory(from: base + y * bytesPerRow, byteCount: rowSize)
    }
    return Plane(
      base: UnsafeRawPointer(buffer.base), width: width, height: height, bytesPerRow: rowSize,
      bitDepth: bitDepth, owner: buffer)
  }

  /// Reads a plane of the size of another one.
  fileprivate init?(like other: Plane, from file: SlotFile, _ slot: Int, at offset: Int) {
    let rowSize = other.width * other.bytesPerSample
    let buffer = AlignedBuffer(byteCount: max(rowSize * other.height, 1))
    guard file.read(slot, at: offset, into: buffer.base, count: rowSize * other.height) else {
      return nil
    }
    self.init(
      base: UnsafeRawPointer(buffer.base), width: other.width, height: other.height,
      bytesPerRow: rowSize, bitDepth: other.bitDepth, owner: buffer)
  }
}
