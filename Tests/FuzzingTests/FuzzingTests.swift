import Foundation
import Fuzzing
import Testing

/// Every input that fuzzing kept, and every one that once did harm, is read without harm.
@Suite struct FuzzingTests {
  private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fuzzing/corpus")

  @Test(arguments: FuzzEntry.all.map(\.name)) func theCorpusDoesNoHarm(_ name: String) throws {
    let entry = try #require(FuzzEntry.all.first { $0.name == name })
    let files = try FileManager.default.contentsOfDirectory(
      at: Self.corpus.appending(path: name), includingPropertiesForKeys: nil)
    #expect(files.count >= 5, "the corpus of \(name) is gone")
    for file in files { entry.run(Array(try Data(contentsOf: file))) }
  }

  @Test func everyCorpusHasItsEntry() throws {
    let folders = try FileManager.default.contentsOfDirectory(atPath: Self.corpus.path)
    #expect(Set(folders) == Set(FuzzEntry.all.map(\.name)))
  }

  /// What the entries rely on: a trap inside of one ends the process that replays it.
  @Test func aTrapIsSeen() async {
    await #expect(processExitsWith: .failure) { FuzzEntry.faulty.run([0x21]) }
    await #expect(processExitsWith: .success) {
      FuzzEntry.faulty.run([])
      exit(0)
    }
  }
}
