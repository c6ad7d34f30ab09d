import CBuild
import Media
import NeuralNetwork

/// The version of the program and the library.
package enum AutochromeVersion {
  /// Semantic version. The Makefile reads it here; a test compares it with `debian/changelog`.
  package static let current = "0.1.0"

  /// The commit that was built, with `-dirty` behind it where files were changed since; `nil` without git.
  package static var commit: String? {
    let commit = String(cString: ac_build_commit())
    return commit.isEmpty ? nil : commit
  }

  /// What `--version` prints: the program, its commit, and the libraries that it runs with.
  package static var text: String {
    (["autochrome \(current)"] + (commit.map { ["commit \($0)"] } ?? []) + [
      "FFmpeg \(MediaLibraries.release)", "oneDNN \(Backend.oneDNN.version)",
      "OpenBLAS \(Backend.openBLAS.version)",
    ]).joined(separator: "\n")
  }
}
