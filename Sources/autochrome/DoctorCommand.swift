import ArgumentParser
import AutochromeKit

/// What the program finds on this machine.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Versions, CPU features, back ends, encoders.")

  @Flag(help: "As JSON.")
  var json = false

  func run() throws {
    let findings = Doctor.examine()
    if json { try Console.json(findings) } else { try Console.result(findings.text) }
    if let problem = findings.problems.first {
      throw AutochromeError(.unavailable, problem)
    }
  }
}
