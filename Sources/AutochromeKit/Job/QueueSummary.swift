/// Where a film stands among those that a command takes one after the other.
package struct QueuePlace: Codable, Hashable, Sendable {
  /// From 1.
  package var index: Int
  /// How many films the command has.
  package var count: Int
  /// The input as given.
  package var input: String
  /// The output; of one picture that goes into a folder, its name there.
  package var output: String

  /// The place of a request.
  package init(_ request: JobRequest, index: Int, count: Int) {
    self.index = index
    self.count = count
    input = request.input
    output = request.outputTitle
  }
}

/// What became of a film of a queue.
package enum FilmEnding: String, Codable, CaseIterable, Sendable {
  /// It was done to its end.
  case whole
  /// Its output was there already and left as it is.
  case left
  /// Something of the input was missing or damaged; the output holds all else.
  case damaged
  /// There is no output under its name.
  case failed
  /// The user stopped the program before its end.
  case interrupted
  /// The user stopped the program before it was its turn.
  case notBegun

  /// For people.
  package var words: String {
    switch self {
    case .left: "already there"
    case .notBegun: "not started"
    case .whole: "complete"
    case .damaged, .failed, .interrupted: rawValue
    }
  }
}

/// How a film of a queue ended.
package struct FilmOutcome: Encodable, Sendable {
  /// Which film.
  package var film: QueuePlace
  /// What became of it.
  package var ending: FilmEnding
  /// Frames that this run did.
  package var frames: Int
  /// Wall-clock seconds, from the opening of the input on.
  package var seconds: Double
  /// Why it is not whole; absent if it is, or was not begun.
  package var error: AutochromeError?

  /// Makes an outcome.
  package init(
    film: QueuePlace, ending: FilmEnding, frames: Int = 0, seconds: Double = 0,
    error: AutochromeError? = nil
  ) {
    self.film = film
    self.ending = ending
    self.frames = frames
    self.seconds = seconds
    self.error = error
  }
}

/// What became of all films of a queue.
package struct QueueSummary: Encodable, Sendable {
  /// How many there are.
  package private(set) var films = 0
  /// How many were done to their end.
  package private(set) var whole = 0
  /// How many were there already and left as they are.
  package private(set) var left = 0
  /// How many are done but for what was missing or damaged of the input.
  package private(set) var damaged = 0
  /// How many have no output.
  package private(set) var failed = 0
  /// How many the user stopped before their end.
  package private(set) var interrupted = 0
  /// How many the user stopped before it was their turn.
  package private(set) var notBegun = 0
  /// Frames that this run did, of all films.
  package private(set) var frames = 0
  /// Wall-clock seconds of the whole queue.
  package var seconds: Double = 0
  /// Each film that is neither whole nor was left as it is, in order.
  package private(set) var notWhole: [FilmOutcome] = []

  /// A queue of no films.
  package init() {}

  /// Adds what became of the next film.
  package mutating func add(_ outcome: FilmOutcome) {
    films += 1
    frames += outcome.frames
    switch outcome.ending {
    case .whole: whole += 1
    case .left: left += 1
    case .damaged: damaged += 1
    case .failed: failed += 1
    case .interrupted: interrupted += 1
    case .notBegun: notBegun += 1
    }
    if ![.whole, .left].contains(outcome.ending) { notWhole.append(outcome) }
  }

  /// For people, without an end of line: a line with all counts, then a line for each film that has something
  /// wrong, and one for those that were not begun.
  package var lines: [String] {
    let counts = [
      (whole, FilmEnding.whole), (left, .left), (damaged, .damaged), (failed, .failed),
      (interrupted, .interrupted), (notBegun, .notBegun),
    ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1.words)" }
    var lines = [
      "\(counted(films, "film")): \(counts.joined(separator: ", ")); \(counted(frames, "frame")) in "
        + TimePosition.duration(seconds)
    ]
    lines += notWhole.filter { $0.ending != .notBegun }.map { outcome in
      "  \(outcome.ending.words): '\(outcome.film.input)'"
        + (outcome.error.map { ": \($0.message)" } ?? "")
    }
    if notBegun > 0 { lines.append("  not started: \(Self.names(of: notWhole))") }
    return lines
  }

  /// Of these a line for people holds no more.
  private static let mostNames = 20

  private static func names(of outcomes: [FilmOutcome]) -> String {
    let waiting = outcomes.filter { $0.ending == .notBegun }
    let more = waiting.count - mostNames
    return waiting.prefix(mostNames).map { "'\($0.film.input)'" }.joined(separator: ", ")
      + (more > 0 ? " and \(more) more" : "")
  }
}
