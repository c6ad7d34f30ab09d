public import Imaging
import Locking
public import Network

/// Takes a frame to its estimate and, once that is steadied, to its color. Everything in between is
/// chosen by the frame's size, format and tags, made once and kept.
public final class FrameColorizer: Sendable {
  /// The choices that are the user's; nil takes the network's own.
  public struct Options: Hashable, Sendable {
    /// Short side of what the network sees, in samples.
    public var shortSide: Int
    /// Temperature of the annealed mean, 0…1.
    public var temperature: Float?
    /// 0…1.
    public var vividness: Float?
    /// Factor on the chroma.
    public var saturation: Float
    /// Whether chroma follows the edges of the luma; otherwise it is interpolated.
    public var isGuided: Bool

    /// All choices; the defaults are the network's own and those of the design.
    public init(
      shortSide: Int, temperature: Float? = nil, vividness: Float? = nil,
      saturation: Float = 1, isGuided: Bool = true
    ) {
      self.shortSide = shortSide
      self.temperature = temperature
      self.vividness = vividness
      self.saturation = saturation
      self.isGuided = isGuided
    }
  }

  /// The network.
  public let network: ColorNetwork
  /// The temperature in force.
  public let temperature: Float
  /// The vividness in force.
  public let vividness: Float
  private let options: Options
  private let decoder: DistributionDecoder
  private let upsampler = GuidedUpsampler()
  private let reducers = Kept<ReducerKey, LightnessReducer>()
  private let recombiners = Kept<RecombinerKey, Recombiner>()

  /// - Throws: `ColorizationError` if a setting is out of range.
  public init(network: ColorNetwork, options: Options) throws {
    self.network = network
    self.options = options
    let description = network.description
    temperature = options.temperature ?? description.temperature
    vividness = options.vividness ?? description.vividness
    decoder = try DistributionDecoder(
      description, temperature: temperature, vividness: vividness)
  }

  /// The sizes that a picture passes through.
  public func geometry(width: Int, height: Int, sampleAspectRatio: Rational) -> WorkingGeometry {
    WorkingGeometry(
      width: width, height: height, shortSide: options.shortSide,
      stride: network.description.stride, scale: network.description.scale,
      sampleAspectRatio: sampleAspectRatio)
  }

  /// What is known of a frame before the network sees it: an analysis whose estimate is blank. The small
  /// L\* of an interlaced frame is its first field's: both at once would show what moves twice.
  /// - Parameter area: The part of the frame that is the picture; nil for all.
  public func survey(_ frame: Frame, area: PictureArea? = nil) throws -> FrameAnalysis {
    let picture = frame.picture
    let area = area ?? PictureArea(wholeOfWidth: picture.width, height: picture.height)
    let reducer = try reducer(for: frame, area: area)
    let geometry = reducer.geometry
    return FrameAnalysis(
      area: area, geometry: geometry,
      lightness: try reducer.reduce(picture, area: area, field: frame.fieldOrder.fields.first),
      estimate: CoarseEstimate(blankOfWidth: geometry.gridWidth, height: geometry.gridHeight))
  }

  /// What the network is given for a frame that was surveyed.
  public func networkInputs(_ survey: FrameAnalysis) throws -> [String: Tensor] {
    try network.inputs(lightness: survey.lightness, geometry: survey.geometry)
  }

  /// The network's view of a frame that was surveyed.
  public func analyze(_ survey: FrameAnalysis) throws -> FrameAnalysis {
    try analyze(survey, for: [self])[0]
  }

  /// The network's view of a frame as each of `colorizers` reads it: they may differ in vividness, and
  /// the network runs but once.
  ///
  /// - Precondition: `colorizers` have this one's network and short side.
  public func analyze(
    _ survey: FrameAnalysis, for colorizers: [FrameColorizer]
  ) throws -> [FrameAnalysis] {
    precondition(
      colorizers.allSatisfy {
        $0.network === network && $0.options.shortSide == options.shortSide
      }, "the colorizers have networks or sizes of their own")
    let (geometry, lightness) = (survey.geometry, survey.lightness)
    let estimates = try network.run(lightness: lightness, geometry: geometry) { values in
      colorizers.map { colorizer in
        switch network.description.output {
        case .bins313: colorizer.decoder.estimate(values: values, geometry: geometry)
        case .ab: CoarseEstimate(ab: values, geometry: geometry)
        }
      }
    }
    return estimates.map {
      FrameAnalysis(area: survey.area, geometry: geometry, lightness: lightness, estimate: $0)
    }
  }

  /// The frame's picture in color, as the output wants it. The luma plane is the frame's own. The
  /// colors of an interlaced frame follow the edges of each field by itself. What lies outside of the
  /// analysis' area stays neutral.
  /// - Parameters:
  ///   - format: YUV or RGB.
  ///   - wanted: what the output's code values must mean; unspecified tags follow the source.
  public func colorize(
    _ frame: Frame, analysis: FrameAnalysis, format: PixelFormat, wanted: ColorDescription
  ) throws -> Picture {
    try recombiner(for: frame.picture, format: format, wanted: wanted).recombine(
      frame.picture, area: analysis.area, models: try models(of: frame, analysis: analysis),
      saturation: options.saturation)
  }

  /// The frame's picture with the colors that it came with, as the output wants it; see `colorize`.
  public func keepColors(
    of frame: Frame, format: PixelFormat, wanted: ColorDescription
  ) throws -> Picture {
    try recombiner(for: frame.picture, format: format, wanted: wanted).keepingColors(
      of: frame.picture)
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
  private func models(of frame: Frame, analysis: FrameAnalysis) throws -> [ChromaModels] {
    let ab = analysis.estimate.ab
    let fields = frame.fieldOrder.fields
    guard options.isGuided else {
      return [ChromaModels](repeating: .bilinear(ab), count: max(1, fields.count))
    }
    let reducer = try reducer(for: frame, area: analysis.area)
    func models(_ lightness: FloatImage) -> ChromaModels {
      upsampler.models(ab: ab, lightness: lightness, curve: reducer.curve)
    }
    let first = models(analysis.lightness)
    guard fields.count == 2 else { return [first] }
    let second = models(try reducer.reduce(frame.picture, area: analysis.area, field: fields[1]))
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

/// Values made once per key. A film needs one; a folder of pictures of many sizes some, so that the
/// oldest go when there are too many.
private final class Kept<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private static var limit: Int { 8 }
  private let entries = Locked<[(key: Key, value: Value)]>([])

  func value(for key: Key, make: () throws -> Value) throws -> Value {
    if let found = entries.withLock({ entries in entries.first { $0.key == key }?.value }) {
      return found
    }
    let made = try make()
    entries.withLock { entries in
      entries.append((key, made))
      if entries.count > Self.limit { entries.removeFirst() }
    }
    return made
  }
}
