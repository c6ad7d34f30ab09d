import AutochromeKit
import Foundation
import Media
import TestSupport
import Testing

/// What the arguments of a command mean.
@Suite struct JobInputsTests {
  private let scratch: TemporaryFolder
  init() throws { scratch = try TemporaryFolder() }

  private func make(_ names: [String]) throws {
    for name in names {
      let url = scratch.url.appending(path: name)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(name.utf8).write(to: url)
    }
  }

  private func path(_ name: String) -> String { scratch.file(name) }

  /// Inputs and outputs below the scratch folder, as `input > output`.
  private func requests(
    _ inputs: [String], _ output: String?, pipeline: String? = nil
  ) throws -> [String] {
    try JobRequests(
      inputs: inputs.map { $0 == "-" ? $0 : below($0) }, output: output.map(below),
      pipeline: pipeline
    ).all.map { request in
      let names = request.pictures.map { ":" + $0.joined(separator: ",") } ?? ""
      return short(request.input) + names + " > " + short(request.output)
    }
  }

  private func below(_ name: String) -> String {
    name == "-" ? name : scratch.url.path + "/" + name
  }

  private func short(_ path: String) -> String {
    path.replacing(scratch.url.path + "/", with: "")
  }

  private func refusal(
    _ inputs: [String], _ output: String?, pipeline: String? = nil
  ) -> AutochromeError? {
    do {
      let found = try requests(inputs, output, pipeline: pipeline)
      Issue.record("\(inputs) became \(found)")
      return nil
    } catch {
      return error as? AutochromeError
    }
  }

  @Test func oneFilmGoesToTheOutputOrIntoAFolder() throws {
    try make(["a.mkv", "Reel 3 (50% reduction).mkv", "100%done.mkv", "there/x.txt"])
    #expect(try requests(["a.mkv"], "b.mkv") == ["a.mkv > b.mkv"])
    for name in ["a.mkv", "Reel 3 (50% reduction).mkv", "100%done.mkv"] {
      #expect(try requests([name], "there") == ["\(name) > there/\(name)"])
      #expect(try requests([name], "new/") == ["\(name) > new/\(name)"])
      #expect(try requests([name], "-") == ["\(name) > -"])
    }
  }

