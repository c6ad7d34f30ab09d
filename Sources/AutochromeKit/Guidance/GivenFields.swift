import Colorization
import Dispatch
import Imaging
import Locking
import Media

/// Turns what is given for frames into fields on their grids, and into the kinds of things that they show, each once.
final class GivenFields: Sendable {
  private let colorizer: FrameColorizer
  private let reach: HintReach
  private let interruption: MediaInterruption
  private let warn: @Sendable (String) -> Void
  /// What is made of a frame.
  private struct Made {
    let field: GuidanceField
    let kinds: KnownKinds?
    let answer: NetworkAnswer?
  }

  private struct State {
    /// Those that will be asked for again.
    var made: [Int: Made] = [:]
    /// By the name of the file.
    var references: [String: ReferencePicture] = [:]
    var palettes: [String: Palette] = [:]
    /// Pictures that nothing resembled, which is said once.
    var strangers: Set<String> = []
  }

  private let state = Locked(State())

  private var guidance: ColorNetworkDescription.Guidance { colorizer.network.description.guidance }

  init(
    colorizer: FrameColorizer, reach: HintReach, interruption: MediaInterruption,
    warn: @escaping @Sendable (String) -> Void
  ) {
    self.colorizer = colorizer
    self.reach = reach
    self.interruption = interruption
    self.warn = warn
  }

  /// What is given for a frame; nil for nothing.
  /// - Parameters:
  ///   - frame: its number.
  ///   - survey: of it.
  ///   - looksAround: whether it is compared with the pictures that are given.
  /// - Throws: `AutochromeError` if a still can't be read or is none of the frame.
  func field(of frame: Int, in given: GivenColors, survey: FrameSurvey, looksAround: Bool = false)
    throws -> GuidanceField?
  {
    let (still, hints) = (given.stills[frame], hints(of: frame, in: given, area: survey.area))
    let swatches = given.swatches[frame] ?? []
    let pictures = looksAround ? given.pictures : []
    guard given.isGiven(frame) || !pictures.isEmpty else { return nil }
    // What was made when it was looked at ahead knows nothing of pictures.
    let before = made(frame)
    if pictures.isEmpty, let before { return before.field }
    let known = before?.answer
    let answer = known?.isOf(survey) == true ? known : try colorizer.answer(survey)
    let features =
      guidance == .features && !(pictures.isEmpty && swatches.isEmpty)
      ? try colorizer.features(survey) : nil
    var field = try likeness(of: survey, features: features, frame: frame, to: pictures)
    if !swatches.isEmpty {
      field = field.overlaid(by: try self.field(of: swatches, survey: survey, features: features))
    }
    if let still {
      field = field.overlaid(by: try self.field(of: still, frame: frame, survey: survey))
    }
    if !hints.isEmpty {
      check(hints, against: field, frame: frame)
      // Where nothing else says anything, hints color the whole frame.
      let isAlone =
        guidance != .features && still == nil && pictures.isEmpty && swatches.isEmpty
      field =
        isAlone
        ? try HintSpread.completeField(
          of: hints, lightness: survey.lightness, geometry: survey.geometry)
        : field.overlaid(
          by: try HintSpread(reach: reach).field(
            of: hints, lightness: survey.lightness, geometry: survey.geometry,
            signature: answer?.signature))
    }
    let made = Made(
      field: field,
      kinds: answer.map {
        KnownKinds(
          signature: $0.signature, lightness: survey.lightness, geometry: survey.geometry,
          field: field)
      }, answer: answer)
    state.withLock { $0.made[frame] = made }
    return field
  }

  /// What is given for several frames, by their numbers.
  /// - Parameter sideBySide: whether they may be taken at the same time.
  /// - Throws: what `field` throws of the first frame that it throws for.
  func fields(
    of frames: [(number: Int, survey: FrameSurvey)], in given: GivenColors, sideBySide: Bool
  ) throws -> [Int: GuidanceField] {
    let results = Locked<[Int: Result<GuidanceField?, any Error>]>([:])
    @Sendable func make(_ index: Int) {
      let (number, survey) = frames[index]
      let result = Result { try field(of: number, in: given, survey: survey) }
      results.withLock { $0[number] = result }
    }
    if sideBySide {
      DispatchQueue.concurrentPerform(iterations: frames.count, execute: make)
    } else {
      frames.indices.forEach(make)
    }
    let all = results.withLock { $0 }
    var fields: [Int: GuidanceField] = [:]
    for (number, _) in frames { fields[number] = try all[number]?.get() }
    return fields
  }

  private func made(_ frame: Int) -> Made? { state.withLock { $0.made[frame] } }

  /// The hints of a frame, in parts of its picture.
  func hints(of frame: Int, in given: GivenColors, area: PictureArea) -> [Hint] {
    (given.hints[frame] ?? []).compactMap { $0.within(area) }
  }

  /// The colors that are likely; nil where nothing is said of that.
  func palette(in given: GivenColors) throws -> Palette? {
    guard let file = given.palette else { return nil }
    if let palette = state.withLock({ $0.palettes[file.path] }) { return palette }
    let palette = try colorizer.palette(of: file.picture(interruption: interruption))
    state.withLock { $0.palettes[file.path] = palette }
    return palette
  }

  /// What a frame shows for which something is given, and was made.
  func kinds(of frame: Int) -> KnownKinds? { made(frame)?.kinds }

