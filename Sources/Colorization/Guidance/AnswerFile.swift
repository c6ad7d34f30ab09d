import Foundation
import Imaging

/// What the network said of frames, on disk: a file without a name, which is gone with the process, however that ends.
/// Records have slots of one size. It is a cache: where the disk is full or fails, nothing is kept any more.
///
/// It is not safe to be used by several threads at once.
final class AnswerFile {
  private struct Slot {
    let key: Int
    let geometry: WorkingGeometry
    let area: PictureArea
    /// Of the lightness, of the values, of the signature.
    let shapes: [Shape]
  }

  private struct Shape {
    let width: Int
    let height: Int
    let channels: Int

    init(_ image: FloatImage) {
      (width, height, channels) = (image.width, image.height, image.channels)
    }

    var byteCount: Int { width * height * channels * MemoryLayout<Float>.stride }
  }

  private var descriptor: Int32
  /// In bytes.
  private let capacity: Int
  /// In bytes; of the first record.
  private var slotSize = 0
  private var slots: [Slot] = []
  /// Which slots have a key.
  private var places: [Int: [Int]] = [:]

  /// - Parameter capacity: the room on the disk that it may take, in bytes.
  /// - Returns: nil where no file can be made.
  init?(capacity: Int) {
    let folder = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/var/tmp"
    descriptor = Self.open(in: folder)
    if descriptor < 0 { descriptor = Self.open(in: "/tmp") }
    guard descriptor >= 0 else { return nil }
    self.capacity = capacity
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  private static func open(in folder: String) -> Int32 {
    var path = Array((folder + "/autochrome-XXXXXX").utf8CString)
    let descriptor = mkstemp(&path)
    guard descriptor >= 0 else { return -1 }
    unlink(path)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    return descriptor
  }

  private static func key(of survey: FrameSurvey) -> Int {
    var hasher = Hasher()
    withBytes(of: survey.lightness) { hasher.combine(bytes: $0) }
    return hasher.finalize()
  }

  private static func withBytes<R>(
    of image: FloatImage, _ body: (UnsafeRawBufferPointer) throws -> R
  ) rethrows -> R {
    try withExtendedLifetime(image) {
      try body(
        UnsafeRawBufferPointer(
          start: image.channel(0),
          count: image.area * image.channels * MemoryLayout<Float>.stride))
    }
  }

  /// The answer for a survey of the same picture; nil if it is not there.
  func answer(for survey: FrameSurvey) -> NetworkAnswer? {
    for place in places[Self.key(of: survey)] ?? [] {
      let slot = slots[place]
      guard slot.geometry == survey.geometry, slot.area == survey.area else { continue }
      var offset = place * slotSize
      var images: [FloatImage] = []
      for shape in slot.shapes {
        guard let image = image(shape, at: offset) else { return nil }
        guard !images.isEmpty || image.hasSameValues(as: survey.lightness) else { break }
        images.append(image)
        offset += shape.byteCount
      }
      guard images.count == slot.shapes.count else { continue }
      return NetworkAnswer(
        values: images[1], signature: images[2], geometry: slot.geometry, area: slot.area)
    }
    return nil
  }

  private func image(_ shape: Shape, at offset: Int) -> FloatImage? {
    var isWhole = false
    let image = FloatImage(width: shape.width, height: shape.height, channels: shape.channels) {
      isWhole = pread(descriptor, $0, shape.byteCount, off_t(offset)) == shape.byteCount
    }
    return isWhole ? image : nil
  }

  /// Keeps an answer that is not there yet.
  func keep(_ answer: NetworkAnswer, of survey: FrameSurvey) {
    let images = [survey.lightness, answer.values, answer.signature]
    let shapes = images.map { Shape($0) }
    let size = shapes.reduce(0) { $0 + $1.byteCount }
    if slotSize == 0 { slotSize = size }
    let most = capacity / slotSize
    guard descriptor >= 0, size <= slotSize, most > 0 else { return }
    // Shots are gone through from end to end, again and again: where the oldest went first, a shot that does not fit
    // would never be found.
    let place = slots.count < most ? slots.count : Int.random(in: 0..<most)
    var offset = place * slotSize
    for image in images {
      let isWritten = Self.withBytes(of: image) {
        pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) == $0.count
      }
      guard isWritten else { return giveUp() }
      offset += Shape(image).byteCount
    }
    let slot = Slot(
      key: Self.key(of: survey), geometry: survey.geometry, area: survey.area, shapes: shapes)
    if place < slots.count {
      places[slots[place].key]?.removeAll { $0 == place }
      slots[place] = slot
    } else {
      slots.append(slot)
    }
    places[slot.key, default: []].append(place)
  }

  private func giveUp() {
    (slots, places) = ([], [:])
    close(descriptor)
    descriptor = -1
  }
}
