import AutochromeKit
import Foundation
import Imaging
import Measuring
import Media
import ModelFixtures
import NeuralNetwork
import Quality
import SampleFilm
import TestSupport
import Testing

/// What a classifier recognizes in colorized pictures: `autochrome evaluate --semantic`.
@Suite(.serialized) struct SemanticTests {
  private let scratch: TemporaryFolder
  private let folder: String
  private let classifier: String

  init() throws {
    scratch = try TemporaryFolder()
    folder = scratch.file("pictures")
    classifier = try writeClassifier(to: scratch.file("classifier.onnx"))
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// Ramps in red, green and blue; to a classifier of means, gray ones are gray.
  private func writePictures() throws {
    for (name, a, b) in [("red.png", 60.0, 45.0), ("a green.png", -50, 45), ("blue.png", 15, -60)] {
      try writePicture(try ramp(a: a, b: b), to: folder + "/" + name)
    }
  }

  private func write(_ text: String) throws -> String {
    try text.write(toFile: scratch.file("labels.txt"), atomically: true, encoding: .utf8)
    return scratch.file("labels.txt")
  }

  /// A network that takes everything for red.
  private func arguments(_ more: [String], input: String? = nil) throws -> [String] {
    let network = try writeNetwork(a: 60, b: 45, to: scratch.file("red.onnx"))
    return ["evaluate", input ?? folder, "--model", network, "--semantic", classifier, "-q"] + more
  }

  private func semantic(_ more: [String] = [], input: String? = nil) throws -> SemanticReport {
    let run = try runProgram(try arguments(["--json"] + more, input: input))
    #expect(run.status == 0, "\(run.errors)")
    let report = try JSONDecoder().decode(EvaluationReport.self, from: run.output)
    return try #require(report.semantic)
  }

  @Test func byLabelsAllVersionsAreJudged() throws {
    try writePictures()
    let right = "# What they show\nred.png 0\n\na green.png\tGreen\nblue.png n3\n"
    let report = try semantic(["--labels", try write(right)])
    #expect(report.classifier == classifier && report.answer == .labels)
    #expect(report.rows.map(\.name).prefix(2) == ["original", "gray"] && report.rows.count == 3)
    // All is red now, so the red one is recognized. To be among five of eight, red must beat tin and others.
    #expect(
      report.rows.map(\.top1) == [Proportion(3, of: 3), Proportion(0, of: 3), Proportion(1, of: 3)])
    #expect(
      report.rows.map(\.top5) == [Proportion(3, of: 3), Proportion(0, of: 3), Proportion(1, of: 3)])
    #expect(
      report.rows.map(\.gained) == [nil, nil, 1] && report.rows.map(\.lost) == [nil, nil, 0])
    #expect(report.published.map(\.top1) == [68.3, 52.7, 56.0, 59.4])
    // A wrong label is found out.
    let wrong = try semantic([
      "--labels", try write("red.png gray\na green.png\t1\nblue.png tin"),
    ])
    #expect(wrong.rows.map(\.top1.count) == [1, 1, 0])
    #expect(wrong.rows.map(\.top5.count) == [3, 2, 2])
    #expect(wrong.rows[2].gained == 0 && wrong.rows[2].lost == 1)
    let text = try runProgram(try arguments(["--labels", try write(right)]))
    let said = String(decoding: text.output, as: UTF8.self)
    for part in [
      "by the labels given", "100.0 (43.9–100.0)", "33.3 (6.1–79.2)",
      "against gray: 1 gained, 0 lost", "original 68.3; gray 52.7; ",
    ] {
      #expect(said.contains(part), "\(part): \(said)")
    }
  }

  @Test func withoutLabelsTheOriginalsAreWhatCounts() throws {
    try writePictures()
    let report = try semantic()
    #expect(report.answer == .originals && report.published.isEmpty)
    #expect(report.rows.map(\.top1) == [Proportion(0, of: 3), Proportion(1, of: 3)])
    #expect(report.rows.first?.name == "gray" && report.rows.last?.gained == 1)
    let said = String(decoding: try runProgram(try arguments([])).output, as: UTF8.self)
    #expect(said.contains("Agreement with the class that") && said.contains("no labels were given"))
    #expect(!said.contains("Zhang et al. 2016, Table 1"))
  }

  @Test func aFolderCanBeNamedAfterItsClass() throws {
    for name in ["N2", "Crane"] {
      let pictures = scratch.file(name)
      try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
      try writePicture(try ramp(a: -50, b: 45), to: pictures + "/1.png")
      try writePicture(try ramp(a: 60, b: 45), to: pictures + "/2.png")
      let report = try semantic(input: pictures)
      // Two classes are called crane.
      #expect(report.answer == (name == "N2" ? .folder : .originals))
      #expect(report.rows.map(\.top1.count) == (name == "N2" ? [1, 0, 0] : [0, 1]))
    }
  }

  @Test(arguments: [
    ("red.png", "Line 1 of the labels", 65), ("red.png purple", "'purple'", 65),
    ("red.png 8", "0…7", 65), ("red.png crane", "0 or 2", 65),
    ("red.png 0\nred.png 0", "Line 2", 65), ("blue.png 2\nred.png 0", "'a green.png'", 65),
  ])
  func wrongLabelsAreRefused(text: String, says: String, status: Int) throws {
    try writePictures()
    let run = try runProgram(try arguments(["--labels", try write(text)]))
    #expect(run.status == Int32(status) && run.output.isEmpty)
    #expect(run.errors.contains(says) && run.errors.contains("labels.txt"), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)")
  }

  @Test func whatCannotBeJudgedIsRefused() throws {
    try writePictures()
    let labels = try write("red.png 0")
    let film = scratch.file("film.mkv")
    try writeClip(smallFilm(), frames: 0..<3, to: film)
    for (words, status, says) in [
      (["evaluate", folder, "--labels", labels], 64, "--semantic"),
      (["evaluate", film, "--semantic", classifier], 65, "black and white"),
      (["evaluate", film, "--semantic", classifier, "--labels", labels], 64, "film"),
      (["evaluate", folder, "--semantic", scratch.file("none.onnx")], 65, "none.onnx"),
      (
        ["evaluate", folder, "--semantic", classifier, "--labels", scratch.file("none.txt")], 66,
        "none.txt"
      ),
    ] {
      let run = try runProgram(words + ["-q", "--model", "autochrome-fast"])
      #expect(run.status == Int32(status), "\(words): \(run.errors)")
      #expect(run.errors.contains(says), "\(run.errors)")
    }
  }

  // MARK: - The classifier

  @Test func otherFilesAreNoClassifiers() throws {
    func expectRefused(_ says: String, _ path: String) {
      do {
        _ = try PictureClassifier(contentsOf: path)
        Issue.record("it was taken; expected: \(says)")
      } catch { #expect("\(error)".contains(says), "\(error)") }
    }
    let path = scratch.file("wrong.onnx")
    for (key, value, says) in [
      ("classifier", nil, "no property autochrome.classifier"),
      ("classifier", "(RGB-1", "'(RGB-1'"), ("size", "12.5", "expected a whole number"),
      ("size", "4", "8×8 out of the middle"), ("size", "4096", "1…1024"),
      ("classes", "red\ngreen", "2 lines, expected one for each of 8 classes"),
    ] as [(String, String?, String)] {
      expectRefused(says, try writeClassifier(to: path, [key: value]))
    }
    expectRefused("(1, 3, H, W)", try writeClassifier(to: path, input: [1, 1, 8, 8]))
    expectRefused("not the same number", try writeClassifier(to: path, input: [1, 3, 8, 16]))
    expectRefused(
      "how large a picture", try writeClassifier(to: path, ["size": nil], input: [1, 3, -1, -2]))
    expectRefused(
      "2 inputs and 1 output", try writeClassifier(to: path) { $0.input("more", [1, 3, 8, 8]) })
    expectRefused(
      "expected [1, C]",
      try writeClassifier(to: path) { builder in
        builder.proto.graph.output[0].name = "pooled"
      })
    try Data("Dear reader,".utf8).write(to: URL(fileURLWithPath: path))
    expectRefused("wrong.onnx", path)
  }

  /// A classifier whose first three classes are the means of its input.
  private func means(_ size: String, input: [Int]) throws -> PictureClassifier {
    let path = scratch.file("means.onnx")
    try writeClassifier(to: path, ["size": size, "classes": nil], input: input) { builder in
      builder.proto.graph.initializer.removeAll()
      var weights = [Float](repeating: 0, count: 24)
      for channel in 0..<3 { weights[channel * 8 + channel] = 1 }
      builder.constant("weights", [3, 8], weights)
      builder.constant("biases", [8], [Float](repeating: 0, count: 8))
    }
    return try PictureClassifier(contentsOf: path)
  }

  @Test func itSeesTheMiddleOfThePicture() throws {
    var random = SeededGenerator()
    let codes: [UInt8] = (0..<64 * 32 * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
    var turned = codes
    for y in 0..<64 {
      for x in 0..<32 {
        for channel in 0..<3 {
          turned[(y * 32 + x) * 3 + channel] = codes[(x * 64 + y) * 3 + channel]
        }
      }
    }
    // 64×32 becomes 32×16, of which the middle 8×8 are columns 12…19 and rows 4…11: 24…39 and 8…23 before that.
    for image in [
      RGBImage(width: 64, height: 32, codes: codes), RGBImage(width: 32, height: 64, codes: turned),
    ] {
      let found = try means("16", input: [1, 3, 8, 8]).logits(of: image)
      for channel in 0..<3 {
        var sum = 0
        for y in 8..<24 {
          for x in 24..<40 { sum += Int(codes[(y * 64 + x) * 3 + channel]) }
        }
        let expected = Float(sum) / 256
        #expect(
          abs(found[channel] - given(expected)) < 1e-4, "seed \(random.seed), \(image.width)")
      }
    }
  }

  /// A code as the network gets it.
  private func given(_ code: Float) -> Float { (code - 127) / 128 }

  @Test func smallPicturesAreEnlarged() throws {
    var codes: [UInt8] = []
    for y in 0..<8 {
      for x in 0..<8 { codes += [UInt8(10 * x), UInt8(10 * y), 200] }
    }
    let ramp = RGBImage(width: 8, height: 8, codes: codes)
    let expected = [given(35), given(35), given(200)]
    // Of 32 columns 12…19 lie at 2.625 … 4.375 of 8: linear, so their mean is 3.5.
    let fixed = try means("32", input: [1, 3, 8, 8]).logits(of: ramp)
    // Without a size of its own, it sees as much as the property says.
    let free = try means("16", input: [1, 3, -1, -2]).logits(of: ramp)
    for channel in 0..<3 {
      #expect(abs(fixed[channel] - expected[channel]) < 1e-5)
      #expect(abs(free[channel] - expected[channel]) < 1e-5)
    }
  }
}

