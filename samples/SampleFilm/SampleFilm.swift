/// A short silent-age film of our own, of which the true colors are known: painted by formulas, the
/// same to the bit on every machine, at any size and frame rate.
///
/// Shots: a meadow by a lake in summer, the sea at sunset, a corn field with a red barn. The film as
/// the audience sees it is gray, with grain and flicker; the truth is the same picture in color.
public struct SampleFilm: Sendable {
  /// A part of the film between two cuts.
  public enum Shot: Int, Sendable, CaseIterable {
    case meadow, sea, corn

    /// In seconds.
    public var duration: Double {
      switch self {
      case .meadow: 3.5
      case .sea: 2.5
      case .corn: 2
      }
    }
  }

  /// How the film is made.
  public struct Options: Sendable {
    /// Strength of the grain in the gray picture; 1 is that of an ordinary film, 0 none.
    public var grain = 1.0
    /// Strength of the exposure's flicker in the gray picture; 1 is mild (about ±2 %), 0 none.
    public var flicker = 1.0
    /// The shots, in order.
    public var shots = Shot.allCases

    /// Grain, flicker and all shots.
    public init() {}
  }

  /// In pixels.
  public let width: Int
  /// In pixels.
  public let height: Int
  /// Frames per second.
  public let frameRate: Double
  /// How it is made.
  public let options: Options
  /// Frames of the whole film.
  public let frameCount: Int
  /// The first frame of each shot but the first.
  public let cuts: [Int]
  private let starts: [Int]
  private let scenes: [any Scene]

  /// Paints what stands still in each shot: some seconds for 640×360, more for larger frames.
  /// - Parameters:
  ///   - width, height: in pixels, at least 16.
  ///   - frameRate: frames per second, above 0.
  public init(width: Int, height: Int, frameRate: Double, options: Options = Options()) {
    precondition(width >= 16 && height >= 16 && frameRate > 0, "no such film can be made")
    self.width = width
    self.height = height
    self.frameRate = frameRate
    self.options = options
    var starts = [0]
    for shot in options.shots {
      let frames = max(1, Int((shot.duration * frameRate).rounded()))
      starts.append((starts.last ?? 0) + frames)
    }
    frameCount = starts.removeLast()
    self.starts = starts
    cuts = Array(starts.dropFirst())
    scenes = options.shots.map { shot -> any Scene in
      switch shot {
      case .meadow: MeadowScene(width: width, height: height)
      case .sea: SeaScene(width: width, height: height)
      case .corn: CornScene(width: width, height: height)
      }
    }
  }

  /// The shot that a frame belongs to.
  public func shot(ofFrame frame: Int) -> Shot {
    options.shots[index(ofFrame: frame % frameCount)]
  }

  /// Renders a frame. Past the last frame the film starts over, with other grain.
  public func render(frame: Int) -> SampleFrame {
    let within = frame % frameCount
    let index = index(ofFrame: within)
    var canvas = Canvas(width: width, height: height)
    scenes[index].paint(at: Float(Double(within - starts[index]) / frameRate), on: &canvas)
    return SampleFrame(canvas, number: frame, options: options)
  }

  private func index(ofFrame frame: Int) -> Int {
    (starts.lastIndex { $0 <= frame }) ?? 0
  }
}
