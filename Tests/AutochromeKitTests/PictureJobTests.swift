import AutochromeKit
import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// What users get of folders in which not all pictures are whole.
@Suite(.serialized) struct PictureJobTests {
  private let scratch: TemporaryFolder
  init() throws {
    scratch = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: scratch.file("scans"), withIntermediateDirectories: true)
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=64x48:r=5:d=1 -q:v 2 -start_number 1",
      scratch.file("scans/a_%d.jpg"))
  }

  private func put(_ data: Data, _ name: String) throws {
    try data.write(to: URL(fileURLWithPath: scratch.file("scans/\(name)")))
  }

  @Test(arguments: ["out", "film.mkv"])
  func badPicturesCostThemselvesAlone(output: String) throws {
    let second = try Data(contentsOf: URL(fileURLWithPath: scratch.file("scans/a_2.jpg")))
    try put(second.prefix(second.count / 2), "a_2.jpg")
    try put(Data(), "a_1.jpg")
    try put(Data("<html>404</html>".utf8), "a_4.jpg")
    let run = try runProgram([
      scratch.file("scans"), "-o", scratch.file(output), "--codec",
      output == "out" ? "png" : "ffv1",
    ])
    #expect(run.status == 65, "\(run.errors)")
    let lines = run.errors.split(separator: "\n")
    for name in ["a_1.jpg", "a_2.jpg", "a_4.jpg"] {
      #expect(lines.filter { $0.contains(name) }.count == 1, "\(name): \(run.errors)")
    }
    #expect(run.errors.contains("1 picture of"), "\(run.errors)")
    #expect(run.errors.contains("as far as it could be decoded"), "\(run.errors)")
    #expect(run.errors.contains("2 pictures of"), "\(run.errors)")
    if output == "out" {
      let names = try FileManager.default.contentsOfDirectory(atPath: scratch.file("out")).sorted()
      #expect(names == ["a_2.png", "a_3.png", "a_5.png"])
    } else {
      #expect(scratch.names == ["film.mkv", "scans"])
      let frames = try readFrames(scratch.file("film.mkv"))
      #expect(frames.count == 3)
      let whole = try readFrames(scratch.file("scans/a_5.jpg"))
      #expect(largestDifference(frames[2].picture.luma, whole[0].picture.luma) == 0)
    }
  }

  @Test func badPicturesAloneGiveNothing() throws {
    for number in 1...5 { try put(Data(), "a_\(number).jpg") }
    let run = try runProgram([scratch.file("scans"), "-o", scratch.file("out")])
    #expect(run.status == 65, "\(run.errors)")
    #expect(run.errors.contains("None of the 5 pictures"), "\(run.errors)")
    #expect(scratch.names == ["scans"])
  }

  /// The shell hands on bytes that Swift's strings can't hold.
  @Test func namesThatAreNotUTF8AreTakenAndGiven() throws {
    let script = """
      set -e
      cd "$1"
      name=$(printf 'b\\377\\351')
      mkdir "$name"
      cp scans/a_1.jpg "$name/$name.jpg"
      "$0" "$name" -o "out$name" --quiet
      "$0" "$name/$name.jpg" -o "$name.png" --quiet
      test -s "out$name/$name.jpg"
      test -s "$name.png"
      mkdir "films$name"
      ffmpeg -v error -nostdin -i "$name/$name.jpg" -c:v ffv1 "films$name/$name.mkv"
      "$0" "films$name" -o 'color/{name}.mkv' --codec ffv1 --quiet
      test -s "color/$name.mkv"
      "$0" "films$name" -o 'color/{name}.mkv' --codec ffv1 --skip-existing 2>&1 | grep -q 'already exists'
      "$0" "films$name/*.mkv" -o more/ --codec ffv1 --quiet
      test -s "more/$name.mkv"
      test $(ls | wc -l) = 7
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", script, builtURL("autochrome").path, scratch.url.path]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let said = errors.fileHandleForReading.readToTheEnd()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(String(decoding: said, as: UTF8.self))")
  }
}
