import Colorization
import Imaging
import Quality

/// What can be said of neighbouring frames: shots, warp error, the spectrum along paths, CDC, each of
/// reference and result along the reference's motion. Frames are added in order.
struct FilmFigures {
  /// What a frame adds to the figures.
  struct Step {
    var startsShot: Bool
    /// Whether the frame before was a flash: what was said of it as a neighbour is taken back.
    var previousIsFlash: Bool
    /// Warp error of a\*b\* from the frame before; nil at the start of a shot.
    var referenceWarp: Double?
    var resultWarp: Double?
  }

  /// Of one of the two films.
  struct Side {
    var ab = WarpError()
    var rgb = WarpError()
    var distribution = ColorDistributionConsistency()
    var spectrum = PathVariation.Spectrum()
  }

  /// What was found along the paths of one shot, of one of the two films.
  struct Paths {
    var spectrum = PathVariation.Spectrum()
    var drift = PathVariation.Drift()

    mutating func add(_ other: Paths) {
      spectrum.add(other.spectrum)
      drift.add(other.drift)
    }
  }

  private(set) var reference = Side()
  private(set) var result = Side()
  /// Neighbours along whose motion the figures were taken.
  private(set) var pairs = 0
  /// The sum over the pairs of the share of the picture that could be followed.
  private(set) var comparedShare = 0.0
  /// Of the shot at hand and those before.
  private(set) var shotPaths: [(reference: Paths, result: Paths)] = []
  private var shots = ShotTracker()
  private var paths = PathVariation(films: 2)
  private var previous: ComparedFrame?
  private let estimator = MotionEstimator()

  /// The figures as they were before a frame that may turn out to be a flash.
  private final class Snapshot {
    let figures: FilmFigures
    init(_ figures: FilmFigures) { self.figures = figures }
  }
  private var beforeFlash: Snapshot?

  mutating func add(_ frame: ComparedFrame) throws(QualityError) -> Step {
    let given = frame.startsShot.map { $0 || previous == nil && shotPaths.isEmpty }
    let shot = shots.observe(frame.lightness, startsShot: given)
    if shot.previousIsFlash, let beforeFlash {
      // Nothing is said of the flash's neighbours.
      let shots = shots
      self = beforeFlash.figures
      self.shots = shots
      previous = nil
    }
    beforeFlash = nil
    if shot.score > ShotDetector.leastOfFlash, !shot.previousIsFlash {
      beforeFlash = Snapshot(self)
    }
    let size = (frame.reference.rgb.width, frame.reference.rgb.height)
    let hasSizeOfPrevious =
      previous.map { ($0.reference.rgb.width, $0.reference.rgb.height) == size } ?? true
    let startsShot = shot.startsShot || !hasSizeOfPrevious
    defer { previous = frame }
    var step = Step(startsShot: startsShot, previousIsFlash: shot.previousIsFlash)
    if startsShot {
      paths = PathVariation(films: 2)
      shotPaths.append((Paths(), Paths()))
      reference.distribution.cut()
      result.distribution.cut()
    }
    reference.distribution.add(frame.reference.rgb)
    result.distribution.add(frame.result.rgb)
    var flows: (forward: FlowField, backward: FlowField)?
    if !startsShot, let previous {
      let (width, height) = size
      let motion = estimator.motion(from: previous.pyramid, to: frame.pyramid)
      let forward = FlowField(motion.forward, of: frame.pyramid, width: width, height: height)
      let backward = FlowField(motion.backward, of: frame.pyramid, width: width, height: height)
      let along = try Correspondence(backward: backward, forward: forward)
      pairs += 1
      comparedShare += along.share
      step.referenceWarp = try Self.add(
        previous.reference, frame.reference, to: &reference, along: along)
      step.resultWarp = try Self.add(previous.result, frame.result, to: &result, along: along)
      flows = (forward, backward)
    }
    try paths.add(
      [frame.reference.lab, frame.result.lab], forward: flows?.forward, backward: flows?.backward)
    let (spectra, drifts) = (paths.spectra, paths.drifts)
    shotPaths[shotPaths.count - 1] = (
      Paths(spectrum: spectra[0], drift: drifts[0]), Paths(spectrum: spectra[1], drift: drifts[1])
    )
    return step
  }

  private static func add(
    _ earlier: MeasuredPicture, _ later: MeasuredPicture, to side: inout Side,
    along correspondence: Correspondence
  ) throws(QualityError) -> Double? {
    try side.rgb.add(earlier: earlier.rgb, later: later.rgb, along: correspondence)
    return try side.ab.add(earlier: earlier.lab, later: later.lab, along: correspondence)
  }

  /// The sums over all shots.
  var allPaths: (reference: Paths, result: Paths) {
    var sums = (reference: Paths(), result: Paths())
    for shot in shotPaths {
      sums.reference.add(shot.reference)
      sums.result.add(shot.result)
    }
    return sums
  }
}
