import Colorization
import Imaging
import Media

/// The shots of a whole film, and what the network would see of it.
struct FoundShots {
  /// Where shots begin.
  private(set) var shots: [Probe.Shot] = []
  /// Frames that the network would see, of how many.
  private(set) var seen = Probe.Seen(frames: 0, of: 0)

  /// Decodes all of `source`.
  /// - Parameter list: where shots begin; nil to find them.
  init(
    in source: any FrameSource, colorizer: FrameColorizer, settings: Settings, list: ShotList?
  ) throws {
    let info = source.info
    var stage = TrackingStage(
      colorizer: colorizer, settings: settings, info: info,
      followsMotion: settings.keyFrames != .off,
      list: try list.map { try ShotList.Reader($0, of: info) })
    let format = info.likelyOutputFormat
    while let frame = try source.nextFrame() {
      let tracked = try stage.track(frame, survey: colorizer.survey(frame), format: format)
      let tracking = tracked.tracking
      seen.of += 1
      if tracking.isKeyFrame { seen.frames += 1 }
      if tracking.shot.takesBackCut { shots.removeLast() }
      // A list need not say that the film begins with a shot.
      guard tracking.shot.startsShot || shots.isEmpty else { continue }
      shots.append(
        Probe.Shot(
          frame: frame.index, time: info.seconds(of: frame),
          area: tracked.survey.area.isWhole ? nil : tracked.survey.area))
    }
  }

  /// How many frames each shot has.
  var lengths: [Int] {
    zip(shots, shots.dropFirst().map(\.frame) + [seen.of]).map { $1 - $0.frame }
  }

  /// Up to `count` frames of each shot, spread evenly, in order.
  /// - Returns: their numbers, from 0, and those of their shots, from 1.
  func samples(ofEach count: Int) -> [(index: Int, shot: Int)] {
    zip(shots, lengths).enumerated().flatMap { index, shot in
      let parts = min(count, shot.1)
      return (0..<parts).map { (shot.0.frame + (2 * $0 + 1) * shot.1 / (2 * parts), index + 1) }
    }
  }

  /// Up to `count` frames to look at, in order: at least one of each shot, more of longer ones; where there
  /// are more shots than that, one each of some that lie evenly.
  /// - Returns: their numbers, from 0, and those of their shots, from 1.
  func spread(_ count: Int) -> [(index: Int, shot: Int)] {
    let lengths = lengths
    guard shots.count < count else {
      return (0..<count).map { place in
        let shot = (2 * place + 1) * shots.count / (2 * count)
        return (shots[shot].frame + lengths[shot] / 2, shot + 1)
      }
    }
    var shares = lengths.map { _ in 1 }
    // Each further frame goes where one stands for most.
    for _ in shots.count..<max(shots.count, min(count, seen.of)) {
      let needy = lengths.indices.max {
        lengths[$0] * shares[$1] < lengths[$1] * shares[$0]
      }
      if let needy { shares[needy] += 1 }
    }
    return shots.indices.flatMap { shot in
      (0..<shares[shot]).map { part in
        (
          shots[shot].frame + (2 * part + 1) * lengths[shot] / (2 * shares[shot]),
          shot + 1
        )
      }
    }
  }
}

extension SourceInfo {
  /// A pixel format whose chroma samples lie as in what is written, unless another one is asked for.
  var likelyOutputFormat: PixelFormat {
    format.model == .gray && !isFrameFolder ? .yuv420(format.bitDepth) : format
  }
}
