import AutochromeKit
import Foundation
import Imaging
import Measuring
import Media
import SampleFilm
import TestSupport
import Testing

/// `autochrome compare`, as a shell sees it.
@Suite(.serialized) struct ComparisonTests {
  private let scratch: TemporaryFolder
  private let film: SampleFilm
  private let truth: String

  init() throws {
    scratch = try TemporaryFolder()
    film = smallFilm()
    truth = scratch.file("truth.mkv")
    try writeColor(to: truth) { _, _ in 0 }
  }

  /// The sample film in its true colors, with something added to the codes of Cb, frame by frame.
  private func writeColor(
    to path: String, frames: Range<Int> = 0..<26, luma: Int = 0,
    chroma: (_ frame: Int, _ column: Int) -> Int
  ) throws {
    let color = ColorDescription(
      primaries: .bt709, transfer: .bt709, matrix: .bt709, range: .limited)
    let info = SourceInfo(
      width: film.width, height: film.height, format: .yuv444(8), color: color,
      timeBase: Rational(1, 6), frameRate: Rational(6, 1))
    var options = SinkOptions()
    options.encoder = "ffv1"
    let sink = try MediaSink.open(path, source: info, options: options)
    for (index, number) in frames.enumerated() {
      let rgb = film.render(frame: number).rgb
      let weights = try LumaWeights(.bt709)
      let scale = CodeScale(bitDepth: 8, range: .limited)
      let planes = (0..<3).map { plane in
        Plane(width: film.width, height: film.height, bitDepth: 8) { base, bytesPerRow in
          for y in 0..<film.height {
            for x in 0..<film.width {
              let at = 3 * (y * film.width + x)
              let pixel = SIMD3(
                Double(rgb[at]) / 255, Double(rgb[at + 1]) / 255, Double(rgb[at + 2]) / 255)
              let value = weights.luma(pixel)
              let code =
                switch plane {
                case 0: scale.lumaOffset + scale.lumaSpan * value + Double(luma)
                case 1:
                  scale.chromaOffset + scale.chromaSpan * (pixel.z - value) / weights.bluePerCb
                    + Double(chroma(index, x))
                default:
                  scale.chromaOffset + scale.chromaSpan * (pixel.x - value) / weights.redPerCr
                }
              base.storeBytes(
                of: UInt8(max(1, min(254, code.rounded()))), toByteOffset: y * bytesPerRow + x,
                as: UInt8.self)
            }
          }
        }
      }
      let picture = Picture(
        width: film.width, height: film.height, format: .yuv444(8), color: color, planes: planes)
      try sink.write(
        SourceElement(
          frame: Frame(
            index: index, picture: picture, presentationTime: Int64(index), duration: 1)))
    }
    try sink.finish()
  }

  private func compare(_ result: String, _ more: [String] = []) throws -> ComparisonReport {
    let run = try runProgram(["compare", truth, result, "--json"] + more)
    #expect(run.status == 0, "\(run.errors)")
    return try JSONDecoder().decode(ComparisonReport.self, from: run.output)
  }

  @Test func aFlashIsNoShot() throws {
    let flashing = scratch.file("flash.mkv")
    try ffmpeg(
      words:
        "-i \(truth) -frames:v 20 -vf drawbox=w=iw:h=ih:color=white:t=fill:enable='eq(n,9)' -c:v ffv1",
      flashing)
    let report = try compareWithItself(flashing)
    #expect(report.shots.count == 1)
    #expect(report.frameRows.filter(\.startsShot).map(\.index) == [0])
    let film = try #require(report.film)
    // 19 neighbours, but for the two of the flash.
    #expect(film.pairs == 17)
    let undisturbed = try #require(try compare(truth, ["--frames", "20"]).film)
    let (error, usual) = (
      try #require(film.warpErrorAB.reference), try #require(undisturbed.warpErrorAB.reference)
    )
    #expect(error < 1.3 * usual, "\(error), without the flash \(usual)")
  }

  /// Where cuts are given, those that are found don't count.
  @Test func shotsStartWhereTheListSays() throws {
    let found = try compare(truth)
    #expect(found.frameRows.filter(\.startsShot).map(\.index) == [0, 21])
    let list = scratch.file("cuts.txt")
    try "#7\n#21\n".write(toFile: list, atomically: true, encoding: .utf8)
    let given = try compare(truth, ["--cuts", list])
    #expect(given.frameRows.filter(\.startsShot).map(\.index) == [0, 7, 21])
    #expect(given.shots.count == 3)
    let yaml = scratch.file("film.shots.yaml")
    try "shots: [0, {at: 2.0, look: {saturation: 0}}]".write(
      toFile: yaml, atomically: true, encoding: .utf8)
    let other = try compare(truth, ["--cuts", yaml])
    #expect(other.frameRows.filter(\.startsShot).map(\.index) == [0, 12])
  }

