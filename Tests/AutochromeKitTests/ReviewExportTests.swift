import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// The page for a client: what stands on it, and what becomes of the file.
@Suite(.serialized) struct ReviewExportTests {
  private let scratch: TemporaryFolder
  private let film: SampleFilm

  private static let shots = """
    film: {name: "film.mkv", frames: 48, fingerprint: none}
    look: {warmth: -2}
    shots:
      - at: 0:00:00.000
        flags: [unsure, brown]
        look: {warmth: 5, hues: {red: 0, green: 2}}
        state: accepted
      - at: 0:00:03.500
        flags: [drift]
        hints:
          - {frame: 30, at: [0.3, 0.6], color: "#3050c0"}
          - {frame: 30, stroke: [[0.5, 0.2], [0.8, 0.3]], color: "#c03030"}
        note: |
          The coat was <b>red</b> & "warm".
          Ask again.
      - {at: "#36", like: 1}

    """

  init() throws {
    scratch = try TemporaryFolder()
    film = smallFilm()
    try writeClip(film, frames: 0..<film.frameCount, to: scratch.file("film.mkv"))
    try write(Self.shots)
  }

  private func write(_ shots: String) throws {
    try shots.write(toFile: scratch.file("film.shots.yaml"), atomically: true, encoding: .utf8)
  }

  private static let options = ["--model", "autochrome-fast", "--size", "64"]

  private func export(_ page: String = "page.html", _ more: [String] = []) throws -> (
    status: Int32, output: Data, errors: String
  ) {
    try runProgram(
      ["review", scratch.file("film.mkv"), "--export", scratch.file(page)] + Self.options + more)
  }

  private func page(_ name: String = "page.html") throws -> String {
    try String(contentsOfFile: scratch.file(name), encoding: .utf8)
  }

  /// The pictures of a page, before and after in turns.
  private func pictures(of page: String) throws -> [Picture] {
    let parts = page.components(separatedBy: "src=\"data:image/jpeg;base64,").dropFirst()
    return try parts.enumerated().map { index, part in
      let jpeg = try #require(Data(base64Encoded: String(part.prefix { $0 != "\"" })))
      let path = scratch.file("picture-\(index).jpg")
      try jpeg.write(to: URL(fileURLWithPath: path))
      defer { unlink(path) }
      return try #require(try MediaSource.open(path).nextFrame()).picture
    }
  }

  /// What a part of the page says, without its tags.
  private func words(_ html: some StringProtocol) -> String {
    String(html).replacing(/<[^>]*>/, with: "").replacing(/\s+/, with: " ")
  }

  /// How far the codes of two pictures lie apart in R′G′B′: the mean, and the largest mean of a channel with its sign.
  private func difference(_ one: Thumbnail, _ other: Thumbnail) -> (mean: Double, bias: Double) {
    guard one.width == other.width, one.height == other.height else {
      return (.infinity, .infinity)
    }
    let area = Double(one.width * one.height)
    let channels = zip(one.rgb, other.rgb).map { zip($0, $1).map { Int($0) - Int($1) } }
    return (
      Double(channels.joined().reduce(0) { $0 + abs($1) }) / (3 * area),
      channels.map { abs(Double($0.reduce(0, +))) / area }.max() ?? 0
    )
  }

  // MARK: - What stands on it

  @Test func itShowsEachShotBeforeAndAfter() throws {
    let run = try export()
    #expect(run.status == 0 && run.output.isEmpty, "\(run.errors)")
    #expect(run.errors.contains("page.html: 3 shots, 0."))
    let pictures = try pictures(of: page())
    try #require(pictures.count == 6)
    let settings = try settings {
      $0.model = "autochrome-fast"
      $0.size = 64
      $0.shots = scratch.file("film.shots.yaml")
    }
    let path = scratch.file("film.mkv")
    let reader = try FilmReader(frames: 48) { try MediaSource.open(path) }
    let preview = try ShotPreview(settings: settings, info: reader.info) { Issue.record("\($0)") }
    let document = try ShotsDocument(contentsOf: scratch.file("film.shots.yaml"))
    // The middle, the frame of the hints, the middle.
    for (shot, number) in [10, 30, 42].enumerated() {
      let frame = try reader.frame(number)
      let (before, after) = (pictures[2 * shot], pictures[2 * shot + 1])
      #expect(before.width == 208 && before.height == 120)
      let source = try Thumbnail(color: frame.picture)
      let apart = difference(try Thumbnail(color: before), source)
      // Grain costs JPEG some codes, and shifts none.
      #expect(apart.mean < 4 && apart.bias < 0.5, "\(shot): \(apart)")
      let format = OutputFormat(pictureFormat: .yuv444(8), color: frame.picture.color)
      let colored = try preview.color(
        frame, in: document.excerpt(of: shot, with: ShotEdit()), as: format
      ).picture
      let expected = try Thumbnail(color: colored)
      let colorsApart = difference(try Thumbnail(color: after), expected)
      #expect(colorsApart.mean < 6 && colorsApart.bias < 1, "\(shot): \(colorsApart)")
      // It tells color from gray.
      #expect(difference(source, expected).mean > 2 * colorsApart.mean, "\(shot)")
    }
  }

