import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// Whole jobs in which the network does not see each frame.
@Suite(.serialized) struct KeyFrameTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  private func colorize(
    _ input: String, to output: String, _ pipeline: String = "film",
    _ change: (inout SettingsLayer) -> Void
  ) throws -> JobReport {
    try ColorizationJob(
      input: scratch.file(input), output: scratch.file(output),
      settings: settings(pipeline, change), overwrite: true
    ).run { _ in }
  }

  @Test(arguments: ["film", "stream"])
  func ofAStillFilmEachFourthFrameIsSeenAndTheColorsAreTheSame(pipeline: String) throws {
    try writeClip(
      smallFilm(), frames: [Int](repeating: 5, count: 18), rate: 24, to: scratch.file("still.mkv"))
    let some = try colorize("still.mkv", to: "some.mkv", pipeline) { $0.keyFrames = .atMost(4) }
    let all = try colorize("still.mkv", to: "all.mkv", pipeline) { $0.keyFrames = .off }
    #expect(some.frames == 18 && some.framesSeen == 5)
    #expect(all.framesSeen == 18)
    let pairs = zip(
      try readFrames(scratch.file("some.mkv")), try readFrames(scratch.file("all.mkv")))
    for (first, second) in pairs {
      #expect(first.picture.luma.hasSameSamples(as: second.picture.luma))
      for plane in 1..<3 {
        #expect(
          largestDifference(first.picture.planes[plane], second.picture.planes[plane]) <= 1,
          "frame \(first.index)")
      }
    }
  }

  @Test(arguments: ["film", "stream"])
  func eachShotsFirstFrameIsSeenAndNothingCrossesACut(pipeline: String) throws {
    let film = SampleFilm(width: 208, height: 120, frameRate: 24)
    let cut = film.cuts[0]
    try writeClip(film, frames: Array(cut - 9..<cut + 9), rate: 24, to: scratch.file("joined.mkv"))
    try writeClip(film, frames: Array(cut..<cut + 9), rate: 24, to: scratch.file("alone.mkv"))
    let reports = try ["joined", "alone"].map { name in
      try colorize(name + ".mkv", to: name + "-color.mkv", pipeline) {
        $0.keyFrames = .atMost(16)
      }
    }
    #expect(reports[0].shotStarts == [0, 9])
    // Two shots need two frames at least, and need not all.
    #expect((2..<18).contains(reports[0].framesSeen), "\(reports[0].framesSeen)")
    #expect(reports[1].framesSeen < reports[0].framesSeen)
    let after = try readFrames(scratch.file("joined-color.mkv")).dropFirst(9)
    let second = try readFrames(scratch.file("alone-color.mkv"))
    #expect(after.count == 9 && second.count == 9)
    for (first, second) in zip(after, second) {
      for plane in 0..<3 {
        #expect(
          largestDifference(first.picture.planes[plane], second.picture.planes[plane]) <= 1)
      }
    }
  }

  @Test(arguments: ["film", "stream"])
  func theResultDoesNotDependOnTheThreads(pipeline: String) throws {
    let film = SampleFilm(width: 208, height: 120, frameRate: 24)
    try writeClip(
      film, frames: Array(film.cuts[0] - 14..<film.cuts[0] + 10), rate: 24,
      to: scratch.file("film.mkv"))
    var seen: Set<Int> = []
    for threads in [1, 2, 5] {
      seen.insert(
        try colorize("film.mkv", to: "\(threads).mkv", pipeline) {
          $0.threads = threads
          $0.keyFrames = .atMost(6)
        }.framesSeen)
    }
    #expect(seen.count == 1 && seen.allSatisfy { $0 < 24 }, "\(seen)")
    let one = try Data(contentsOf: URL(fileURLWithPath: scratch.file("1.mkv")))
    for threads in [2, 5] {
      let other = try Data(contentsOf: URL(fileURLWithPath: scratch.file("\(threads).mkv")))
      #expect(one == other, "\(threads) threads")
    }
  }

  @Test func probeTellsHowManyFramesTheNetworkWouldSee() throws {
    try writeClip(
      smallFilm(), frames: [Int](repeating: 5, count: 9), rate: 24, to: scratch.file("still.mkv"))
    let input = scratch.file("still.mkv")
    var run = try runProgram(["probe", input, "--shots", "--key-frames", "3"])
    #expect(run.status == 0, "\(run.errors)")
    var text = String(decoding: run.output, as: UTF8.self)
    #expect(text.contains("the network sees 3 of 9 frames"), "\(text)")
    run = try runProgram(["probe", input, "--key-frames", "3"])
    text = String(decoding: run.output, as: UTF8.self)
    #expect(text.contains("key frames     at most 3 apart"), "\(text)")
    let plan = try runProgram([
      input, "-o", scratch.file("x.mkv"), "--key-frames", "3", "--dry-run",
    ])
    #expect(String(decoding: plan.output, as: UTF8.self).contains("\"keyFrames\" : \"3\""))
    let told = try runProgram([input, "-o", scratch.file("x.mkv"), "--key-frames", "3", "-v"])
    #expect(told.errors.contains("key frames     at most 3 frames apart"))
    #expect(told.errors.contains("the network ran on 3"), "\(told.errors)")
  }
}
