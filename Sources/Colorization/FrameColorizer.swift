package import Imaging
import Locking
package import NeuralNetwork

/// Takes a frame to its estimate and, once that is steadied, to its color. Everything in between is
/// chosen by the frame's size, format and tags and by the look that is wanted, made once and kept.
package final class FrameColorizer: Sendable {
  /// The network.
  package let network: ColorNetwork
  private let shortSide: Int
  private let upsampler = GuidedUpsampler()
  private let decoders = Kept<DecoderKey, DistributionDecoder>(limit: 64)
  private let reducers = Kept<ReducerKey, LightnessReducer>(limit: 8)
  private let recombiners = Kept<RecombinerKey, Recombiner>(limit: 8)
  private let answers: AnswerShelf?

  /// - Parameters:
  ///   - shortSide: Short side of what the network sees, in samples; more where the network needs more.
  ///   - answers: What what the network said of frames may take of memory and disk, in bytes, so that it is not
  ///     asked again about those that come again; nil for those who see each frame once.
  package init(
    network: ColorNetwork, shortSide: Int, answers: (memory: Int, disk: Int)? = nil
  ) {
    self.network = network
    self.shortSide = shortSide
    self.answers = answers.map { AnswerShelf(memory: $0.memory, disk: $0.disk) }
  }

  /// Makes what a look needs, so that one that does not go with the network is refused before any frame
  /// is decoded.
  /// - Throws: `ColorizationError` if a setting of the look, or the network's own, is out of range, or
  ///   acts on a distribution and the network gives none.
  package func prepare(for look: Look) throws {
    _ = try decoder(for: look)
  }

  /// The sizes that a picture passes through.
  package func geometry(width: Int, height: Int, sampleAspectRatio: Rational) -> WorkingGeometry {
    network.geometry(
      width: width, height: height, shortSide: shortSide, sampleAspectRatio: sampleAspectRatio)
  }

  /// What is known of a frame before the network sees it. The small L\* of an interlaced frame is its first
  /// field's: both at once would show what moves twice.
  /// - Parameter area: The part of the frame that is the picture; nil for all.
  package func survey(_ frame: Frame, area: PictureArea? = nil) throws -> FrameSurvey {
    let picture = frame.picture
    let area = area ?? PictureArea(wholeOfWidth: picture.width, height: picture.height)
    let reducer = try reducer(for: frame, area: area)
    return FrameSurvey(
      area: area, geometry: reducer.geometry,
      lightness: try reducer.reduce(picture, area: area, field: frame.fieldOrder.fields.first))
  }

  /// What the network is given for a frame that was surveyed, run after run: all of it, or tiles.
  package func networkInputs(_ survey: FrameSurvey) throws -> [[String: Tensor]] {
    try network.inputs(lightness: survey.lightness, geometry: survey.geometry)
  }

  /// The small chroma picture that a sampling network draws for a frame in a look.
  /// - Parameter known: what is known of it already; nil for nothing.
  /// - Returns: nil if the network does not sample.
  package func sample(
    _ survey: FrameSurvey, look: Look, known: KnownChroma? = nil
  ) throws -> SampledChroma? {
    try network.sample(
      lightness: survey.lightness, geometry: survey.geometry,
      draw: look.draw(of: network.description), known: known)
  }

  /// The small chroma of a picture in color, with how likely a sampling network takes it to be.
  /// - Parameter survey: of that picture.
  /// - Returns: nil if the network does not sample.
  package func judged(_ picture: Picture, _ survey: FrameSurvey) throws -> SampledChroma? {
    guard let form = network.description.sampler else { return nil }
    let truth = try PictureColors(geometry: survey.geometry, area: survey.area).chroma(
      of: picture, form: form)
    return try network.judged(truth, lightness: survey.lightness, geometry: survey.geometry)
  }

  /// The network's view of a frame that was surveyed.
  /// - Parameters:
  ///   - guidance: what is known of its colors beside; nil for nothing.
  ///   - chroma: what a sampling network has drawn for it; nil to draw it in this look.
  /// - Throws: `ColorizationError` if a setting of the look is out of range.
  package func analyze(
    _ survey: FrameSurvey, look: Look, guidance: FrameGuidance? = nil,
    chroma: SampledChroma? = nil
  ) throws -> FrameAnalysis {
    guard
      let guidance = guidance
        ?? (answers == nil && chroma == nil ? nil : FrameGuidance(field: nil))
    else {
      return try analyze(survey, looks: [look])[0]
    }
    let (geometry, lightness) = (survey.geometry, survey.lightness)
    let decoder = try decoder(for: look, palette: guidance.palette)
    guard network.description.output == .bins313 else {
      let own = try network.estimates(
        lightness: lightness, geometry: geometry, decoders: [decoder],
        chroma: try chroma ?? sample(survey, look: look))[0]
      return FrameAnalysis(
        survey: survey, estimate: try guidance.field.map { try own.guided(by: $0) } ?? own)
    }
    func estimate(_ values: UnsafePointer<Float>, _ known: NetworkAnswer?) throws -> CoarseEstimate
    {
      let field =
        guidance.kinds.isEmpty
        ? guidance.field
        : KnownKinds.field(
          of: guidance.kinds, lightness: lightness, geometry: geometry, known: guidance.field
        ) {
          known?.signature ?? ColorSignature.image(values: values, geometry: geometry, where: $0)
        }
      guard let field else { return decoder.estimate(values: values, geometry: geometry) }
      return try decoder.estimate(values: values, geometry: geometry, guidance: field)
    }
    let given = guidance.answer.flatMap { $0.isOf(survey) ? $0 : nil }
    if let answer = try given ?? answers.flatMap({ _ in try answer(survey) }) {
      return FrameAnalysis(
        survey: survey, estimate: try answer.withValues { try estimate($0, answer) })
    }
    return FrameAnalysis(
      survey: survey,
      estimate: try network.run(lightness: lightness, geometry: geometry) {
        try estimate($0, nil)
      })
  }

  /// What the network says of a frame, to be kept for its analysis; nil for one that gives no probabilities.
  package func answer(_ survey: FrameSurvey) throws -> NetworkAnswer? {
    guard network.description.output == .bins313 else { return nil }
    if let known = answers?.answer(for: survey) { return known }
    let answer = try network.run(lightness: survey.lightness, geometry: survey.geometry) {
      NetworkAnswer($0, of: survey)
    }
    answers?.keep(answer, of: survey)
    return answer
  }

  /// Whether the network need not be asked about a frame any more.
  package func hasAnswer(for survey: FrameSurvey) -> Bool { answers?.answer(for: survey) != nil }

  /// The network's view of a frame in each of `looks`, in their order; the network runs but once, or once for each
  /// sample.
  /// - Throws: `ColorizationError` if a setting of a look is out of range.
  package func analyze(_ survey: FrameSurvey, looks: [Look]) throws -> [FrameAnalysis] {
    let (geometry, lightness) = (survey.geometry, survey.lightness)
    let decoders = try looks.map { try decoder(for: $0) }
    guard network.description.sampler == nil else {
      var known: [SampleDraw: FrameAnalysis] = [:]
      return try zip(looks, decoders).map { look, decoder in
        let draw = look.draw(of: network.description)
        if let analysis = known[draw] { return analysis }
        let estimate = try network.estimates(
          lightness: lightness, geometry: geometry, decoders: [decoder],
          chroma: try sample(survey, look: look))[0]
        let analysis = FrameAnalysis(survey: survey, estimate: estimate)
        known[draw] = analysis
        return analysis
      }
    }
    let estimates = try network.estimates(
      lightness: lightness, geometry: geometry, decoders: decoders)
    return estimates.map { FrameAnalysis(survey: survey, estimate: $0) }
  }

  /// The frame's picture in color, as the output wants it. The luma plane is the frame's own. The
  /// colors of an interlaced frame follow the edges of each field by itself. What lies outside of the
  /// analysis' area stays neutral.
  /// - Parameters:
  ///   - analysis: in this look or, where looks differ in saturation, warmth, tint and refinement alone, in any
  ///     of them.
  ///   - format: YUV or RGB.
  ///   - wanted: what the output's code values must mean; unspecified tags follow the source.
  package func colorize(
    _ frame: Frame, analysis: FrameAnalysis, look: Look, format: PixelFormat,
    wanted: ColorDescription
  ) throws -> Picture {
    try recombiner(for: frame.picture, format: format, wanted: wanted).recombine(
      frame.picture, area: analysis.survey.area,
      models: try models(of: frame, analysis: analysis, refine: look.refine),
      saturation: look.saturation, shift: look.shift)
  }

  /// The frame's picture with the colors that it came with, as the output wants it; see `colorize`.
  package func keepColors(
    of frame: Frame, format: PixelFormat, wanted: ColorDescription
  ) throws -> Picture {
    try recombiner(for: frame.picture, format: format, wanted: wanted).keepingColors(
      of: frame.picture)
  }

  /// A picture in color for others to be colored by, as the network sees it.
  /// - Throws: `ColorizationError` if it is to be compared by features and the network has none.
  package func reference(_ picture: Picture) throws -> ReferencePicture {
    let survey = try survey(Frame(index: 0, picture: picture, presentationTime: 0))
    return try ReferencePicture(
      lightness: survey.lightness, ab: try colors(of: picture, survey),
      features: network.description.guidance == .features ? try features(survey) : nil,
      geometry: survey.geometry)
  }

  /// The colors of a picture, for others to have the like of them.
  package func palette(of picture: Picture) throws -> Palette {
    let survey = try survey(Frame(index: 0, picture: picture, presentationTime: 0))
    return try Palette(ab: colors(of: picture, survey))
  }

  private func colors(of picture: Picture, _ survey: FrameSurvey) throws -> FloatImage {
    try PictureColors(geometry: survey.geometry, area: survey.area).colors(of: picture).field.ab
  }

  /// What the network takes the places of a frame for, to be compared with those of other pictures.
  /// - Throws: `ColorizationError` if the network's form is not one whose features are known.
  package func features(_ survey: FrameSurvey) throws -> FloatImage {
    try network.features(lightness: survey.lightness, geometry: survey.geometry)
  }

  private func decoder(for look: Look, palette: Palette? = nil) throws -> DistributionDecoder {
    let description = network.description
    try look.check(for: description)
    let key = DecoderKey(
      temperature: look.temperature(of: description), vividness: look.vividness(of: description),
      hues: look.hues, palette: palette)
    return try decoders.value(for: key) {
      try DistributionDecoder(description, look: look, palette: palette)
    }
  }

  private func recombiner(
    for picture: Picture, format: PixelFormat, wanted: ColorDescription
  ) throws -> Recombiner {
    let key = RecombinerKey(
      width: picture.width, height: picture.height, format: picture.format, color: picture.color,
      output: format, wanted: wanted)
    return try recombiners.value(for: key) {
      try Recombiner(
        width: key.width, height: key.height, format: key.format, color: key.color,
        output: key.output, wanted: key.wanted)
    }
  }

  /// The picture's models of a and b, or those of the even and of the odd field.
  private func models(
    of frame: Frame, analysis: FrameAnalysis, refine: RefineMode
  ) throws -> [ChromaModels] {
    let ab = analysis.estimate.ab
    let fields = frame.fieldOrder.fields
    guard refine == .guided else {
      return [ChromaModels](
        repeating: .bilinear(ab).pinned(to: analysis.hints), count: max(1, fields.count))
    }
    let survey = analysis.survey
    let reducer = try reducer(for: frame, area: survey.area)
    func models(_ lightness: FloatImage) -> ChromaModels {
      upsampler.models(ab: ab, lightness: lightness, curve: reducer.curve)
        .pinned(to: analysis.hints)
    }
    let first = models(survey.lightness)
    guard fields.count == 2 else { return [first] }
    let second = models(try reducer.reduce(frame.picture, area: survey.area, field: fields[1]))
    return fields[0] == 0 ? [first, second] : [second, first]
  }

  private func reducer(for frame: Frame, area: PictureArea) throws -> LightnessReducer {
    let picture = frame.picture
    let key = ReducerKey(
      color: picture.color.resolved(
        width: picture.width, height: picture.height, format: picture.format),
      geometry: geometry(
        width: area.width, height: area.height, sampleAspectRatio: frame.sampleAspectRatio))
    return try reducers.value(for: key) {
      try LightnessReducer(color: key.color, geometry: key.geometry)
    }
  }

  private struct DecoderKey: Hashable {
    var temperature: Float
    var vividness: Float
    var hues: HueWeights
    var palette: Palette?
  }

  private struct ReducerKey: Hashable {
    var color: ColorDescription
    var geometry: WorkingGeometry
  }

  private struct RecombinerKey: Hashable {
    var width: Int
    var height: Int
    var format: PixelFormat
    var color: ColorDescription
    var output: PixelFormat
    var wanted: ColorDescription
  }
}

/// Values made once per key. A film needs one; a folder of pictures of many sizes some, and a sheet of many
/// looks more, so that the oldest go when there are too many.
private final class Kept<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let limit: Int
  private let entries = Locked<[(key: Key, value: Value)]>([])

  init(limit: Int) { self.limit = limit }

  func value(for key: Key, make: () throws -> Value) throws -> Value {
    if let found = entries.withLock({ entries in entries.first { $0.key == key }?.value }) {
      return found
    }
    let made = try make()
    entries.withLock { entries in
      entries.append((key, made))
      if entries.count > limit { entries.removeFirst() }
    }
    return made
  }
}
