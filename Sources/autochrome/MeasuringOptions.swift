import ArgumentParser
import AutochromeKit

/// What commands that print figures have in common.
struct MeasuringOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file with the probabilities of the 313 bins, as text or .npy; by default those of the default network.",
      valueName: "file"))
  var prior: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup
  var running: RunningOptions

  /// Runs `measure`, which the user can stop, and prints what it gives.
  func print<Report: Encodable>(
    _ text: (Report) -> String,
    of measure: (Interruption, @escaping @Sendable (JobEvent) -> Void) throws -> Report
  ) throws {
    let (report, _) = try running.run(measure)
    if json { try Console.json(report) } else { try Console.result(text(report)) }
  }
}
