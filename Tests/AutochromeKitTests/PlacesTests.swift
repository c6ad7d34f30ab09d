import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// Where outputs go, as a shell sees it: no file of a command gets into another's way.
@Suite(.serialized) struct PlacesTests {
  private let scratch: TemporaryFolder
  private let film = smallFilm(shots: [.sea])

  init() throws { scratch = try TemporaryFolder() }

  private func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: scratch.file(name)))
  }

  private func put(_ text: String, into name: String) throws {
    let url = scratch.url.appending(path: name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Every file below the scratch folder, with its bytes.
  private func everything() throws -> [String: Data] {
    var result: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: scratch.url.path) {
      var isFolder: ObjCBool = false
      let exists = FileManager.default.fileExists(
        atPath: scratch.file(name), isDirectory: &isFolder)
      // A link into nowhere has no bytes.
      result[name] = exists && !isFolder.boolValue ? try bytes(name) : Data()
    }
    return result
  }

  /// Runs in the scratch folder.
  private func run(_ arguments: [String]) throws -> (status: Int32, output: Data, errors: String) {
    try runProgram(["-C", scratch.url.path, builtURL("autochrome").path] + arguments, tool: "env")
  }

  private func run(_ words: String) throws -> (status: Int32, output: Data, errors: String) {
    try run(words.split(separator: " ").map(String.init))
  }

  private func refused(_ words: String, _ expected: String? = nil) throws {
    let before = try everything()
    let run = try run(words)
    #expect(run.status == 64, "\(words): \(run.status) \(run.errors)")
    #expect(run.errors.split(separator: "\n").count == 1, "\(words): \(run.errors)")
    if let expected { #expect(run.errors.contains(expected), "\(words): \(run.errors)") }
    #expect(try everything() == before, "\(words)")
  }

  @Test func filesOfOneCommandAreDifferentFiles() throws {
    try writeClip(film, frames: 0..<2, to: scratch.file("s.mkv"))
    try put("0\n", into: "cuts.txt")
    try put("description: mine\n", into: "my.yaml")
    try put("mine", into: "there.txt")
    try FileManager.default.copyItem(
      at: try ResourceLocator.folder().appending(path: "models/autochrome-fast.onnx"),
      to: scratch.url.appending(path: "m.onnx"))
    symlink("cuts.txt", scratch.file("link.txt"))
    link(scratch.file("my.yaml"), scratch.file("hard.yaml"))
    symlink(".", scratch.file("here"))
    symlink("o.mkv", scratch.file("later.json"))
    for words in [
      "s.mkv -o o.mkv --report o.mkv", "s.mkv -o o.png --preview o.png",
      "s.mkv -o o.mkv --report r.png --preview r.png",
      "s.mkv -o o.mkv --report ./o.mkv", "s.mkv -o o.mkv --report here/o.mkv",
      "s.mkv -o o.mkv --report O.MKV", "s.mkv -o o.mkv --report later.json --overwrite",
      "s.mkv -o new/../o.mkv --report o.mkv", "s.mkv -o o.mkv --report .o.mkv.partial",
      "s.mkv -o o.mkv --report o.partial.mkv",
      "s.mkv -o there.txt --format nut --report there.txt --overwrite",
      "s.mkv -o o.mkv --cuts cuts.txt --report cuts.txt --overwrite",
      "s.mkv -o o.mkv --cuts cuts.txt --report link.txt --overwrite",
      "s.mkv -o o.mkv --cuts link.txt --preview cuts.txt --overwrite",
      "s.mkv -o o.mkv --pipeline ./my.yaml --report my.yaml --overwrite",
      "s.mkv -o o.mkv --pipeline my.yaml --report hard.yaml --overwrite",
      "s.mkv -o m.onnx --format nut --model ./m.onnx --overwrite",
      "s.mkv -o o.mkv --model ./m.onnx --preview here/m.onnx --overwrite",
      "s.mkv -o frames/ --codec png --preview frames/000001.png",
      "s.mkv -o frames/%d.png --preview frames/2.png",
      "probe s.mkv --write-cuts s.mkv", "probe s.mkv --cuts cuts.txt --write-cuts here/cuts.txt",
      "probe s.mkv --pipeline my.yaml --write-cuts my.yaml",
      "compare s.mkv s.mkv --html s.mkv", "compare s.mkv s.mkv --prior cuts.txt --html cuts.txt",
      "evaluate s.mkv --sheet s.mkv", "evaluate s.mkv --prior cuts.txt --sheet link.txt",
      "evaluate s.mkv --model ./m.onnx --sheet m.onnx",
      "model import m.onnx -o m.onnx --overwrite",
      "model import m.onnx --prior cuts.txt -o cuts.txt --overwrite",
      "model calibrate ./m.onnx s.mkv -o here/m.onnx --overwrite",
      "model calibrate ./m.onnx s.mkv -o s.mkv --overwrite",
    ] {
      try refused(words)
    }
    // What is no fault is none.
    let good = try run(
      "s.mkv -o o.mkv --codec ffv1 --report r.json --preview p.png --cuts cuts.txt -q")
    #expect(good.status == 0, "\(good.errors)")
    #expect(try readFrames(scratch.file("o.mkv")).count == 2)
    #expect(try bytes("cuts.txt") == Data("0\n".utf8))
  }

  @Test func noOutputIsTheInputOfAnotherJob() throws {
    try FileManager.default.createDirectory(
      atPath: scratch.file("x"), withIntermediateDirectories: true)
    for name in ["b.mkv", "x/b.mkv", "a.mkv"] {
      try writeClip(film, frames: 0..<2, to: scratch.file(name))
    }
    symlink("x/b.mkv", scratch.file("y.mkv"))
    try refused("b.mkv y.mkv -o x --overwrite", "is the input itself")
    try refused("b.mkv a.mkv x/b.mkv -o {name}.mkv --overwrite")
    try FileManager.default.moveItem(
      atPath: scratch.file("x/b.mkv"), toPath: scratch.file("x/.a.mkv.partial"))
    unlink(scratch.file("y.mkv"))
    symlink("x/.a.mkv.partial", scratch.file("y.mkv"))
    try refused("a.mkv y.mkv -o x", "is the input itself")
  }

  @Test func anOutputFolderIsMade() throws {
    try writeClip(film, frames: 0..<2, to: scratch.file("100%done.mkv"))
    try writeClip(film, frames: 0..<3, to: scratch.file("b.mkv"))
    for (words, names) in [
      ("100%done.mkv -o one/", ["one/100%done.mkv"]),
      ("b.mkv -o deep/er/", ["deep/er/b.mkv"]),
      ("100%done.mkv b.mkv -o two/", ["two/100%done.mkv", "two/b.mkv"]),
      ("b.mkv -o three/{name}-c.mkv", ["three/b-c.mkv"]),
    ] {
      let run = try run(words + " --codec ffv1 --progress none")
      #expect(run.status == 0, "\(words): \(run.errors)")
      for name in names {
        #expect(try readFrames(scratch.file(name)).count == (name.contains("b") ? 3 : 2))
      }
    }
    #expect(try run("none.mkv -o four/").status == 66)
    #expect(!scratch.names.contains("four"))
  }

  @Test func scansThatTheShellNamesAreOneFilm() throws {
    try FileManager.default.createDirectory(
      atPath: scratch.file("scans"), withIntermediateDirectories: true)
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48:r=5:d=2.4", scratch.file("scans/f_%d.png"))
    let words = (1...11).map { "scans/f_\($0).png" }.sorted().joined(separator: " ")
    let film = try run(words + " -o color.mkv --codec ffv1 --progress plain")
    #expect(film.status == 0 && film.errors.contains("--pipeline photos"), "\(film.errors)")
    let frames = try readFrames(scratch.file("color.mkv"))
    #expect(frames.count == 11)
    let folder = try run(words + " -o color --progress none")
    #expect(folder.status == 0, "\(folder.errors)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.file("color")).sorted()
        == (1...11).map { "f_\($0).png" }.sorted())
    let photos = try run("scans/f_3.png scans/f_4.png -o photos/ --pipeline photos -q")
    #expect(photos.status == 0, "\(photos.errors)")
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.file("photos")).sorted()
        == ["f_3.png", "f_4.png"])
    let one = try run("scans/f_3.png -o alone.png -q")
    #expect(one.status == 0, "\(one.errors)")
    #expect(try bytes("photos/f_3.png") == bytes("alone.png"))
  }

  @Test func aFolderOfFilmsGoesIntoAFolder() throws {
    try FileManager.default.createDirectory(
      atPath: scratch.file("reels"), withIntermediateDirectories: true)
    for (name, count) in [("reels/a.mkv", 2), ("reels/b.mkv", 3)] {
      try writeClip(film, frames: 0..<count, to: scratch.file(name))
    }
    for (input, output) in [("reels", "one"), ("reels/*.mkv", "two")] {
      let run = try run([input, "-o", output, "--codec", "ffv1", "-q"])
      #expect(run.status == 0, "\(run.errors)")
      #expect(try readFrames(scratch.file(output + "/a.mkv")).count == 2)
      #expect(try readFrames(scratch.file(output + "/b.mkv")).count == 3)
    }
  }

  @Test func whatIsDoneIsSkipped() throws {
    for name in ["a.mkv", "b.mkv", "c.mkv"] {
      try writeClip(film, frames: 0..<15, to: scratch.file(name))
    }
    #expect(try run("a.mkv -o out/ --codec ffv1 -q").status == 0)
    let done = try bytes("out/a.mkv")
    try refused("a.mkv b.mkv -o out --overwrite --skip-existing", "--skip-existing")
    let again = try run("a.mkv b.mkv -o out --codec ffv1 --progress none")
    #expect(again.status == 73 && again.errors.contains("--skip-existing"), "\(again.errors)")
    #expect(again.errors.contains("--overwrite"), "\(again.errors)")
    #expect(try readFrames(scratch.file("out/b.mkv")).count == 15)
    // Cut off, as by a copy that was not finished.
    try writeClip(film, frames: 0..<4, to: scratch.file("out/b.mkv.mkv"))
    let whole = try bytes("out/b.mkv")
    try whole.prefix(whole.count * 2 / 3).write(
      to: URL(fileURLWithPath: scratch.file("out/b.mkv")))
    let skipped = try run("a.mkv b.mkv c.mkv -o out --skip-existing --codec ffv1 --progress plain")
    #expect(skipped.status == 73, "\(skipped.errors)")
    #expect(skipped.errors.contains("out/a.mkv already exists"), "\(skipped.errors)")
    #expect(
      skipped.errors.contains("'out/b.mkv' already exists, but is incomplete"), "\(skipped.errors)")
    #expect(try bytes("out/a.mkv") == done)
    #expect(try bytes("out/b.mkv") == whole.prefix(whole.count * 2 / 3))
    #expect(try readFrames(scratch.file("out/c.mkv")).count == 15)
    // A film that ends early.
    try FileManager.default.removeItem(atPath: scratch.file("out/b.mkv"))
    #expect(try run("b.mkv -o out/ --codec ffv1 --frames 6 -q").status == 0)
    #expect(try run("b.mkv -o out/ --codec ffv1 --skip-existing -q").status == 73)
    #expect(try run("b.mkv -o out/ --codec ffv1 --skip-existing --frames 6 -q").status == 0)
  }

  @Test func picturesThatAreDoneAreLeftAsTheyAre() throws {
    try FileManager.default.createDirectory(
      atPath: scratch.file("scans"), withIntermediateDirectories: true)
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48:r=5:d=0.8", scratch.file("scans/f_%d.png"))
    try put("mine", into: "out/f_2.png")
    let run1 = try run("scans -o out --skip-existing -q")
    #expect(run1.status == 0, "\(run1.errors)")
    #expect(try bytes("out/f_2.png") == Data("mine".utf8))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: scratch.file("out")).count == 4)
    let again = try run("scans -o out --skip-existing --progress plain")
    #expect(again.status == 0 && again.errors.contains("already exists"), "\(again.errors)")
  }

  @Test(.disabled(if: isSanitized)) func ofRawFramesWhatFitsOntoTheDiskIsKept() throws {
    try writeClip(film, frames: 0..<15, to: scratch.file("film.mkv"))
    let limited = try runProgram(
      [
        "-c", "ulimit -f 100; exec \"$0\" \"$@\"", builtURL("autochrome").path,
        scratch.file("film.mkv"), "-o", scratch.file("color.y4m"), "-q",
      ], tool: "bash")
    #expect(limited.status == 74, "\(limited.errors)")
    #expect(limited.errors.contains("color.partial.y4m"), "\(limited.errors)")
    #expect(scratch.names == ["color.partial.y4m", "film.mkv"])
    // Whole frames only, so that every reader takes it.
    let frames = try readFrames(scratch.file("color.partial.y4m"))
    #expect((1..<15).contains(frames.count))
    for (frame, source) in zip(frames, try readFrames(scratch.file("film.mkv"))) {
      #expect(frame.picture.luma.hasSameSamples(as: source.picture.luma))
    }
  }

  @Test func aFolderThatIsRemovedEndsTheJobTruthfully() throws {
    let source = scratch.file("film.y4m")
    try writeClip(film, frames: (0..<300).map { $0 % 15 }, to: source)
    let folder = scratch.file("out")
    let error = #expect(throws: AutochromeError.self) {
      try ColorizationJob(
        JobRequest(input: source, output: folder + "/color.mkv").makingFolder(),
        settings: settings()
      ).run { event in
        if case .progress(let progress) = event, progress.framesDone > 0 {
          _ = try? FileManager.default.removeItem(atPath: folder)
        }
      }
    }
    #expect(error?.status == .ioError)
    #expect(error?.message.contains(" is in ") == false, "\(error?.message ?? "")")
    #expect(scratch.names == ["film.y4m"])
  }

  @Test func noFilmGoesToATerminal() throws {
    try writeClip(film, frames: 0..<2, to: scratch.file("film.mkv"))
    // `script` gives the program a terminal.
    let run = try runProgram(
      [
        "-qec", "'\(builtURL("autochrome").path)' '\(scratch.file("film.mkv"))' -o -", "/dev/null",
      ], tool: "script")
    let said = String(decoding: run.output, as: UTF8.self)
    #expect(run.status == 64, "\(said)")
    #expect(said.contains("terminal") && !said.contains("YUV4MPEG2"), "\(said.prefix(300))")
  }
}

extension JobRequest {
  fileprivate func makingFolder() -> JobRequest {
    var request = self
    request.createsFolder = true
    return request
  }
}
