import AutochromeKit
import Foundation
import TestSupport
import Testing

/// One place says which version this is; all others say the same.
@Suite struct VersionTests {
  private let root = checkoutURL

  @Test func theProgramTellsItsVersionItsCommitAndItsLibraries() throws {
    let run = try runProgram(["--version"])
    #expect(run.status == 0, "\(run.errors)")
    let text = String(decoding: run.output, as: UTF8.self)
    var lines = text.split(separator: "\n").map(String.init)
    #expect(lines.first == "autochrome \(AutochromeVersion.current)")

    let git = try runProgram(["-C", root.path, "rev-parse", "HEAD"], tool: "git")
    #expect((AutochromeVersion.commit != nil) == (git.status == 0), "\(git.errors)")
    if git.status == 0 {
      let line = try #require(lines.count > 1 ? lines.remove(at: 1) : nil)
      let words = line.split(separator: " ", maxSplits: 1).map(String.init)
      try #require(words.count == 2 && words[0] == "commit", "\(line)")
      let commit = words[1].hasSuffix("-dirty") ? String(words[1].dropLast(6)) : words[1]
      // Not HEAD: the tests may run on what an earlier commit built.
      let kind = try runProgram(["-C", root.path, "cat-file", "-t", commit], tool: "git")
      #expect(String(decoding: kind.output, as: UTF8.self) == "commit\n", "\(line)")
      #expect(commit.count >= 40)
    }

    let tool = try runProgram(["-version"], tool: "ffmpeg")
    let ffmpeg = String(decoding: tool.output, as: UTF8.self).split(separator: " ")
    try #require(lines.count == 4 && ffmpeg.count > 2, "\(text)")
    #expect(lines[1].hasPrefix("FFmpeg \(ffmpeg[2]), "), "\(lines[1])")
    #expect(lines[2].wholeMatch(of: /oneDNN \d+\.\d+\.\d+/) != nil, "\(lines[2])")
    #expect(lines[3].wholeMatch(of: /OpenBLAS \d+\.\d+.*/) != nil, "\(lines[3])")
  }

  @Test func thePackageAndTheMakefileSayTheSameVersion() throws {
    let version = AutochromeVersion.current
    #expect(version.wholeMatch(of: /\d+\.\d+\.\d+(-[0-9a-z.]+)?/) != nil, "\(version)")
    let changelog = try String(
      contentsOf: root.appending(path: "debian/changelog"), encoding: .utf8)
    // Debian sorts 1.0.0~rc.1 before 1.0.0, and 1.0.0-rc.1 behind it.
    let debian = version.replacing("-", with: "~")
    #expect(changelog.hasPrefix("autochrome (\(debian)) "), "\(changelog.prefix(60))")
    // The newest version that the changelog names; what is under "Unreleased" goes into the next.
    let history = try String(contentsOf: root.appending(path: "CHANGELOG.md"), encoding: .utf8)
    let newest = history.firstMatch(of: /(?m)^## (\d\S*) \(\d{4}-\d\d-\d\d\)$/)
    #expect(newest.map { String($0.output.1) } == version)
    let image = try String(contentsOf: root.appending(path: "Containerfile"), encoding: .utf8)
    #expect(image.split(separator: "\n").contains("ARG VERSION=\(version)"))
    let make = try runProgram(
      ["--silent", "-C", root.path, "--eval", "say:;@echo $(VERSION)", "say"], tool: "make")
    #expect(String(decoding: make.output, as: UTF8.self) == "\(version)\n", "\(make.errors)")
  }
}
