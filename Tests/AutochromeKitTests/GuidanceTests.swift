import AutochromeKit
import Colorization
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// What a user gives of the colors of a film: stills in color, hints, pictures, a palette.
@Suite(.serialized) struct GuidanceTests {
  private let scratch: TemporaryFolder
  private let film: SampleFilm

  /// Shots of 21, 15 and 12 frames, one frame a second: the first is longer than a part.
  init() throws {
    scratch = try TemporaryFolder()
    film = smallFilm()
    try writeClip(film, frames: 0..<film.frameCount, rate: 1, to: scratch.file("film.mkv"))
  }

  private func job(
    _ output: String, _ change: (inout SettingsLayer) -> Void = { _ in }
  ) throws -> ColorizationJob {
    ColorizationJob(
      input: scratch.file("film.mkv"), output: scratch.file(output),
      settings: try settings {
        $0.model = "autochrome-fast"
        $0.size = 96
        $0.codec = "ffv1"
        $0.pixelFormat = "yuv444p10le"
        change(&$0)
      }, overwrite: true)
  }

  private func frames(
    _ output: String, _ change: (inout SettingsLayer) -> Void = { _ in }
  ) throws -> [Frame] {
    _ = try job(output, change).run { _ in }
    return try readFrames(scratch.file(output))
  }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: scratch.file(name)))
  }

  /// Writes the true colors of frames as stills.
  private func writeStills(_ numbers: [Int], _ folder: String = "refs") throws -> String {
    try FileManager.default.createDirectory(
      atPath: scratch.file(folder), withIntermediateDirectories: true)
    for number in numbers {
      try writeStill(number, to: folder + "/ref_" + String(format: "%06d", number) + ".png")
    }
    return scratch.file(folder)
  }

  private func writeStill(_ number: Int, to name: String) throws {
    let rgb = film.render(frame: number).rgb
    let color = ColorDescription(
      primaries: .bt709, transfer: .iec61966_2_1, matrix: .identity, range: .full)
    let picture = Picture(
      width: film.width, height: film.height, format: .rgb(8), color: color,
      planes: (0..<3).map { channel in
        Plane(width: film.width, height: film.height, bitDepth: 8) { base, bytesPerRow in
          for y in 0..<film.height {
            for x in 0..<film.width {
              base.storeBytes(
                of: rgb[3 * (y * film.width + x) + channel], toByteOffset: y * bytesPerRow + x,
                as: UInt8.self)
            }
          }
        }
      })
    var info = SourceInfo(
      width: film.width, height: film.height, format: .rgb(8), color: color,
      timeBase: Rational(1, 24))
    info.frameRate = Rational(24, 1)
    var options = SinkOptions()
    options.overwrite = true
    let sink = try MediaSink.open(scratch.file(name), source: info, options: options)
    try sink.write(SourceElement(frame: Frame(index: 0, picture: picture, presentationTime: 0)))
    try sink.finish()
  }

  /// The mean distance of the codes of R′G′B′ from the truth.
  private func error(_ frame: Frame, _ number: Int) throws -> Double {
    let (found, truth) = (try RGBImage(frame.picture).codes, film.render(frame: number).rgb)
    let sum = zip(found, truth).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    return Double(sum) / Double(truth.count)
  }

  /// The sum of that of several frames; `numbers` are those of the frames of `film` that the video shows.
  private func error(_ frames: [Frame], of numbers: [Int], in range: Range<Int>) throws -> Double {
    try range.reduce(0) { try $0 + error(frames[$1], numbers[$1]) }
  }

  private func isSame(_ one: Frame, _ other: Frame) -> Bool {
    zip(one.picture.planes, other.picture.planes).allSatisfy { $0.hasSameSamples(as: $1) }
  }

  private func shots(_ text: String, to name: String = "film.shots.yaml") throws -> String {
    let path = scratch.file(name)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return path
  }

  @Test func aStillColorsItsShot() throws {
    let plain = try frames("plain.mkv")
    let folder = try writeStills([11])
    let guided = try frames("color.mkv") { $0.references = folder }
    try #require(plain.count == 48 && guided.count == 48)
    for index in 0..<48 {
      #expect(
        plain[index].picture.planes[0].hasSameSamples(as: guided[index].picture.planes[0]))
      if index >= 21 {
        #expect(isSame(plain[index], guided[index]), "frame \(index) is of another shot")
      } else {
        // Before it and after it.
        let (before, after) = try (error(plain[index], index), error(guided[index], index))
        #expect(after < 0.75 * before, "frame \(index): \(after), without \(before)")
      }
    }
    #expect(try error(guided[11], 11) < 0.6 * error(plain[11], 11))
  }

  /// Without a network, what is given is all that there is.
  @Test func withoutANetworkOnlyWhatIsGivenIsInColor() throws {
    func means(_ frame: Frame) throws -> (a: Double, b: Double) {
      let image = try RGBImage(frame.picture)
      let count = Double(image.codes.count / 3)
      var sums = [0.0, 0.0, 0.0]
      for (at, code) in image.codes.enumerated() { sums[at % 3] += Double(code) / count }
      return (sums[0] - sums[1], sums[2] - sums[1])
    }
    // Red fills the first frame, and goes through its shot.
    let path = try shots(
      """
      shots:
        - at: 0
          hints:
            - {frame: 0, at: [0.5, 0.5], color: "#a04040"}
        - at: "#21"
        - at: "#36"
      """)
    let hinted = try frames("levin.mkv") {
      $0.model = "none"
      $0.shots = path
    }
    try #require(hinted.count == 48)
    for index in [0, 10] {
      let (red, blue) = try means(hinted[index])
      #expect(red > 15 && abs(blue) < 8, "frame \(index): \(red), \(blue)")
    }
    let (red, blue) = try means(hinted[30])
    #expect(abs(red) < 1 && abs(blue) < 1, "frame 30 is of another shot: \(red), \(blue)")
    // A picture of the same colors it.
    try writeStill(11, to: "picture.png")
    let gray = try frames("gray.mkv") { $0.model = "none" }
    for model in ["none", "none-multimodal"] {
      let path = try shots(
        "shots: [{at: 0, references: [picture.png]}, {at: \"#21\"}, {at: \"#36\"}]")
      let colored = try frames("\(model).mkv") {
        $0.model = model
        $0.shots = path
      }
      for index in [0, 11] {
        let (before, after) = try (error(gray[index], index), error(colored[index], index))
        #expect(after < 0.9 * before, "\(model), frame \(index): \(after), gray \(before)")
      }
      #expect(isSame(colored[30], gray[30]))
    }
    let warnings = try job("gray.mkv") { $0.model = "none" }.run { _ in }.warnings
    #expect(warnings.contains { $0.contains("stays gray") }, "\(warnings)")
  }

  /// What is broken off goes on to the same bytes, and other references are another film.
  @Test func aGuidedFilmGoesOn() throws {
    let folder = try writeStills([4, 18, 40])
    let whole = try job("whole.mkv") { $0.references = folder }
    let told = try whole.run { _ in }
    let broken = try job("color.mkv") { $0.references = folder }
    let interruption = AutochromeKit.Interruption()
    let segment = scratch.file("color.mkv.job/000001.segment")
    let watch = Thread {
      while !Thread.current.isCancelled, interruption.requests == 0 {
        if FileManager.default.fileExists(atPath: segment) { interruption.request() }
        usleep(500)
      }
    }
    watch.start()
    _ = try broken.run(interruption: interruption) { _ in }
    watch.cancel()
    try #require(FileManager.default.fileExists(atPath: scratch.file("color.mkv.job")))
    try writeStill(5, to: "refs/ref_000018.png")
    let error = #expect(throws: AutochromeError.self) {
      _ = try job("color.mkv") { $0.references = folder }.run { _ in }
    }
    #expect(error?.message.contains("the references") == true, "\(error?.message ?? "")")
    try writeStill(18, to: "refs/ref_000018.png")
    let report = try broken.run { _ in }
    #expect(report.framesBefore > 0)
    #expect(try bytes("color.mkv") == bytes("whole.mkv"))
    // Shots begin with the frames 0, 21 and 36.
    #expect(report.given == told.given)
    #expect(report.given.map(\.frame) == [4, 18, 40], "\(report.given)")
    for (reach, shot) in zip(report.given, [0..<21, 0..<21, 36..<48]) {
      #expect(shot.contains(reach.first) && shot.contains(reach.last), "\(reach)")
      #expect(reach.first <= reach.frame && reach.frame <= reach.last, "\(reach)")
      #expect(!reach.isFromShotStart || reach.first == shot.lowerBound, "\(reach)")
      #expect(!reach.isToShotEnd || reach.last == shot.upperBound - 1, "\(reach)")
    }
    #expect(report.given.first?.isFromShotStart == true && report.given.last?.isToShotEnd == true)
  }

  @Test(arguments: [1, 3]) func aHintHoldsWhereItWasGiven(threads: Int) throws {
    let plain = try frames("plain.mkv") { $0.threads = threads }
    let none = try shots("shots: [0, {at: \"#21\"}, {at: \"#36\"}]")
    let listed = try frames("listed.mkv") {
      $0.threads = threads
      $0.shots = none
    }
    for (one, other) in zip(plain, listed) { #expect(isSame(one, other)) }
    let list = try shots(
      """
      shots:
        - 0
        - at: "#21"
          hints:
            - {frame: 24, at: [0.5, 0.8], color: "#5b6b3a"}
            - {frame: 24, stroke: [[0.1, 0.2], [0.3, 0.25]], color: [10, -20]}
        - at: "#36"
      """)
    let guided = try frames("color.mkv") {
      $0.threads = threads
      $0.shots = list
    }
    for index in 0..<48 where !(21..<36).contains(index) {
      #expect(isSame(plain[index], guided[index]), "frame \(index) is of another shot")
    }
    for index in 21..<36 { #expect(!isSame(plain[index], guided[index]), "frame \(index)") }
    let olive = try HintColor(hex: "#5b6b3a")
    for (x, y, a, b) in [
      (0.5, 0.8, olive.a, olive.b), (0.1, 0.2, 10, -20), (0.2, 0.225, 10, -20),
      (0.3, 0.25, 10, -20),
    ] {
      let found = try color(guided[24], x: x, y: y)
      let off =
        ((found.y - Double(a)) * (found.y - Double(a)) + (found.z - Double(b))
          * (found.z - Double(b)))
        .squareRoot()
      #expect(off < 1, "[\(x), \(y)]: \(found)")
    }
  }

  private func color(_ frame: Frame, x: Double, y: Double) throws -> SIMD3<Double> {
    let picture = frame.picture
    let model = try ColorModel(
      picture.color.resolved(width: picture.width, height: picture.height, format: picture.format))
    var rows = try RGBRows(picture)
    rows.read(Int(y * Double(picture.height)))
    let column = Int(x * Double(picture.width))
    return model.lab(
      rgb: SIMD3(
        Double(rows.channels[0][column]), Double(rows.channels[1][column]),
        Double(rows.channels[2][column])))
  }

  /// Other hints of a shot are another look of it: that shot alone is made again.
  @Test func aCorrectedShotAloneIsMadeAgain() throws {
    func list(_ hints: String) throws -> String {
      try shots("shots: [0, {at: \"#21\", hints: [\(hints)]}, {at: \"#36\"}]")
    }
    let one = try list("{frame: 25, at: [0.4, 0.7], color: \"#804020\"}")
    _ = try job("color.mkv") { $0.shots = one }.run { _ in }
    let other = try list("{frame: 30, at: [0.4, 0.7], color: \"#204080\"}")
    let report = try job("color.mkv") { $0.shots = other }.run { _ in }
    // All but the 15 frames of the second shot.
    #expect(report.framesBefore == 33)
    _ = try job("fresh.mkv") { $0.shots = other }.run { _ in }
    #expect(try bytes("color.mkv") == bytes("fresh.mkv"))
  }

  /// A still of one shot is a picture to another that is like it.
  @Test func aShotMayBeLikeAnother() throws {
    let again = try writeFilmWithAReturn()
    try writeStill(5, to: "ref_000005.png")
    let plain = try frames("plain.mkv") {
      $0.shots = try? shots("shots: [0, {at: \"#12\"}, {at: \"#21\"}]")
    }
    let liked = try frames("color.mkv") {
      $0.shots = try? shots(
        "shots: [{at: 0, references: [ref_000005.png]}, {at: \"#12\"}, {at: \"#21\", like: 1}]")
    }
    try #require(plain.count == 33 && liked.count == 33)
    for index in 12..<21 { #expect(isSame(plain[index], liked[index])) }
    for range in [0..<12, 21..<33] {
      let (before, after) = try (
        error(plain, of: again, in: range), error(liked, of: again, in: range)
      )
      #expect(after < 0.85 * before, "\(range): \(after), without \(before)")
    }
  }

  /// A film whose third shot shows the scene of the first again.
  private func writeFilmWithAReturn() throws -> [Int] {
    let again = Array(0..<12) + Array(21..<30) + Array(6..<18)
    try FileManager.default.removeItem(atPath: scratch.file("film.mkv"))
    try writeClip(film, frames: again, rate: 1, to: scratch.file("film.mkv"))
    return again
  }

  /// Hints at nine places of frame `number` of the video, with the true colors of frame `source` of `film`, or `shift`
  /// more of red.
  private func trueHints(of source: Int, at number: Int, shift: Int = 0) -> String {
    let rgb = film.render(frame: source).rgb
    let places = [0.15, 0.5, 0.85].flatMap { y in [0.15, 0.5, 0.85].map { ($0, y) } }
    return places.map { x, y in
      let at = 3 * (Int(y * Double(film.height)) * film.width + Int(x * Double(film.width)))
      let red = min(Int(rgb[at]) + shift, 255)
      let color = String(format: "#%02x%02x%02x", red, rgb[at + 1], rgb[at + 2])
      return "{frame: \(number), at: [\(x), \(y)], color: \"\(color)\"}"
    }.joined(separator: ", ")
  }

  /// What hints say of the things of a shot holds in the shots that are like it, wherever a run begins.
  @Test func hintsGoToShotsThatAreLikeTheirs() throws {
    let again = try writeFilmWithAReturn()
    func list(_ name: String, like: String, shift: Int = 0) throws -> String {
      let hints = trueHints(of: 5, at: 5, shift: shift)
      return try shots(
        "shots: [{at: 0, hints: [\(hints)]}, {at: \"#12\"}, {at: \"#21\"\(like)}]", to: name)
    }
    let lists = try (list("plain.yaml", like: ""), list("like.yaml", like: ", like: 1"))
    let plain = try frames("plain.mkv") { $0.shots = lists.0 }
    let liked = try frames("color.mkv") { $0.shots = lists.1 }
    try #require(plain.count == 33 && liked.count == 33)
    for index in 0..<21 { #expect(isSame(plain[index], liked[index]), "frame \(index)") }
    let (before, after) = try (
      error(plain, of: again, in: 21..<33), error(liked, of: again, in: 21..<33)
    )
    #expect(after < 0.85 * before, "\(after), without \(before)")
    // The frame of the hints lies outside of the part that is colored.
    let part = try frames("part.mkv") {
      $0.shots = lists.1
      $0.from = TimePosition("#21")
    }
    try #require(part.count == 12)
    for index in 0..<12 { #expect(isSame(part[index], liked[21 + index]), "frame \(21 + index)") }
    // Other hints concern both shots, and no other.
    let other = try list("other.yaml", like: ", like: 1", shift: 60)
    let report = try job("color.mkv") { $0.shots = other }.run { _ in }
    #expect(report.framesBefore == 9)
    let changed = try readFrames(scratch.file("color.mkv"))
    for index in 12..<21 { #expect(isSame(changed[index], liked[index])) }
    for index in 21..<33 { #expect(!isSame(changed[index], liked[index]), "frame \(index)") }
  }

  /// A shot may be like a later one.
  @Test func hintsGoToEarlierShotsThatAreLikeTheirs() throws {
    let again = try writeFilmWithAReturn()
    let hints = trueHints(of: 8, at: 23)
    let lists = try ["plain": "", "like": ", like: 3"].mapValues {
      try shots(
        "shots: [{at: 0\($0)}, {at: \"#12\"}, {at: \"#21\", hints: [\(hints)]}]",
        to: "like\($0.count).yaml")
    }
    let plain = try frames("plain.mkv") { $0.shots = lists["plain"] }
    let liked = try frames("color.mkv") { $0.shots = lists["like"] }
    for index in 12..<33 { #expect(isSame(plain[index], liked[index]), "frame \(index)") }
    let (before, after) = try (
      error(plain, of: again, in: 0..<12), error(liked, of: again, in: 0..<12)
    )
    #expect(after < 0.85 * before, "\(after), without \(before)")
  }

  /// A pipe can't be read again: hints stay where they are, and the user is told.
  @Test func fromAPipeHintsDoNotGoToOtherShots() throws {
    let again = try writeFilmWithAReturn()
    try writeClip(film, frames: again, rate: 1, to: scratch.file("film.y4m"))
    let path = try shots(
      "shots: [{at: 0, hints: [\(trueHints(of: 5, at: 5))]}, {at: \"#12\"}, {at: \"#21\", like: 1}]"
    )
    let run = try runProgram(
      [
        "-", "-o", scratch.file("color.mkv"), "--model", "autochrome-fast", "--size", "96",
        "--codec", "ffv1", "--shots", path,
      ], input: try bytes("film.y4m"))
    #expect(run.status == 0, "\(run.errors)")
    #expect(run.errors.contains("can be read only once, so hints"), "\(run.errors)")
    #expect(try readFrames(scratch.file("color.mkv")).count == 33)
  }

  /// What a part of a frame shows takes the colors of a part of a picture, whatever the network says of both.
  @Test(arguments: ["autochrome-fast", "none"]) func swatchesBelongTogether(model: String) throws {
    // The means of R − G and B − G in a part.
    func mean(_ codes: [UInt8], _ part: [Double]) -> SIMD2<Double> {
      var (sum, count) = (SIMD2<Double>(), 0.0)
      for y in Int(part[1] * Double(film.height))..<Int(part[3] * Double(film.height)) {
        for x in Int(part[0] * Double(film.width))..<Int(part[2] * Double(film.width)) {
          let at = 3 * (y * film.width + x)
          let (r, g, b) = (Double(codes[at]), Double(codes[at + 1]), Double(codes[at + 2]))
          sum += SIMD2(r - g, b - g)
          count += 1
        }
      }
      return sum / count
    }
    func distance(_ one: SIMD2<Double>, _ other: SIMD2<Double>) -> Double {
      ((one - other) * (one - other)).sum().squareRoot()
    }
    func run(_ output: String, _ references: String) throws -> [Frame] {
      let path = try shots(
        "shots: [{at: 0, references: [\(references)]}, {at: \"#21\"}, {at: \"#36\"}]")
      return try frames(output) {
        $0.model = model
        $0.shots = path
      }
    }
    try writeStill(40, to: "other.png")
    let target = [0.4, 0.55, 0.6, 0.8]
    let plain = try run("plain.mkv", "")
    let before = mean(try RGBImage(plain[5].picture).codes, target)
    // The part of the picture whose color is farthest from that.
    let truth = film.render(frame: 40).rgb
    let parts = (0..<12).map { part in
      let (x, y) = (Double(part % 4) / 4, Double(part / 4) / 3)
      return [x, y, x + 0.25, y + 0.33]
    }
    let part = try #require(
      parts.max { distance(mean(truth, $0), before) < distance(mean(truth, $1), before) })
    let wanted = mean(truth, part)
    try #require(distance(before, wanted) > 15)
    let swatched = try run(
      "color.mkv",
      "{picture: other.png, frame: 5, swatches: [{target: \(target), reference: \(part)}]}")
    for index in [3, 5, 8] {
      let after = mean(try RGBImage(swatched[index].picture).codes, target)
      #expect(
        distance(after, wanted) < 0.5 * distance(before, wanted),
        "frame \(index): \(after) of \(wanted), without \(before)")
    }
    for index in 21..<48 { #expect(isSame(plain[index], swatched[index])) }
  }

  @Test func aPaletteChangesColorsEverywhere() throws {
    let plain = try frames("plain.mkv")
    try writeStill(5, to: "likely.png")
    let guided = try frames("color.mkv") { $0.palette = scratch.file("likely.png") }
    #expect(zip(plain, guided).allSatisfy { !isSame($0, $1) })
    let (before, after) = try (
      error(plain, of: Array(0..<48), in: 0..<21), error(guided, of: Array(0..<48), in: 0..<21)
    )
    #expect(after < before, "\(after), without \(before)")
  }

  /// Of a pipe nothing is known ahead: a still colors what comes after it.
  @Test func fromAPipeStillsGoForward() throws {
    try writeClip(film, frames: 0..<21, rate: 1, to: scratch.file("film.y4m"))
    let folder = try writeStills([8])
    func run(_ more: [String], _ output: String) throws -> [Frame] {
      let run = try runProgram(
        [
          "-", "-o", scratch.file(output), "--model", "autochrome-fast", "--size", "96", "--codec",
          "ffv1",
          "--overwrite", "-q",
        ] + more, input: try bytes("film.y4m"))
      #expect(run.status == 0, "\(run.errors)")
      return try readFrames(scratch.file(output))
    }
    let plain = try run([], "plain.mkv")
    let guided = try run(["--references", folder], "color.mkv")
    try #require(guided.count == 21)
    for index in 9..<21 {
      let (before, after) = try (error(plain[index], index), error(guided[index], index))
      #expect(after < 0.75 * before, "frame \(index): \(after), without \(before)")
    }
  }

  @Test func theStillsThatAreWorthColoringAreWritten() throws {
    let run = try runProgram([
      "refs", scratch.file("film.mkv"), "-o", scratch.file("refs"), "--json", "--model",
      "autochrome-fast",
      "--size", "96",
    ])
    #expect(run.status == 0, "\(run.errors)")
    let stills = try JSONDecoder().decode([StillSurvey.Still].self, from: run.output)
    #expect(stills.filter { $0.reason == .shot }.map(\.frame) == [0, 21, 36])
    #expect(stills.filter { $0.reason == .shot }.map(\.shot) == [1, 2, 3])
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.file("refs")).sorted()
    #expect(names == stills.map(\.file) && names.first == "ref_000000.png")
    let whole = try readFrames(scratch.file("film.mkv"))
    for still in stills {
      #expect((0...1).contains(still.certainty) && still.certainty > 0)
      let picture = try #require(try readFrames(scratch.file("refs/" + still.file)).first).picture
      // The film's own luma, without color.
      let wanted = try RGBImage(whole[still.frame].picture.withNeutralChroma())
      let found = try RGBImage(picture)
      #expect(zip(wanted.codes, found.codes).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
    }
    // They exist, and may be colored already.
    let again = try runProgram([
      "refs", scratch.file("film.mkv"), "-o", scratch.file("refs"), "--model", "autochrome-fast",
    ])
    #expect(again.status == 73, "\(again.errors)")
    let few = try runProgram([
      "refs", scratch.file("film.mkv"), "-o", scratch.file("few"), "--limit", "1", "--colored",
      "--model",
      "autochrome-fast", "--size", "96",
    ])
    #expect(few.status == 0, "\(few.errors)")
    let left = try FileManager.default.contentsOfDirectory(atPath: scratch.file("few"))
    let least = stills.min { $0.certainty < $1.certainty }
    #expect(left == [least?.file ?? ""])
    let colored = try RGBImage(
      try #require(try readFrames(scratch.file("few/" + left[0])).first).picture)
    #expect(
      stride(from: 0, to: colored.codes.count, by: 3).contains {
        abs(Int(colored.codes[$0]) - Int(colored.codes[$0 + 2])) > 8
      })
  }

  @Test func whatDoesNotFitIsSaid() throws {
    func run(_ more: [String]) throws -> (status: Int32, errors: String) {
      let run = try runProgram(
        [
          scratch.file("film.mkv"), "-o", scratch.file("color.mkv"), "--model", "autochrome-fast",
          "--size", "64",
          "--frames", "4", "--codec", "ffv1", "--overwrite", "--restart",
        ] + more)
      return (run.status, run.errors)
    }
    #expect(try run(["--references", scratch.file("nowhere")]).status == 66)
    try FileManager.default.createDirectory(
      atPath: scratch.file("empty"), withIntermediateDirectories: true)
    let empty = try run(["--references", scratch.file("empty")])
    #expect(empty.status == 65 && empty.errors.contains("ref_000310.png"), "\(empty.errors)")
    try writeStill(40, to: "likely.png")
    // Another frame's still, and one of another shape.
    try FileManager.default.createDirectory(
      atPath: scratch.file("wrong"), withIntermediateDirectories: true)
    try writeStill(40, to: "wrong/ref_000001.png")
    let wrong = try run(["--references", scratch.file("wrong")])
    #expect(
      wrong.status == 0 && wrong.errors.contains("does not look like frame 1"), "\(wrong.errors)")
    try ffmpeg(
      "-i", scratch.file("wrong/ref_000001.png"), "-vf", "crop=100:100", scratch.file("square.png"))
    try FileManager.default.moveItem(
      atPath: scratch.file("square.png"), toPath: scratch.file("wrong/ref_000002.png"))
    let square = try run(["--references", scratch.file("wrong")])
    #expect(
      square.status == 65 && square.errors.contains("a different aspect ratio"), "\(square.errors)")
    for (text, said) in [
      ("shots: [{at: 0, hints: [{at: [0.5, 0.5], color: \"#ffffff\"}]}]", "has no 'frame'"),
      ("shots: [{at: 0, hints: [{frame: 1, at: [0.5, 1.5], color: \"#ffffff\"}]}]", "0…1"),
      ("shots: [{at: 0, hints: [{frame: 1, at: [0.5, 0.5], color: green}]}]", "#rrggbb"),
      ("shots: [{at: 0, hints: {}}]", "not a list"),
      ("shots: [{at: 0, references: [nowhere.png]}]", "nowhere.png"),
      ("shots: [{at: 0, references: [{frame: 1}]}]", "has no 'picture'"),
      ("shots: [{at: 0, references: [{picture: likely.png, swatches: []}]}]", "no 'frame'"),
      (
        "shots: [{at: 0, references: [{picture: likely.png, frame: 1, swatches: []}]}]", "are empty"
      ),
      (
        "shots: [{at: 0, references: [{picture: likely.png, frame: 1, "
          + "swatches: [{target: [0, 0, 1, 2], reference: [0, 0, 1, 1]}]}]}]", "in 0…1"
      ),
    ] {
      let fault = try run(["--shots", try shots(text)])
      #expect([65, 66].contains(fault.status), "\(text): \(fault.errors)")
      #expect(
        fault.errors.contains(said) && fault.errors.contains("line 1"), "\(text): \(fault.errors)")
    }
    // A still that is none, ahead of the frames that are made.
    try Data("no picture".utf8).write(
      to: URL(fileURLWithPath: scratch.file("wrong/ref_000002.png")))
    let broken = try run(["--references", scratch.file("wrong")])
    #expect(
      broken.status == 65 && broken.errors.contains("ref_000002.png"), "\(broken.errors)")
    // A hint against a reference.
    let folder = try writeStills([1])
    let list = try shots(
      "shots: [{at: 0, hints: [{frame: 1, at: [0.5, 0.5], color: \"#ff00ff\"}]}]")
    let conflict = try run(["--references", folder, "--shots", list])
    #expect(
      conflict.status == 0 && conflict.errors.contains("contradict each other"),
      "\(conflict.errors)")
  }
}
