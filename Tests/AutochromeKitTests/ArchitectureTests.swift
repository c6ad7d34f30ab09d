import Foundation
import TestSupport
import Testing

/// ARCHITECTURE.md's table of modules says what Package.swift says.
@Suite struct ArchitectureTests {
  private let root = checkoutURL

  @Test func theTableOfModulesMatchesThePackage() throws {
    let document = try String(contentsOf: root.appending(path: "ARCHITECTURE.md"), encoding: .utf8)
    var documented: [String: Set<String>] = [:]
    var order: [String] = []
    for line in document.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      guard cells.count == 3 else { continue }
      let name = cells[0].replacingOccurrences(of: "`", with: "")
      let depends = cells[1].split(separator: ",").map {
        $0.trimmingCharacters(in: CharacterSet(charactersIn: " `–"))
      }
      documented[name] = Set(depends.filter { !$0.isEmpty })
      order.append(name)
    }
    let described = try describedTargets()
    #expect(documented == described)
    for (index, name) in order.enumerated() {
      for dependency in documented[name] ?? [] {
        #expect(
          order[..<index].contains(dependency), "\(name) depends on \(dependency), further down")
      }
    }
  }

  /// The targets that are no tests, and what they depend on inside the package, read off the manifest.
  private func describedTargets() throws -> [String: Set<String>] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let scratch = try TemporaryFolder()
    // A scratch path of its own: the one in use is locked by the test run.
    process.arguments = [
      "swift", "package", "--package-path", root.path, "--scratch-path", scratch.path,
      "dump-package",
    ]
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readToTheEnd()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    let dump = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    var result: [String: Set<String>] = [:]
    for target in try #require(dump["targets"] as? [[String: Any]]) {
      let name = try #require(target["name"] as? String)
      if target["type"] as? String == "test" { continue }
      let dependencies = (target["dependencies"] as? [[String: Any]] ?? []).compactMap {
        ($0["byName"] as? [Any])?.first as? String
      }
      result[name] = Set(dependencies)
    }
    return result
  }
}
