import ArgumentParser
import AutochromeKit

/// What the program finds on this machine.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Show versions, CPU features, back ends and encoders.")

  @Flag(help: "Print JSON.")
  var json = false

  @Flag(help: "Print a table of FFmpeg's pixel formats and how each one is read and written.")
  var pixelFormats = false

  @Flag(help: "Print a table of the settings: values, ranges and defaults.")
  var settings = false

  func run() throws {
    if settings { return try Console.result(Doctor.settings) }
    if pixelFormats { return try Console.result(Doctor.pixelFormats) }
    let findings = Doctor.examine()
    if json { try Console.json(findings) } else { try Console.result(findings.text) }
    if let problem = findings.problems.first {
      throw AutochromeError(.unavailable, problem)
    }
  }
}
