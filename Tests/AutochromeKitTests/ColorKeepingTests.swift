import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// Films and pictures that come toned or in color.
@Suite(.serialized) struct ColorKeepingTests {
  private let scratch: TemporaryFolder
  private let film = smallFilm()
  init() throws { scratch = try TemporaryFolder() }

  /// A frame of the sample film with chroma, in codes from neutral, told by place and luma.
  private func picture(
    _ number: Int, _ chroma: (_ x: Int, _ y: Int, _ luma: Int) -> (Int, Int)
  ) -> Picture {
    let gray = SampleClip.picture(film.render(frame: number))
    let planes = (1...2).map { index in
      Plane(width: film.width / 2, height: film.height / 2, bitDepth: 8) { base, stride in
        for y in 0..<film.height / 2 {
          for x in 0..<film.width / 2 {
            let value = chroma(x, y, gray.luma[2 * x, 2 * y])
            base.storeBytes(
              of: UInt8(128 + (index == 1 ? value.0 : value.1)), toByteOffset: y * stride + x,
              as: UInt8.self)
          }
        }
      }
    }
    return Picture(
      width: gray.width, height: gray.height, format: gray.format, color: gray.color,
      planes: [gray.luma] + planes)
  }

  private func gray(_ number: Int) -> Picture { picture(number) { _, _, _ in (0, 0) } }

  /// Sky over grass, and a pattern by which each frame is known.
  private func colored(_ number: Int) -> Picture {
    picture(number) { x, y, _ in (y < 25 ? 20 + (x + number) % 5 : -18, y < 25 ? -10 : -9 + x % 3) }
  }

  private func sepia(_ number: Int) -> Picture {
    picture(number) { _, _, luma in (-(luma / 10), luma / 16) }
  }

  private func colorize(
    _ input: String, to output: String, _ change: (inout SettingsLayer) -> Void = { _ in }
  ) throws -> JobReport {
    try ColorizationJob(
      input: scratch.file(input), output: scratch.file(output), settings: settings("film", change),
      overwrite: true
    ).run { _ in }
  }

  private func frames(_ name: String) throws -> [Picture] {
    try readFrames(scratch.file(name)).map(\.picture)
  }

  private func expectSame(_ one: Picture, _ other: Picture, _ what: String) {
    for (first, second) in zip(one.planes, other.planes) {
      #expect(first.hasSameSamples(as: second), "\(what)")
    }
  }

