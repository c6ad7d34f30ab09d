import AutochromeKit
import Foundation
import Imaging
import Measuring
import Media
import Quality
import SampleFilm
import TestSupport
import Testing

/// `autochrome evaluate`, as a shell sees it.
@Suite(.serialized) struct EvaluationTests {
  private let scratch: TemporaryFolder
  private let folder: String

  init() throws {
    scratch = try TemporaryFolder()
    folder = scratch.file("photographs")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// One true-color frame of each shot of the sample film.
  private func writePhotographs() throws -> [RGBImage] {
    let film = smallFilm()
    let images = ([0] + film.cuts).map { number in
      RGBImage(width: film.width, height: film.height, codes: film.render(frame: number).rgb)
    }
    for (index, image) in images.enumerated() {
      try writePicture(image, to: folder + "/\(index).png")
    }
    return images
  }

  /// Runs `evaluate --json`.
  private func evaluate(_ input: String, _ arguments: [String] = []) throws -> EvaluationReport {
    let result = try runProgram(["evaluate", input, "--json", "-q"] + arguments)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.isEmpty, "\(result.errors)")
    return try JSONDecoder().decode(EvaluationReport.self, from: result.output)
  }

  @Test func figuresAreThoseOfThePictures() throws {
    let images = try writePhotographs()
    let report = try evaluate(folder, ["--dials", "0:1,0.6:0.5,1:0.38"])
    #expect(report.pictures == 3 && report.hasTruth)

    // The gray row, computed here from pictures without chroma.
    var gray = Figures()
    for image in images {
      let measured = try MeasuredPicture(rgbPicture(image))
      gray.add(
        try Figures(
          reference: measured, result: try MeasuredPicture(try rgbPicture(image).withoutColor())))
    }
    let row = try #require(report.gray)
    #expect(abs((row.auc ?? 0) - 100 * (gray.accuracy.area ?? -1)) < 1e-9)
    #expect(abs((row.psnr ?? 0) - (gray.squaredError.peakSignalToNoiseRatio ?? -1)) < 1e-9)
    #expect(abs((row.ssim ?? 0) - gray.structuralSimilarity) < 1e-9)
    #expect(abs((row.deltaE2000 ?? 0) - gray.colorDifference) < 1e-9)
    #expect(row.colorfulness == 0)
    #expect(abs(report.truthColorfulness - gray.referenceColorfulness) < 1e-9)
    #expect(row.aucGain == nil)

    #expect(report.rows.map(\.vividness) == [0, 0.6, 1])
    #expect(report.rows.map(\.temperature) == [1, 0.5, 0.38])
    for result in report.rows {
      #expect(result.colorfulness > 1)
      #expect(
        abs((result.aucGain ?? 100) - ((result.auc ?? 0) - (row.auc ?? 0))) < 1e-9)
      #expect(
        abs(
          (result.rebalancedAUCGain ?? 100)
            - ((result.rebalancedAUC ?? 0) - (row.rebalancedAUC ?? 0))) < 1e-9)
      #expect((result.deltaColorfulness ?? -1) >= 0)
    }
    #expect(report.rows[2].colorfulness > report.rows[0].colorfulness + 3)
    #expect(report.published.map(\.aucGain) == [0.4, 2.5, 2.1, 2.6])
    #expect(report.published.map(\.rebalancedAUCGain) == [9.3, 7.1, 6.4, 7.9])
  }

  @Test func aNetworkThatKnowsTheColorsGetsFullMarks() throws {
    try writePicture(try ramp(a: 20, b: -25), to: folder + "/ramp.png")
    let right = try evaluate(
      folder, ["--model", try writeNetwork(a: 20, b: -25, to: scratch.file("right.onnx"))])
    let best = try #require(right.rows.first)
    #expect((best.auc ?? 0) > 99 && (best.rebalancedAUC ?? 0) > 99)
    #expect((best.psnr ?? 0) > 45 && (best.ssim ?? 0) > 0.99)
    #expect((best.deltaE2000 ?? 9) < 0.7 && (best.deltaColorfulness ?? 9) < 1)
    // A color as far on the other side of gray.
    let wrong = try evaluate(
      folder, ["--model", try writeNetwork(a: -20, b: 25, to: scratch.file("wrong.onnx"))])
    let worst = try #require(wrong.rows.first)
    // 64 of 151 thresholds lie below the distance of 64.
    #expect(abs((worst.auc ?? 0) - 100 * (151 - 64) / 151) < 1.5, "\(worst)")
    #expect((worst.psnr ?? 99) < 20 && (worst.deltaE2000 ?? 0) > 20)
  }

  @Test func theFiguresDoNotDependOnTheThreads() throws {
    _ = try writePhotographs()
    var one = try evaluate(folder, ["--threads", "1", "--dials", "0.6,1"])
    var three = try evaluate(folder, ["--threads", "3", "--dials", "0.6,1"])
    (one.seconds, three.seconds) = (0, 0)
    #expect(one.rows == three.rows && one.gray == three.gray)
    // The dials' rows are those of runs of their own.
    let alone = try evaluate(folder, ["--vividness", "1"])
    #expect(alone.rows.first == one.rows.last)
  }

  @Test func theSheetShowsGrayResultsAndTruth() throws {
    let images = try writePhotographs()
    let sheet = scratch.file("sheet.png")
    _ = try evaluate(folder, ["--dials", "0,1", "--sheet", sheet])
    let shown = try #require(try readFrames(sheet).first).picture
    // Below two lines of headings; a name under each first picture.
    let (top, rowHeight) = (8 + 44, 120 + 4 + 20 + 8)
    #expect(shown.width == 8 + 4 * 216 && shown.height == top + 3 * rowHeight)
    for (row, image) in images.enumerated() {
      for y in stride(from: 0, to: 120, by: 17) {
        for x in stride(from: 0, to: 208, by: 13) {
          let gray = shown.planes.map { $0[8 + x, top + row * rowHeight + y] }
          #expect(gray[0] == gray[1] && gray[1] == gray[2])
          let truth = shown.planes.map { $0[8 + 3 * 216 + x, top + row * rowHeight + y] }
          #expect(truth == (0..<3).map { Int(image.codes[(y * 208 + x) * 3 + $0]) })
        }
      }
    }
  }

  @Test func ofGrayFilmOnlyWhatNeedsNoTruth() throws {
    let film = scratch.file("film.mkv")
    try writeClip(smallFilm(), frames: 0..<12, to: film)
    let sheet = scratch.file("sheet.png")
    let report = try evaluate(film, ["--every", "5", "--sheet", sheet])
    #expect(report.pictures == 3 && !report.hasTruth)
    #expect(report.gray == nil && report.published.isEmpty)
    #expect(report.rows.first?.auc == nil)
    #expect((report.rows.first?.colorfulness ?? 0) > 1)
    let shown = try #require(try readFrames(sheet).first).picture
    #expect(shown.width == 8 + 2 * 216 && shown.height == 8 + 44 + 3 * 152)
    let two = try evaluate(film, ["--every", "5", "--frames", "2"])
    #expect(two.pictures == 2)
  }

  @Test func thePriorIsReadAsTextAndAsNumPy() throws {
    _ = try writePhotographs()
    let numbers = (0..<313).map { 1 / Double(1 + $0 * 7 % 313) }
    let (text, binary) = (scratch.file("prior.txt"), scratch.file("prior.npy"))
    try Data(numbers.map { "\($0)" }.joined(separator: "\n").utf8).write(
      to: URL(fileURLWithPath: text))
    let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (313,), }"
    let padded = header.padding(toLength: 117, withPad: " ", startingAt: 0) + "\n"
    var data = Data([0x93]) + Data("NUMPY".utf8) + Data([1, 0, 118, 0]) + Data(padded.utf8)
    for number in numbers {
      withUnsafeBytes(of: number.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
    try data.write(to: URL(fileURLWithPath: binary))
    let first = try evaluate(folder, ["--prior", text])
    let second = try evaluate(folder, ["--prior", binary])
    let usual = try evaluate(folder)
    #expect(first.rows == second.rows && first.gray == second.gray)
    #expect(first.gray?.auc == usual.gray?.auc)
    #expect(first.gray?.rebalancedAUC != usual.gray?.rebalancedAUC)
  }

  @Test(arguments: [
    (["--dials", "0.5,2"], 64), (["--dials", "0.5:0"], 64), (["--dials", ""], 64),
    (["--every", "0"], 64), (["--prior", "letter.txt"], 65), (["--prior", "none.txt"], 66),
    (["--model", "letter.txt"], 65), (["--vividness", "2"], 64),
  ])
  func wrongThingsGetOneSentenceAndTheirStatus(arguments: [String], status: Int) throws {
    try writePicture(try ramp(a: 10, b: 10), to: folder + "/ramp.png")
    try Data("Dear reader,".utf8).write(to: URL(fileURLWithPath: scratch.file("letter.txt")))
    let result = try runProgram(
      ["evaluate", folder]
        + arguments.map { $0.hasSuffix(".txt") ? scratch.file($0) : $0 })
    #expect(result.status == Int32(status), "\(result.errors)")
    #expect(result.output.isEmpty)
    #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
  }

  @Test func hugeStepsAreRefused() throws {
    for step in ["0", "9223372036854775807"] {
      #expect(try runProgram(["evaluate", scratch.file(""), "--every", step, "-q"]).status == 64)
    }
  }

  @Test func damagedAndTinyPicturesAreRefused() throws {
    _ = try writePhotographs()
    let broken = folder + "/1.png"
    let bytes = try Data(contentsOf: URL(fileURLWithPath: broken))
    try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: broken))
    let damaged = try runProgram(["evaluate", folder, "-q"])
    #expect(
      damaged.status == 65 && damaged.errors.contains("1 damaged picture"), "\(damaged.errors)")
    try FileManager.default.removeItem(atPath: broken)
    try writePicture(
      RGBImage(width: 4, height: 4, codes: (0..<48).map { UInt8($0) }), to: folder + "/tiny.png")
    let tiny = try runProgram(["evaluate", folder, "-q"])
    #expect(tiny.status == 65 && tiny.errors.contains("'tiny.png'"), "\(tiny.errors)")
  }
}
