import Colorization

/// How a shot is colored: what a segment was made with, and what another run must make it with.
struct ShotLook: Codable, Hashable, Sendable {
  /// The shot's place in the list, from 0; nil where there is no list, and before its first shot.
  var shot: Int?
  var look: Look
  /// What becomes of colors that it has.
  var color: ColorMode
  /// Whether that was said of this very shot: then it does not depend on what is found in it.
  var isColorGiven: Bool
  /// What is given of its colors; nil for nothing.
  var given: GivenColors?
}

/// The looks of all shots of a film.
struct ShotLooks: Sendable {
  private let film: ShotLook
  private let shots: [ShotLook]
  /// Whether frames of the film may keep the colors that they have. Asked for each frame.
  let mayKeepColors: Bool
  /// Whether any shot is steadied, so that motion is to be followed.
  let areSteadied: Bool

  /// Whether anything is given of the colors of any frame.
  let areGuided: Bool

  /// - Parameters:
  ///   - list: nil for one look of the whole film.
  ///   - given: what is given of the colors of the film.
  ///   - sample: which of the samples of each look is wanted, from 0; nil for the first.
  init(settings: Settings, list: ShotList?, given: GivenColors? = nil, sample: Int? = nil) {
    func look(_ settings: Settings) -> Look {
      var look = settings.look
      look.sample = sample
      return look
    }
    film = ShotLook(
      look: look(settings), color: settings.color, isColorGiven: false, given: given)
    shots = (list?.shots ?? []).enumerated().map { index, shot in
      ShotLook(
        shot: index, look: look(settings.overlaid(by: shot.look)),
        color: shot.color ?? settings.color, isColorGiven: shot.color != nil,
        given: shot.given.map { given?.joined(with: $0) ?? $0 } ?? given)
    }
    mayKeepColors = ([film] + shots).contains { $0.color == .keep }
    areGuided = ([film] + shots).contains { $0.given != nil }
    areSteadied = ([film] + shots).contains { $0.look.stability > 0 }
  }

  /// Whether motion is to be found: it steadies, and carries what is given.
  var followMotion: Bool { areSteadied || areGuided }

  subscript(shot: Int?) -> ShotLook {
    guard let shot, shots.indices.contains(shot) else { return film }
    return shots[shot]
  }

  /// What is given of the colors of the film as a whole.
  var given: GivenColors? { film.given }

  /// Each look once.
  var all: [Look] { Array(Set([film.look] + shots.map(\.look))) }
}
