import Foundation
import Media

/// What the program finds on this machine.
package struct Doctor: Codable, Sendable {
  /// The program's version.
  package var version: String
  /// Processors that may be used.
  package var processors: Int
  /// The instruction set that the kernels of pixels run on.
  package var kernels: String
  /// The network's back ends: versions and arithmetic.
  package var backends: [String]
  /// The back end and arithmetic taken when none is named.
  package var defaultBackend: String
  /// FFmpeg's libraries and their versions.
  package var libraries: [String]
  /// Encoders that are present.
  package var encoders: [String]
  /// Encoders that are known and absent.
  package var missingEncoders: [String]
  /// The shipped networks.
  package var models: [String]
  /// What keeps the program from working, with the remedy.
  package var problems: [String]

  /// Looks around.
  package static func examine() -> Doctor {
    var problems: [String] = []
    var models: [String] = []
    do { models = try ModelCatalog.names() } catch { problems.append(error.message) }
    let encoders = MediaLibraries.availableEncoders
    if !encoders.contains(where: { $0 == "libx264" }) {
      problems.append(
        "FFmpeg has no libx264, the default encoder; install a full build of FFmpeg, or give "
          + "--codec.")
    }
    let facts = ProgramFacts.current
    return Doctor(
      version: facts.version, processors: facts.processors, kernels: facts.kernels,
      backends: facts.backends, defaultBackend: facts.backends.first ?? "none",
      libraries: ["FFmpeg \(facts.ffmpeg)"]
        + MediaLibraries.versions.map { "\($0.name) \($0.version)" },
      encoders: encoders, missingEncoders: MediaLibraries.missingEncoders, models: models,
      problems: problems)
  }

  /// How each pixel format of the FFmpeg at hand is read and written: a table in Markdown.
  package static var pixelFormats: String {
    PixelFormatSupport.markdown.trimmingCharacters(in: .newlines)
  }

  /// The settings of pipeline files: a table in Markdown.
  package static var settings: String {
    let rows = SettingsCatalog.all.map { setting in
      let row = setting.reference
      let cells = ["`\(setting.name)`", row.type, row.range, row.standard, row.summary]
      return "| " + cells.map { $0.replacing("|", with: "\\|") }.joined(separator: " | ") + " |"
    }
    return (["| key | value | range | default | what it is |", "|---|---|---|---|---|"] + rows)
      .joined(separator: "\n")
  }

  /// For people.
  package var text: String {
    [
      "autochrome \(version), \(processors) processors, kernels: \(kernels)",
      "back ends: \(backends.joined(separator: "; "))", "default: \(defaultBackend)",
      libraries.joined(separator: ", "), "encoders: \(encoders.joined(separator: ", "))",
      "missing encoders: "
        + (missingEncoders.isEmpty ? "none" : missingEncoders.joined(separator: ", ")),
      "models: \(models.joined(separator: ", "))",
      problems.isEmpty ? "no problems" : "problems:\n" + problems.joined(separator: "\n"),
    ].joined(separator: "\n")
  }
}
