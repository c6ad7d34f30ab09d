import Imaging

/// What the network said of frames, on disk. It is not safe to be used by several threads at once.
final class AnswerFile {
  private struct Entry {
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

  private let file: SlotFile
  /// By slot.
  private var entries: [Entry] = []
  /// Which slots have a key.
  private var slots: [Int: [Int]] = [:]

  /// - Parameter capacity: the room on the disk that it may take, in bytes.
  /// - Returns: nil where no file can be made.
  init?(capacity: Int) {
    guard let file = SlotFile(capacity: capacity) else { return nil }
    self.file = file
  }

  private static func key(of survey: FrameSurvey) -> Int {
    var hasher = Hasher()
    withExtendedLifetime(survey.lightness) { hasher.combine(bytes: bytes(of: survey.lightness)) }
    return hasher.finalize()
  }

  /// Alive as long as the image.
  private static func bytes(of image: FloatImage) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: image.channel(0), count: Shape(image).byteCount)
  }

  /// The answer for a survey of the same picture; nil if it is not there.
  func answer(for survey: FrameSurvey) -> NetworkAnswer? {
    for slot in slots[Self.key(of: survey)] ?? [] {
      let entry = entries[slot]
      guard entry.geometry == survey.geometry, entry.area == survey.area else { continue }
      var (offset, images): (Int, [FloatImage]) = (0, [])
      for shape in entry.shapes {
        guard let image = image(shape, slot, at: offset) else { return nil }
        guard !images.isEmpty || image.hasSameValues(as: survey.lightness) else { break }
        images.append(image)
        offset += shape.byteCount
      }
      guard images.count == entry.shapes.count else { continue }
      return NetworkAnswer(
        values: images[1], signature: images[2], geometry: entry.geometry, area: entry.area)
    }
    return nil
  }

  private func image(_ shape: Shape, _ slot: Int, at offset: Int) -> FloatImage? {
    var isWhole = false
    let image = FloatImage(width: shape.width, height: shape.height, channels: shape.channels) {
      isWhole = file.read(slot, at: offset, into: $0, count: shape.byteCount)
    }
    return isWhole ? image : nil
  }

  /// Keeps an answer that is not there yet.
  func keep(_ answer: NetworkAnswer, of survey: FrameSurvey) {
    let images = [survey.lightness, answer.values, answer.signature]
    let slot = withExtendedLifetime(images) { file.write(images.map { Self.bytes(of: $0) }) }
    guard let slot else { return }
    let entry = Entry(
      key: Self.key(of: survey), geometry: survey.geometry, area: survey.area,
      shapes: images.map { Shape($0) })
    if slot < entries.count {
      slots[entries[slot].key]?.removeAll { $0 == slot }
      entries[slot] = entry
    } else {
      entries.append(entry)
    }
    slots[entry.key, default: []].append(slot)
  }
}
