import AutochromeKit
import Foundation
import Media
import SampleFilm
import TestSupport
import Testing

/// What the README and the guide tell users to type does what they say: each command runs, in the order of the page.
@Suite struct GuideTests {
  private static let root = checkoutURL

  private static let pages = ["README.md"] + guidePages.map { "docs/guide/" + $0 }
  private static let guidePages = [
    "first-film.md", "frame-folders.md", "pipes.md", "archive-masters.md", "correcting-colors.md",
    "many-films.md", "many-machines.md", "other-networks.md", "judging-colors.md",
    "when-colors-are-wrong.md",
  ]

  /// A part of a page between fences.
  private struct Block {
    var language: String
    var text: String
  }

  private static func text(of page: String) throws -> String {
    try String(contentsOf: root.appending(path: page), encoding: .utf8)
  }

  private static func blocks(of page: String) throws -> [Block] {
    var (blocks, open): ([Block], Block?) = ([], nil)
    for line in try text(of: page).split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("```") {
        if let block = open { blocks.append(block) }
        open = open == nil ? Block(language: String(line.dropFirst(3)), text: "") : nil
      } else {
        open?.text += line + "\n"
      }
    }
    return blocks
  }

  /// The files that the pages speak of.
  private func prepare(_ scratch: TemporaryFolder) throws {
    let film = smallFilm()
    try writeClip(film, frames: 0..<film.frameCount, to: scratch.file("silent.mkv"))
    for folder in ["scans", "photos", "originals", "reels"] {
      try FileManager.default.createDirectory(
        atPath: scratch.file(folder), withIntermediateDirectories: true)
    }
    let made = try runProgram(
      [
        "-c",
        """
        cd "$0" && ff() { ffmpeg -nostdin -v error "$@"; } &&
        ff -i silent.mkv -f lavfi -i sine=duration=8 -shortest -c:v copy -c:a flac film.mkv &&
        ff -i film.mkv -frames:v 12 -pix_fmt gray scans/%06d.png &&
        ff -i film.mkv -frames:v 3 -vf fps=1/2 photos/%d.jpg &&
        ff -f lavfi -i testsrc2=s=128x96:r=1 -frames:v 6 originals/%d.png &&
        ff -i film.mkv -frames:v 12 -c:v ffv1 -an reels/one.mkv && cp reels/one.mkv reels/two.mkv &&
        rm silent.mkv
        """, scratch.path,
      ], tool: "sh")
    try #require(made.status == 0, "\(made.errors)")
  }

  @Test(arguments: pages)
  func eachCommandOfAPageRuns(page: String) throws {
    let scratch = try TemporaryFolder()
    try prepare(scratch)
    var count = 0
    for block in try Self.blocks(of: page) {
      switch block.language {
      case "yaml":
        // A file whose name the first line tells.
        guard let name = block.text.wholeMatch(of: /# ([a-z.]+\.yaml)\n[^#].*/.dotMatchesNewlines())
        else { continue }
        try block.text.write(
          toFile: scratch.file(String(name.output.1)), atomically: true, encoding: .utf8)
      case "sh":
        for command in block.text.replacing("\\\n", with: " ").replacing("|\n", with: "|").split(
          separator: "\n")
        {
          count += 1
          try run(String(command), in: scratch, of: page)
        }
      default: break
      }
    }
    #expect(count > 1, "\(page) has no commands")
  }

  private func run(_ command: String, in scratch: TemporaryFolder, of page: String) throws {
    let folder = builtURL("autochrome").deletingLastPathComponent().path
    if command.hasPrefix("autochrome review"), !command.contains("--export") {
      // It ends when the user wants it to; that it has started is told by its address.
      let server = try ReviewProgram(
        tool: "/bin/sh", ["-c", "cd '\(scratch.path)' && exec '\(folder)'/\(command) --no-open"])
      #expect(try server.ask("GET", "/film").status == 200, "\(page): \(command)")
      return
    }
    let result = try runProgram(
      [
        "-c",
        "set -o pipefail; export PATH='\(folder)':\"$PATH\"; cd '\(scratch.path)' && \(command)",
      ],
      tool: "bash")
    #expect(result.status == 0, "\(page): \(command)\n\(result.errors)")
    // What is to be written is there, and not empty.
    for output in command.matches(
      of: /(?:-o|--preview|--export|--html|--sheet|--turing|--report|>) '?([\w.\/-]+)'?/)
    {
      let name = String(output.output.1)
      guard name != "-", name != "unused.mkv", !command.contains("--plan-only") else { continue }
      let size = FileSystem.byteCount(of: scratch.file(name)) ?? 0
      #expect(size > 0, "\(page): \(command) has not written '\(name)'")
    }
  }

  /// A page that nobody finds, a link that leads nowhere.
  @Test func linksLeadSomewhere() throws {
    let manager = FileManager.default
    let all =
      ["README.md", "docs/benchmarks.md", "docs/decisions/README.md", "docs/guide/README.md"]
      + (Self.guidePages + ["library.md"]).map { "docs/guide/" + $0 }
    let present = try manager.contentsOfDirectory(
      atPath: Self.root.appending(path: "docs/guide").path)
    // The page of the library has programs, which tests of its own build and run.
    #expect(Set(present) == Set(Self.guidePages + ["README.md", "library.md"]))
    for page in all {
      let folder = Self.root.appending(path: page).deletingLastPathComponent()
      for link in try Self.text(of: page).matches(of: /\]\(([^)#:\s]+)(#[^)]*)?\)/) {
        let target = folder.appending(path: String(link.output.1)).path
        #expect(manager.fileExists(atPath: target), "\(page): \(link.output.1)")
      }
    }
    // The README is a page to be read, not a manual.
    #expect(
      try Self.text(of: "README.md").split(separator: "\n", omittingEmptySubsequences: false).count
        <= 121)
  }
}
