import AutochromeKit
import Colorization
import Foundation
import Imaging
import Locking
import Media
import SampleFilm
import TestSupport
import Testing

/// Films with black bars, from file to file.
@Suite(.serialized) struct BarsTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  private func plane(_ width: Int, _ height: Int, _ code: (Int, Int) -> Int) -> Plane {
    Plane(width: width, height: height, bitDepth: 8) { base, stride in
      for y in 0..<height {
        for x in 0..<width {
          base.storeBytes(of: UInt8(code(x, y)), toByteOffset: y * stride + x, as: UInt8.self)
        }
      }
    }
  }

  private func write(_ pictures: [Picture], _ name: String) throws {
    let info = SourceInfo(
      width: pictures[0].width, height: pictures[0].height, format: .yuv420(8),
      color: SampleClip.color, timeBase: Rational(1, 6), frameRate: Rational(6, 1))
    var options = SinkOptions()
    options.encoder = "ffv1"
    options.overwrite = true
    let sink = try MediaSink.open(scratch.file(name), source: info, options: options)
    for (index, picture) in pictures.enumerated() {
      let frame = Frame(
        index: index, picture: picture, presentationTime: Int64(index), duration: 1)
      try sink.write(SourceElement(frame: frame))
    }
    try sink.finish()
  }

  @discardableResult
  private func colorize(
    _ input: String, to output: String, pipeline: String = "film",
    _ change: (inout SettingsLayer) -> Void = { _ in }
  ) throws -> JobReport {
    try ColorizationJob(
      input: scratch.file(input), output: scratch.file(output),
      settings: settings(pipeline, change), overwrite: true
    ).run { _ in }
  }

  private func pictures(_ name: String) throws -> [Picture] {
    try readFrames(scratch.file(name)).map(\.picture)
  }

  /// Chroma of `picture` is that of `alone` inside of `area` and neutral outside.
  private func expect(
    _ picture: Picture, has alone: Picture, at area: PictureArea, _ what: String
  ) {
    let neutral = 1 << (picture.format.bitDepth - 1)
    var (wrong, lit, colored) = (0, 0, 0)
    for index in 1...2 {
      let (plane, inner) = (picture.planes[index], alone.planes[index])
      for y in 0..<plane.height {
        for x in 0..<plane.width {
          let (u, v) = (x - area.left / 2, y - area.top / 2)
          if (0..<inner.width).contains(u), (0..<inner.height).contains(v) {
            if plane[x, y] != inner[u, v] { wrong += 1 }
            if plane[x, y] != neutral { colored += 1 }
          } else if plane[x, y] != neutral {
            lit += 1
          }
        }
      }
    }
    #expect(wrong == 0, "\(what): \(wrong) samples inside differ")
    #expect(lit == 0, "\(what): \(lit) samples of bars have color")
    #expect(colored > alone.planes[1].width * alone.planes[1].height / 4, "\(what) has no color")
  }

  /// The sample film in the size of the frames here; rendering takes long, so each frame is rendered once.
  private static let film = SampleFilm(width: 264, height: 160, frameRate: 6, options: .init())
  private static let rendered = Locked<[Int: Plane]>([:])

  /// Frames of the sample film, of which the middle is left.
  private func shot(_ range: Range<Int>, width: Int, height: Int) -> [Picture] {
    range.map { number in
      let luma = Self.rendered.withLock { rendered in
        let found = rendered[number] ?? SampleClip.picture(Self.film.render(frame: number)).luma
        rendered[number] = found
        return found
      }
      let (left, top) = ((luma.width - width) / 2, (luma.height - height) / 2)
      return gray(plane(width, height) { luma[left + $0, top + $1] })
    }
  }

  private func gray(_ luma: Plane) -> Picture {
    let size = PixelFormat.yuv420(8).planeSize(1, width: luma.width, height: luma.height)
    let chroma = Plane.repeating(128, width: size.width, height: size.height, bitDepth: 8)
    return Picture(
      width: luma.width, height: luma.height, format: .yuv420(8), color: SampleClip.color,
      planes: [luma, chroma, chroma])
  }

  /// `picture`, with less light, where `area` has it, and black around it.
  private func framed(_ picture: Picture, _ area: PictureArea, light: Double = 1) -> Picture {
    let inner = picture.luma
    let luma = plane(area.frameWidth, area.frameHeight) { x, y in
      let (u, v) = (x - area.left, y - area.top)
      guard (0..<inner.width).contains(u), (0..<inner.height).contains(v) else { return 16 }
      return 16 + Int((Double(inner[u, v] - 16) * light).rounded())
    }
    return gray(luma)
  }

  private func area(_ left: Int, _ top: Int, _ width: Int, _ height: Int) -> PictureArea {
    PictureArea(
      frameWidth: 264, frameHeight: 160, left: left, top: top, width: width, height: height)
  }

  @Test(arguments: [("film", KeyFrames.off), ("film", .atMost(4)), ("stream", .off)])
  func barsChangeAtCutsAndEachShotIsThatOfItsPictureAlone(
    pipeline: String, keyFrames: KeyFrames
  ) throws {
    let cuts = Self.film.cuts
    let shots: [(Range<Int>, PictureArea)] = [
      (0..<7, area(28, 0, 208, 160)), (cuts[0]..<cuts[0] + 6, area(0, 20, 264, 120)),
      (cuts[1]..<cuts[1] + 5, area(0, 0, 264, 160)), (2..<8, area(28, 20, 208, 120)),
    ]
    let parts = shots.map { range, area in
      shot(range, width: area.width, height: area.height)
    }
    let source = zip(parts, shots).flatMap { part, shot in part.map { framed($0, shot.1) } }
    try write(source, "film.mkv")
    func change(_ layer: inout SettingsLayer) {
      layer.keyFrames = keyFrames
      layer.size = 96
    }
    let report = try colorize("film.mkv", to: "color.mkv", pipeline: pipeline, change)
    let starts = shots.indices.map { index in shots[..<index].reduce(0) { $0 + $1.0.count } }
    #expect(report.shotStarts == starts)
    #expect(report.areas.map(\.frame) == starts)
    #expect(report.areas.map(\.area) == shots.map(\.1))
    let written = try pictures("color.mkv")
    for (one, other) in zip(source, written) {
      #expect(one.luma.hasSameSamples(as: other.luma))
    }
    for (index, part) in parts.enumerated() {
      try write(part, "part.mkv")
      let alone = try colorize("part.mkv", to: "alone.mkv", pipeline: pipeline, change)
      #expect(alone.areas.isEmpty)
      for (number, picture) in try pictures("alone.mkv").enumerated() {
        let place = starts[index] + number
        expect(written[place], has: picture, at: shots[index].1, "frame \(place)")
      }
    }
    // The same with any number of threads.
    try colorize("film.mkv", to: "threads.mkv", pipeline: pipeline) {
      change(&$0)
      $0.threads = 3
    }
    for (one, other) in zip(written, try pictures("threads.mkv")) {
      #expect(zip(one.planes, other.planes).allSatisfy { $0.hasSameSamples(as: $1) })
    }
    let none = try colorize("film.mkv", to: "none.mkv", pipeline: pipeline) {
      change(&$0)
      $0.bars = BarsMode.none
    }
    #expect(none.areas.isEmpty && none.plan.bars == nil)
    #expect(try !pictures("none.mkv")[0].planes[1].hasSameSamples(as: written[0].planes[1]))
  }

  @Test func withoutBarsNothingChanges() throws {
    // Two cuts, night among the shots, odd sides.
    let parts = [
      (0..<5, 1.0), (Self.film.cuts[0]..<Self.film.cuts[0] + 5, 0.15),
      (Self.film.cuts[1]..<Self.film.cuts[1] + 4, 1),
    ]
    let whole = PictureArea(wholeOfWidth: 207, height: 119)
    let source = parts.flatMap { range, light in
      shot(range, width: 207, height: 119).map { framed($0, whole, light: light) }
    }
    try write(source, "film.mkv")
    var outputs: [Data] = []
    for mode in ["auto", "none"] {
      let run = try runProgram([
        scratch.file("film.mkv"), "-o", "-", "--format", "yuv4mpegpipe", "--bars", mode, "-q",
      ])
      #expect(run.status == 0, "\(run.errors)")
      outputs.append(run.output)
    }
    #expect(outputs[0].count > 14 * 207 * 119 && outputs[0] == outputs[1])
  }

  @Test(arguments: ["film", "stream"]) func aFilmThatFadesInFromBlackHasItsBarsThen(
    pipeline: String
  ) throws {
    let inside = area(28, 0, 208, 160)
    let part = shot(0..<16, width: 208, height: 160)
    let source = part.enumerated().map { index, picture in
      framed(picture, inside, light: min(1, Double(max(index - 2, 0)) / 8))
    }
    try write(source, "fade.mkv")
    let report = try colorize("fade.mkv", to: "color.mkv", pipeline: pipeline) { $0.size = 96 }
    #expect(report.areas.map(\.area) == [inside])
    let first = try #require(report.areas.first?.frame)
    #expect((3...8).contains(first), "\(first)")
    #expect(report.frames == 16)
    let written = try pictures("color.mkv")
    for index in 1...2 {
      let lit = written[first...].map { picture in
        (0..<80).reduce(0) { sum, y in
          sum + (Array(0..<14) + Array(118..<132)).count { picture.planes[index][$0, y] != 128 }
        }
      }
      #expect(lit.allSatisfy { $0 == 0 }, "\(lit)")
    }
  }

  @Test func chromaSamplesHalfInABarAreNeutral() throws {
    let inside = area(29, 21, 205, 117)
    let source = shot(0..<3, width: 205, height: 117).map { framed($0, inside) }
    try write(source, "odd.mkv")
    let report = try colorize("odd.mkv", to: "color.mkv")
    #expect(report.areas.map(\.area) == [area(30, 22, 204, 116)])
    let wide = try colorize("odd.mkv", to: "wide.mkv") { $0.pixelFormat = "yuv444p" }
    #expect(wide.areas.map(\.area) == [inside])
    for (name, step) in [("color.mkv", 2), ("wide.mkv", 1)] {
      for (picture, luma) in zip(try pictures(name), source.map(\.luma)) {
        #expect(picture.luma.hasSameSamples(as: luma))
        var (colored, wrong) = (0, 0)
        for index in 1...2 {
          for y in 0..<160 {
            for x in 0..<264 where picture.planes[index][x / step, y / step] != 128 {
              if x >= 29, x < 234, y >= 21, y < 138 { colored += 1 } else { wrong += 1 }
            }
          }
        }
        #expect(colored > 205 * 117 / 2 && wrong == 0, "\(name): \(wrong)")
      }
    }
  }

  @Test func eachPictureOfAFolderHasBarsOfItsOwn() throws {
    let areas = [area(28, 0, 208, 160), area(0, 0, 264, 160), area(0, 21, 264, 118)]
    let frames = areas.enumerated().map { index, area in
      framed(shot(index..<index + 1, width: area.width, height: area.height)[0], area)
    }
    try write(frames, "film.mkv")
    try FileManager.default.createDirectory(
      atPath: scratch.file("scans"), withIntermediateDirectories: true)
    try ffmpeg(words: "-i \(scratch.file("film.mkv")) -pix_fmt rgb24", scratch.file("scans/%d.png"))
    let report = try ColorizationJob(
      input: scratch.file("scans"), output: scratch.file("out"),
      settings: try Settings(pipeline: "photos", suggested: "photos", options: SettingsLayer())
    ).run { _ in }
    #expect(report.areas.map(\.area) == areas)
    for (index, area) in areas.enumerated() {
      let (source, result) = (
        try #require(try readFrames(scratch.file("scans/\(index + 1).png")).first).picture,
        try #require(try readFrames(scratch.file("out/\(index + 1).png")).first).picture
      )
      #expect(result.format.model == .rgb)
      var (colored, wrong) = (0, 0)
      for y in 0..<160 {
        for x in 0..<264 {
          let codes = (0..<3).map { result.planes[$0][x, y] }
          let (u, v) = (x - area.left, y - area.top)
          if u >= 0, v >= 0, u < area.width, v < area.height {
            if codes[0] != codes[1] || codes[1] != codes[2] { colored += 1 }
          } else if codes.contains(where: { $0 != source.planes[0][x, y] }) {
            wrong += 1
          }
        }
      }
      #expect(colored > area.width * area.height / 2 && wrong == 0, "\(index): \(wrong)")
    }
  }

  @Test func interlacedFramesKeepTheirFields() throws {
    let inside = area(28, 20, 208, 120)
    let source = shot(0..<4, width: 208, height: 120).map { framed($0, inside) }
    var info = SourceInfo(
      width: 264, height: 160, format: .yuv420(8), color: SampleClip.color,
      timeBase: Rational(1, 6), frameRate: Rational(6, 1))
    info.fieldOrder = .topFirst
    for (name, pictures) in [
      ("film.mkv", source), ("part.mkv", shot(0..<4, width: 208, height: 120)),
    ] {
      info.width = pictures[0].width
      info.height = pictures[0].height
      var options = SinkOptions()
      options.encoder = "ffv1"
      let sink = try MediaSink.open(scratch.file(name), source: info, options: options)
      for (index, picture) in pictures.enumerated() {
        try sink.write(
          SourceElement(
            frame: Frame(
              index: index, picture: picture, presentationTime: Int64(index), duration: 1,
              fieldOrder: .topFirst)))
      }
      try sink.finish()
    }
    let report = try colorize("film.mkv", to: "color.mkv")
    #expect(report.areas.map(\.area) == [inside])
    try colorize("part.mkv", to: "alone.mkv")
    for (index, (picture, alone)) in zip(try pictures("color.mkv"), try pictures("alone.mkv"))
      .enumerated()
    {
      expect(picture, has: alone, at: inside, "frame \(index)")
    }
  }

  @Test func whatWasFoundIsSaid() throws {
    let inside = area(28, 0, 208, 160)
    try write(shot(0..<6, width: 208, height: 160).map { framed($0, inside) }, "film.mkv")
    let words = "picture 208×160 at 28,0 of 264×160"
    let probe = try runProgram(["probe", scratch.file("film.mkv"), "--shots"])
    let text = String(decoding: probe.output, as: UTF8.self)
    #expect(text.contains("bars           \(words), in "), "\(text)")
    #expect(text.contains("frame 0, \(words)"), "\(text)")
    #expect(text.contains("sees 208×160"), "\(text)")
    let json = try runProgram(["probe", scratch.file("film.mkv"), "--json"])
    #expect(String(decoding: json.output, as: UTF8.self).contains("\"framesWithBars\""))
    let run = try runProgram([
      scratch.file("film.mkv"), "-o", scratch.file("color.mkv"), "-v", "-c", "ffv1",
    ])
    #expect(run.errors.contains("from frame 0 on: \(words)"), "\(run.errors)")
    let none = try runProgram(["probe", scratch.file("film.mkv"), "--bars", "none", "--shots"])
    let other = String(decoding: none.output, as: UTF8.self)
    #expect(!other.contains("picture 2") && other.contains("sees 264×160"), "\(other)")
    let wrong = try runProgram([scratch.file("film.mkv"), "-o", "x.mkv", "--bars", "maybe"])
    #expect(wrong.status == 64 && wrong.errors.contains("--bars"))
  }
}
