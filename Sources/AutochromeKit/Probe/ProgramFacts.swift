import Foundation
import Media
import NeuralNetwork

/// Which program works here, with which libraries, on what.
package struct ProgramFacts: Codable, Hashable, Sendable {
  /// The program's version.
  package var version: String
  /// FFmpeg's own version and license.
  package var ffmpeg: String
  /// Versions of FFmpeg's libraries, by name.
  package var libraries: [String: String]
  /// Processors that may be used.
  package var processors: Int
  /// The instruction set that the kernels of pixels run on.
  package var kernels: String
  /// The network's back ends, the fastest first: versions, instruction sets and arithmetic.
  package var backends: [String]

  /// Those of this run.
  static var current: ProgramFacts {
    ProgramFacts(
      version: AutochromeVersion.current, ffmpeg: MediaLibraries.release,
      libraries: Dictionary(
        MediaLibraries.versions.map { ($0.name, $0.version) },
        uniquingKeysWith: { first, _ in first }
      ),
      processors: ProcessInfo.processInfo.activeProcessorCount,
      kernels: InstructionSet.ofKernels.rawValue,
      backends: BackendInfo.available().map { info in
        "\(info.backend.rawValue) \(info.version) (\(info.instructionSet); "
          + info.precisions.map(\.rawValue).joined(separator: ", ") + ")"
      })
  }
}
