import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// Whole jobs on the sample film, through the real decoder, network and encoder.
@Suite(.serialized) struct FilmTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  @Test func lumaTimesAndShotsAreKept() throws {
    let film = smallFilm()
    let (input, output) = (scratch.file("film.mkv"), scratch.file("color.mkv"))
    try writeClip(film, frames: 0..<film.frameCount, to: input)
    let report = try ColorizationJob(input: input, output: output, settings: settings()).run { _ in
    }
    let (before, after) = (try readFrames(input), try readFrames(output))
    #expect(report.frames == film.frameCount)
    #expect(report.shotStarts == [0] + film.cuts)
    #expect(before.map(\.presentationTime) == after.map(\.presentationTime))
    for (first, second) in zip(before, after) {
      #expect(first.picture.luma.hasSameSamples(as: second.picture.luma), "frame \(first.index)")
    }
    #expect(scratch.names == ["color.mkv", "film.mkv"])
  }

  @Test func skyIsBluishAndGrassGreenish() throws {
    // The network was trained on photographs; at full size it knows the meadow's sky and grass.
    var options = SampleFilm.Options()
    options.shots = [.meadow]
    let film = SampleFilm(width: 640, height: 360, frameRate: 24, options: options)
    let (input, output) = (scratch.file("film.mkv"), scratch.file("color.mkv"))
    try writeClip(film, frames: 0..<3, to: input)
    _ = try ColorizationJob(input: input, output: output, settings: settings()).run { _ in }
    let picture = try #require(try readFrames(output).last).picture
    func mean(_ plane: Int, x: Range<Int>, y: Range<Int>) -> Double {
      var sum = 0
      for row in y { for column in x { sum += picture.planes[plane][column, row] } }
      return Double(sum) / Double(x.count * y.count) - 128
    }
    // Chroma grid 320×180. Sky between the trees, grass in front.
    let sky = (cb: mean(1, x: 170..<280, y: 4..<50), cr: mean(2, x: 170..<280, y: 4..<50))
    let grass = (cb: mean(1, x: 120..<300, y: 140..<175), cr: mean(2, x: 120..<300, y: 140..<175))
    #expect(sky.cb > 4 && sky.cr < -2, "sky \(sky)")
    #expect(grass.cb < -8 && grass.cr < 2, "grass \(grass)")
  }

  /// What the second field shows has no part in the colors of the first one, and its own colors
  /// follow its own edges.
  @Test(arguments: [FieldOrder.topFirst, .bottomFirst])
  func interlacedFilmIsColoredByFields(order: FieldOrder) throws {
    let film = smallFilm()
    func picture(_ number: Int) -> Picture { SampleClip.picture(film.render(frame: number)) }
    /// Luma of two pictures by turns, as fields in the order of time.
    func woven(_ first: Picture, _ second: Picture) -> Picture {
      let parts = order == .topFirst ? [first.luma, second.luma] : [second.luma, first.luma]
      let luma = Plane(width: film.width, height: film.height, bitDepth: 8) { base, bytesPerRow in
        for y in 0..<film.height {
          let part = parts[y % 2]
          (base + y * bytesPerRow).copyMemory(
            from: part.base + y * part.bytesPerRow, byteCount: film.width)
        }
      }
      return Picture(
        width: first.width, height: first.height, format: first.format, color: first.color,
        planes: [luma] + first.planes.dropFirst())
    }
    func colored(_ name: String, second: (Int) -> Int) throws -> [Picture] {
      let (input, output) = (scratch.file("\(name).mkv"), scratch.file("\(name)-color.mkv"))
      try writeClip(
        film, pictures: (0..<4).map { woven(picture($0), picture(second($0))) },
        fieldOrder: order, to: input)
      _ = try ColorizationJob(
        input: input, output: output, settings: settings(), overwrite: true
      ).run { _ in }
      let frames = try readFrames(output)
      #expect(frames.count == 4 && frames.allSatisfy { $0.fieldOrder == order })
      return frames.map(\.picture)
    }
    // The other film's second fields come from another shot.
    let (still, mixed) = (
      try colored("still") { $0 }, try colored("mixed") { $0 + film.cuts[0] }
    )
    let first = order == .topFirst ? 0 : 1
    for (one, other) in zip(still, mixed) {
      for plane in 1...2 {
        let (u, v) = (one.planes[plane], other.planes[plane])
        var differences = [0, 0]
        for y in 0..<u.height {
          for x in 0..<u.width {
            differences[(y + first) % 2] = max(differences[(y + first) % 2], abs(u[x, y] - v[x, y]))
          }
        }
        #expect(differences[0] == 0, "plane \(plane)")
        #expect(differences[1] > 1, "plane \(plane)")
      }
    }
  }

  @Test func theResultDoesNotDependOnTheThreads() throws {
    let input = scratch.file("film.mkv")
    try writeClip(smallFilm(), frames: 10..<34, to: input)
    try expectSameBytes(of: input, threads: [1, 2, 5], in: scratch)
  }

  @Test(arguments: ["film", "stream"])
  func nothingSpillsOverACut(pipeline: String) throws {
    let film = smallFilm()
    let cut = film.cuts[0]
    let (joined, alone) = (scratch.file("joined.mkv"), scratch.file("alone.mkv"))
    try writeClip(film, frames: cut - 8..<cut + 8, to: joined)
    try writeClip(film, frames: cut..<cut + 8, to: alone)
    for name in ["joined", "alone"] {
      _ = try ColorizationJob(
        input: scratch.file(name + ".mkv"), output: scratch.file(name + "-color.mkv"),
        settings: settings(pipeline)
      ).run { _ in }
    }
    let after = try readFrames(scratch.file("joined-color.mkv")).dropFirst(8)
    let second = try readFrames(scratch.file("alone-color.mkv"))
    #expect(after.count == 8 && second.count == 8)
    for (first, second) in zip(after, second) {
      for plane in 0..<3 {
        #expect(
          largestDifference(first.picture.planes[plane], second.picture.planes[plane]) <= 1)
      }
    }
  }

  @Test func soundSubtitlesAndChaptersOfTheSampleAreCopied() throws {
    let sample = checkoutURL.appending(path: "samples/film.mkv")
    let output = scratch.file("color.mkv")
    _ = try ColorizationJob(
      input: sample.path, output: output,
      settings: settings {
        $0.frames = 12
        $0.size = 64
      }
    ).run { _ in }
    // The first half second of the film: its packets, and no others.
    let copied = try readPackets(output)
    let original = try readPackets(sample.path)
    #expect(copied.count > 20)
    for packet in copied {
      #expect(original.contains { $0.bytes == packet.bytes }, "a packet of \(packet.bytes.count)")
    }
    let info = try MediaSource.open(output).info
    #expect(info.metadata.contains { $0.key.lowercased() == "title" })
    #expect(info.streams.count == 3)
  }

  @Test func anInterruptedJobLeavesAPlayablePart() throws {
    let film = smallFilm()
    let (input, output) = (scratch.file("film.mkv"), scratch.file("color.mkv"))
    try writeClip(film, frames: 0..<film.frameCount, to: input)
    let interruption = AutochromeKit.Interruption()
    let report = try ColorizationJob(input: input, output: output, settings: settings()).run(
      interruption: interruption
    ) { event in
      if case .progress(let progress) = event, progress.framesDone > 3,
        interruption.requests == 0
      {
        interruption.request()
      }
    }
    #expect(report.interrupted)
    #expect(report.partialOutput == scratch.file("color.partial.mkv"))
    #expect(scratch.names == ["color.partial.mkv", "film.mkv"])
    let part = try readFrames(scratch.file("color.partial.mkv"))
    #expect(part.count == report.frames && part.count > 3)
    #expect(part.count < film.frameCount)
  }

  @Test func anAbortedJobLeavesNothing() throws {
    let film = smallFilm()
    let (input, output) = (scratch.file("film.mkv"), scratch.file("color.mkv"))
    try writeClip(film, frames: 0..<20, to: input)
    let interruption = AutochromeKit.Interruption()
    interruption.request()
    interruption.request()
    let error = #expect(throws: AutochromeError.self) {
      try ColorizationJob(input: input, output: output, settings: settings()).run(
        interruption: interruption
      ) { _ in }
    }
    #expect(error?.status == .interrupted)
    #expect(scratch.names == ["film.mkv"])
  }

  @Test func aTruncatedStreamIsColorizedUpToTheBreak() throws {
    let film = smallFilm()
    let (whole, broken) = (scratch.file("film.y4m"), scratch.file("broken.y4m"))
    try writeClip(film, frames: 0..<6, to: whole)
    let data = try Data(contentsOf: URL(fileURLWithPath: whole))
    try data.prefix(data.count - 5000).write(to: URL(fileURLWithPath: broken))
    let report = try ColorizationJob(
      input: broken, output: scratch.file("color.mkv"), settings: settings()
    ).run { _ in }
    #expect(report.frames == 5 && report.damage?.contains("ends within frame 5") == true)
    #expect(try readFrames(scratch.file("color.mkv")).count == 5)
  }

  @Test func thePreviewShowsSourceAndColor() throws {
    let film = smallFilm()
    let (input, preview) = (scratch.file("film.mkv"), scratch.file("preview.png"))
    try writeClip(film, frames: 0..<10, to: input)
    _ = try ColorizationJob(
      input: input, output: scratch.file("color.mkv"), settings: settings(), preview: preview
    ).run { _ in }
    let sheet = try #require(try readFrames(preview).first).picture
    // Ten pairs in four columns, under each its place in the film.
    #expect(sheet.width == 8 + 4 * 216 && sheet.height == 8 + 3 * (2 * 124 + 20 + 8))
    var (gray, colored) = (true, false)
    for x in stride(from: 8, to: 200, by: 7) {
      for (y, isSource) in [(68, true), (192, false)] {
        let values = Set(sheet.planes.map { $0[x, y] })
        if isSource {
          gray = gray && values.count == 1
        } else {
          colored = colored || values.count > 1
        }
      }
    }
    #expect(gray)
    #expect(colored)
  }
}