  /// What the network said of a frame for which something is given, and was made.
  func answer(of frame: Int) -> NetworkAnswer? { made(frame)?.answer }

  /// Forgets what was made for frames up to `frame`.
  func drop(through frame: Int) {
    state.withLock { state in
      for known in state.made.keys.filter({ $0 <= frame }) { state.made[known] = nil }
    }
  }

  /// What pictures of something else say of a frame.
  private func likeness(
    of survey: FrameSurvey, features: FloatImage?, frame: Int, to pictures: [GivenColors.Still]
  ) throws -> GuidanceField {
    guard !pictures.isEmpty else { return nothing(in: survey) }
    let fields = try pictures.map { picture in
      let field = try self.field(of: survey, features: features, like: try reference(picture))
      if field.weight.mean(ofChannel: 0) < Self.leastResemblance,
        state.withLock({ $0.strangers.insert(picture.path).inserted })
      {
        warn(
          "Nothing in frame \(frame) resembles the reference '\(picture.path)', so it has no effect there."
        )
      }
      return field
    }
    return try GuidanceField.combined(fields) ?? fields[0]
  }

  private func nothing(in survey: FrameSurvey) -> GuidanceField {
    GuidanceField(emptyOfWidth: survey.geometry.gridWidth, height: survey.geometry.gridHeight)
  }

  /// What parts of pictures say of a frame.
  private func field(
    of swatches: [GivenColors.Swatches], survey: FrameSurvey, features: FloatImage?
  ) throws -> GuidanceField {
    let fields = try swatches.compactMap { some -> GuidanceField? in
      let pairs = some.pairs.compactMap { $0.within(survey.area) }
      guard !pairs.isEmpty else { return nil }
      return try field(
        of: survey, features: features, like: try reference(some.picture), swatches: pairs)
    }
    return try GuidanceField.combined(fields) ?? nothing(in: survey)
  }

  private func field(
    of survey: FrameSurvey, features: FloatImage?, like reference: ReferencePicture,
    swatches: [SwatchPair] = []
  ) throws -> GuidanceField {
    if let features {
      return try ReferenceMatcher().field(
        features: features, reference: reference, swatches: swatches)
    }
    // Charpiat's method has no swatches.
    return guidance == .multimodal && swatches.isEmpty
      ? try MultimodalMatcher().field(
        lightness: survey.lightness, geometry: survey.geometry, reference: reference)
      : try LumaMatcher().field(
        lightness: survey.lightness, geometry: survey.geometry, reference: reference,
        swatches: swatches)
  }

  /// The mean weight below which a picture counts as having nothing in common with a frame.
  private static let leastResemblance = 0.01
  /// Colors of a hint and of a reference that lie further apart, in units of a\* and b\*, contradict each other.
  private static let mostDisagreement: Float = 25

  /// Says where hints and references contradict each other; the hint holds.
  private func check(_ hints: [Hint], against field: GuidanceField, frame: Int) {
    for hint in hints {
      guard let point = hint.points.first else { continue }
      let x = min(Int(point.x * Double(field.width)), field.width - 1)
      let y = min(Int(point.y * Double(field.height)), field.height - 1)
      let (da, db) = (field.ab[0, x, y] - hint.color.a, field.ab[1, x, y] - hint.color.b)
      let off = (da * da + db * db).squareRoot()
      if field.weight[0, x, y] > 0.5, off > Self.mostDisagreement {
        warn(
          "A hint and a reference of frame \(frame) contradict each other at [\(point.x), \(point.y)]; the hint is "
            + "used.")
      }
    }
  }

  private func reference(_ file: GivenColors.Still) throws -> ReferencePicture {
    if let known = state.withLock({ $0.references[file.path] }) { return known }
    let made = try colorizer.reference(
      try file.picture(interruption: interruption))
    state.withLock { state in
      // Those of other shots go.
      if state.references.count >= Self.mostReferences { state.references = [:] }
      state.references[file.path] = made
    }
    return made
  }

  /// So many pictures are kept with their features, which are some megabytes each.
  private static let mostReferences = 16
  /// Shapes that differ by more than this are those of different pictures.
  private static let shapeTolerance = 0.03
  /// Stills that go along with the lightness of their frame less than this are of another one, most likely.
  private static let leastLikeness = 0.5

  private func field(
    of still: GivenColors.Still, frame: Int, survey: FrameSurvey
  ) throws -> GuidanceField {
    let picture = try still.picture(interruption: interruption)
    let area = survey.area
    let (wanted, actual) = (
      Double(area.frameWidth) / Double(area.frameHeight),
      Double(picture.width) / Double(picture.height)
    )
    guard abs(wanted / actual - 1) <= Self.shapeTolerance else {
      throw AutochromeError(
        .badData,
        "The reference '\(still.path)' is \(picture.width)×\(picture.height), but frame \(frame) is "
          + "\(area.frameWidth)×\(area.frameHeight), a different aspect ratio; color a still of the film itself."
      )
    }
    let colors = try PictureColors(geometry: survey.geometry, area: area).colors(of: picture)
    let likeness = colors.likeness(to: survey.lightness)
    if likeness < Self.leastLikeness {
      warn(
        "The reference '\(still.path)' does not look like frame \(frame) (\(percent(likeness)) of its lightness "
          + "agrees); check the frame number.")
    }
    return colors.field
  }

  private func percent(_ share: Double) -> String { "\(Int((100 * max(share, 0)).rounded())) %" }
}
