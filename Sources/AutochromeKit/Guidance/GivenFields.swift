import Colorization
import Imaging
import Media

/// Turns what is given for frames into fields on their grids, and into the kinds of things that they show, each once.
final class GivenFields {
  private let colorizer: FrameColorizer
  private let interruption: Media.Interruption
  private let warn: @Sendable (String) -> Void
  /// What is made of a frame.
  private struct Made {
    let field: GuidanceField
    let kinds: KnownKinds?
  }

  /// Those that will be asked for again.
  private var made: [Int: Made] = [:]

  init(
    colorizer: FrameColorizer, interruption: Media.Interruption,
    warn: @escaping @Sendable (String) -> Void
  ) {
    self.colorizer = colorizer
    self.interruption = interruption
    self.warn = warn
  }

  /// What is given for a frame; nil for nothing.
  /// - Parameters:
  ///   - frame: its number.
  ///   - survey: of it.
  /// - Throws: `AutochromeError` if a still can't be read or is none of the frame.
  func field(of frame: Int, in given: GivenColors, survey: FrameSurvey) throws -> GuidanceField? {
    let (still, hints) = (given.stills[frame], given.hints[frame] ?? [])
    guard still != nil || !hints.isEmpty else { return nil }
    if let made = made[frame] { return made.field }
    let signature = try colorizer.signature(survey)
    var field =
      try still.map { try self.field(of: $0, frame: frame, survey: survey) }
      ?? GuidanceField(
        emptyOfWidth: survey.geometry.gridWidth, height: survey.geometry.gridHeight)
    if !hints.isEmpty {
      field = field.overlaid(
        by: try HintSpread().field(
          of: hints, lightness: survey.lightness, geometry: survey.geometry, features: signature))
    }
    made[frame] = Made(
      field: field,
      kinds: signature.map {
        KnownKinds(
          signature: $0, lightness: survey.lightness, geometry: survey.geometry, field: field,
          frame: frame)
      })
    return field
  }

  /// What a frame shows for which something is given, and was made.
  func kinds(of frame: Int) -> KnownKinds? { made[frame]?.kinds }

  /// Forgets what was made for frames up to `frame`.
  func drop(through frame: Int) { made = made.filter { $0.key > frame } }

  /// Shapes that differ by more than this are those of different pictures.
  private static let shapeTolerance = 0.03
  /// Stills that go along with the lightness of their frame less than this are of another one, most likely.
  private static let leastLikeness = 0.5

  private func field(
    of still: GivenColors.Still, frame: Int, survey: FrameSurvey
  ) throws -> GuidanceField {
    var options = SourceOptions()
    options.interruption = interruption
    let source = try MediaSource.open(still.path, options: options)
    guard let picture = try source.nextFrame()?.picture else {
      throw AutochromeError(.badData, "The reference '\(still.path)' holds no picture.")
    }
    let area = survey.area
    let (wanted, actual) = (
      Double(area.frameWidth) / Double(area.frameHeight),
      Double(picture.width) / Double(picture.height)
    )
    guard abs(wanted / actual - 1) <= Self.shapeTolerance else {
      throw AutochromeError(
        .badData,
        "The reference '\(still.path)' is \(picture.width)×\(picture.height), and frame \(frame) "
          + "\(area.frameWidth)×\(area.frameHeight): another shape. Color a still of the film itself.")
    }
    let colors = try PictureColors(geometry: survey.geometry, area: area).colors(of: picture)
    let likeness = colors.likeness(to: survey.lightness)
    if likeness < Self.leastLikeness {
      warn(
        "The reference '\(still.path)' does not look like frame \(frame) (\(percent(likeness)) of its lightness goes "
          + "along); is its number right?")
    }
    return colors.field
  }

  private func percent(_ share: Double) -> String { "\(Int((100 * max(share, 0)).rounded())) %" }
}
