import AutochromeKit
import Foundation
import NeuralNetwork
import Imaging
import Measuring
import Media
import SampleFilm
import TestSupport
import Testing

/// Memory and instruction sets of the program itself.
@Suite(.serialized) struct ResourceTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  /// Frames of 640×360 as x264 writes them: neither packets nor decoded planes come from malloc for
  /// each frame.
  private func writeFilm() throws -> String {
    var look = SampleFilm.Options()
    look.grain = 0
    let film = SampleFilm(width: 640, height: 360, frameRate: 24, options: look)
    let path = scratch.file("film.mkv")
    var options = SinkOptions()
    options.encoder = "libx264"
    options.preset = "ultrafast"
    options.pixelFormat = "yuv420p"
    try SampleClip.write(film, frames: 150, to: path, options: options)
    return path
  }

  /// The library that counts allocations can't stand before a sanitizer's.
  @Test(.disabled(if: isSanitized)) func noFrameIsAllocatedOnceAllAreInFlight() throws {
    let film = try writeFilm()
    func count(frames: Int, atLeast bytes: Int) throws -> Int {
      let run = try runProgram(
        [
          film, "-o", scratch.file("color.mkv"), "--overwrite", "-q", "--codec", "libx264",
          "--preset", "ultrafast", "--frames", "\(frames)", "--threads", "2",
        ],
        environment: [
          "LD_PRELOAD": builtURL("libAllocationCounter.so").path,
          "ALLOCATION_COUNTER_LEAST": "\(bytes)",
        ])
      #expect(run.status == 0, "\(run.errors)")
      let number = run.errors.split(separator: "\n").last?.split(separator: " ").first
      return try #require(number.flatMap { Int($0) }, "\(run.errors)")
    }
    // The smallest plane that a frame has is its 10-bit chroma: 320 × 180 × 2 bytes.
    let (short, long) = (
      try count(frames: 50, atLeast: 115_200), try count(frames: 150, atLeast: 115_200)
    )
    // One plane for each frame would make 100 more. How many are in flight at most depends on who
    // waits for whom, which a busy machine changes by a dozen.
    #expect(short > 50 && long - short < 50, "\(short) for 50 frames, \(long) for 150")
    // The counter sees what a frame takes where it is small.
    #expect(try count(frames: 150, atLeast: 1) > long + 1000)
  }

  /// In fp32, where the sums alone differ, in their order.
  @Test func instructionSetsGiveTheSamePicturesWithinACode() throws {
    let film = smallFilm()
    let input = scratch.file("film.mkv")
    try writeClip(film, frames: 5..<30, to: input)
    var results: [[Frame]] = []
    for limit in ["plain", "avx2", "avx512"] {
      let output = scratch.file("\(limit).mkv")
      let run = try runProgram(
        [input, "-o", output, "-q", "--codec", "ffv1", "--precision", "fp32"],
        environment: [InstructionSet.variable: limit])
      #expect(run.status == 0, "\(run.errors)")
      results.append(try readFrames(output))
    }
    for frames in results.dropFirst() {
      #expect(frames.count == results[0].count)
      for (frame, plain) in zip(frames, results[0]) {
        #expect(frame.picture.luma.hasSameSamples(as: plain.picture.luma))
        for plane in 1...2 {
          let (one, other) = (frame.picture.planes[plane], plain.picture.planes[plane])
          #expect(largestDifference(one, other) <= 1, "frame \(frame.index), plane \(plane)")
        }
      }
    }
  }

  @Test func anInstructionSetThatIsNoneIsRefused() throws {
    let run = try runProgram(["doctor"], environment: [InstructionSet.variable: "mmx"])
    #expect(
      run.status == 64
        && run.errors.contains(
          "'mmx'; expected one of plain, avx2, avx512, avx512-vnni, avx512-bf16")
    )
    let plain = try runProgram(["doctor"], environment: [InstructionSet.variable: "plain"])
    #expect(String(decoding: plain.output, as: UTF8.self).contains("kernels: plain"))
  }

  @Test func stagesAreHeldAgainstTheCeilings() throws {
    let bench = try StageBench.run(options: SettingsLayer(), sizes: [(320, 180)]) { _ in }
    #expect(bench.ceilings.copyGigabytesPerSecond > 0.1)
    #expect(bench.ceilings.gigaflops["fp32"].map { $0 > 1 } == true)
    #expect(
      bench.rows.map(\.stage) == [
        "luma to working size", "network", "annealed mean", "steady", "guided filter's models",
        "chroma, 8 bits", "chroma, 10 bits",
      ])
    for row in bench.rows {
      #expect(row.milliseconds > 0 && row.size == "320×180")
      // More than the ceiling would mean that something was counted wrong; beside other tests the
      // ceiling itself may be measured low.
      #expect(row.shareOfCopy < 3 && row.shareOfArithmetic < 3, "\(row)")
    }
    let network = try #require(bench.rows.first { $0.stage == "network" })
    // 160 × 288 samples padded to whole strides, of 4.34 GFLOP at 256 × 256.
    #expect(abs(network.gigaflop - 4.34 * 160 * 288 / 65536) < 0.3)
    #expect(bench.text.contains("chroma, 10 bits"))
  }
}
