import Colorization

/// What a user gives of the colors of frames of a film, by the numbers of the frames in the film, from 0.
struct GivenFrames: Codable, Hashable, Sendable {
  var stills: [Int: GivenColors.Still] = [:]
  var hints: [Int: [Hint]] = [:]
  var swatches: [Int: [GivenColors.Swatches]] = [:]

  /// Whether nothing is given.
  var isEmpty: Bool { stills.isEmpty && hints.isEmpty && swatches.isEmpty }

  /// Whether something is given for this frame.
  func contains(_ frame: Int) -> Bool {
    stills[frame] != nil || hints[frame] != nil || swatches[frame] != nil
  }

  /// The frames for which something is given, rising.
  var numbers: [Int] { Set(stills.keys).union(hints.keys).union(swatches.keys).sorted() }

  /// What is given for one frame.
  func only(_ frame: Int) -> GivenFrames {
    var result = GivenFrames()
    result.stills[frame] = stills[frame]
    result.hints[frame] = hints[frame]
    result.swatches[frame] = swatches[frame]
    return result
  }

  /// The pictures of the frames, and those of which parts belong to parts of a frame.
  var pictures: [GivenColors.Still] {
    stills.sorted { $0.key < $1.key }.map(\.value)
      + swatches.sorted { $0.key < $1.key }.flatMap(\.value).map(\.picture)
  }

  /// These, and what `other` gives; of two stills of one frame, that of `other`.
  func joined(with other: GivenFrames) -> GivenFrames {
    var result = self
    result.stills.merge(other.stills) { $1 }
    result.hints.merge(other.hints) { $0 + $1 }
    result.swatches.merge(other.swatches) { $0 + $1 }
    return result
  }

  /// The same with the fingerprints of all pictures.
  /// - Throws: `AutochromeError` if one can't be read.
  func identified() throws(AutochromeError) -> GivenFrames {
    var result = self
    for (frame, still) in stills { result.stills[frame] = try still.identified }
    for (frame, all) in swatches {
      for index in all.indices {
        result.swatches[frame]?[index].picture = try all[index].picture.identified
      }
    }
    return result
  }
}
