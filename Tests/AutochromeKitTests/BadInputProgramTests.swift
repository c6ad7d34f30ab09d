import AutochromeKit
import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Inputs that lie about themselves, as a shell gives them to the program.
@Suite(.serialized) struct BadInputProgramTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  private func shell(_ command: String) throws -> (status: Int32, errors: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", command, builtURL("autochrome").path]
    process.currentDirectoryURL = scratch.url
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let said = errors.fileHandleForReading.readToTheEnd()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: said, as: UTF8.self))
  }

  @Test(arguments: [
    "\"$0\" - -o o.png -q < s.png", "\"$0\" '*' -o out -q", "\"$0\" '?????' -o out -q",
    "mv s.png s; \"$0\" '?' -o out -q", "\"$0\" - -o o.png -q < s.tif",
  ])
  func pathsOfAnyLengthAndAPictureAtStdin(command: String) throws {
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=64x48 -frames:v 1 -pix_fmt rgb24",
      scratch.file(command.contains("s.tif") ? "s.tif" : "s.png"))
    let run = try shell(command)
    #expect(run.status == 0, "\(run.status): \(run.errors)")
    let name = scratch.names.first { ["o.png", "out"].contains($0) }
    let output = try #require(name)
    let frames = try readFrames(scratch.file(output))
    #expect(frames.count == 1 && frames[0].picture.width == 64)
  }

  @Test(arguments: [
    "printf 'P6 1000000 1000000 255\\n'; cat /dev/zero",
    "printf '\\211PNG\\r\\n\\032\\n\\177\\377\\377\\377IDAT'; cat /dev/zero",
    "printf 'YUV4MPEG2 W16000 H16000 F25:1 C444p16\\nFRAME\\n'; cat /dev/zero",
  ])
  func endlessPicturesEndAtOnce(source: String) throws {
    // With less memory than they ask for: what is read without end fails by a signal.
    let run = try shell("(\(source)) 2>/dev/null | \"$0\" - -o z.mkv -q")
    #expect(run.status == 65, "\(run.status): \(run.errors)")
    #expect(run.errors.contains("512 MiB"), "\(run.errors)")
    #expect(scratch.names.isEmpty)
  }

  @Test func damageOfTheContainerIsToldByTheStatus() throws {
    let path = scratch.file("film.mkv")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=96x64:r=24:d=1 -c:v ffv1 -g 1", path)
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    // The third SimpleBlock's length becomes invalid.
    var place = data.startIndex
    for _ in 0..<3 {
      place = try #require(data.range(of: Data([0xA3]), in: place + 400..<data.endIndex)).lowerBound
      while data[place + 3] != 0x81 {
        place = try #require(data.range(of: Data([0xA3]), in: place + 1..<data.endIndex)).lowerBound
      }
    }
    data[place + 1] = 0
    try data.write(to: URL(fileURLWithPath: path))
    let run = try runProgram([path, "-o", scratch.file("color.mkv"), "--codec", "ffv1", "-q"])
    #expect(run.status == 65, "\(run.errors)")
    #expect(run.errors.contains("place") && run.errors.contains("film.mkv"), "\(run.errors)")
    let count = try readFrames(scratch.file("color.mkv")).count
    #expect((1..<24).contains(count), "\(count)")
  }

  @Test func aDamagedIndexIsToldOnce() throws {
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=320x240:r=25:d=3 -c:v mpeg4 -q:v 2", scratch.file("film.mp4"))
    let run = try shell("cat film.mp4 2>/dev/null | \"$0\" - -o color.mkv")
    #expect(run.status == 65)
    #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
    #expect(run.errors.contains("faststart"), "\(run.errors)")
  }
}
