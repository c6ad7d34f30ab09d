import Foundation
import Imaging
import Media
import TestSupport
import Testing

@Suite struct TIFFTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func write(_ tiff: TIFFBytes, _ name: String = "scan.tif") throws -> String {
    try tiff.data.write(to: URL(fileURLWithPath: folder.file(name)))
    return folder.file(name)
  }

  /// What scanners, Photoshop and Python's libraries write beside what a decoder needs.
  @Test(arguments: [false, true])
  func tagsThatTheDecoderDoesNotKnowAreHarmless(isBigEndian: Bool) throws {
    let samples = pattern(30 * 20)
    var tiff = TIFFBytes()
    tiff.isBigEndian = isBigEndian
    tiff.add(
      width: 30, height: 20, samples: samples,
      extra: [
        (274, 3, [1]), (282, 5, [300, 1]), (283, 5, [300, 1]), (284, 3, [1]), (296, 3, [2]),
        (339, 3, [1]), (50000, 4, [1, 2, 3]), (65000, 2, Array("mine".utf8).map { Int($0) } + [0]),
      ])
    let (frames, reports, damaged) = try readReported(write(tiff))
    #expect(frames.count == 1 && reports.isEmpty && damaged == 0, "\(reports)")
    #expect(frames.first?.picture.luma.samples == samples.map { Int($0) })
  }

  @Test func bigTIFFIsReadAsItIs() throws {
    let samples = pattern(30 * 20 * 3)
    var tiff = TIFFBytes()
    tiff.isBigTIFF = true
    tiff.add(
      width: 30, height: 20, samples: samples, bits: [8, 8, 8], photometric: 2,
      extra: [(282, 5, [300, 1])])
    let (frames, reports, damaged) = try readReported(write(tiff))
    #expect(frames.count == 1 && reports.isEmpty && damaged == 0, "\(reports)")
    let planes = try #require(frames.first?.picture.planes)
    for (index, plane) in planes.enumerated() {
      #expect(
        plane.samples == stride(from: index, to: samples.count, by: 3).map { Int(samples[$0]) })
    }
  }

  @Test(
    arguments: [
      ("tiled", [(322, 3, [16]), (323, 3, [16]), (324, 4, [8]), (325, 4, [256])]),
      ("JPEG", [(259, 3, [7])]), ("Zstandard", [(259, 3, [50000])]),
      ("CMYK", [(262, 3, [5]), (258, 3, [8, 8, 8, 8]), (277, 3, [4])]),
      ("L*a*b*", [(262, 3, [8]), (258, 3, [8, 8, 8]), (277, 3, [3])]),
      ("floating-point", [(258, 3, [16]), (339, 3, [3])]),
      ("floating-point", [(258, 3, [32]), (339, 3, [3])]), ("signed", [(339, 3, [2])]),
      ("predictor", [(259, 3, [5]), (317, 3, [3])]), ("10 bits", [(258, 3, [10])]),
      ("32 bits", [(258, 3, [32])]), ("raw camera", [(262, 3, [32803])]),
      ("5 samples", [(258, 3, [8, 8, 8, 8, 8]), (277, 3, [5]), (262, 3, [2])]),
    ] as [(String, [(tag: Int, type: Int, values: [Int])])])
  func whatTheDecoderTakesForSomethingElseIsRefusedByName(
    what: String, tags: [(tag: Int, type: Int, values: [Int])]
  ) throws {
    var tiff = TIFFBytes()
    tiff.add(width: 16, height: 16, samples: pattern(16 * 16 * 5), extra: tags)
    let path = try write(tiff)
    let error = #expect(throws: MediaError.self) { try readReported(path) }
    #expect(error?.code == .unsupported, "\(what)")
    #expect(error?.message.contains(what) == true, "\(error?.message ?? "")")
    #expect(error?.message.contains("scan.tif") == true)
  }

  @Test func separatePlanesAndWhiteIsZeroAreExact() throws {
    let samples = pattern(24 * 10 * 3)
    var planar = TIFFBytes()
    let place = 8 + 2 + 10 * 12 + 4 + 6 + 12 + 12
    planar.add(
      width: 24, height: 10, samples: samples, bits: [8, 8, 8], photometric: 2,
      extra: [
        (284, 3, [2]), (273, 4, [place, place + 240, place + 480]), (279, 4, [240, 240, 240]),
      ])
    let (frames, _, damaged) = try readReported(write(planar))
    let planes = try #require(frames.first?.picture.planes)
    #expect(damaged == 0 && planes.count == 3)
    for (index, plane) in planes.enumerated() {
      #expect(plane.samples == samples[(index * 240)..<(index * 240 + 240)].map { Int($0) })
    }
    var white = TIFFBytes()
    white.add(width: 24, height: 10, samples: Array(samples.prefix(240)), photometric: 0)
    let inverted = try readReported(write(white, "white.tif")).frames
    #expect(inverted.first?.picture.luma.samples == samples.prefix(240).map { 255 - Int($0) })
  }

  @Test(arguments: [8, 16])
  func alphaIsExact(depth: Int) throws {
    let samples = pattern(16 * 12 * 4 * depth / 8)
    var tiff = TIFFBytes()
    tiff.add(
      width: 16, height: 12, samples: samples, bits: [depth, depth, depth, depth], photometric: 2,
      extra: [(338, 3, [2])])
    let (frames, reports, damaged) = try readReported(write(tiff))
    #expect(damaged == 0, "\(reports)")
    let planes = try #require(frames.first?.picture.planes)
    #expect(planes.count == 4)
    for (index, plane) in planes.enumerated() {
      let codes = (0..<(16 * 12)).map { pixel -> Int in
        let at = (pixel * 4 + index) * depth / 8
        return depth == 8 ? Int(samples[at]) : Int(samples[at]) | Int(samples[at + 1]) << 8
      }
      #expect(plane.samples == codes)
    }
  }

  @Test(arguments: ["lzw", "deflate", "packbits", "raw"])
  func compressionsAreExact(algorithm: String) throws {
    for format in ["gray", "gray16le", "rgb24", "rgb48le"] {
      let path = folder.file("\(algorithm)-\(format).tif")
      try ffmpeg(
        words: "-f lavfi -i testsrc2=s=50x38 -frames:v 1 -pix_fmt \(format) -compression_algo "
          + algorithm, path)
      let raw = try ffmpeg(
        "-i", path, "-f", "rawvideo", "-pix_fmt", format.hasPrefix("rgb") ? format : format, "-")
      let (frames, reports, damaged) = try readReported(path)
      #expect(damaged == 0 && reports.isEmpty)
      let picture = try #require(frames.first?.picture)
      let bytes = [UInt8](raw)
      let size = picture.format.bytesPerSample
      let count = picture.format.planeCount
      for (index, plane) in picture.planes.enumerated() {
        let expected = (0..<(50 * 38)).map { pixel -> Int in
          let at = (pixel * count + index) * size
          return size == 1 ? Int(bytes[at]) : Int(bytes[at]) | Int(bytes[at + 1]) << 8
        }
        #expect(plane.samples == expected, "\(algorithm) \(format) plane \(index)")
      }
    }
  }

  @Test func aScanThatIsCutShortIsCountedAndKeptAsFarAsItGoes() throws {
    let samples = pattern(40 * 30)
    let data = TIFFBytes.gray(40, 30, samples).data
    let path = folder.file("cut.tif")
    try data.dropLast(40 * 15).write(to: URL(fileURLWithPath: path))
    let (frames, reports, damaged) = try readReported(path)
    #expect(damaged == 1)
    #expect(reports.count == 1 && reports.first?.contains("cut off") == true, "\(reports)")
    let luma = try #require(frames.first?.picture.luma)
    #expect(Array(luma.samples.prefix(40 * 15)) == samples.prefix(40 * 15).map { Int($0) })
    // Without its tags nothing of it can be had.
    try data.prefix(60).write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: MediaError.self) { try readReported(path) }
    #expect(error?.code == .truncated)
  }
}
