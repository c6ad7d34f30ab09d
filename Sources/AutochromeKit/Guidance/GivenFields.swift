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
  /// Gives a frame of the film by its number, nil for none; nil where the film can be read but once.
  private let film: (@Sendable (Int) throws -> Frame?)?
  /// What is made of a frame.
  private struct Made {
    let field: GuidanceField
    let kinds: KnownKinds?
    let answer: NetworkAnswer?
  }

  /// What is made of a frame of another shot, for frames that are like it.
  private struct MadeAlike {
    let number: Int
    let reference: ReferencePicture
    let kinds: KnownKinds?
  }

  /// What came of the attempt to read a frame of another shot.
  private struct AttemptAlike {
    let given: GivenFrames
    let area: PictureArea
    /// nil if the frame can't be read or has another size.
    let made: MadeAlike?
  }

  private struct State {
    /// Those that will be asked for again.
    var made: [Int: Made] = [:]
    /// By the name of the file.
    var references: [String: ReferencePicture] = [:]
    /// Of other shots, by the number.
    var alike: [Int: AttemptAlike] = [:]
    var palettes: [String: Palette] = [:]
    /// What was said once.
    var warnings: Set<String> = []
  }

  private let state = Locked(State())

  private var guidance: ColorNetworkDescription.Guidance { colorizer.network.description.guidance }

  init(
    colorizer: FrameColorizer, reach: HintReach, interruption: MediaInterruption,
    film: (@Sendable (Int) throws -> Frame?)?, warn: @escaping @Sendable (String) -> Void
  ) {
    self.colorizer = colorizer
    self.reach = reach
    self.interruption = interruption
    self.film = film
    self.warn = warn
  }

  /// What is given for a frame; nil for nothing.
  /// - Parameters:
  ///   - frame: its number.
  ///   - survey: of it.
  ///   - looksAround: whether it is compared with the pictures that are given, and with frames of other shots.
  /// - Throws: `AutochromeError` if a still can't be read or is none of the frame.
  func field(of frame: Int, in given: GivenColors, survey: FrameSurvey, looksAround: Bool = false)
    throws -> GuidanceField?
  {
    let looksAround = looksAround && given.looksAround
    guard given.frames.contains(frame) || looksAround else { return nil }
    // What was made when it was looked at ahead knows nothing of pictures.
    let before = made(frame)
    if !looksAround, let before { return before.field }
    let made = try make(
      of: frame, in: given, survey: survey, looksAround: looksAround, answer: before?.answer)
    state.withLock { $0.made[frame] = made }
    return made.field
  }

  /// - Parameters:
  ///   - answer: of the network to the frame, if it was asked already.
  ///   - features: of the frame, if they were computed already.
  private func make(
    of frame: Int, in given: GivenColors, survey: FrameSurvey, looksAround: Bool,
    answer known: NetworkAnswer?, features computed: FloatImage? = nil
  ) throws -> Made {
    let still = given.frames.stills[frame]
    let hints = hints(of: frame, in: given, area: survey.area)
    let swatches = given.frames.swatches[frame] ?? []
    let answer = known?.isOf(survey) == true ? known : try colorizer.answer(survey)
    let features =
      looksAround || !swatches.isEmpty ? try computed ?? self.features(of: survey) : nil
    var field =
      looksAround
      ? try likeness(of: survey, features: features, frame: frame, in: given) : nothing(in: survey)
    if !swatches.isEmpty {
      field = field.overlaid(by: try self.field(of: swatches, survey: survey, features: features))
    }
    if let still {
      field = field.overlaid(by: try self.field(of: still, frame: frame, survey: survey))
    }
    if !hints.isEmpty {
      check(hints, against: field, frame: frame)
      // Where nothing else says anything, hints color the whole frame.
      let isAlone = guidance != .features && still == nil && !looksAround && swatches.isEmpty
      field =
        isAlone
        ? try HintSpread.completeField(
          of: hints, lightness: survey.lightness, geometry: survey.geometry)
        : field.overlaid(
          by: try HintSpread(reach: reach).field(
            of: hints, lightness: survey.lightness, geometry: survey.geometry,
            signature: answer?.signature))
    }
    return Made(
      field: field,
      kinds: answer.map {
        KnownKinds(
          signature: $0.signature, lightness: survey.lightness, geometry: survey.geometry,
          field: field)
      }, answer: answer)
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

  /// By which parts of a frame are compared with parts of pictures; nil where its luma alone is.
  private func features(of survey: FrameSurvey) throws -> FloatImage? {
    guidance == .features ? try colorizer.features(survey) : nil
  }

  private func made(_ frame: Int) -> Made? { state.withLock { $0.made[frame] } }

  /// The hints of a frame, in parts of its picture.
  func hints(of frame: Int, in given: GivenColors, area: PictureArea) -> [Hint] {
    (given.frames.hints[frame] ?? []).compactMap { $0.within(area) }
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

  /// What pictures of something else, and frames of other shots, say of a frame.
  private func likeness(
    of survey: FrameSurvey, features: FloatImage?, frame: Int, in given: GivenColors
  ) throws -> GuidanceField {
    let pictures = given.pictures + (film == nil ? given.alike.pictures : [])
    var fields = try pictures.map { picture in
      let field = try self.field(of: survey, features: features, like: try reference(picture))
      if field.weight.mean(ofChannel: 0) < Self.leastResemblance {
        warnOnce(
          of: picture.path,
          "Nothing in frame \(frame) resembles the reference '\(picture.path)', so it has no effect there."
        )
      }
      return field
    }
    for other in try framesAlike(in: given, area: survey.area) {
      let field = try self.field(of: survey, features: features, like: other.reference)
      let known = other.reference.weight?.mean(ofChannel: 0) ?? 1
      if field.weight.mean(ofChannel: 0) < Self.leastResemblance * known {
        warnOnce(
          of: "like \(other.number)",
          "Nothing in frame \(frame) resembles frame \(other.number), though its shot is 'like' that one's, so the "
            + "colors given there have little effect.")
      }
      fields.append(field)
    }
    return try GuidanceField.combined(fields) ?? nothing(in: survey)
  }

  private func warnOnce(of subject: String, _ text: String) {
    if state.withLock({ $0.warnings.insert(subject).inserted }) { warn(text) }
  }

  // MARK: Frames of other shots

  /// What frames of other shots show for which something is given, and that are as large.
  func kindsAlike(in given: GivenColors, area: PictureArea) throws -> [KnownKinds] {
    try framesAlike(in: given, area: area).compactMap(\.kinds)
  }

  private func framesAlike(in given: GivenColors, area: PictureArea) throws -> [MadeAlike] {
    guard film != nil else {
      if !given.alike.hints.isEmpty {
        warnOnce(
          of: "like",
          "This film can be read only once, so hints of a shot are not carried to the shots that are 'like' it."
        )
      }
      return []
    }
    return try given.alike.numbers.prefix(Self.mostAlike).compactMap {
      try frameAlike($0, given.alike.only($0), area: area)
    }
  }

  private func frameAlike(
    _ number: Int, _ given: GivenFrames, area: PictureArea
  ) throws -> MadeAlike? {
    if let known = state.withLock({ $0.alike[number] }), known.given == given, known.area == area {
      return known.made
    }
    let made = try makeAlike(number, given, area: area)
    state.withLock { state in
      if state.alike.count >= Self.mostReferences { state.alike = [:] }
      state.alike[number] = AttemptAlike(given: given, area: area, made: made)
    }
    return made
  }

  private func makeAlike(
    _ number: Int, _ given: GivenFrames, area: PictureArea
  ) throws -> MadeAlike? {
    var frame: Frame?
    do { frame = try film?(number) } catch let error as MediaError where error.code != .interrupted
    {}
    guard let frame, frame.picture.width == area.frameWidth,
      frame.picture.height == area.frameHeight
    else {
      warnOnce(
        of: "frame \(number)",
        "Frame \(number) can't be read or has another size, so what is given for it is not carried to the shots that "
          + "are 'like' its own.")
      return nil
    }
    let survey = try colorizer.survey(frame, area: area)
    let features = try features(of: survey)
    let made = try make(
      of: number, in: GivenColors(given), survey: survey, looksAround: false, answer: nil,
      features: features)
    let reference = try ReferencePicture(
      lightness: survey.lightness, ab: made.field.ab, weight: made.field.weight,
      features: features, geometry: survey.geometry)
    return MadeAlike(number: number, reference: reference, kinds: made.kinds)
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
  /// Of as many frames of another shot, its first ones for which something is given, frames take colors.
  private static let mostAlike = 8
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
