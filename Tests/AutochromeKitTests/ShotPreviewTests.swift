import AutochromeKit
import Foundation
import Imaging
import Locking
import Media
import SampleFilm
import TestSupport
import Testing

/// Single frames, colored as a job colors them.
@Suite struct ShotPreviewTests {
  private let scratch: TemporaryFolder
  private let film = smallFilm()

  init() throws {
    scratch = try TemporaryFolder()
    try writeClip(film, frames: 0..<film.frameCount, to: scratch.file("film.mkv"))
  }

  private func settings(_ shots: String) throws -> Settings {
    try AutochromeKitTests.settings {
      $0.model = "autochrome-fast"
      $0.size = 64
      $0.stability = 0
      $0.shots = shots
    }
  }

  private func open() throws -> FilmReader {
    let path = scratch.file("film.mkv")
    return try FilmReader(frames: film.frameCount) { try MediaSource.open(path) }
  }

  /// Of shots that are not steadied, and for which nothing is given but for one frame.
  @Test func aFrameIsThatOfTheFilm() throws {
    let shots = scratch.file("film.shots.yaml")
    try """
    shots:
      - {at: 0, look: {warmth: 5, hues: {red: 0.5}}}
      - at: "#21"
        look: {saturation: 1.4}
        hints:
          - {frame: 30, at: [0.3, 0.6], color: "#3050c0"}
          - {frame: 30, stroke: [[0.5, 0.2], [0.8, 0.3]], color: "#c03030"}
      - {at: "#36", like: 1}
    """.write(toFile: shots, atomically: true, encoding: .utf8)
    let settings = try settings(shots)
    let output = scratch.file("color.mkv")
    _ = try ColorizationJob(input: scratch.file("film.mkv"), output: output, settings: settings)
      .run { _ in }
    let rendered = try readFrames(output)
    let reader = try open()
    let preview = try ShotPreview(settings: settings, info: reader.info) { Issue.record("\($0)") }
    let document = try ShotsDocument(contentsOf: shots)
    // In an order that makes the reader seek, and the second time from what the network said before.
    for (number, shot) in [(40, 2), (30, 1), (3, 0), (47, 2), (30, 1), (20, 0), (3, 0)] {
      let picture = rendered[number].picture
      let colored = try preview.color(
        reader.frame(number), in: try document.excerpt(of: shot, with: ShotEdit()),
        as: OutputFormat(pictureFormat: picture.format, color: picture.color)
      ).picture
      for plane in 1...2 {
        #expect(
          colored.planes[plane].hasSameSamples(as: picture.planes[plane]),
          "frame \(number), plane \(plane)")
      }
    }
    // What is not written yet is shown as it would be.
    let plain = try document.excerpt(of: 1, with: ShotEdit(["hints": .nothing]))
    let picture = rendered[30].picture
    let without = try preview.color(
      reader.frame(30), in: plain,
      as: OutputFormat(pictureFormat: picture.format, color: picture.color)
    ).picture
    #expect(!without.planes[1].hasSameSamples(as: picture.planes[1]))
  }

  /// What is given for a shot that the frame's own is like comes from the film.
  @Test func aFrameTakesColorsFromTheShotThatItsOwnIsLike() throws {
    let shots = scratch.file("film.shots.yaml")
    try """
    shots:
      - {at: 0, hints: [{frame: 5, at: [0.3, 0.6], color: "#3050c0"}]}
      - {at: "#21", like: 1}
      - at: "#36"
    """.write(toFile: shots, atomically: true, encoding: .utf8)
    let settings = try settings(shots)
    let output = scratch.file("color.mkv")
    _ = try ColorizationJob(input: scratch.file("film.mkv"), output: output, settings: settings)
      .run { _ in }
    // The first frame of a shot has nothing before it.
    let rendered = try readFrames(output)[21].picture
    let reader = try open()
    let warnings = Locked<[String]>([])
    let preview = try ShotPreview(settings: settings, info: reader.info, film: reader) { text in
      warnings.withLock { $0.append(text) }
    }
    let document = try ShotsDocument(contentsOf: shots)
    func colored(_ edit: [String: ShotValue]) throws -> Picture {
      try preview.color(
        reader.frame(21), in: document.excerpt(of: 1, with: ShotEdit(edit)),
        as: OutputFormat(pictureFormat: rendered.format, color: rendered.color)
      ).picture
    }
    for plane in 1...2 {
      #expect(try colored([:]).planes[plane].hasSameSamples(as: rendered.planes[plane]))
    }
    let alone = try colored(["like": .nothing])
    #expect(!(1...2).allSatisfy { alone.planes[$0].hasSameSamples(as: rendered.planes[$0]) })
    // The two shots show different things, which is said once.
    #expect(warnings.withLock { $0.count } == 1)
    #expect(warnings.withLock { $0.first?.contains("resembles frame 5,") } == true)
  }

  @Test func framesAreFoundInAnyOrder() throws {
    let all = try readFrames(scratch.file("film.mkv"))
    let reader = try open()
    for number in [47, 0, 30, 29, 31, 46, 1, 47] {
      let frame = try reader.frame(number)
      #expect(frame.index == number)
      #expect(frame.picture.planes[0].hasSameSamples(as: all[number].picture.planes[0]))
    }
    #expect(throws: AutochromeError.self) { try reader.frame(48) }
    #expect(try reader.frame(5).picture.planes[0].hasSameSamples(as: all[5].picture.planes[0]))
    #expect(reader.number(at: 3.5) == 21 && reader.number(at: 3.501) == 22)
  }

  /// The rate varies: every third frame is shown for twice as long.
  @Test func framesAreFoundWhereTheRateVaries() throws {
    let path = scratch.file("varying.mkv")
    var info = SourceInfo(
      width: film.width, height: film.height, format: .yuv420(8), color: SampleClip.color,
      timeBase: Rational(1, 1000), frameRate: Rational(6, 1))
    info.fieldOrder = .progressive
    var options = SinkOptions()
    options.encoder = "ffv1"
    let sink = try MediaSink.open(path, source: info, options: options)
    var times: [Int64] = []
    for index in 0..<12 {
      times.append((times.last ?? -170) + (index % 3 == 1 ? 340 : 170))
      try sink.write(
        SourceElement(
          frame: Frame(
            index: index, picture: SampleClip.picture(film.render(frame: index)),
            presentationTime: times[index], duration: 170)))
    }
    try sink.finish()
    let all = try readFrames(path)
    // The packets tell when; of a film whose frames were counted otherwise, only decoding does.
    for (frames, isDecoded) in [(12, false), (5, true)] {
      var warnings: [String] = []
      let reader = try FilmReader(
        frames: frames, warn: { warnings.append($0) }, open: { try MediaSource.open(path) })
      #expect(warnings.isEmpty != isDecoded)
      for (number, time) in times.enumerated() {
        #expect(abs((reader.seconds(of: number) ?? -1) - Double(time) / 1000) < 1e-9)
      }
    }
    let reader = try FilmReader(frames: 12) { try MediaSource.open(path) }
    for number in [7, 2, 11, 0, 5] {
      let frame = try reader.frame(number)
      #expect(frame.index == number)
      #expect(frame.picture.planes[0].hasSameSamples(as: all[number].picture.planes[0]))
      #expect(reader.number(at: Double(times[number]) / 1000) == number)
    }
  }

  /// Keeps the frames that it takes, in the form of those that a film has.
  private final class Frames: FrameSink, @unchecked Sendable {
    private let output: OutputFormat
    var taken: [Frame] = []

    init(like picture: Picture) {
      output = OutputFormat(pictureFormat: picture.format, color: picture.color)
    }

    func outputFormat(for frame: Frame) -> OutputFormat { output }
    func write(_ element: SourceElement) { if let frame = element.frame { taken.append(frame) } }
    func finish() {}
    func finishEarly() -> String? { nil }
    func discard() {}
  }

  /// With all that motion brings along and the stabilizer makes of it.
  @Test func aReelIsThatPartOfTheFilm() throws {
    let shots = scratch.file("film.shots.yaml")
    try """
    shots:
      - {at: 0, look: {warmth: 5}}
      - at: "#21"
        hints:
          - {frame: 24, at: [0.3, 0.6], color: "#3050c0"}
          - {frame: 33, stroke: [[0.5, 0.2], [0.8, 0.3]], color: "#c03030"}
      - at: "#36"
        like: 2
        look: {stability: 0}
        hints: [{frame: 40, at: [0.4, 0.4], color: "#30c030"}]
    """.write(toFile: shots, atomically: true, encoding: .utf8)
    var settings = try settings(shots)
    settings.stability = 0.7
    let output = scratch.file("color.mkv")
    let report = try ColorizationJob(
      input: scratch.file("film.mkv"), output: output, settings: settings
    ).run { _ in }
    let rendered = try readFrames(output)
    let reader = try open()
    let preview = try ShotPreview(settings: settings, info: reader.info) { Issue.record("\($0)") }
    let reel = ShotReel(of: scratch.file("film.mkv"), reader: reader, preview: preview)
    let document = try ShotsDocument(contentsOf: shots)
    // The second time from what the network said the first time.
    for (shot, frames) in [(1, 21..<36), (0, 0..<21), (2, 36..<48), (1, 21..<36)] {
      let sink = Frames(like: rendered[0].picture)
      let result = try reel.color(
        frames, in: document.excerpt(of: shot, with: ShotEdit()), into: sink,
        interruption: AutochromeKit.Interruption(),
        // The last shot is like one that shows other things.
        warn: { if !$0.contains("resembles frame") { Issue.record("\($0)") } })
      #expect(result.isWhole && sink.taken.map(\.index) == Array(frames))
      for frame in sink.taken {
        let same = zip(frame.picture.planes, rendered[frame.index].picture.planes).allSatisfy {
          $0.hasSameSamples(as: $1)
        }
        #expect(same, "frame \(frame.index)")
      }
      #expect(result.reaches == report.given.filter { frames.contains($0.frame) })
    }
    // A part that goes beyond the end of the film ends with it.
    let sink = Frames(like: rendered[0].picture)
    let rest = try reel.color(
      36..<60, in: document.excerpt(of: 2, with: ShotEdit()), into: sink,
      interruption: AutochromeKit.Interruption(), warn: { _ in })
    #expect(rest.isWhole && sink.taken.count == 12)
    // Stopped before it began, it gives nothing, and says so.
    let stopped = AutochromeKit.Interruption()
    stopped.request()
    let none = try reel.color(
      0..<21, in: document.excerpt(of: 0, with: ShotEdit()), into: sink, interruption: stopped,
      warn: { _ in })
    #expect(!none.isWhole && sink.taken.count == 12)
  }

  /// Frames that were kept are those that are decoded, whatever order they are asked for in.
  @Test func framesThatAreKeptAreThoseOfTheFilm() throws {
    let all = try readFrames(scratch.file("film.mkv"))
    let reader = try open()
    // The second run reads what the first one kept; the third has frames of both kinds.
    for numbers in [5..<20, 5..<20, 12..<60, 0..<48, 0..<48] {
      var run = FilmReader(sharing: reader).frames(numbers)
      var found: [Int] = []
      while let frame = try run.next() {
        found.append(frame.index)
        let wanted = all[frame.index]
        #expect(frame.presentationTime == wanted.presentationTime)
        #expect(frame.picture.format == wanted.picture.format)
        for (plane, other) in zip(frame.picture.planes, wanted.picture.planes) {
          #expect(plane.hasSameSamples(as: other), "frame \(frame.index)")
        }
      }
      #expect(found == Array(numbers.clamped(to: 0..<48)))
    }
    let kept = try reader.frame(30)
    #expect(kept.index == 30)
    #expect(kept.picture.planes[0].hasSameSamples(as: all[30].picture.planes[0]))
  }

  @Test func onlyTheLinesThatChangeAreWrittenAnew() throws {
    let text = """
      # Head.
      shots: # all of them
      - 0  # the first
      - at: 0:00:03.500   # the second
        look:    # of its own
          warmth: 3
          # more of it
          tint: 1
        note: |
          # no comment
          hints: none

        # before the state
        state: new  # for now
      # before the third
      - {at: "#36", note: "a } and # b"}  # the third
      # tail
      """
    let document = try ShotsDocument(text: text, path: "film.shots.yaml")
    let state = try document.edited(1, by: ShotEdit(["state": .text("accepted")]))
    #expect(state.text == text.replacing("state: new  #", with: "state: accepted  #"))
    let look = try document.edited(1, by: ShotEdit(["look": .mapping(["tint": .integer(2)])]))
    #expect(
      look.text
        == text.replacing(
          """
            look:    # of its own
              warmth: 3
              # more of it
              tint: 1
          """, with: "  look: {tint: 2}"))
    #expect(
      try look.edited(1, by: ShotEdit(["look": .mapping([:])])).text
        == look.text.replacing("  look: {tint: 2}\n", with: ""))
    let first = try document.edited(0, by: ShotEdit(["like": .integer(2)]))
    #expect(
      first.text
        == text.replacing("- 0  #", with: "- at: 0  #").replacing(
          "first\n", with: "first\n  like: 2\n"))
    let third = try document.edited(2, by: ShotEdit(["color": .text("keep")]))
    #expect(
      third.text
        == text.replacing(
          "- {at: \"#36\", note: \"a } and # b\"}  # the third",
          with: "- at: \"#36\"  # the third\n  color: keep\n  note: \"a } and # b\""))
    // Nothing changes: not a byte does.
    #expect(try document.edited(1, by: ShotEdit(["state": .text("new")])).text == text)
    let flow = try ShotsDocument(text: "shots: [0, {at: 3.5, like: 1}]\n", path: "a.yaml")
    #expect(
      try flow.edited(1, by: ShotEdit(["state": .text("yes")])).text
        == "shots:\n  - at: 0\n  - at: 3.5\n    like: 1\n    state: \"yes\"\n")
    let windows = try ShotsDocument(text: "shots:\r\n  - at: 0\r\n", path: "a.yaml")
    #expect(throws: AutochromeError.self) {
      try windows.edited(0, by: ShotEdit(["state": .text("x")]))
    }
    let alias = try ShotsDocument(
      text: "shots:\n  - {at: 0, look: &l {tint: 1}}\n  - {at: 3, look: *l}\n", path: "a.yaml")
    #expect(throws: AutochromeError.self) {
      try alias.edited(1, by: ShotEdit(["state": .text("x")]))
    }
  }
}
