import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// The sample film in small, six frames a second: 21, 15 and 12 frames.
func smallFilm(shots: [SampleFilm.Shot] = SampleFilm.Shot.allCases) -> SampleFilm {
  var options = SampleFilm.Options()
  options.shots = shots
  return SampleFilm(width: 208, height: 120, frameRate: 6, options: options)
}

/// Writes the frames of a film with these numbers, lossless.
func writeClip(
  _ film: SampleFilm, frames: some Sequence<Int>, rate: Int = 6, to path: String
) throws {
  try writeClip(
    film, pictures: frames.map { SampleClip.picture(film.render(frame: $0)) }, rate: rate, to: path)
}

/// Writes pictures of a film's size, lossless.
func writeClip(
  _ film: SampleFilm, pictures: [Picture], rate: Int = 6,
  fieldOrder: FieldOrder = .progressive, to path: String
) throws {
  var info = SourceInfo(
    width: film.width, height: film.height, format: .yuv420(8), color: SampleClip.color,
    timeBase: Rational(1, rate), frameRate: Rational(rate, 1))
  info.fieldOrder = fieldOrder
  var options = SinkOptions()
  options.encoder = path.hasSuffix(".y4m") ? nil : "ffv1"
  let sink = try MediaSink.open(path, source: info, options: options)
  for (index, picture) in pictures.enumerated() {
    try sink.write(
      SourceElement(
        frame: Frame(
          index: index, picture: picture, presentationTime: Int64(index), duration: 1,
          fieldOrder: fieldOrder)))
  }
  try sink.finish()
}

/// All frames of a file.
func readFrames(_ path: String) throws -> [Frame] {
  let source = try MediaSource.open(path)
  var frames: [Frame] = []
  while let element = try source.next() {
    if let frame = element.frame { frames.append(frame) }
  }
  return frames
}

/// All packets of the other streams of a file.
func readPackets(_ path: String) throws -> [CopiedPacket] {
  let source = try MediaSource.open(path)
  var packets: [CopiedPacket] = []
  while let element = try source.next() { packets += element.packets }
  return packets
}

func settings(
  _ pipeline: String = "film", _ change: (inout SettingsLayer) -> Void = { _ in }
) throws -> Settings {
  var layer = SettingsLayer()
  layer.codec = "ffv1"
  change(&layer)
  return try Settings(pipeline: pipeline, suggested: "film", options: layer)
}

/// Colorizes `input` with each number of threads, and expects the same bytes each time.
func expectSameBytes(
  of input: String, threads: [Int], in scratch: TemporaryFolder,
  _ change: (inout SettingsLayer) -> Void = { _ in }
) throws {
  let all = try threads.map { count in
    let output = scratch.file("\(count)-threads.mkv")
    let settings = try settings {
      change(&$0)
      $0.threads = count
    }
    _ = try ColorizationJob(input: input, output: output, settings: settings).run { _ in }
    return try Data(contentsOf: URL(fileURLWithPath: output))
  }
  for (count, other) in zip(threads, all).dropFirst() {
    #expect(all[0] == other, "\(count) threads")
  }
}

/// The largest difference of code values of two planes.
func largestDifference(_ first: Plane, _ second: Plane) -> Int {
  var largest = 0
  for y in 0..<first.height {
    for x in 0..<first.width { largest = max(largest, abs(first[x, y] - second[x, y])) }
  }
  return largest
}

/// The program itself, beside the tests and built as they are. Fails where a sanitizer that was built
/// into it reports something: its exit status could be one that is expected.
///
/// `environment` is added to that of the tests; `tool` is run in place of the program, and may run it.
func runProgram(
  _ arguments: [String], input: Data? = nil, environment: [String: String] = [:],
  tool: String? = nil
) throws -> (status: Int32, output: Data, errors: String) {
  let process = Process()
  process.executableURL =
    tool == nil ? builtURL("autochrome") : URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = (tool.map { [$0] } ?? []) + arguments
  process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
  let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
  process.standardInput = standardInput
  process.standardOutput = output
  process.standardError = errors
  try process.run()
  // All three pipes at once: none may fill up while another is waited for.
  let queue = DispatchQueue(label: "pipes", attributes: .concurrent)
  let group = DispatchGroup()
  let said = Box<Data>(Data())
  queue.async(group: group) { said.value = errors.fileHandleForReading.readToTheEnd() }
  queue.async(group: group) {
    if let input { try? standardInput.fileHandleForWriting.write(contentsOf: input) }
    try? standardInput.fileHandleForWriting.close()
  }
  let data = output.fileHandleForReading.readToTheEnd()
  group.wait()
  process.waitUntilExit()
  let text = String(decoding: said.value, as: UTF8.self)
  #expect(!text.contains("Sanitizer"), "\(text)")
  return (process.terminationStatus, data, text)
}

extension FileHandle {
  /// What comes until the end. Unlike Foundation's functions of this purpose, it neither traps nor fails
  /// where a signal interrupts it.
  func readToTheEnd() -> Data {
    var result = Data()
    while true {
      let more = readMore()
      if more.isEmpty { return result }
      result += more
    }
  }

  /// What is there, after waiting for something; empty at the end.
  func readMore() -> Data {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = Foundation.read(fileDescriptor, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count < 0 { Issue.record("reading failed: \(String(cString: strerror(errno)))") }
      return Data(buffer.prefix(max(0, count)))
    }
  }
}