  private func compareWithItself(_ path: String) throws -> ComparisonReport {
    let run = try runProgram(["compare", path, path, "--json"])
    #expect(run.status == 0, "\(run.errors)")
    return try JSONDecoder().decode(ComparisonReport.self, from: run.output)
  }

  @Test func picturesOfMixedSizesAreCompared() throws {
    let folder = scratch.file("mixed")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // One scene in two sizes that are reduced to the same.
    for (index, size) in ["640x480", "512x384", "512x384"].enumerated() {
      try ffmpeg(words: "-f lavfi -i testsrc2=s=\(size) -frames:v 1", folder + "/\(index).png")
    }
    let report = try compareWithItself(folder)
    #expect(report.frames == 3 && report.film?.pairs == 1)
    #expect(report.shots.map(\.first) == [0, 1])
  }

  @Test func bitsAboveTheDepthAreNoTrap() throws {
    for (name, code) in [("a.y4m", 2000), ("b.y4m", 400)] {
      var bytes = Data("YUV4MPEG2 W64 H48 F1:1 C444p10\nFRAME\n".utf8)
      for plane in 0..<3 {
        for _ in 0..<(64 * 48) {
          withUnsafeBytes(of: UInt16(plane == 0 ? code : 512).littleEndian) { bytes += $0 }
        }
      }
      try bytes.write(to: URL(fileURLWithPath: scratch.file(name)))
    }
    let run = try runProgram(["compare", scratch.file("a.y4m"), scratch.file("b.y4m"), "--json"])
    #expect(run.status == 0, "\(run.errors)")
  }

  @Test func aFilmIsLikeItself() throws {
    let report = try compare(truth)
    let figures = try #require(report.figures)
    #expect(report.frames == 26 && report.size == "208×120" && report.hasTruth)
    #expect(figures.auc == 100 && figures.psnr == nil && figures.deltaE2000 == 0)
    #expect(report.luma.identicalFrames == 26 && report.luma.largestDifference == 0)
    let measured = try #require(report.film)
    #expect(measured.warpErrorAB.reference == measured.warpErrorAB.result)
    #expect(measured.colorDistributionConsistency.ratio == 1)
    // The film has a cut after its 21st frame, and nothing is compared across it.
    #expect(report.shots.map(\.first) == [0, 21] && report.shots.map(\.frames) == [21, 5])
    #expect(measured.pairs == 24 && measured.comparedShare > 0.5)
    #expect(report.frameRows.map(\.index) == Array(0..<26))
    #expect(report.frameRows[3].seconds == 0.5)
    #expect(report.frameRows[21].startsShot && report.frameRows[21].warpErrorAB == nil)
  }

  @Test func flickerIsFoundInItsOctave() throws {
    let steady = scratch.file("steady.mkv")
    let flicker = scratch.file("flicker.mkv")
    let slow = scratch.file("slow.mkv")
    try writeColor(to: steady) { _, _ in 8 }
    try writeColor(to: flicker) { frame, _ in frame % 2 == 0 ? 8 : -8 }
    try writeColor(to: slow) { frame, _ in frame / 4 % 2 == 0 ? 8 : -8 }
    let reports = try [steady, flicker, slow].map { try compare($0) }
    for report in reports {
      #expect(report.luma.identicalFrames == 26)
      #expect(try #require(report.figures?.auc) < 99.5)
    }
    let warp = try reports.map { try #require($0.film?.warpErrorAB.result) }
    let truthWarp = try #require(reports[0].film?.warpErrorAB.reference)
    // A constant error is steady.
    #expect(abs(warp[0] / truthWarp - 1) < 0.2, "\(warp[0]) against \(truthWarp)")
    #expect(warp[1] > 3 * warp[2] && warp[2] > 1.5 * warp[0])
    func octaves(_ report: ComparisonReport) throws -> [Double] {
      try #require(report.film).spectrum.map { max(0, ($0.result ?? 0) - ($0.reference ?? 0)) }
    }
    let (fast, late) = try (octaves(reports[1]), octaves(reports[2]))
    #expect(fast[0] > 10 * fast[1] && fast[0] > 10 * fast[2], "\(fast)")
    #expect(late[2] > 5 * late[0] && late[2] > 5 * late[1], "\(late)")
    let consistency = try reports.map {
      try #require($0.film?.colorDistributionConsistency.ratio)
    }
    #expect(consistency[1] > 1.5 && consistency[1] > consistency[0])
  }

  @Test func otherLumaIsFound() throws {
    let brighter = scratch.file("brighter.mkv")
    try writeColor(to: brighter, luma: 2) { _, _ in 0 }
    let report = try compare(brighter)
    #expect(report.luma.identicalFrames == 0)
    // Two of 219 codes.
    #expect(abs(report.luma.largestDifference - 2 * 255.0 / 219) < 0.01)
    // The same luma at another depth is the same luma.
    let deeper = scratch.file("deeper.mkv")
    let run = try runProgram([
      truth, "-o", deeper, "--codec", "ffv1", "--pixel-format", "yuv444p10le", "-q",
    ])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try readFrames(deeper)[0].picture.format.bitDepth > 8)
    #expect(try compare(deeper).luma.identicalFrames == 26)
  }