  /// The same as FFmpeg makes of it.
  @Test func largePicturesAreMadeSmaller() throws {
    try ffmpeg(
      words:
        "-i \(scratch.file("film.mkv")) -vf scale=864:486 -c:v ffv1 -pix_fmt yuv420p -frames:v 3",
      scratch.file("large.mkv"))
    try "shots: [0]".write(
      toFile: scratch.file("large.shots.yaml"), atomically: true, encoding: .utf8)
    let run = try runProgram(
      ["review", scratch.file("large.mkv"), "--export", scratch.file("page.html")] + Self.options)
    #expect(run.status == 0, "\(run.errors)")
    let shown = try pictures(of: page())[0]
    #expect(shown.width == 640 && shown.height == 360)
    try ffmpeg(
      words: "-ss 0.1666 -i \(scratch.file("large.mkv")) -vf scale=640:360:flags=area -frames:v 1",
      scratch.file("small.y4m"))
    let expected = try #require(try readFrames(scratch.file("small.y4m")).first).picture
    let apart = difference(
      try Thumbnail(gray: shown), try Thumbnail(gray: expected))
    #expect(apart.mean < 2 && apart.bias < 0.5, "\(apart)")
  }

  @Test func itSaysWhatBecameOfTheShots() throws {
    #expect(try export().status == 0)
    let page = try page()
    let parts = page.components(separatedBy: "<section ")
    try #require(parts.count == 4)
    let head = words(parts[0].components(separatedBy: "</head>")[1])
    for sentence in [
      "The film lasts 8.0 seconds and has 3 shots. 1 of them is accepted, 2 are not yet.",
      "0:08 48 frames at 6 per second.", "1 of 3 A person looked at these shots",
      "3 of 3 A person changed the program's colors, with 1 color point and 1 brush stroke.",
      "1 of 3 The program asks for a second look", "Set for the whole film: cooler by 2 of 20.",
      "Still flagged (1)", "Corrected by hand (3)", "Not accepted yet (2)",
    ] {
      #expect(head.contains(sentence), "\(sentence): \(head)")
    }
    for (part, sentences) in [
      (
        1,
        [
          "Shot 1 Accepted From 0:00:00.000, 3.5 seconds, 21 frames. Shown: frame 10.",
          "unsure The program is not sure", "brown Nearly all",
          "Its look was set by hand: warmer by 5 of 20, no red, more green.",
        ]
      ),
      (
        2,
        [
          "Shot 2 Needs a second look From 0:00:03.500, 2.5 seconds, 15 frames. Shown: frame 30.",
          "drift The colors at the beginning",
          "Colors were given by hand at 1 point and along 1 brush stroke of frame 30.",
          "The coat was &lt;b&gt;red&lt;/b&gt; &amp; &quot;warm&quot;. Ask again.",
        ]
      ),
      (
        3,
        [
          "Shot 3 Not accepted yet From 0:00:06.000, 2.0 seconds, 12 frames. Shown: frame 42.",
          "It looks like shot 1: warmer by 5 of 20, no red, more green.",
        ]
      ),
    ] {
      let said = words(parts[part].replacing(/src="[^"]*"/, with: ""))
      for sentence in sentences { #expect(said.contains(sentence), "\(sentence): \(said)") }
    }
    #expect(!parts[3].contains("<h3>Flags</h3>") && !parts[3].contains("<h3>Note</h3>"))
    #expect(parts[2].hasPrefix("class=\"shot open corrected waiting\" id=\"shot-2\""))
  }

  /// Each flag that `plan` sets has a sentence, what others write stands as text.
  @Test func flagsStatesAndNotesMayBeAnything() throws {
    let flags = ShotSurvey.Flag.allCases.map(\.rawValue).joined(separator: ", ")
    try write(
      """
      shots:
        - {at: 0, flags: [\(flags)], color: keep}
        - {at: "#10", flags: "mine", state: {who: Ann}, note: 12}
        - {at: "#20", flags: [{a: 1}], state: later, note: [a, b], palette: film.mkv}
        - {at: "#30", state: ~, note: "", references: [film.mkv], look: {}}
      """)
    let run = try export()
    #expect(run.status == 0, "\(run.errors)")
    let parts = try page().replacing(/src="[^"]*"/, with: "").components(separatedBy: "<section ")
    try #require(parts.count == 5)
    #expect(
      words(parts[0]).contains("1 of 4 These shots were already in color and keep their colors."))
    #expect(words(parts[0]).contains("with 1 reference picture."))
    let said = words(parts[1])
    #expect(parts[1].components(separatedBy: "<li>").count == 1 + ShotSurvey.Flag.allCases.count)
    #expect(!said.contains(/<li><b>\w+<\/b> <\/li>/))
    #expect(said.contains("It keeps its original colors."))
    #expect(words(parts[2]).contains("{who: Ann}") && words(parts[2]).contains("Note 12"))
    #expect(words(parts[2]).contains("mine"))
    #expect(words(parts[3]).contains("later") && words(parts[3]).contains("[a, b]"))
    #expect(words(parts[4]).contains("Not accepted yet"))
  }

  @Test func whatOthersWriteIsText() throws {
    try write(
      #"""
      shots:
        - at: 0
          flags: ["<script>alert(1)</script>"]
          state: "\"><img src=x onerror=alert(1)>"
          note: "</p></section><script>alert(1)</script>\e[31m\0'\u202e"
      """#)
    try HostileNames.forEach(of: scratch.file("film.mkv")) {
      // As the shell gives it: what is no UTF-8 stays bytes.
      let run = try runProgram(
        [
          "-c",
          "cd \"$1\" && for film in *.mkv; do exec \"$0\" review --export page.html --overwrite --model "
            + "autochrome-fast --size 64 --shots film.shots.yaml -- \"$film\"; done",
          builtURL("autochrome").path, scratch.path,
        ], tool: "/bin/sh")
      #expect(run.status == 0, "\(run.errors)")
      let page = try page()
      #expect(page.components(separatedBy: "<script>").count == 2)
      #expect(page.components(separatedBy: "<img ").count == 3)
      #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
      for hidden in ["\u{1B}", "\0", "\u{202E}"] { #expect(!page.contains(hidden)) }
      #expect(page.contains("<h1>caf") || page.contains("<h1>&lt;script&gt;"))
    }
  }

  /// It loads nothing: its policy allows pictures in addresses, and the style and script that stand in it.
  @Test func itNeedsNothingElse() throws {
    #expect(try export().status == 0)
    let page = try page()
    #expect(
      !page.replacing(/http:..www.w3.org.2000.svg/, with: "").contains("://")
        && !page.contains("<link"))
    let policy = try #require(page.firstMatch(of: /Content-Security-Policy" content="([^"]*)"/)).1
    for (tag, rule) in [("style", "style-src"), ("script", "script-src")] {
      let text = try #require(
        page.components(separatedBy: "<\(tag)>").last?.components(separatedBy: "</\(tag)>").first)
      try text.write(toFile: scratch.file("text"), atomically: true, encoding: .utf8)
      let sum = try run(
        "sh", ["-c", "openssl dgst -sha256 -binary '\(scratch.file("text"))' | base64"])
      let wanted = String(decoding: sum, as: UTF8.self).trimmingCharacters(in: .newlines)
      #expect(policy.contains("\(rule) 'sha256-\(wanted)'"), "\(tag)")
    }
    #expect(policy.hasPrefix("default-src 'none'; img-src data:; "))
    #expect(!page.contains("style=\"") && !page.contains("onclick"))
  }

  private static let hasBrowser = ["chromium-headless-shell", "chromium"].contains {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
  }

  /// On a screen and a phone, with and without its script, by mouse and keys.
  @Test(.enabled(if: hasBrowser, "there is no Chromium; 'make deps' installs it"))
  func itWorksInABrowser() throws {
    #expect(try export().status == 0)
    let script =
      checkoutURL
      .appending(path: "Benchmarks/clientpage.py").path
    let run = try runProgram([script, scratch.file("page.html")], tool: "python3")
    #expect(run.status == 0, "\(run.errors)")
  }

  // MARK: - What becomes of the file

  @Test func itIsTheSameWhateverTheThreads() throws {
    #expect(try export("one.html", ["--threads", "1"]).status == 0)
    #expect(try export("three.html", ["--threads", "3"]).status == 0)
    #expect(try page("one.html") == page("three.html"))
  }

  @Test func nothingIsReplacedUnasked() throws {
    try "mine".write(toFile: scratch.file("page.html"), atomically: true, encoding: .utf8)
    let run = try export()
    #expect(run.status == ExitStatus.cannotCreate.rawValue, "\(run.errors)")
    #expect(run.errors.contains("--overwrite"))
    #expect(try page() == "mine")
    #expect(try export("page.html", ["--overwrite"]).status == 0)
    #expect(try page().hasPrefix("<!DOCTYPE html>"))
    #expect(scratch.names == ["film.mkv", "film.shots.yaml", "page.html"])
  }

  @Test func whatIsReadIsNeverReplaced() throws {
    let all = try ["film.mkv", "film.shots.yaml"].map {
      ($0, try Data(contentsOf: URL(fileURLWithPath: scratch.file($0))))
    }
    #expect(link(scratch.file("film.mkv"), scratch.file("other.html")) == 0)
    #expect(symlink("film.shots.yaml", scratch.file("link.html")) == 0)
    for name in ["film.mkv", "film.shots.yaml", "other.html", "link.html"] {
      let run = try export(name, ["--overwrite"])
      #expect(run.status == ExitStatus.usage.rawValue, "\(name): \(run.errors)")
      #expect(run.errors.contains(name))
    }
    for (name, bytes) in all {
      #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.file(name))) == bytes, "\(name)")
    }
  }

  @Test func whatIsStoppedLeavesNothing() throws {
    // Many shots, so that there is time to stop it.
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=1280x720:r=25 -c:v mjpeg -frames:v 300",
      scratch.file("long.mkv"))
    let shots = "shots:\n" + (0..<300).map { "  - \"#\($0)\"\n" }.joined()
    try shots.write(toFile: scratch.file("long.shots.yaml"), atomically: true, encoding: .utf8)
    let process = Process()
    process.executableURL = builtURL("autochrome")
    process.arguments =
      [
        "review", scratch.file("long.mkv"), "--export", scratch.file("page.html"), "--progress",
        "json", "--threads", "1",
      ] + Self.options
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    defer { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }
    var said = ""
    while !said.contains(/"framesDone":[1-9]/) {
      let more = errors.fileHandleForReading.readMore()
      try #require(!more.isEmpty, "\(said)")
      said += String(decoding: more, as: UTF8.self)
    }
    // It is on the way under its hidden name.
    #expect(scratch.names.contains(".page.html.partial"))
    kill(process.processIdentifier, SIGINT)
    said += String(decoding: errors.fileHandleForReading.readToTheEnd(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == ExitStatus.interrupted.rawValue, "\(said)")
    #expect(scratch.names == ["film.mkv", "film.shots.yaml", "long.mkv", "long.shots.yaml"])
  }

  @Test func aFilmThatEndsEarlyIsShownAsFarAsItGoes() throws {
    try write(Self.shots + "  - \"#100\"\n")
    let run = try export("page.html", ["--progress", "json"])
    #expect(run.status == ExitStatus.badData.rawValue)
    #expect(run.errors.contains("1 shot of") && run.errors.contains("no picture"))
    let page = try page()
    #expect(try pictures(of: page).count == 6)
    #expect(page.contains("Frame 100 of the film is missing or damaged"))
    var finished = 0
    for line in run.errors.split(separator: "\n") {
      guard let made = try JSONValue(Data(line.utf8))["finished"] else { continue }
      finished += 1
      #expect(made["shown"] == .number(4) && made["withoutPicture"] == .number(1))
      #expect(made["bytes"] == .number(Double(page.utf8.count)))
    }
    #expect(finished == 1)
  }

  @Test func whatDoesNotGoTogetherIsRefused() throws {
    for (options, says) in [
      (["--export", scratch.file("page.html"), "--port", "8123"], "--port"),
      (["--export", scratch.file("page.html"), "--no-open"], "--no-open"),
      (["--overwrite"], "--export"),
    ] {
      let run = try runProgram(["review", scratch.file("film.mkv")] + options)
      #expect(run.status == ExitStatus.usage.rawValue && run.errors.contains(says), "\(options)")
    }
    let none = try runProgram([
      "review", scratch.file("film.mkv"), "--export", scratch.file("page.html"), "--shots",
      scratch.file("none.yaml"),
    ])
    #expect(none.status == ExitStatus.noInput.rawValue && none.errors.contains("autochrome plan"))
    #expect(scratch.names == ["film.mkv", "film.shots.yaml"])
  }
}