/// The page that asks people which picture is real: `autochrome evaluate --turing`.
@Suite(.serialized) struct TuringTests {
  private let scratch: TemporaryFolder
  private let folder: String

  private struct Test: Decodable {
    struct Picture: Decodable {
      var name: String
      var truth: String
      var colorized: String
      var mixed: String
    }
    var id: String
    var input: String
    var network: String
    var practice: Int
    var counted: Int
    var vigilance: Int
    var pictures: [Picture]
  }

  init() throws {
    scratch = try TemporaryFolder()
    folder = scratch.file("photographs")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// Frames of the sample film in true color, in the size of the page's pictures.
  private func writePhotographs(_ count: Int) throws -> [RGBImage] {
    let film = SampleFilm(width: 256, height: 256, frameRate: 6)
    let images = (0..<count).map { number in
      RGBImage(
        width: 256, height: 256, codes: film.render(frame: number * film.frameCount / count).rgb)
    }
    for (number, image) in images.enumerated() {
      try writePicture(image, to: folder + "/\(number).png")
    }
    return images
  }

  private func make(_ more: [String] = []) throws -> (status: Int32, output: Data, errors: String) {
    try runProgram(
      [
        "evaluate", folder, "--model", "autochrome-fast", "--turing", scratch.file("page.html"),
        "-q",
      ] + more)
  }

  private func page() throws -> (html: String, test: Test) {
    let html = try String(contentsOfFile: scratch.file("page.html"), encoding: .utf8)
    let block = try #require(
      html.components(separatedBy: "<script type=\"application/json\" id=\"test\">").last?
        .components(separatedBy: "</script>").first)
    return (html, try JSONDecoder().decode(Test.self, from: Data(block.utf8)))
  }