  @Test func severalInputsGoIntoAFolderUnderTheirNames() throws {
    try make(["x/a.mkv", "y/b.mp4", "x/p.png", "z/1.png", "z/4.png"])
    #expect(
      try requests(["x/a.mkv", "y/b.mp4"], "out") == ["x/a.mkv > out/a.mkv", "y/b.mp4 > out/b.mp4"])
    #expect(
      try requests(["x/a.mkv", "z", "x/p.png"], "out")
        == ["x/a.mkv > out/a.mkv", "z > out/z", "x/p.png > out/"])
    #expect(
      try JobRequests(inputs: [path("x/a.mkv"), path("y/b.mp4")], output: path("out"))
        .all.allSatisfy(\.createsFolder))
  }

  @Test func whatIsNoFolderIsRefusedForSeveral() throws {
    try make(["a.mkv", "b.mkv", "taken"])
    for output in ["x.mkv", "x.png", "x.y4m", "taken", "-"] {
      let error = refusal(["a.mkv", "b.mkv"], output)
      #expect(error?.status == .usage && error?.message.contains("older") == true, "\(output)")
    }
    #expect(try requests(["a.mkv", "b.mkv"], "x.mkv/").count == 2)
  }

  @Test func twoInputsOfOneNameAreRefused() throws {
    try make(["x/a.mkv", "y/a.mkv", "x/a.mp4", "x/p.png", "y/p.png"])
    for (inputs, output) in [
      (["x/a.mkv", "y/a.mkv"], "out"), (["x/a.mkv", "x/a.mkv"], "out"),
      (["x/p.png", "y/p.png"], "out"), (["x/a.mkv", "x/a.mp4"], "{name}.mov"),
    ] {
      let error = refusal(inputs, output)
      #expect(error?.message.contains("would both be written") == true, "\(inputs)")
    }
  }

  @Test func namesCanBePartOfTheOutput() throws {
    try make(["x/a.mkv", "x/b.film.mp4", "scans/1.png", "scans/2.png"])
    #expect(try requests(["x/a.mkv"], "c/{name}-color.mov") == ["x/a.mkv > c/a-color.mov"])
    #expect(
      try requests(["x/a.mkv", "x/b.film.mp4", "scans"], "c/{name}-color.mkv")
        == [
          "x/a.mkv > c/a-color.mkv", "x/b.film.mp4 > c/b.film-color.mkv",
          "scans > c/scans-color.mkv",
        ])
    #expect(
      try JobRequests(inputs: [path("x/a.mkv")], output: path("c/{name}.mkv")).all[0].createsFolder)
  }

  @Test func picturesWithoutABreakAreOneFilm() throws {
    let names = (1...12).map { "scans/f_\($0).png" }
    try make(names + ["scans/cover.png"])
    let expected = (1...12).map { "f_\($0).png" }.joined(separator: ",")
    // As a shell sorts them.
    let found = try JobRequests(inputs: names.sorted().map(path), output: path("color.mkv"))
    #expect(found.all.count == 1)
    #expect(found.all[0].pictures?.joined(separator: ",") == expected)
    #expect(found.all[0].input == path("scans") && found.all[0].suggestedPipeline == "film")
    #expect(
      found.notes.count == 1 && found.notes[0].contains("--pipeline photos"), "\(found.notes)")
    // One of eleven is missing: a film with a gap. The cover is no part of it.
    #expect(
      try requests((names.filter { !$0.contains("_5") } + ["scans/cover.png"]), "out")
        == [
          "scans:" + expected.replacing("f_5.png,", with: "") + " > out/scans",
          "scans/cover.png > out/",
        ])
    // Each for itself where that is wished.
    let single = try JobRequests(
      inputs: names.map(path), output: path("out"), pipeline: "photos")
    #expect(single.all.count == 12 && single.notes.isEmpty)
    #expect(
      single.all.allSatisfy { $0.suggestedPipeline == "photos" && $0.output == path("out") + "/" })
  }

  @Test func photosWithBreaksStayAlone() throws {
    let names = ["p/IMG_1.jpg", "p/IMG_5.jpg", "p/IMG_9.jpg", "p/IMG_10.jpg", "q/IMG_11.jpg"]
    try make(names + ["p/a.jpg", "p/b.jpg"])
    let found = try JobRequests(inputs: (names + ["p/a.jpg"]).map(path), output: path("out"))
    #expect(found.all.count == 6 && found.all.allSatisfy { $0.pictures == nil })
    #expect(found.notes.contains { $0.contains("colorized separately") }, "\(found.notes)")
    #expect(try requests(["p/a.jpg", "p/b.jpg"], "out").count == 2)
    #expect(refusal(["p/a.jpg", "p/b.jpg"], "film.mkv")?.status == .usage)
  }

  @Test func twoRunsAreTwoFilms() throws {
    let names = ["r/a1.png", "r/a2.png", "r/b1.png", "r/b2.png", "s/1.png", "s/2.png"]
    try make(names)
    #expect(
      try requests(names, "out") == [
        "r:a1.png,a2.png > out/a", "r:b1.png,b2.png > out/b", "s:1.png,2.png > out/s",
      ])
    #expect(
      try requests(names, "{name}.mkv").map { $0.split(separator: " ").last }
        == ["a.mkv", "b.mkv", "s.mkv"])
  }

  @Test func aFolderOfFilmsIsEachOfThem() throws {
    try make(["reels/r10.mkv", "reels/r9.mov", "reels/notes.txt", "reels/.r9.mov.partial"])
    #expect(
      try requests(["reels"], "out")
        == ["reels/r9.mov > out/r9.mov", "reels/r10.mkv > out/r10.mkv"])
    #expect(refusal(["reels"], "x.mkv")?.status == .usage)
    #expect(refusal(["reels"], "-")?.status == .usage)
    try make(["one/r.mkv"])
    #expect(try requests(["one"], "out") == ["one/r.mkv > out/r.mkv"])
    #expect(refusal(["one"], "x.mkv")?.status == .usage)
  }

  @Test func wildcardsAreFilmsOrPictures() throws {
    try make([
      "reels/r1.mkv", "reels/r2.mkv", "reels/r1.srt", "scans/1.png", "scans/2.png", "r/a/1.png",
      "r/b/1.png", "mixed/a.mkv", "mixed/1.png",
    ])
    #expect(
      try requests(["reels/*.mkv"], "out")
        == ["reels/r1.mkv > out/r1.mkv", "reels/r2.mkv > out/r2.mkv"])
    let all = try JobRequests(inputs: [path("reels/*")], output: path("out"))
    #expect(all.all.count == 2 && all.notes.count == 1)
    #expect(try requests(["reels/*1.mkv"], "x.mkv") == ["reels/r1.mkv > x.mkv"])
    #expect(try requests(["scans/*.png"], "x.mkv") == ["scans/*.png > x.mkv"])
    #expect(try requests(["scans/%d.png"], "x.mkv") == ["scans/%d.png > x.mkv"])
    #expect(try requests(["none/*.mkv"], "x.mkv") == ["none/*.mkv > x.mkv"])
    for input in ["mixed", "mixed/*"] {
      let error = refusal([input], "out")
      #expect(
        error?.status == .usage && error?.message.contains("1 film and 1 picture") == true,
        "\(error?.message ?? "")")
    }
  }

  @Test func aMissingOutputIsAskedForWithTheRightCommand() throws {
    try make(["in.mkv", "b.mkv"])
    let error = #expect(throws: AutochromeError.self) {
      try JobRequests(inputs: ["in.mkv", "new film.mkv"], output: nil)
    }
    #expect(error?.status == .usage)
    #expect(
      error?.message.contains("autochrome in.mkv -o 'new film.mkv'") == true,
      "\(error?.message ?? "")")
    #expect(refusal(["in.mkv"], nil)?.message.contains("-o") == true)
    #expect(refusal(["in.mkv", "b.mkv"], nil)?.message.contains("-o b.mkv") == false)
  }
}
