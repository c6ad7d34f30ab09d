import AutochromeKit
import Foundation
import Imaging
import Media
import ModelFixtures
import SampleFilm
import TestSupport
import Testing

/// Networks that sample, as a shell sees them.
@Suite(.serialized) struct SamplingProgramTests {
  private let scratch: TemporaryFolder
  private let model: String

  init() throws {
    scratch = try TemporaryFolder()
    model = scratch.file("pixels.onnx")
    try Data(try ModelBuilder.pixelCNN(seed: 3).bytes()).write(to: URL(fileURLWithPath: model))
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=1:d=1 -pix_fmt gray -frames:v 1",
      scratch.file("photo.png"))
  }

  private func color(_ output: String, _ arguments: [String] = []) throws {
    let run = try runProgram(
      [scratch.file("photo.png"), "-o", scratch.file(output), "-m", model, "--size", "64"]
        + arguments)
    #expect(run.status == 0, "\(run.errors)")
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: scratch.file(name)))
  }

  @Test func severalColoringsOfAPicture() throws {
    try color("color.png", ["--samples", "3", "--seed", "5"])
    #expect(
      scratch.names == ["color-1.png", "color-2.png", "color-3.png", "photo.png", "pixels.onnx"])
    let source = try readFrames(scratch.file("photo.png"))[0].picture
    let pictures = try (1...3).map { try readFrames(scratch.file("color-\($0).png"))[0].picture }
    for picture in pictures {
      #expect((picture.width, picture.height) == (source.width, source.height))
      #expect(ColorSurvey(picture).content == .color)
    }
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
      let differences = (0..<3).map {
        largestDifference(pictures[one].planes[$0], pictures[other].planes[$0])
      }
      #expect(differences.max() ?? 0 > 20, "\(one + 1), \(other + 1): \(differences)")
    }
    // The first is that of the seed alone, with any number of threads.
    try color("one.png", ["--seed", "5", "--threads", "1"])
    #expect(try bytes("one.png") == bytes("color-1.png"))
    try color("other.png", ["--seed", "6"])
    try color("usual.png")
    try color("zero.png", ["--seed", "0"])
    #expect(try bytes("other.png") != bytes("one.png"))
    #expect(try bytes("usual.png") == bytes("zero.png"))
  }

  @Test func coloringsAreNamed() throws {
    try color(
      "{sample}of2-{name}.png", ["--samples", "2", "--report", scratch.file("{sample}.json")])
    try FileManager.default.createDirectory(
      atPath: scratch.file("out"), withIntermediateDirectories: true)
    try color("out", ["--samples", "2"])
    #expect(
      scratch.names == [
        "1.json", "1of2-photo.png", "2.json", "2of2-photo.png", "out", "photo.png", "pixels.onnx",
      ])
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.file("out")).sorted()
    #expect(names == ["photo-1.png", "photo-2.png"])
    #expect(try bytes("out/photo-2.png") == bytes("2of2-photo.png"))
  }

  /// What is to be known of a picture is said once, not with each of its colorings; programs are told each time.
  @Test func aWarningIsShownOnce() throws {
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=1:d=1 -frames:v 1", scratch.file("color.png"))
    for (progress, words, count) in [
      ("plain", "autochrome: '\(scratch.file("color.png"))' is already in color", 1),
      ("json", "{\"warning\":", 3),
    ] {
      let run = try runProgram([
        scratch.file("color.png"), "-o", scratch.file("x.png"), "-m", model, "--samples", "3",
        "--overwrite", "--progress", progress,
      ])
      #expect(run.status == 0, "\(run.errors)")
      #expect(run.errors.components(separatedBy: words).count - 1 == count, "\(run.errors)")
    }
  }

  @Test func seedsAndSamplesAreSettings() throws {
    let run = try runProgram([
      scratch.file("photo.png"), "-o", scratch.file("x.png"), "-m", model, "--seed", "5",
      "--temperature", "0.7", "--dry-run",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let plan = try #require(
      try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    let settings = try #require(plan["settings"] as? [String: Any])
    #expect(settings["seed"] as? Int == 5 && settings["samples"] as? Int == 1)
    #expect(abs((plan["temperature"] as? Double ?? 0) - 0.7) < 1e-6)
  }

  @Test func whatDoesNotSampleIsRefused() throws {
    try writeClip(smallFilm(), frames: 0..<3, to: scratch.file("film.mkv"))
    let (photo, film) = (scratch.file("photo.png"), scratch.file("film.mkv"))
    for (arguments, words) in [
      ([film, "-o", scratch.file("x.mkv"), "-m", model, "--samples", "2"], "film.mkv"),
      ([photo, "-o", "-", "-m", model, "--samples", "2"], "stdout"),
      ([photo, "-o", scratch.file("x.png"), "--samples", "2"], "--samples 2"),
      ([photo, "-o", scratch.file("x.png"), "--seed", "2"], "a seed"),
      ([photo, "-o", scratch.file("x.png"), "-m", model, "--samples", "65"], "1…64"),
      (
        [photo, "-o", scratch.file("x.png"), "-m", model, "--samples", "2", "--report", "r.json"],
        "{sample}"
      ),
      ([photo, "-o", scratch.file("x.png"), "-m", model, "--vividness", "0.5"], "vividness"),
    ] {
      let run = try runProgram(arguments)
      #expect(run.status == 64 || run.status == 65, "\(arguments): \(run.errors)")
      #expect(run.errors.contains(words), "\(run.errors)")
    }
    #expect(scratch.names == ["film.mkv", "photo.png", "pixels.onnx"])
  }

  @Test func evaluationTellsTheBitsOfTheTruth() throws {
    let folder = scratch.file("photographs")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=1:d=2 -pix_fmt rgb24", folder + "/%d.png")
    func evaluate(_ arguments: [String]) throws -> [String: Any] {
      let run = try runProgram(["evaluate", folder, "--json"] + arguments)
      #expect(run.status == 0, "\(run.errors)")
      return try #require(
        try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    }
    let own = try evaluate(["-m", model, "--seed", "1"])
    let bits = try #require(own["bitsPerDimension"] as? Double)
    // Eight levels of which none is known to be likelier cost three bits.
    #expect(bits > 0.5 && bits < 30)
    #expect(
      try evaluate(["-m", model, "--seed", "1", "--threads", "1"])["bitsPerDimension"] as? Double
        == bits)
    // What is true does not depend on what is drawn, but the colors do.
    let other = try evaluate(["-m", model, "--seed", "2"])
    #expect(other["bitsPerDimension"] as? Double == bits)
    let rows = [own, other].compactMap { ($0["rows"] as? [[String: Any]])?.first }
    #expect(rows.count == 2 && rows[0]["psnr"] as? Double != rows[1]["psnr"] as? Double)
    #expect(try evaluate(["-m", "autochrome-fast"])["bitsPerDimension"] == nil)
    let text = try runProgram(["evaluate", folder, "-m", model])
    #expect(String(decoding: text.output, as: UTF8.self).contains("bits per dimension"))
  }

  @Test func aNetworkThatLooksAheadIsShown() throws {
    let wrong = scratch.file("wrong.onnx")
    try Data(try ModelBuilder.pixelCNN(seed: 3, mistake: .looksAhead).bytes()).write(
      to: URL(fileURLWithPath: wrong))
    let shown = try runProgram(["model", "show", wrong])
    let text = String(decoding: shown.output, as: UTF8.self)
    #expect(
      shown.status == 0 && text.contains("problem:") && text.contains("layer0.wide"), "\(text)")
    let right = try runProgram(["model", "show", model])
    let words = String(decoding: right.output, as: UTF8.self)
    #expect(right.status == 0 && !words.contains("problem:"), "\(words)")
    #expect(words.contains("autochrome.sampler: chroma") && words.contains("GFLOP at 256×256"))
    let run = try runProgram([
      scratch.file("photo.png"), "-o", scratch.file("x.png"), "-m", wrong,
    ])
    #expect(run.status != 0 && run.errors.contains("layer0.wide"), "\(run.errors)")
    #expect(!scratch.names.contains("x.png"))
  }

  // MARK: Films

  private func sampled(_ layer: inout SettingsLayer) {
    layer.model = model
    layer.size = 64
    layer.seed = 9
  }

  @Test func filmsDoNotDependOnThreads() throws {
    try writeClip(smallFilm(), frames: 0..<30, to: scratch.file("film.mkv"))
    try expectSameBytes(of: scratch.file("film.mkv"), threads: [1, 3], in: scratch) { sampled(&$0) }
  }

  @Test func aStoppedFilmGoesOnWithItsSample() throws {
    let film = smallFilm()
    let frames = Array(0..<film.frameCount)
    try writeClip(film, frames: frames, rate: 1, to: scratch.file("film.mkv"))
    func job(_ output: String) throws -> ColorizationJob {
      ColorizationJob(
        input: scratch.file("film.mkv"), output: scratch.file(output),
        settings: try settings {
          sampled(&$0)
          $0.codec = "ffv1"
        })
    }
    _ = try job("whole.mkv").run { _ in }
    let stopped = try job("color.mkv")
    let interruption = AutochromeKit.Interruption()
    let segment = stopped.output + ".job/000001.segment"
    let watch = Thread {
      while !Thread.current.isCancelled, interruption.requests == 0 {
        if FileManager.default.fileExists(atPath: segment) { interruption.request() }
        usleep(500)
      }
    }
    watch.start()
    let report = try stopped.run(interruption: interruption) { _ in }
    watch.cancel()
    #expect(report.interrupted)
    let resumed = try job("color.mkv").run { _ in }
    #expect(resumed.framesBefore > 0 && resumed.frames == film.frameCount)
    #expect(try bytes("color.mkv") == bytes("whole.mkv"))
  }

  /// Frames that are equal but for noise: colors stay what they are within the shot.
  @Test func aShotDoesNotFlicker() throws {
    let film = smallFilm(shots: [.meadow])
    let still = SampleClip.picture(film.render(frame: 3))
    var random = SeededGenerator(seed: 21)
    let pictures = (0..<16).map { _ in
      Picture(
        width: still.width, height: still.height, format: still.format, color: still.color,
        planes: [
          Plane(width: still.width, height: still.height, bitDepth: 8) { base, bytesPerRow in
            for y in 0..<still.height {
              for x in 0..<still.width {
                let code = still.planes[0][x, y] + Int.random(in: -3...3, using: &random)
                base.storeBytes(
                  of: UInt8(min(max(code, 16), 235)), toByteOffset: y * bytesPerRow + x,
                  as: UInt8.self)
              }
            }
          }
        ] + still.planes.dropFirst())
    }
    try writeClip(film, pictures: pictures, to: scratch.file("noise.mkv"))
    /// The mean change of chroma from frame to frame, in codes.
    func change(stability: Float) throws -> Double {
      let output = scratch.file("color-\(stability).mkv")
      _ = try ColorizationJob(
        input: scratch.file("noise.mkv"), output: output,
        settings: try settings {
          sampled(&$0)
          $0.stability = stability
        }
      ).run { _ in }
      let frames = try readFrames(output).map(\.picture)
      #expect(frames.count == 16)
      var (sum, count) = (0, 0)
      for (one, other) in zip(frames, frames.dropFirst()) {
        for plane in 1...2 {
          let (a, b) = (one.planes[plane], other.planes[plane])
          for y in 0..<a.height {
            for x in 0..<a.width {
              sum += abs(a[x, y] - b[x, y])
              count += 1
            }
          }
        }
      }
      #expect(ColorSurvey(frames[0]).content == .color)
      return Double(sum) / Double(count)
    }
    let (steadied, unsteadied) = (try change(stability: 0.7), try change(stability: 0))
    #expect(steadied < 0.7, "\(steadied)")
    #expect(unsteadied < 2.5, "\(unsteadied)")
  }

  /// A shot may have a seed of its own.
  @Test func shotsHaveSeeds() throws {
    let film = smallFilm()
    try writeClip(film, frames: 15..<27, to: scratch.file("film.mkv"))
    func colors(_ seed: Int?) throws -> [Picture] {
      let shots = scratch.file("shots.yaml")
      let seconds = Double(film.cuts[0] - 15) / 6
      try """
      shots:
        - {at: 0}
        - at: \(seconds)
      \(seed.map { "    look: {seed: \($0)}" } ?? "")
      """.write(toFile: shots, atomically: true, encoding: .utf8)
      let output = scratch.file("color.mkv")
      var job = ColorizationJob(
        input: scratch.file("film.mkv"), output: output,
        settings: try settings {
          sampled(&$0)
          $0.shots = shots
        }, overwrite: true)
      job.restarts = true
      _ = try job.run { _ in }
      return try readFrames(output).map(\.picture)
    }
    let (first, second) = (try colors(nil), try colors(44))
    let cut = film.cuts[0] - 15
    #expect(first.count == 12)
    for index in 0..<12 {
      let difference = largestDifference(first[index].planes[1], second[index].planes[1])
      #expect((difference > 0) == (index >= cut), "frame \(index): \(difference)")
    }
  }
}