  @Test func theFiguresDoNotDependOnTheThreads() throws {
    let flicker = scratch.file("flicker.mkv")
    try writeColor(to: flicker, frames: 0..<9) { frame, column in frame * 3 + column / 40 }
    func text(_ threads: Int) throws -> String {
      let run = try runProgram([
        "compare", truth, flicker, "--frames", "9", "--threads", "\(threads)",
      ])
      #expect(run.status == 0, "\(run.errors)")
      return String(decoding: run.output, as: UTF8.self)
    }
    let (one, three) = try (text(1), text(3))
    #expect(one == three && one.contains("luma is identical to that of the reference"))
  }

  @Test func aGrayReferenceIsNoTruth() throws {
    let gray = scratch.file("gray.mkv")
    try writeClip(film, frames: 0..<26, to: gray)
    let run = try runProgram(["compare", gray, gray, "--json"])
    #expect(run.status == 0, "\(run.errors)")
    let report = try JSONDecoder().decode(ComparisonReport.self, from: run.output)
    #expect(!report.hasTruth && report.figures == nil && report.film != nil)
    #expect(report.frameRows.allSatisfy { $0.auc == nil && $0.deltaE2000 == nil })
  }

  @Test func whatDoesNotBelongTogetherIsRefused() throws {
    let short = scratch.file("short.mkv")
    try writeColor(to: short, frames: 0..<9) { _, _ in 0 }
    let small = scratch.file("small.mkv")
    try writeClip(
      SampleFilm(width: 96, height: 64, frameRate: 6, options: .init()), frames: 0..<2, to: small)
    var run = try runProgram(["compare", truth, small, "-q"])
    #expect(run.status == 65 && run.errors.contains("the result is 96×64, the reference 208×120"))
    run = try runProgram(["compare", truth, scratch.file("none.mkv")])
    #expect(run.status == 66)
    run = try runProgram(["compare", short, short, "--html", scratch.file("no/page.html"), "-q"])
    #expect(run.status == 73 && run.errors.contains("no/page.html"))
  }

  @Test func thePageHoldsAllItShows() throws {
    let flicker = scratch.file("<flicker> & co.mkv")
    try writeColor(to: flicker) { frame, _ in frame == 13 ? 20 : 0 }
    let page = scratch.file("page.html")
    let report = try compare(flicker, ["--html", page])
    let text = try String(contentsOfFile: page, encoding: .utf8)
    #expect(text.contains("&lt;flicker&gt; &amp; co.mkv") && !text.contains("<flicker>"))
    #expect(!text.contains("http:") && !text.contains("https:"))
    // Two plots with the cut marked, and the worst frame of each 24, worst first.
    #expect(text.components(separatedBy: "<svg").count == 3)
    #expect(text.components(separatedBy: "class=\"cut\"").count == 3)
    let order = text.components(separatedBy: "<figcaption>frame ").dropFirst().map {
      String($0.prefix { $0.isNumber })
    }
    #expect(order.count == 2 && order.first == "13")
    let worst = try #require(report.frameRows.max { ($0.deltaE2000 ?? 0) < ($1.deltaE2000 ?? 0) })
    #expect(worst.index == 13)
    #expect(text.components(separatedBy: "data:image/png;base64,").count == 5)
  }

  /// A browser without a window, if one is installed.
  private static let browser = ["chromium-headless-shell", "chromium"].map { "/usr/bin/\($0)" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(.enabled(if: browser != nil, "there is no Chromium")) func theSlidersWork() throws {
    let page = scratch.file("page.html")
    _ = try compare(truth, ["--html", page])
    // Moves the first slider as a hand would and tells what came of it.
    var text = try String(contentsOfFile: page, encoding: .utf8)
    text = text.replacingOccurrences(
      of: "</body>",
      with: """
        <script>
        const pair = document.querySelector('.pair'), input = pair.querySelector('input');
        const before = pair.querySelector('.over').style.clipPath;
        input.value = 80;
        input.dispatchEvent(new Event('input'));
        // The page is dumped after this event, and images have their size before it.
        addEventListener('load', () => { document.title = [before,
          pair.querySelector('.over').style.clipPath,
          [...document.images].map(i => i.naturalWidth).join(' '),
          document.querySelectorAll('svg path').length].join('; '); });
        </script></body>
        """)
    try text.write(toFile: page, atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.browser))
    process.arguments = [
      "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom",
      "--user-data-dir=\(scratch.file("profile"))", "file://\(page)",
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let dump = String(
      decoding: output.fileHandleForReading.readToTheEnd(), as: UTF8.self)
    process.waitUntilExit()
    let title = dump.components(separatedBy: "<title>").dropFirst().first?.prefix { $0 != "<" }
    #expect(title == "inset(0px 50% 0px 0px); inset(0px 20% 0px 0px); 208 208 208 208; 3")
  }
}