  private func image(_ uri: String) throws -> RGBImage {
    let start = "data:image/jpeg;base64,"
    try #require(uri.hasPrefix(start))
    let jpeg = try #require(Data(base64Encoded: String(uri.dropFirst(start.count))))
    let path = scratch.file("picture.jpg")
    try jpeg.write(to: URL(fileURLWithPath: path))
    defer { unlink(path) }
    return try RGBImage(try #require(try MediaSource.open(path).nextFrame()).picture)
  }

  /// The mean difference of codes, of all channels, and of their BT.709 luma.
  private func difference(_ one: RGBImage, _ other: RGBImage) -> (codes: Double, luma: Double) {
    guard one.codes.count == other.codes.count else { return (.infinity, .infinity) }
    let area = one.width * one.height
    var (codes, lumas) = (0, 0.0)
    for place in 0..<area {
      codes += (0..<3).reduce(0) { sum, channel in
        sum + abs(Int(one.codes[3 * place + channel]) - Int(other.codes[3 * place + channel]))
      }
      lumas += abs(luma(one, place) - luma(other, place))
    }
    return (Double(codes) / Double(3 * area), lumas / Double(area))
  }

  private func luma(_ image: RGBImage, _ place: Int) -> Double {
    let weights = [0.2126, 0.7152, 0.0722]
    return (0..<3).reduce(0.0) { sum, channel in
      sum + weights[channel] * Double(image.codes[3 * place + channel])
    }
  }

  @Test func itHoldsThePicturesThreeTimes() throws {
    let originals = try writePhotographs(12)
    let run = try make()
    #expect(run.status == 0, "\(run.errors)")
    let test = try page().test
    #expect((test.practice, test.counted, test.vigilance) == (2, 9, 1))
    #expect(Set(test.pictures.map(\.name)) == Set((0..<12).map { "\($0).png" }))
    #expect(test.input == folder && test.network.contains("vividness"))
    let results = scratch.file("results")
    let job = try runProgram([
      folder, "-o", results, "--model", "autochrome-fast", "--pipeline", "photos", "-q",
    ])
    #expect(job.status == 0, "\(job.errors)")
    for (index, picture) in test.pictures.enumerated() {
      let number = try #require(Int(picture.name.dropLast(4)))
      let truth = try image(picture.truth)
      #expect(difference(truth, originals[number]).codes < 4, "\(picture.name)")
      let colorized = try image(picture.colorized)
      let expected = try RGBImage(
        try #require(try readFrames(results + "/" + picture.name).first).picture)
      let apart = difference(colorized, expected)
      #expect(apart.codes < 5, "\(picture.name): \(apart)")
      #expect(difference(truth, colorized).codes > 2 * apart.codes, "\(picture.name)")
      // Its own luma in the colors of the next one.
      let mixed = try image(picture.mixed)
      let next = try image(test.pictures[(index + 1) % 12].truth)
      #expect(difference(mixed, truth).luma < 3, "\(picture.name)")
      #expect(meanChromaDistance(mixed, next) < meanChromaDistance(mixed, truth) + 1)
    }
    let apart = try test.pictures.map {
      difference(try image($0.mixed), try image($0.truth)).codes
    }
    #expect((apart.max() ?? 0) > 8, "\(apart)")
  }

  /// How far the mean B′ − Y′ and R′ − Y′ of two pictures are apart, in codes.
  private func meanChromaDistance(_ one: RGBImage, _ other: RGBImage) -> Double {
    func means(_ image: RGBImage) -> (Double, Double) {
      var sums = (0.0, 0.0)
      for place in 0..<image.width * image.height {
        let luma = luma(image, place)
        sums.0 += Double(image.codes[3 * place + 2]) - luma
        sums.1 += Double(image.codes[3 * place]) - luma
      }
      let area = Double(image.width * image.height)
      return (sums.0 / area, sums.1 / area)
    }
    let (first, second) = (means(one), means(other))
    return abs(first.0 - second.0) + abs(first.1 - second.1)
  }

  @Test func ofManyPicturesAsManyAsThePaperShows() throws {
    let images = try writePhotographs(4)
    for number in 0..<100 {
      try writePicture(images[number % 4], to: folder + String(format: "/many-%03d.png", number))
    }
    #expect(try make(["--size", "64"]).status == 0)
    let test = try page().test
    #expect((test.practice, test.counted, test.vigilance) == (10, 30, 6))
    #expect(test.pictures.count == 46 && Set(test.pictures.map(\.name)).count == 46)
  }

  @Test func itNeedsNothingElse() throws {
    _ = try writePhotographs(5)
    try FileManager.default.moveItem(
      atPath: folder + "/4.png", toPath: folder + "/<script>alert(1)<!--.png")
    #expect(try make().status == 0)
    let (html, test) = try page()
    #expect(test.pictures.contains { $0.name.contains("<script>") })
    #expect(!html.contains("://") && !html.contains("<link") && !html.contains("style=\""))
    #expect(html.components(separatedBy: "<script").count == 3)
    #expect(html.contains(#"\u003cscript>alert(1)\u003c!--"#))
    let policy = try #require(html.firstMatch(of: /Content-Security-Policy" content="([^"]*)"/)).1
    #expect(policy.hasPrefix("default-src 'none'; img-src data:; style-src 'sha256-"))
  }

  @Test func theSameColorsMakeTheSamePage() throws {
    _ = try writePhotographs(5)
    #expect(try make(["--threads", "1"]).status == 0)
    let first = try page().html
    #expect(try make(["--threads", "3"]).status == 73)
    #expect(try page().html == first)
    #expect(try make(["--threads", "3", "--overwrite"]).status == 0)
    #expect(try page().html == first)
  }

  @Test func whatMakesNoTestIsRefused() throws {
    _ = try writePhotographs(3)
    let few = try make()
    #expect(few.status == 65 && few.errors.contains("3 pictures in color, too few"))
    let dials = try make(["--dials", "0,1"])
    #expect(dials.status == 64 && dials.errors.contains("--dials has 2"), "\(dials.errors)")
    let film = scratch.file("film.mkv")
    try writeClip(smallFilm(), frames: 0..<8, to: film)
    let gray = try runProgram(["evaluate", film, "--turing", scratch.file("page.html"), "-q"])
    #expect(gray.status == 65 && gray.errors.contains("black and white"), "\(gray.errors)")
    let own = try runProgram([
      "evaluate", folder, "--turing", folder + "/0.png", "--overwrite", "-q",
    ])
    #expect(own.status != 0, "\(own.errors)")
    #expect(!FileManager.default.fileExists(atPath: scratch.file("page.html")))
    #expect(try readFrames(folder + "/0.png").count == 1)
  }

  private static let hasBrowser = ["chromium-headless-shell", "chromium"].contains {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
  }

  /// Two sessions, by keys and mouse; see there.
  @Test(.enabled(if: hasBrowser, "there is no Chromium; 'make deps' installs it"))
  func peopleCanTakeIt() throws {
    _ = try writePhotographs(10)
    #expect(try make().status == 0)
    let script = checkoutURL.appending(path: "Benchmarks/turingpage.py").path
    let run = try runProgram([script, scratch.file("page.html")], tool: "python3")
    #expect(run.status == 0, "\(run.errors)")
  }
}
