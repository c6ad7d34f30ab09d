import AutochromeKit
import Colorization
import Foundation
import TestSupport
import Testing

/// What `--help` says of the settings is what they are.
@Suite struct HelpTests {
  /// The help of one option, in one line.
  private static func help(of option: String, in text: String) throws -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let start = try #require(
      lines.firstIndex {
        let words = $0.trimmingCharacters(in: .whitespaces)
        return words.hasPrefix("--\(option) ") || words.contains(", --\(option) ")
      }, "\(option)")
    let rest = lines[(start + 1)...].prefix { line in
      !line.isEmpty && !line.trimmingCharacters(in: .whitespaces).hasPrefix("-")
    }
    return ([lines[start]] + rest).map { $0.trimmingCharacters(in: .whitespaces) }
      .joined(separator: " ")
  }

  @Test func rangesAndDefaultsAreThoseThatHold() throws {
    let run = try runProgram(["colorize", "--help"])
    #expect(run.status == 0)
    let text = String(decoding: run.output, as: UTF8.self)
    let defaults = try Settings(
      pipeline: try emptyPipeline(), suggested: "film", options: SettingsLayer())
    for (name, ends, standard) in [
      ("size", ("64", "1024"), "\(defaults.size)"),
      ("temperature", ("0.01", "1"), "the model's own"),
      ("vividness", ("0", "1"), "the model's own"), ("saturation", ("0", "2"), "1"),
      ("warmth", ("-20", "20"), "0"), ("tint", ("-20", "20"), "0"),
      ("stability", ("0", "1"), "\(defaults.stability)"),
      ("look-ahead", ("0", "16"), "\(defaults.lookAhead)"),
      ("key-frames", ("1", "48"), "\(defaults.keyFrames)"),
      ("crf", ("0", "63"), "the pipeline's"), ("threads", ("1", "256"), "one per processor"),
      ("memory", ("64", "1000000"), "600"),
    ] {
      let help = try Self.help(of: name, in: text)
      #expect(help.contains("\(ends.0)…\(ends.1); default: \(standard)"), "\(help)")
      // The ends are allowed, what lies beyond is not.
      let beyond = try #require(Double(ends.1)) + 1
      for (value, isAllowed) in [(ends.0, true), (ends.1, true), ("\(Int(beyond))", false)] {
        let layer = try SettingsLayer(yaml: "\(name): \(value)", file: "a.yaml")
        let accepted =
          (try? Settings(pipeline: "film", suggested: "film", options: layer)) != nil
        #expect(accepted == isAllowed, "\(name) \(value)")
      }
    }
    for (name, standard) in [
      ("refine", defaults.refine.rawValue), ("audio", defaults.audio.rawValue),
      ("extras", defaults.extras.rawValue), ("model", defaults.model),
    ] {
      #expect(try Self.help(of: name, in: text).contains("default: \(standard)"))
    }
    for name in ["from", "to"] {
      #expect(try Self.help(of: name, in: text).contains(name == "from" ? "#1234" : "same forms"))
    }
  }

  @Test func everySettingHasHelpWithItsDefault() throws {
    let text = String(decoding: try runProgram(["colorize", "--help"]).output, as: UTF8.self)
    let optional: Set<String> = [
      "description", "cuts", "shots", "from", "to", "input-size",
    ]
    for name in SettingsLayer.names where !optional.contains(name) {
      #expect(try Self.help(of: name, in: text).contains("default"), "\(name)")
    }
  }

  @Test func whatIsSaidOfASettingReachesTheProgram() throws {
    let program = try runProgram(["colorize", "--help"], environment: ["COLUMNS": "1000"])
    let text = String(decoding: program.output, as: UTF8.self)
    #expect(SettingsCatalog.all.count == Set(SettingsCatalog.all.map(\.name)).count)
    for setting in SettingsCatalog.all {
      #expect(try Self.help(of: setting.name, in: text).contains(" " + setting.help))
    }
    let catalog = SettingsCatalog.shared
    for (name, letter, value) in [
      (catalog.model.name, catalog.model.letter, catalog.model.valueName ?? "model"),
      (catalog.codec.name, catalog.codec.letter, catalog.codec.valueName ?? "codec"),
      (catalog.keyFrames.name, catalog.keyFrames.letter, catalog.keyFrames.valueName ?? ""),
      (catalog.from.name, catalog.from.letter, catalog.from.valueName ?? ""),
    ] {
      let names = (letter.map { "-\($0), " } ?? "") + "--\(name) <\(value)>"
      #expect(text.contains("  " + names), "\(names)")
    }
    // The commands that take some of the settings say the same of them.
    let other = String(decoding: try runProgram(["try", "--help"]).output, as: UTF8.self)
    for name in [
      catalog.size.name, catalog.saturation.name, catalog.hues.name, catalog.threads.name,
    ] {
      #expect(try Self.help(of: name, in: other) == Self.help(of: name, in: text))
    }
  }

  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func emptyPipeline() throws -> String {
    let path = folder.file("empty.yaml")
    try "description: nothing\n".write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }
}
