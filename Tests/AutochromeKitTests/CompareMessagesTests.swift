import AutochromeKit
import Foundation
import Imaging
import Measuring
import Media
import TestSupport
import Testing

/// What `compare` makes of films that are not alike in every way, and what it says.
@Suite(.serialized) struct CompareMessagesTests {
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  private func color(_ name: String, _ more: String = "-c:v ffv1", frames: Int = 8) throws
    -> String
  {
    let path = scratch.file(name)
    try ffmpeg(
      words:
        "-f lavfi -i mandelbrot=s=192x128:r=10:start_scale=2 -frames:v \(frames) -pix_fmt yuv420p "
        + more, path)
    return path
  }

  private func report(_ first: String, _ second: String, _ more: [String] = []) throws
    -> (ComparisonReport, errors: String)
  {
    let run = try runProgram(["compare", first, second, "--json", "--progress", "plain"] + more)
    #expect(run.status == 0, "\(run.errors)")
    return (try JSONDecoder().decode(ComparisonReport.self, from: run.output), run.errors)
  }

  private func text(_ first: String, _ second: String, _ more: [String] = []) throws -> String {
    let run = try runProgram(["compare", first, second, "-q"] + more)
    #expect(run.status == 0, "\(run.errors)")
    return String(decoding: run.output, as: UTF8.self)
  }

  @Test func whatBothHaveIsCompared() throws {
    let (long, short) = try (color("long.mkv"), color("short.mkv", frames: 5))
    let page = scratch.file("page.html")
    for pair in [(long, short), (short, long)] {
      let (report, _) = try report(pair.0, pair.1, ["--html", page, "--overwrite"])
      #expect(report.frames == 5 && report.luma.identicalFrames == 5)
      let note = try #require(report.lengthNote)
      #expect(note.contains("short.mkv' ends after 5 frames"), "\(note)")
      #expect(try text(pair.0, pair.1).contains(note))
      #expect(try String(contentsOfFile: page, encoding: .utf8).contains("ends after 5 frames"))
    }
    #expect(try report(long, short, ["--frames", "5"]).0.lengthNote == nil)
    #expect(try report(long, long).0.lengthNote == nil)
  }

  @Test(arguments: ["-c:v libx264 -crf 18", "-c:v libx264 -crf 26", "-c:v libx265 -crf 22"])
  func aLossyEncoderIsNamed(encoder: String) throws {
    let encoded = try color("encoded.mkv", encoder + " -x265-params log-level=none")
    let (found, _) = try report(try color("truth.mkv"), encoded)
    #expect(found.luma.kind == .lossy && found.luma.identicalFrames == 0, "\(found.luma)")
    #expect(try #require(found.luma.psnr) > 30)
    let said = found.text
    #expect(said.contains("as a lossy encoder leaves it") && !said.contains("luma was altered"))
  }

  @Test(arguments: [
    "lutyuv=y=val+2", "lutyuv=y=(val-16)*1.03+16", "lutyuv=y=gammaval(0.96)",
    "scale=out_range=pc", "negate=components=y", "hflip",
  ])
  func alteredLumaIsNamed(filter: String) throws {
    for encoder in ["-c:v ffv1", "-c:v libx264 -crf 18"] {
      let altered = try color("altered.mkv", "-vf \(filter),setrange=tv \(encoder)")
      let (found, _) = try report(try color("truth.mkv"), altered)
      #expect(found.luma.kind == .altered, "\(filter), \(encoder): \(found.luma)")
      #expect(found.text.contains("The luma was altered in all 8 frames"), "\(found.text)")
    }
  }

  @Test(arguments: [
    "colorchannelmixer=.393:.769:.189:0:.349:.686:.168:0:.272:.534:.131",
    "colorchannelmixer=.3:.5:.1:0:.3:.6:.1:0:.3:.7:.4",
  ])
  func aTonedReferenceIsNoTruth(tone: String) throws {
    for encoder in ["-c:v ffv1", "-c:v libx264 -crf 23"] {
      let toned = try color(
        "toned.mkv", "-vf hue=s=0,format=rgb24,\(tone),format=yuv420p \(encoder)")
      let (found, _) = try report(toned, try color("color.mkv"))
      #expect(found.referenceColor == .toned && !found.hasTruth && found.figures == nil)
      #expect(found.colorfulness.reference.map { $0 > 5 } == true)
      #expect(found.text.contains("The reference is toned"))
    }
    let (found, _) = try report(scratch.file("color.mkv"), scratch.file("toned.mkv"))
    #expect(found.referenceColor == .color && found.hasTruth)
  }

  @Test func figuresAreSentencesAndAllAreThereOnDemand() throws {
    let truth = try color("truth.mkv")
    let pale = try color("pale.mkv", "-vf hue=s=0.4 -c:v ffv1")
    let said = try text(truth, pale).split(separator: "\n").map(String.init)
    // The headline, and a sentence each on luma, color, colorfulness and steadiness.
    #expect(said.count == 5, "\(said)")
    #expect(said.dropFirst().allSatisfy { $0.hasSuffix(".") && $0.first?.isUppercase == true })
    #expect(said.contains { $0.contains("much paler than the reference") }, "\(said)")
    #expect(!said.joined().contains("CDC") && !said.joined().contains("SSIM"))
    let all = try text(truth, pale, ["--all"])
    for name in [
      "ΔE00", "AuC", "AuC, rebalanced", "PSNR", "SSIM", "colorfulness", "warp error, a*b*",
      "warp error, RGB", "CDC", "period 2 frames", "period 16 frames",
    ] {
      let line = try #require(
        all.split(separator: "\n").first { $0.hasPrefix(name + "  ") }, "\(name)")
      #expect(line.hasSuffix("."), "\(line)")
    }
    // On the page, sentences are open and figures folded.
    let page = scratch.file("page.html")
    _ = try report(truth, pale, ["--html", page])
    let html = try String(contentsOfFile: page, encoding: .utf8)
    let parts = html.components(separatedBy: "<details>")
    #expect(parts.count == 2 && parts[0].contains("much paler than the reference"))
    #expect(!parts[0].contains("CDC") && parts[1].contains("CDC"))
  }

  @Test func twoThatAreTheSameAreSaidToBe() throws {
    let truth = try color("truth.mkv")
    let said = try text(truth, truth)
    #expect(said.contains("The luma is identical to that of the reference, sample by sample."))
    #expect(said.contains("which the eye does not see") && said.contains("about as colorful as"))
    #expect(said.contains("as steady as the reference's"))
  }
}
