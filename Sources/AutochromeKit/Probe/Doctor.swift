import Foundation
import Media
import Network

/// What the program finds on this machine.
public struct Doctor: Codable, Sendable {
  /// The program's version.
  public var version: String
  /// Processors that may be used.
  public var processors: Int
  /// The instruction set that the kernels of pixels run on.
  public var kernels: String
  /// The network's back ends: versions and arithmetic.
  public var backends: [String]
  /// The back end and arithmetic taken when none is named.
  public var defaultBackend: String
  /// FFmpeg's libraries and their versions.
  public var libraries: [String]
  /// Encoders that are present.
  public var encoders: [String]
  /// Encoders that are known and absent.
  public var missingEncoders: [String]
  /// The shipped networks.
  public var models: [String]
  /// What keeps the program from working, with the remedy.
  public var problems: [String]

  /// Looks around.
  public static func examine() -> Doctor {
    var problems: [String] = []
    var models: [String] = []
    do { models = try ModelCatalog.names() } catch { problems.append(error.message) }
    let encoders = MediaLibraries.availableEncoders
    if !encoders.contains(where: { $0 == "libx264" }) {
      problems.append(
        "FFmpeg has no libx264, the default encoder; install a full build of FFmpeg, or give "
          + "--codec.")
    }
    func words(_ info: BackendInfo) -> String {
      "\(info.backend.rawValue) \(info.version) (\(info.instructionSet); "
        + info.precisions.map(\.rawValue).joined(separator: ", ") + ")"
    }
    return Doctor(
      version: AutochromeVersion.current,
      processors: ProcessInfo.processInfo.activeProcessorCount,
      kernels: InstructionSet.ofKernels.rawValue,
      backends: BackendInfo.available().map(words),
      defaultBackend: BackendInfo.available().first.map(words) ?? "none",
      libraries: ["FFmpeg \(MediaLibraries.release)"]
        + MediaLibraries.versions.map { "\($0.name) \($0.version)" },
      encoders: encoders, missingEncoders: MediaLibraries.missingEncoders, models: models,
      problems: problems)
  }

  /// How each pixel format of the FFmpeg at hand is read and written: a table in Markdown.
  public static var pixelFormats: String {
    PixelFormatSupport.markdown.trimmingCharacters(in: .newlines)
  }

  /// For people.
  public var text: String {
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
