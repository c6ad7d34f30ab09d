import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// The page in the browser: what the server answers, and what it refuses.
@Suite(.serialized) struct ReviewTests {
  private let scratch: TemporaryFolder

  private static let shots = """
    # Of the sample film.
    film: {name: "film.mkv", frames: 48, fingerprint: none}
    look: {}
    shots:
      - at: 0:00:00.000  # 1, frame 0
        flags: [unsure]
      # The second.
      - at: 0:00:03.500  # 2, frame 21
        note: dim
      - {at: "#36", like: 1}

    """

  init() throws {
    scratch = try TemporaryFolder()
    let film = smallFilm()
    try writeClip(film, frames: 0..<film.frameCount, to: scratch.file("film.mkv"))
    try Self.shots.write(
      toFile: scratch.file("film.shots.yaml"), atomically: true, encoding: .utf8)
  }

  private func program(_ name: String = "film.mkv", _ arguments: [String] = []) throws
    -> ReviewProgram
  {
    try ReviewProgram(
      [scratch.file(name), "--model", "autochrome-fast", "--size", "64"] + arguments)
  }

  private var written: String {
    get throws { try String(contentsOfFile: scratch.file("film.shots.yaml"), encoding: .utf8) }
  }

  @Test func itTellsTheShotsAndShowsThem() throws {
    let program = try program()
    let film = try program.film()
    #expect(film["name"] == .string("film.mkv"))
    #expect(film["frames"] == .number(48) && film["width"] == .number(208))
    guard case .array(let shots)? = film["shots"] else {
      throw ToolFailure(description: "no shots")
    }
    func number(_ key: String) -> [JSONValue?] {
      shots.map { if case .object(let shot) = $0 { shot[key] } else { nil } }
    }
    #expect(number("frame") == [.number(0), .number(21), .number(36)])
    #expect(number("frames") == [.number(21), .number(15), .number(12)])
    let source = try program.ask("GET", "/source?frame=30")
    #expect(source.status == 200 && source.headers["content-type"] == "image/jpeg")
    let gray = try picture(source.body)
    #expect(gray.width == 208 && gray.height == 120)
    let plain = try program.ask("POST", "/preview", #"{"shot": 1, "frame": 30}"#)
    let pale = try program.ask(
      "POST", "/preview", #"{"shot": 1, "frame": 30, "edit": {"look": {"saturation": 0}}}"#)
    #expect(plain.status == 200 && pale.status == 200)
    #expect(try chroma(plain.body) > 4 && chroma(pale.body) < 1)
    // Nothing of that was written.
    #expect(try written == Self.shots)
    let certainty = try program.ask("POST", "/certainty", #"{"shot": 1, "frame": 30}"#).json()
    guard case .array(let places)? = certainty["values"],
      case .number(let width)? = certainty["width"], case .number(let height)? = certainty["height"]
    else { throw ToolFailure(description: "no certainty") }
    #expect(places.count == Int(width * height) && Set(places).count > 10)
    let small = try picture(program.ask("GET", "/thumbnail?shot=2").body)
    #expect(small.width == 160)
  }

  private func picture(_ jpeg: Data) throws -> Picture {
    let path = scratch.file("picture.jpg")
    try jpeg.write(to: URL(fileURLWithPath: path))
    return try #require(try MediaSource.open(path).nextFrame()).picture
  }

  /// The mean distance of Cb and Cr from neutral, in codes.
  private func chroma(_ jpeg: Data) throws -> Double {
    let picture = try picture(jpeg)
    var sum = 0.0
    for plane in picture.planes[1...2] {
      for y in 0..<plane.height {
        for x in 0..<plane.width { sum += abs(Double(plane[x, y]) - 128) }
      }
    }
    return sum / Double(2 * picture.planes[1].width * picture.planes[1].height)
  }

  @Test func whatIsChangedStandsInTheFileAndNothingElse() throws {
    let program = try program()
    for body in [
      ##"{"action": "edit", "shot": 1, "edit": {"hints": [{"frame": 30, "at": [0.5, 0.25], "color": "#5b6b3a"}]}}"##,
      #"{"action": "edit", "shot": 1, "edit": {"look": {"warmth": -3.5}, "state": "accepted"}}"#,
      #"{"action": "edit", "shot": 2, "edit": {"look": {"hues": {"red": 0.5}}}}"#,
    ] {
      #expect(try program.change(body).status == 200)
    }
    let expected = """
      # Of the sample film.
      film: {name: "film.mkv", frames: 48, fingerprint: none}
      look: {}
      shots:
        - at: 0:00:00.000  # 1, frame 0
          flags: [unsure]
        # The second.
        - at: 0:00:03.500  # 2, frame 21
          look: {warmth: -3.5}
          hints: [{frame: 30, at: [0.5, 0.25], color: "#5b6b3a"}]
          state: accepted
          note: dim
        - at: "#36"
          look: {hues: {red: 0.5}}
          like: 1

      """
    #expect(try written == expected)
    #expect(try program.change(#"{"action": "undo"}"#).status == 200)
    #expect(try program.change(#"{"action": "undo"}"#).status == 200)
    #expect(try !written.contains("accepted") && written.contains("#5b6b3a"))
    #expect(try program.change(#"{"action": "redo"}"#).status == 200)
    #expect(try program.change(#"{"action": "redo"}"#).status == 200)
    #expect(try written == expected)
    // What would be wrong is refused in a sentence, and nothing is written.
    for (body, says) in [
      (#"{"action": "edit", "shot": 1, "edit": {"look": {"warmth": 99}}}"#, "warmth"),
      (#"{"action": "edit", "shot": 1, "edit": {"like": 77}}"#, "like: 77"),
      (#"{"action": "edit", "shot": 1, "edit": {"at": 3}}"#, "can't be changed"),
      (
        #"{"action": "edit", "shot": 1, "edit": {"references": ["/etc/passwd"]}}"#,
        "not a picture of these shots"
      ),
      (#"{"action": "edit", "shot": 9, "edit": {"state": "x"}}"#, "Shot 10 does not exist"),
      (
        #"{"action": "edit", "shot": 1, "edit": {"hints": [{"frame": 30, "at": [2, 0], "color": "red"}]}}"#,
        "hint"
      ),
      (#"{"action": "redo"}"#, "nothing to redo"),
    ] {
      let reply = try program.change(body)
      #expect((400..<500).contains(reply.status), "\(body)")
      #expect(String(decoding: reply.body, as: UTF8.self).contains(says), "\(body)")
    }
    #expect(try written == expected)
  }

  @Test func cutsAreAddedMovedAndRemoved() throws {
    let program = try program()
    #expect(
      try program.change(
        #"{"action": "edit", "shot": 1, "edit": {"hints": [{"frame": 22, "at": [0, 0], "color": [1, 2]}, {"frame": 33, "at": [1, 1], "color": [3, 4]}]}}"#
      ).status == 200)
    #expect(try program.change(#"{"action": "addCut", "frame": 30}"#).status == 200)
    #expect(
      try written.contains(
        """
          - at: 0:00:03.500  # 2, frame 21
            hints: [{frame: 22, at: [0, 0], color: [1, 2]}]
            note: dim
          - at: 0:00:05.000  # frame 30
            hints: [{frame: 33, at: [1, 1], color: [3, 4]}]
          - {at: "#36", like: 1}
        """))
    #expect(try program.change(#"{"action": "moveCut", "shot": 2, "frame": 33}"#).status == 200)
    #expect(try written.contains("- at: 0:00:05.500  # frame 33"))
    #expect(try program.change(#"{"action": "removeCut", "shot": 2}"#).status == 200)
    #expect(
      try written.contains(
        "hints: [{frame: 22, at: [0, 0], color: [1, 2]}, {frame: 33, at: [1, 1], color: [3, 4]}]"))
    #expect(try program.change(#"{"action": "moveCut", "shot": 1, "frame": 36}"#).status == 400)
    #expect(try program.change(#"{"action": "moveCut", "shot": 1, "frame": 0}"#).status == 400)
    #expect(try program.change(#"{"action": "removeCut", "shot": 0}"#).status == 400)
    #expect(try program.change(#"{"action": "addCut", "frame": 21}"#).status == 400)
    #expect(try program.change(#"{"action": "addCut", "frame": 4800}"#).status == 400)
  }

  // MARK: - Two pages

  @Test func twoPagesDontLoseEachOthersChanges() throws {
    let program = try program()
    let seen = try program.revision()
    let first = try program.change(
      #"{"action": "edit", "shot": 0, "edit": {"state": "accepted"}}"#, of: seen)
    #expect(first.status == 200 && first.headers["etag"] != "\"\(seen)\"")
    let second = try program.change(
      #"{"action": "edit", "shot": 1, "edit": {"state": "accepted"}}"#, of: seen)
    #expect(second.status == 409 && second.headers["etag"] == first.headers["etag"])
    #expect(try written.components(separatedBy: "accepted").count == 2)
    // The same where an editor was quicker.
    try (try written + "# By hand.\n").write(
      toFile: scratch.file("film.shots.yaml"), atomically: true, encoding: .utf8)
    let third = try program.change(
      #"{"action": "edit", "shot": 1, "edit": {"state": "accepted"}}"#,
      of: String(try #require(first.headers["etag"]).dropFirst().dropLast()))
    #expect(third.status == 409)
    #expect(
      try program.change(#"{"action": "edit", "shot": 1, "edit": {"state": "accepted"}}"#).status
        == 200)
    #expect(
      try written.hasSuffix("# By hand.\n")
        && written.components(separatedBy: "accepted").count == 3)
    #expect(
      try program.ask("POST", "/change", #"{"action": "undo"}"#).status == 428)
  }

  @Test func whatWasSavedSurvivesAKill() throws {
    for round in 0..<3 {
      let program = try program()
      let reply = try program.change(
        #"{"action": "edit", "shot": \#(round), "edit": {"state": "accepted"}}"#)
      kill(program.process.processIdentifier, SIGKILL)
      #expect(reply.status == 200)
      program.process.waitUntilExit()
      #expect(try written.components(separatedBy: "accepted").count == 2 + round)
      // Whole, and beside nothing that was left.
      _ = try ShotsDocument(contentsOf: scratch.file("film.shots.yaml"))
      #expect(scratch.names == ["film.mkv", "film.shots.yaml"])
    }
  }

  // MARK: - Security

  @Test func whoeverDoesNotKnowTheTokenIsRefused() throws {
    let program = try program()
    let wrong = String(repeating: "0", count: 64)
    let cookie = "autochrome-review-\(program.port)"
    for path in ["/", "/film", "/page.js", "/source?frame=0", "/nothing"] {
      for value in [
        nil, "\(cookie)=\(wrong)", "\(cookie)=", "autochrome-review-1=\(program.token)",
      ] {
        let reply = try program.ask("GET", path, headers: ["Cookie": value])
        #expect(reply.status == 403, "\(path) \(value ?? "")")
        #expect(!String(decoding: reply.body, as: UTF8.self).contains(program.token))
      }
    }
    #expect(try program.ask("GET", "/?token=\(wrong)", headers: ["Cookie": nil]).status == 403)
    #expect(
      try program.ask("GET", "/film?token=\(program.token)", headers: ["Cookie": nil]).status == 403
    )
    // The address that was printed sets the cookie, and the token leaves the address.
    let entered = try program.ask("GET", "/?token=\(program.token)", headers: ["Cookie": nil])
    #expect(entered.status == 303 && entered.headers["location"] == "/")
    #expect(
      entered.headers["set-cookie"]
        == "\(cookie)=\(program.token); Path=/; HttpOnly; SameSite=Strict")
    let page = try program.ask("GET", "/")
    #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
    #expect(page.headers["content-security-policy"]?.contains("default-src 'none'") == true)
    #expect(!String(decoding: page.body, as: UTF8.self).contains("://"))
  }

  @Test func otherHostsAndOriginsAreRefused() throws {
    let program = try program()
    for host in [
      "evil.example", "evil.example:\(program.port)", "127.0.0.1.evil.example",
      "localhost@evil.example", "127.0.0.1:80x", "",
    ] {
      #expect(try program.ask("GET", "/film", headers: ["Host": host]).status == 403, "\(host)")
    }
    // The other end of ssh -L has another port.
    #expect(try program.ask("GET", "/film", headers: ["Host": "localhost:9999"]).status == 200)
    let body = #"{"action": "edit", "shot": 0, "edit": {"state": "accepted"}}"#
    let revision = "\"\(try program.revision())\""
    for origin in [
      "http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1:\(program.port)",
    ] {
      let reply = try program.ask(
        "POST", "/change", body, headers: ["If-Match": revision, "Origin": origin])
      #expect(reply.status == 403, "\(origin)")
    }
    let site = try program.ask(
      "POST", "/change", body, headers: ["If-Match": revision, "Sec-Fetch-Site": "cross-site"])
    #expect(site.status == 403)
    // A websocket of another page; there is none of ours either.
    let upgrade: [String: String?] = [
      "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ]
    #expect(
      try program.ask(
        "GET", "/film", headers: upgrade.merging(["Origin": "http://evil.example"]) { $1 }
      )
      .status == 403)
    // A form of another page can send no JSON.
    #expect(
      try program.ask(
        "POST", "/change", body, headers: ["If-Match": revision, "Content-Type": "text/plain"]
      ).status == 415)
    #expect(try written == Self.shots)
    #expect(
      try program.ask(
        "POST", "/change", body,
        headers: ["If-Match": revision, "Origin": "http://127.0.0.1:\(program.port)"]
      ).status == 200)
  }

  @Test func nothingElseIsServed() throws {
    let program = try program()
    for path in [
      "/../film.shots.yaml", "/..%2ffilm.shots.yaml", "/%2e%2e/%2e%2e/etc/passwd", "/etc/passwd",
      "//etc/passwd", "/film.mkv", "/Assets/page.html", "/page.js/../page.css", "/page.js%00",
    ] {
      #expect(try program.ask("GET", path).status == 404, "\(path)")
    }
    for (path, status) in [
      ("/source?frame=48", 400), ("/source?frame=-1", 400),
      ("/source?frame=9999999999999999999", 400),
      ("/source", 400), ("/thumbnail?shot=3", 400),
    ] {
      #expect(try program.ask("GET", path).status == status, "\(path)")
    }
    for method in ["PUT", "DELETE", "OPTIONS", "HEAD"] {
      #expect(try program.ask(method, "/film").status == 405, "\(method)")
    }
    for body in ["", "{", "[]", #"{"action": "format"}"#, #"{"shot": 1e99, "frame": 0}"#] {
      #expect(try program.change(body).status == 400, "\(body)")
    }
  }

  @Test func largeUploadsAreRefused() throws {
    let program = try program()
    let head =
      "POST /change HTTP/1.1\r\nHost: 127.0.0.1:\(program.port)\r\n"
      + "Cookie: autochrome-review-\(program.port)=\(program.token)\r\n"
      + "Content-Type: application/json\r\nIf-Match: \"\(try program.revision())\"\r\n"
    let told = try program.send(
      raw: Data((head + "Content-Length: 10000000000\r\n\r\n{").utf8))
    #expect(told.status == 413)
    // One that does not say how much there is.
    var chunked = Data((head + "Transfer-Encoding: chunked\r\n\r\n").utf8)
    for _ in 0..<20 {
      chunked += Data("10000\r\n".utf8) + Data(repeating: 0x20, count: 0x10000) + Data("\r\n".utf8)
    }
    #expect(try program.send(raw: chunked + Data("0\r\n\r\n".utf8)).status == 413)
    #expect(try written == Self.shots)
    #expect(try program.film()["frames"] == .number(48))
  }

  @Test func namesAreShownAsText() throws {
    try HostileNames.forEach(of: scratch.file("film.mkv")) {
      // As the shell gives it: what is no UTF-8 stays bytes.
      let process = try ReviewProgram(
        tool: "/bin/sh",
        [
          "-c",
          "cd \"$1\" && for film in *.mkv; do exec \"$0\" review --no-open --model autochrome-fast --size 64 "
            + "--shots film.shots.yaml -- \"$film\"; done", builtURL("autochrome").path,
          scratch.path,
        ])
      guard case .string(let shown)? = try process.film()["name"] else {
        Issue.record("the film has no name")
        return
      }
      #expect(!shown.unicodeScalars.contains("\u{1B}"))
      #expect(shown.hasSuffix(".mkv") && (shown.contains("<script>") || shown.hasPrefix("caf")))
      let page = String(decoding: try process.ask("GET", "/").body, as: UTF8.self)
      #expect(!page.contains("alert(1)"))
      #expect(try process.ask("GET", "/source?frame=0").status == 200)
    }
  }

  // MARK: - Whole shots

  @Test func aShotIsPlayedAsTheFilmWillBe() throws {
    let program = try program()
    let hint = ##"{"frame": 30, "at": [0.5, 0.5], "color": "#c03030"}"##
    let (frames, end) = try program.reel(
      #"{"shot": 1, "edit": {"hints": [\#(hint)]}}"#)
    #expect(frames.map(\.number) == Array(21..<36) && end["isWhole"] == .bool(true))
    guard case .array(let reaches)? = end["reaches"] else {
      throw ToolFailure(description: "no reaches")
    }
    #expect(reaches.count == 1 && reaches.first?["frame"] == .number(30))
    let plain = try program.reel(#"{"shot": 1}"#)
    #expect(plain.frames.count == 15 && plain.end["reaches"] == .array([]))
    // The hint is seen in frames that it is not given for.
    #expect(plain.frames[7].jpeg != frames[7].jpeg)
    // The same frame alone, in its own size, which is not more than the page plays.
    let one = try program.reel(#"{"shot": 1, "frame": 28, "edit": {"hints": [\#(hint)]}}"#)
    #expect(one.frames.count == 1 && one.frames.first?.number == 28)
    #expect(one.frames.first?.jpeg == frames[7].jpeg)
    let wrong = try program.reel(#"{"shot": 7}"#)
    guard case .string(let message)? = wrong.end["error"] else {
      throw ToolFailure(description: "no error")
    }
    #expect(wrong.frames.isEmpty && message.contains("Shot 8"))
    #expect(try written == Self.shots)
  }

  // MARK: - Rendering

  /// Waits until the rendering has ended.
  private func rendered(_ program: ReviewProgram) throws -> [String: JSONValue] {
    for _ in 0..<600 {
      let state = try program.ask("GET", "/render").json()
      if state["phase"] != .string("running") { return state }
      usleep(100_000)
    }
    throw ToolFailure(description: "the film is not rendered after a minute")
  }

  private func render(_ program: ReviewProgram, overwrite: Bool = false) throws
    -> ReviewProgram.Reply
  {
    try program.ask(
      "POST", "/render", #"{"overwrite": \#(overwrite)}"#,
      headers: ["If-Match": "\"\(try program.revision())\""])
  }

  /// The page and the command that it shows make the same film, also where a shot was changed in between.
  @Test func thePageRendersWhatTheCommandDoes() throws {
    let film = scratch.file("page.mkv")
    let options = ["--warmth=-3", "--hues", "red=0.5,blue=2", "--encoder-option", "tune=film"]
    let program = try program("film.mkv", ["-o", film] + options)
    #expect(try program.ask("GET", "/render").json()["phase"] == .string("idle"))
    #expect(try render(program).status == 200)
    #expect(try render(program).status == 400, "it runs already")
    var state = try rendered(program)
    #expect(state["phase"] == .string("done") && state["exists"] == .bool(true))
    let before = try Data(contentsOf: URL(fileURLWithPath: film))
    #expect(
      try program.change(
        ##"{"action": "edit", "shot": 1, "edit": {"look": {"saturation": 0.5}, "hints": [{"frame": 30, "at": [0.5, 0.5], "color": "#c03030"}]}}"##
      ).status == 200)
    // What lies there is replaced only where that was wanted.
    #expect(try render(program).status == 200)
    state = try rendered(program)
    #expect(state["phase"] == .string("failed") && "\(state)".contains("overwrite"))
    #expect(try Data(contentsOf: URL(fileURLWithPath: film)) == before)
    #expect(try render(program, overwrite: true).status == 200)
    state = try rendered(program)
    guard case .string(let message)? = state["message"] else {
      throw ToolFailure(description: "no message")
    }
    #expect(message == "48 frames, 33 of them rendered before.")
    guard case .string(let command)? = try program.film()["command"] else {
      throw ToolFailure(description: "no command")
    }
    let headless = command.replacing(film, with: scratch.file("command.mkv"))
    #expect(headless.hasPrefix("autochrome "))
    let run = try runProgram(
      ["-c", builtURL("autochrome").path + headless.dropFirst("autochrome".count)], tool: "sh")
    #expect(run.status == 0, "\(run.errors)")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: film))
    #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: scratch.file("command.mkv"))))
    #expect(bytes != before)
    // Another revision than the one that is there is not rendered.
    let old = try program.ask(
      "POST", "/render", "{}", headers: ["If-Match": "\"0000\""])
    #expect(old.status == 409)
  }

  @Test func aRenderingThatIsStoppedGoesOn() throws {
    let sample = smallFilm()
    let pictures = (0..<48).map { SampleClip.picture(sample.render(frame: $0)) }
    try writeClip(
      sample, pictures: (0..<30).flatMap { _ in pictures }, to: scratch.file("long.mkv"))
    try "shots: [0]\n".write(
      toFile: scratch.file("long.shots.yaml"), atomically: true, encoding: .utf8)
    let film = scratch.file("page.mkv")
    let arguments = [scratch.file("long.mkv"), "-o", film, "--model", "autochrome-fast"]
    let program = try ReviewProgram(arguments)
    #expect(try render(program).status == 200)
    for _ in 0..<300 {
      let state = try program.ask("GET", "/render").json()
      if case .number(let done)? = state["progress"]?["framesDone"], done > 60 { break }
      usleep(20_000)
    }
    #expect(try program.ask("POST", "/render/stop", "{}").status == 200)
    let state = try rendered(program)
    #expect(state["phase"] == .string("stopped"), "\(state)")
    #expect(!FileManager.default.fileExists(atPath: film))
    // What ends the server ends the run too, and loses nothing.
    #expect(try render(program).status == 200)
    usleep(300_000)
    kill(program.process.processIdentifier, SIGTERM)
    program.process.waitUntilExit()
    #expect(program.process.terminationStatus == 0)
    let again = try ReviewProgram(arguments)
    #expect(try render(again).status == 200)
    #expect(try rendered(again)["phase"] == .string("done"))
    #expect(try readFrames(film).count == 30 * 48)
  }

  // MARK: - References

  private func upload(
    _ bytes: Data, called name: String, to program: ReviewProgram, type: String = "image/png"
  ) throws -> ReviewProgram.Reply {
    let head =
      "POST /reference?name=\(name) HTTP/1.1\r\nHost: 127.0.0.1:\(program.port)\r\n"
      + "Cookie: autochrome-review-\(program.port)=\(program.token)\r\nConnection: close\r\n"
      + "Content-Type: \(type)\r\nContent-Length: \(bytes.count)\r\n\r\n"
    return try program.send(raw: Data(head.utf8) + bytes)
  }

  @Test func aPictureThatIsDroppedBecomesAReference() throws {
    let program = try program()
    let jpeg = try program.ask(
      "POST", "/preview", #"{"shot": 1, "frame": 30, "edit": {"look": {"warmth": 20}}}"#
    ).body
    let first = try upload(
      jpeg, called: "..%2F..%2Fref_000030%20%22x%22.jpg", to: program, type: "image/jpeg")
    #expect(try first.json()["picture"] == .string("film.references/ref-000030-x.jpg"))
    let kept = scratch.file("film.references/ref-000030-x.jpg")
    #expect(try Data(contentsOf: URL(fileURLWithPath: kept)) == jpeg)
    // The same once more is the same; another one of that name is another one.
    #expect(
      try upload(jpeg, called: "ref-000030-x.jpg", to: program, type: "image/jpeg").json()[
        "picture"]
        == .string("film.references/ref-000030-x.jpg"))
    let other = try program.ask("POST", "/preview", #"{"shot": 0, "frame": 3}"#).body
    #expect(
      try upload(other, called: "ref-000030-x.jpg", to: program, type: "image/jpeg").json()[
        "picture"]
        == .string("film.references/ref-000030-x-2.jpg"))
    let edit =
      #"{"action": "edit", "shot": 1, "edit": {"references": [{"frame": 30, "picture": "film.references/ref-000030-x.jpg"}]}}"#
    #expect(try program.change(edit).status == 200)
    #expect(
      try written.contains(
        "    references: [{frame: 30, picture: film.references/ref-000030-x.jpg}]\n"))
    let plain = try program.ask(
      "POST", "/preview", #"{"shot": 1, "frame": 30, "edit": {"references": null}}"#)
    let guided = try program.ask("POST", "/preview", #"{"shot": 1, "frame": 30}"#)
    #expect(try chroma(guided.body) > chroma(plain.body) + 1)
  }

  @Test func otherPicturesAreNotTaken() throws {
    let program = try program()
    let secret = scratch.file("secret.jpg")
    try program.ask("GET", "/source?frame=3").body.write(to: URL(fileURLWithPath: secret))
    for picture in [secret, "secret.jpg", "../secret.jpg", "film.references/../secret.jpg"] {
      let edit = #"{"references": ["\#(picture)"]}"#
      let change = try program.change(#"{"action": "edit", "shot": 1, "edit": \#(edit)}"#)
      let preview = try program.ask(
        "POST", "/preview", #"{"shot": 1, "frame": 30, "edit": \#(edit)}"#)
      #expect(change.status == 400 && preview.status == 400, "\(picture)")
      #expect(try program.reel(#"{"shot": 1, "edit": \#(edit)}"#).end["error"] != nil)
    }
    #expect(
      try upload(Data("#EXTM3U\n/etc/passwd\n".utf8), called: "a.png", to: program).status == 422)
    // What has no color has none to give.
    let gray = try upload(
      Data(contentsOf: URL(fileURLWithPath: secret)), called: "a.jpg", to: program,
      type: "image/jpeg")
    #expect(gray.status == 422)
    #expect(String(decoding: gray.body, as: UTF8.self).contains("has no color"))
    #expect(try upload(Data([0x89, 0x50, 0x4E, 0x47]), called: "a.png", to: program).status == 422)
    #expect(
      try upload(Data([0x89]), called: "a.png", to: program, type: "text/plain").status == 415)
    let head =
      "POST /reference?name=a.png HTTP/1.1\r\nHost: 127.0.0.1:\(program.port)\r\n"
      + "Cookie: autochrome-review-\(program.port)=\(program.token)\r\n"
      + "Content-Type: image/png\r\nContent-Length: 10000000000\r\n\r\n"
    #expect(try program.send(raw: Data(head.utf8)).status == 413)
    let left =
      (try? FileManager.default.contentsOfDirectory(atPath: scratch.file("film.references"))) ?? []
    #expect(left.isEmpty)
    #expect(try written == Self.shots)
  }

  // MARK: - In a browser

  private static let hasBrowser = ["chromium-headless-shell", "chromium"].contains {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
  }

  /// By mouse and keys: finds the flagged shot, gives two hints, moves a dial, accepts. The script compares the shots
  /// file with that, and fails where the page complains.
  @Test(.enabled(if: hasBrowser, "there is no Chromium; 'make deps' installs it"))
  func aShotIsCorrectedInABrowser() throws {
    let script =
      checkoutURL
      .appending(path: "Benchmarks/review.py").path
    let run = try runProgram(
      [
        script, "--render", builtURL("autochrome").path, scratch.file("film.mkv"), "--", "--model",
        "autochrome-fast", "--size", "64",
      ], tool: "python3")
    #expect(run.status == 0, "\(run.errors)")
    let figures = try JSONValue(run.output)
    for name in ["warmth", "hint", "hint, whole shot", "frame"] {
      #expect(figures["milliseconds"]?[name]?["count"] != nil, "\(name)")
    }
  }

  // MARK: - Starting

  @Test func withoutAShotsFileItSaysHowToMakeOne() throws {
    let run = try runProgram([
      "review", "--no-open", scratch.file("film.mkv"), "--shots", scratch.file("none.yaml"),
    ])
    #expect(run.status == ExitStatus.noInput.rawValue)
    #expect(run.errors.contains("autochrome plan") && run.errors.contains("none.yaml"))
    let pipe = try runProgram(["review", "-"])
    #expect(pipe.status == ExitStatus.usage.rawValue && pipe.errors.contains("pipe"))
  }
}
