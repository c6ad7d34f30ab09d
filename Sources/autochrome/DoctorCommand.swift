import ArgumentParser
import AutochromeKit

/// What the program finds on this machine.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Versions, CPU features, back ends, encoders.")

  @Flag(help: "As JSON.")
  var json = false

  @Flag(help: "The pixel formats of this FFmpeg, and how each is read and written, as a table.")
  var pixelFormats = false

  @Flag(help: "The settings of pipeline files: values, ranges and defaults, as a table.")
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
