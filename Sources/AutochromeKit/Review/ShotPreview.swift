package import Colorization
package import Imaging
package import Media
import NeuralNetwork

/// Colors single frames of a film as a job does, for people who change how it looks: each frame as a film of that one
/// frame, in the look of its shot and with what is given for it. What other frames of the shot would bring to it along
/// the motion is left out.
///
/// So a frame is, to the bit, that of a job where nothing comes from elsewhere: of a shot that is not steadied, and
/// for which nothing is given but for this frame.
package final class ShotPreview: Sendable {
  /// A frame in color.
  package struct Colored: Sendable {
    /// In the form that was wanted.
    package var picture: Picture
    /// What is known of its colors on the coarse grid; nil where it keeps those that it has.
    package var analysis: FrameAnalysis?
  }

  /// How the film is colored.
  package let settings: Settings
  /// The network with what it said last.
  package let colorizer: FrameColorizer
  private let info: SourceInfo
  private let reach: HintReach
  private let fields: GivenFields
  private let film: FilmReader?
  /// What is given of the colors of the film.
  let given: GivenColors?

  /// What the network says of a frame takes 4 MB at the default size: the last 3 frames are in memory, and 256 on
  /// disk, so that a shot that is changed again and again does not wait for the network.
  package static let answers = (memory: 12_000_000, disk: 1 << 30)

  /// - Parameters:
  ///   - info: of the film.
  ///   - film: gives frames of other shots that a shot is like; nil where there are none.
  ///   - networks: where the network comes from.
  ///   - keepsAnswers: whether what the network says is kept, for those who ask for a frame again.
  ///   - warn: told of stills that are none of their frame, and the like.
  /// - Throws: `AutochromeError` and what loading the network throws.
  package init(
    settings: Settings, info: SourceInfo, film: FilmReader? = nil,
    networks: NetworkShelf = NetworkShelf(), keepsAnswers: Bool = true,
    warn: @escaping @Sendable (String) -> Void
  ) throws {
    self.settings = settings
    self.info = info
    colorizer = FrameColorizer(
      network: try JobParts.openColorizer(settings, from: networks).network,
      shortSide: settings.size, answers: keepsAnswers ? Self.answers : nil)
    reach = try HintReach.shipped()
    self.film = film.map(FilmReader.init(sharing:))
    fields = GivenFields(
      colorizer: colorizer, reach: reach, interruption: MediaInterruption(),
      film: self.film?.frameIfAny, warn: warn)
    given = try GivenColors.given(by: settings)
  }

  /// Another one with the same network, to be used at the same time.
  package init(sharing other: ShotPreview, warn: @escaping @Sendable (String) -> Void) {
    (settings, colorizer, info, given) = (other.settings, other.colorizer, other.info, other.given)
    reach = other.reach
    film = other.film.map(FilmReader.init(sharing:))
    fields = GivenFields(
      colorizer: colorizer, reach: reach, interruption: MediaInterruption(),
      film: film?.frameIfAny, warn: warn)
  }

  /// The frame in color. Called serially.
  /// - Parameters:
  ///   - frame: its `index` is its number in the film.
  ///   - list: the shots; the last one that begins at or before the frame is its own.
  ///   - output: the form in which it is wanted.
  /// - Throws: `AutochromeError`, `ColorizationError` or `MediaError`.
  package func color(
    _ frame: Frame, in list: ShotList, as output: OutputFormat
  ) throws -> Colored {
    let looks = ShotLooks(settings: settings, list: list, given: given)
    var item = JobItem(element: SourceElement(frame: frame))
    item.colorSurvey = ColorSurvey(frame.picture)
    if !looks.mayKeepColors { item.dropColors() }
    let survey = try colorizer.survey(item.element.frame ?? frame)
    item.survey = survey
    var motion = MotionStage(
      tracking: TrackingStage(
        colorizer: colorizer, settings: settings, info: info, followsMotion: looks.followMotion,
        list: try ShotList.Reader(list, of: info)),
      guide: looks.areGuided ? Guide(info: info, fields: fields, lookAhead: nil) : nil,
      watch: ColorWatch(input: "", mode: settings.color, known: nil, isFilm: true), looks: looks,
      sampledBy: colorizer, dividesAtShots: false, isFilm: true, resuming: nil)
    item = try motion.track(
      item, survey: survey, of: item.element.frame ?? frame, seconds: info.seconds(of: frame),
      format: output.pictureFormat, warn: { _ in })
    try item.analyze(by: colorizer)
    var steady = SteadyStage(settings: settings, looks: looks)
    let steadied = try steady.push(item) + steady.finish()
    guard var result = steadied.first else {
      throw AutochromeError(.internalFault, "Frame \(frame.index) did not come out again.")
    }
    try result.color(by: colorizer, as: output)
    guard let picture = result.colored else {
      throw AutochromeError(.internalFault, "Frame \(frame.index) got no colors.")
    }
    return Colored(picture: picture, analysis: result.analysis)
  }

  /// The looks of all shots of a list, in its order.
  package func looks(in list: ShotList) -> [Look] {
    let looks = ShotLooks(settings: settings, list: list, given: nil)
    return list.shots.indices.map { looks[$0].look }
  }
}
