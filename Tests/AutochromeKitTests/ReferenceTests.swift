import AutochromeKit
import Foundation
import TestSupport
import Testing

/// `docs/reference.md` says what the program does.
@Suite struct ReferenceTests {
  private let root: URL
  private let page: String

  init() throws {
    root = checkoutURL
    page = try String(contentsOf: root.appending(path: "docs/reference.md"), encoding: .utf8)
  }

  /// The cells of the row that begins with `name` in code.
  private func row(_ name: String) throws -> [String] {
    let line = try #require(
      page.split(separator: "\n").first { $0.hasPrefix("| `\(name)` |") }, "\(name)")
    return line.dropFirst(2).dropLast(2).split(separator: " | ", omittingEmptySubsequences: false)
      .map { $0.trimmingCharacters(in: .whitespaces) }
  }

  @Test func theTableOfSettingsIsThatOfTheProgram() throws {
    let run = try runProgram(["doctor", "--settings"])
    let table = String(decoding: run.output, as: UTF8.self)
    #expect(run.status == 0 && table.contains("| `look-ahead` | whole number | 0…16 | 16 |"))
    #expect(page.contains(table), "write it anew: autochrome doctor --settings")
  }

  @Test func eachSettingHasTheRangeAndDefaultOfItsHelp() throws {
    for setting in SettingsCatalog.all {
      let cells = try row(setting.name)
      #expect(cells.count == 5)
      let reference = setting.reference
      #expect(
        Array(cells.dropFirst(2)) == [reference.range, reference.standard, reference.summary])
      for part in [reference.range, reference.standard, reference.summary] where !part.isEmpty {
        #expect(setting.help.contains(part), "\(setting.name): \(part)")
      }
      #expect(setting.help.contains("default: ") == !reference.standard.isEmpty)
    }
    #expect(try row("bars")[1] == "`auto`, `none`")
    #expect(try row("audio")[1] == "`copy`, `none`, `aac`, `opus`, `flac`")
    #expect(try row("from")[1] == "time, time code or frame")
    #expect(try row("crf")[1...2] == ["number", "0…63"])
  }

  @Test func eachPropertyOfNetworksIsThere() throws {
    var properties: Set<String> = []
    for folder in ["Sources/Colorization", "Sources/NeuralNetwork"] {
      let files = try #require(
        FileManager.default.enumerator(
          at: root.appending(path: folder), includingPropertiesForKeys: nil))
      for case let file as URL in files where file.pathExtension == "swift" {
        let text = try String(contentsOf: file, encoding: .utf8)
        properties.formUnion(
          text.matches(of: /"(autochrome\.[a-z0-9-]+)"/).map { String($0.output.1) })
      }
    }
    #expect(properties.isSuperset(of: ["autochrome.output", "autochrome.ranges"]))
    // The name of a queue.
    properties.remove("autochrome.signals")
    for property in properties { #expect(page.contains("`\(property)`"), "\(property)") }
    let shipped = try ModelCatalog.summary(of: Settings.defaultModel)
    for property in shipped.metadata.keys {
      #expect(page.contains("`\(property)`"), "\(property)")
    }
  }

  @Test func eachEventDocumentAndStatusIsThere() throws {
    let folder = root.appending(path: "docs/schemas")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(names.count == 11)
    for name in names { #expect(page.contains("(schemas/\(name))"), "\(name)") }
    let schemas = try JSONSchemas(folder: folder)
    let start = "events.schema.json#/properties/"
    let events = schemas.properties.keys.filter { $0.hasPrefix(start) }
      .map { $0.dropFirst(start.count) }.filter { !$0.contains("/") }
    #expect(events.count == 9)
    for event in events { _ = try row(String(event)) }
    for ending in FilmEnding.allCases { #expect(page.contains("`\(ending.rawValue)`")) }
    for value in Int32(0)...255 {
      let status = ExitStatus(rawValue: value)
      guard status.name != "other" else { continue }
      #expect(page.contains("| \(value) | `\(status.name)` |"), "\(status.name)")
    }
  }
}