  @Test(arguments: [KeyFrames.off, .atMost(4)])
  func shotsInColorKeepTheirsAndTheOthersAreColorized(keyFrames: KeyFrames) throws {
    // In color, black and white, in color, black and white: with cuts between.
    let cuts = film.cuts
    let parts: [(Picture, Bool)] =
      (0..<5).map { (colored($0), true) } + (cuts[0]..<cuts[0] + 7).map { (gray($0), false) }
      + (10..<14).map { (colored($0), true) } + (cuts[1]..<cuts[1] + 6).map { (gray($0), false) }
    try writeClip(film, pictures: parts.map(\.0), to: scratch.file("film.mkv"))
    let report = try colorize("film.mkv", to: "color.mkv") {
      $0.color = .keep
      $0.keyFrames = keyFrames
    }
    #expect(report.frames == parts.count && report.framesKept == 9)
    #expect(report.sourceColors.kind == .partly && report.sourceColors.framesInColor == 9)
    #expect(report.sourceColors.parts.map(\.frames) == [5, 4])
    #expect(report.shotStarts == [0, 5, 12, 16])
    let written = try frames("color.mkv")
    for (index, (source, isKept)) in parts.enumerated() where isKept {
      expectSame(source, written[index], "frame \(index)")
    }
    // The others are those of a film that has nothing but them.
    for range in [5..<12, 16..<22] {
      let name = "part-\(range.lowerBound).mkv"
      try writeClip(film, pictures: parts[range].map(\.0), to: scratch.file(name))
      _ = try colorize(name, to: "color-" + name) { $0.keyFrames = keyFrames }
      for (index, alone) in zip(range, try frames("color-" + name)) {
        expectSame(alone, written[index], "frame \(index)")
      }
      #expect(
        !written[range.lowerBound].planes[1].hasSameSamples(as: parts[range.lowerBound].0.planes[1])
      )
    }
  }

  @Test func withoutBeingAskedForColorsAndTonesAreReplaced() throws {
    try writeClip(film, pictures: (0..<6).map(gray), to: scratch.file("gray.mkv"))
    try writeClip(film, pictures: (0..<6).map(sepia), to: scratch.file("sepia.mkv"))
    try writeClip(film, pictures: (0..<6).map(colored), to: scratch.file("colored.mkv"))
    let plain = try colorize("gray.mkv", to: "gray-color.mkv")
    #expect(plain.sourceColors.kind == .gray && plain.warnings.isEmpty)
    for (name, kind, words) in [
      ("sepia", ColorFinding.Kind.toned, "toned (brown)"), ("colored", .color, "in color (6 of 6"),
    ] {
      let report = try colorize("\(name).mkv", to: "\(name)-color.mkv")
      #expect(report.sourceColors.kind == kind && report.framesKept == 0)
      #expect(report.plan.sourceColors?.kind == kind)
      #expect(
        report.warnings.count == 1 && report.warnings[0].contains(words), "\(report.warnings)")
      for (index, picture) in try frames("\(name)-color.mkv").enumerated() {
        expectSame(try frames("gray-color.mkv")[index], picture, "\(name), frame \(index)")
      }
    }
    // A tone is no color to be kept.
    #expect(try colorize("sepia.mkv", to: "kept.mkv") { $0.color = .keep }.framesKept == 0)
    expectSame(try frames("gray-color.mkv")[3], try frames("kept.mkv")[3], "sepia")
  }

  @Test func withoutACutTheColorsOfAShotEndAfterSomeFrames() throws {
    let pictures = (0..<5).map(colored) + (5..<16).map(gray)
    try writeClip(film, pictures: pictures, to: scratch.file("film.mkv"))
    let report = try colorize("film.mkv", to: "color.mkv") { $0.color = .keep }
    // As many without color are left as were with.
    #expect(report.framesKept == 10)
    let written = try frames("color.mkv")
    for index in 0..<10 { expectSame(pictures[index], written[index], "frame \(index)") }
    for index in 10..<16 {
      #expect(!pictures[index].planes[1].hasSameSamples(as: written[index].planes[1]))
    }
  }

  @Test func keptColorsHaveTheDepthOfTheOutput() throws {
    try writeClip(film, pictures: (0..<3).map(colored), to: scratch.file("film.mkv"))
    _ = try colorize("film.mkv", to: "deep.mkv") {
      $0.color = .keep
      $0.pixelFormat = "yuv420p10le"
    }
    let written = try frames("deep.mkv")
    for (index, picture) in written.enumerated() {
      let source = colored(index)
      for (one, other) in zip(source.planes, picture.planes) {
        #expect(other.bitDepth == 10 && other[17, 11] == 4 * one[17, 11])
        #expect(other[50, 40] == 4 * one[50, 40])
      }
    }
  }

  @Test func aPhotographInColorAmongOthersIsNamedAndKept() throws {
    let folder = scratch.file("photos")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    func write(_ name: String, _ number: Int, isColored: Bool) throws -> Picture {
      let rendered = film.render(frame: number)
      let planes = (0..<3).map { channel in
        Plane(width: film.width, height: film.height, bitDepth: 8) { base, stride in
          for y in 0..<film.height {
            for x in 0..<film.width {
              let at = y * film.width + x
              base.storeBytes(
                of: isColored ? rendered.rgb[3 * at + channel] : rendered.luma[at],
                toByteOffset: y * stride + x, as: UInt8.self)
            }
          }
        }
      }
      let color = ColorDescription(matrix: .identity, range: .full)
      let picture = Picture(
        width: film.width, height: film.height, format: .rgb(8), color: color, planes: planes)
      let info = SourceInfo(
        width: film.width, height: film.height, format: .rgb(8), color: color,
        timeBase: Rational(1, 24))
      let sink = try MediaSink.open(folder + "/" + name, source: info)
      try sink.write(SourceElement(frame: Frame(index: 0, picture: picture, presentationTime: 0)))
      try sink.finish()
      return picture
    }
    // The same subject twice, in color and not: each picture stands for itself.
    let color = try write("b.png", 0, isColored: true)
    for (name, number) in [("a.png", 0), ("c.png", 0), ("d.png", 25)] {
      _ = try write(name, number, isColored: false)
    }
    let kept = try runProgram(
      [folder, "-o", scratch.file("kept"), "--pipeline", "photos", "--color", "keep"])
    #expect(kept.status == 0, "\(kept.errors)")
    #expect(kept.errors.contains("partly in color (1 of 4") && kept.errors.contains("'b.png'"))
    expectSame(color, try frames("kept/b.png")[0], "b.png")
    for name in ["a.png", "c.png", "d.png"] {
      let planes = try frames("kept/\(name)")[0].planes
      #expect(!planes[0].hasSameSamples(as: planes[2]), "\(name)")
    }
    let replaced = try runProgram([folder, "-o", scratch.file("new"), "--pipeline", "photos"])
    #expect(replaced.status == 0 && replaced.errors.contains("--color keep"), "\(replaced.errors)")
    #expect(!color.planes[0].hasSameSamples(as: try frames("new/b.png")[0].planes[0]))
  }

  @Test func aPipeIsToldOfToo() throws {
    let pictures = (0..<8).map { $0 < 3 ? gray($0) : colored($0) }
    try writeClip(film, pictures: pictures, to: scratch.file("film.y4m"))
    let bytes = try Data(contentsOf: URL(fileURLWithPath: scratch.file("film.y4m")))
    let run = try runProgram(["-", "-o", "-", "--progress", "none"], input: bytes)
    #expect(run.status == 0)
    #expect(
      run.errors.contains("A part from about 0:00:00.833 of '-' is already in color"),
      "\(run.errors)")
    #expect(run.errors.contains("5 of 8 frames of '-' were already in color"), "\(run.errors)")
    // Two frames of a burst of noise are no part in color.
    let burst = (0..<8).map { $0 == 3 || $0 == 4 ? colored($0) : gray($0) }
    try writeClip(film, pictures: burst, to: scratch.file("burst.y4m"))
    let other = try runProgram(
      ["-", "-o", "-", "--progress", "none"],
      input: try Data(contentsOf: URL(fileURLWithPath: scratch.file("burst.y4m"))))
    #expect(other.status == 0 && other.errors.isEmpty, "\(other.errors)")
  }

  @Test func probeAndReportTell() throws {
    try writeClip(
      film, pictures: (0..<12).map { $0 < 4 ? colored($0) : gray($0) },
      to: scratch.file("film.mkv"))
    let probed = try runProgram(["probe", scratch.file("film.mkv"), "--json"])
    let probe = try JSONDecoder().decode(Probe.self, from: probed.output)
    #expect(probe.sourceColors?.kind == .partly && probe.sourceColors?.framesInColor == 4)
    let text = String(
      decoding: try runProgram(["probe", scratch.file("film.mkv")]).output, as: UTF8.self)
    #expect(
      text.contains(
        "partly in color (4 of 12 frames examined: 0:00:00.000 to 0:00:00.500)"),
      "\(text)")
    let run = try runProgram([
      scratch.file("film.mkv"), "-o", scratch.file("x.mkv"), "--report", scratch.file("x.json"),
    ])
    #expect(run.status == 0, "\(run.errors)")
    let report = try JSONDecoder().decode(
      JobReport.self, from: try Data(contentsOf: URL(fileURLWithPath: scratch.file("x.json"))))
    #expect(report.sourceColors.parts.first?.frames == 4)
    #expect(try runProgram(["probe", scratch.file("film.mkv"), "--color", "some"]).status == 64)
  }
}
