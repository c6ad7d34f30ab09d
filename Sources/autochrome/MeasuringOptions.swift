import ArgumentParser
import AutochromeKit

/// What commands that print figures have in common.
struct MeasuringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Probabilities of the 313 bins, as text or .npy; by default those of the default network.",
      valueName: "file"))
  var prior: String?

  @Flag(help: "As JSON.")
  var json = false

  @Option(help: "auto, plain, json or none.")
  var progress: ProgressMode = .auto

  @Flag(name: [.short, .long], help: "Say nothing but errors.")
  var quiet = false

  /// Runs `measure`, which the user can stop, and prints what it gives.
  func print<Report: Encodable>(
    _ text: (Report) -> String,
    of measure: (Interruption, @escaping @Sendable (JobEvent) -> Void) throws -> Report
  ) throws {
    let interruption = Interruption()
    let signals = SignalWatch(interruption)
    defer { signals.stop() }
    let display = ProgressDisplay(mode: progress, verbosity: quiet ? .quiet : .normal)
    defer { display.closeLine() }
    let report = try measure(interruption) { display.show($0) }
    display.closeLine()
    if json { try Console.json(report) } else { try Console.result(text(report)) }
  }
}
