package import Foundation

/// A tool that failed, and what it said.
package struct ToolFailure: Error, CustomStringConvertible {
  package let description: String
  package init(description: String) { self.description = description }
}

/// The root of the checkout.
package let checkoutURL = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent()

/// What was built beside the tests.
package func builtURL(_ name: String) -> URL {
  URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: name)
}

/// Runs a tool and gives its standard output; a failure of the tool fails the test.
@discardableResult
package func run(_ tool: String, _ arguments: [String]) throws -> Data {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [tool] + arguments
  // Files, not pipes: Foundation traps where the reading of a pipe is interrupted.
  let folder = try TemporaryFolder()
  func created(_ name: String) throws -> FileHandle {
    try Data().write(to: URL(fileURLWithPath: folder.file(name)))
    return try FileHandle(forWritingTo: URL(fileURLWithPath: folder.file(name)))
  }
  process.standardOutput = try created("output")
  process.standardError = try created("errors")
  process.standardInput = FileHandle.nullDevice
  try process.run()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else {
    let said = try String(contentsOfFile: folder.file("errors"), encoding: .utf8)
    throw ToolFailure(description: "\(tool) \(arguments.joined(separator: " ")): \(said)")
  }
  return try Data(contentsOf: URL(fileURLWithPath: folder.file("output")))
}

/// Makes fixtures with FFmpeg's command line tool, independent of what is tested.
@discardableResult
package func ffmpeg(_ arguments: String...) throws -> Data {
  try run("ffmpeg", ["-v", "error", "-nostdin", "-y", "-bitexact"] + arguments)
}

/// The same, words separated by spaces.
@discardableResult
package func ffmpeg(words: String, _ output: String) throws -> Data {
  try run(
    "ffmpeg",
    ["-v", "error", "-nostdin", "-y"] + words.split(separator: " ").map(String.init) + [output])
}

/// A copy of a film, to be turned by a quarter to the right when it is shown. FFmpeg makes the display matrix of a
/// tag up to version 5, and of an option for the input from version 6 on.
package func copyRotated(_ film: String, to output: String) throws {
  let help = String(decoding: try run("ffmpeg", ["-hide_banner", "-h", "full"]), as: UTF8.self)
  if help.contains("\n-display_rotation") {
    try ffmpeg(words: "-display_rotation 270 -i \(film) -c copy", output)
  } else {
    try ffmpeg(words: "-i \(film) -c copy -metadata:s:v:0 rotate=90", output)
  }
}

/// One entry per line of what ffprobe tells.
package func ffprobe(_ path: String, _ words: String) throws -> [String] {
  let data = try run(
    "ffprobe", ["-v", "error"] + words.split(separator: " ").map(String.init) + [path])
  return String(decoding: data, as: UTF8.self).split(separator: "\n").map {
    $0.trimmingCharacters(in: .whitespaces)
  }.filter { !$0.isEmpty }
}

/// Whether the tests run under a sanitizer (see the Makefile).
package let isSanitized = ["ASAN_OPTIONS", "TSAN_OPTIONS"].contains {
  ProcessInfo.processInfo.environment[$0] != nil
}

/// A value that one thread leaves to another, which waits before it reads.
package final class Box<Value>: @unchecked Sendable {
  package var value: Value
  package init(_ value: Value) { self.value = value }
}
