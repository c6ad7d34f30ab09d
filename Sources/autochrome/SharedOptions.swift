import ArgumentParser
import AutochromeKit
import Colorization

/// Which part of a film is looked at, how the network sees it, and how its colors are corrected.
struct PartOptions: ParsableArguments {
  @Option(\.size) var size: Int?
  @Option(\.saturation) var saturation: Float?
  @Option(\.warmth, parsing: .unconditional) var warmth: Float?
  @Option(\.tint, parsing: .unconditional) var tint: Float?
  @Option(\.hues) var hues: [String] = []
  @Option(\.from) var from: TimePosition?
  @Option(\.to) var to: TimePosition?

  /// Sets what is given.
  /// - Throws: `AutochromeError` for hues that are not `name=weight`.
  func set(in layer: inout SettingsLayer) throws(AutochromeError) {
    layer.size = size
    layer.saturation = saturation
    layer.warmth = warmth
    layer.tint = tint
    if !hues.isEmpty { layer.hues = try HueWeights(option: hues) }
    layer.from = from
    layer.to = to
  }
}

struct ShotsOption: ParsableArguments {
  @Option(\.shots) var shots: String?
}

struct ThreadsOption: ParsableArguments {
  @Option(\.threads) var threads: Int?
}

/// How much a command that takes a while tells of itself.
struct RunningOptions: ParsableArguments {
  @Option(help: "How to show progress: auto, plain, json or none.")
  var progress: ProgressMode = .auto

  @Flag(name: [.short, .long], help: "Print nothing but errors.")
  var quiet = false

  func makeDisplay(verbose: Bool = false) -> ProgressDisplay {
    ProgressDisplay(mode: progress, verbosity: quiet ? .quiet : verbose ? .verbose : .normal)
  }

  /// Runs `body`, which the user can stop, with a display of its progress that is closed in the end.
  func run<Result>(
    _ body: (Interruption, @escaping @Sendable (JobEvent) -> Void) throws -> Result
  ) throws -> (result: Result, display: ProgressDisplay) {
    let interruption = Interruption()
    let signals = SignalWatch(interruption)
    defer { signals.stop() }
    let display = makeDisplay()
    defer { display.closeLine() }
    return (try body(interruption) { display.show($0) }, display)
  }

  /// Makes a sheet, and tells that it is there.
  func makeSheet(
    _ output: String, _ make: (Interruption, @escaping @Sendable (JobEvent) -> Void) throws -> Int
  ) throws {
    let (frames, display) = try run(make)
    display.finishedSheet(output, frames: frames)
  }
}
