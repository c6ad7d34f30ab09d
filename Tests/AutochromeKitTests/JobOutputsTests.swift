import AutochromeKit
import Foundation
import Testing

@Suite struct JobOutputsTests {
  private func scratch() throws -> String {
    let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url.path
  }

  @Test func oneInputGoesToTheOutput() throws {
    let pairs = try JobOutputs.pair(inputs: ["a.mkv"], output: "b.mkv")
    #expect(pairs.map(\.output) == ["b.mkv"])
  }

  @Test func severalInputsGoIntoAFolderUnderTheirNames() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let pairs = try JobOutputs.pair(inputs: ["x/a.mkv", "y/b.mp4"], output: folder)
    #expect(pairs.map(\.output) == [folder + "/a.mkv", folder + "/b.mp4"])
  }

  @Test func aFilmIntoAFolderKeepsItsName() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(
      try JobOutputs.pair(inputs: ["x/a.mkv"], output: folder).map(\.output)
        == [folder + "/a.mkv"])
  }

  @Test func theInputIsNeverReplaced() throws {
    let folder = try scratch()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = folder + "/a.mkv"
    try Data("x".utf8).write(to: URL(fileURLWithPath: file))
    for output in [file, folder + "/./a.mkv", folder] {
      #expect(throws: AutochromeError.self) {
        try JobOutputs.pair(inputs: [file], output: output)
      }
    }
  }

  @Test func twoInputsOfOneNameAreRefused() {
    #expect(throws: AutochromeError.self) {
      try JobOutputs.pair(inputs: ["x/a.mkv", "y/a.mkv"], output: "nowhere-yet")
    }
    #expect(throws: AutochromeError.self) {
      try JobOutputs.pair(inputs: ["x/a.mkv", "y/b.mkv"], output: "-")
    }
  }
}
