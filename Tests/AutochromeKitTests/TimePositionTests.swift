import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm
import TestSupport
import Testing

/// Places in a film: how they are written, and that each way of naming one finds the same frame.
@Suite(.serialized) struct TimePositionTests {
  private let scratch: TemporaryFolder

  init() throws { scratch = try TemporaryFolder() }

  @Test(arguments: [
    ("12.5", 12.5), ("0", 0), ("2:05", 125), ("90:00.25", 5400.25), ("1:02:12.480", 3732.48),
    ("0:06", 6), ("0.00001", 0.00001), ("0.000000000123", 0.000000000123),
    ("999999999.5", 999_999_999.5),
  ])
  func clocksAreSeconds(text: String, seconds: Double) throws {
    let position = try #require(TimePosition(text))
    #expect(try position.position.seconds(rate: nil, firstTimecode: nil) == seconds)
    #expect(TimePosition(position.description) == position, "\(position)")
  }

  @Test(arguments: ["-1", "1e9", "1e300"])
  func numbersOutsideOfAnyFilmAreRefused(json: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([TimePosition].self, from: Data("[\(json)]".utf8))
    }
  }

  @Test(arguments: [
    "", " ", "-1", "+1", "1e3", "0x10", "nan", "inf", "1:75", "1:60:00", "1:2:3:4", "1::2", "12,5",
    "1.5:00", "#", "#-1", "#1.5", "# 1", "00:00:00:1", "00:61:00:00", "00;00:00:00", "1:2:3:4:5",
    ".", "5.", "99999999999999999999", "#99999999999999999999", "12s", "٣", "1000000000",
    "40042281:8",
  ])
  func whatIsNoPlaceIsRefused(text: String) {
    #expect(text == "5." || TimePosition(text) == nil)
  }

  /// Labels at rates of whole frames and of NTSC, with the numbers of their frames (SMPTE ST 12-1).
  private static let labels: [(text: String, rate: Rational, frame: Int)] = [
    ("00:00:02:12", Rational(25, 1), 62), ("01:00:00:00", Rational(24000, 1001), 86400),
    ("00:01:00;02", Rational(30000, 1001), 1800), ("00:10:00;00", Rational(30000, 1001), 17982),
    ("01:00:00;00", Rational(30000, 1001), 107_892),
    ("00:01:00;04", Rational(60000, 1001), 3600),
  ]

  @Test(arguments: labels)
  func timeCodesCountFrames(text: String, rate: Rational, frame: Int) throws {
    let position = try #require(TimePosition(text))
    #expect(position.description == text)
    let found = try #require(try position.position.seconds(rate: rate, firstTimecode: nil))
    #expect(abs(found * rate.value - Double(frame)) < 1e-6, "\(found)")
  }

  @Test(arguments: [
    ("00:00:00:25", Rational(25, 1), "00 to 24"), ("00:00:01;00", Rational(25, 1), "a colon"),
    ("00:01:00;01", Rational(30000, 1001), "does not exist"),
  ])
  func timeCodesThatNoFrameHasAreRefused(text: String, rate: Rational, words: String) throws {
    let position = try #require(TimePosition(text))
    let error = #expect(throws: MediaError.self) {
      try position.position.seconds(rate: rate, firstTimecode: nil)
    }
    #expect(error?.message.contains(words) == true && error?.code == .usage)
  }

  @Test func timesAreWrittenOneWay() throws {
    #expect(TimePosition.clock(3732.4799) == "1:02:12.480")
    #expect(TimePosition.clock(59.9996) == "0:01:00.000")
    #expect(TimePosition.duration(3.4) == "0:03" && TimePosition.duration(3599.7) == "1:00:00")
    for seconds in [0, 0.001, 59.999, 3600, 359_999.5] {
      #expect(TimePosition(TimePosition.clock(seconds))?.position == .seconds(seconds))
    }
  }

  @Test func settingsSurviveJSON() throws {
    for position: TimePosition in [
      12.5, TimePosition(.frame(7)), try #require(TimePosition("01:00:00;02")),
    ] {
      let data = try JSONEncoder().encode([position])
      #expect(try JSONDecoder().decode([TimePosition].self, from: data) == [position])
    }
    #expect(try JSONEncoder().encode([TimePosition(.seconds(12.5))]) == Data("[12.5]".utf8))
  }

  // MARK: In a film

  /// A film whose frames come 40 ms apart at first and 120 ms later on, with sound.
  private func writeVariableFilm(_ name: String) throws -> String {
    let path = scratch.file(name)
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=96x64:r=25:d=6 -f lavfi -i sine=d=6 -vf "
        + "select='lt(n,30)+not(mod(n,3))' -vsync vfr -g 12 -c:v libx264 -qp 10 -c:a aac", path)
    return path
  }

  private func colorize(_ input: String, _ more: [String]) throws -> [Frame] {
    let output = scratch.file("color.mkv")
    let run = try runProgram(
      [input, "-o", output, "--codec", "ffv1", "--size", "64", "--overwrite", "-q"] + more)
    #expect(run.status == 0, "\(run.errors)")
    return try readFrames(output)
  }

  /// - Parameter unit: seconds of the time base of `all`; `part` is Matroska, which has milliseconds.
  private func expect(
    _ part: [Frame], are all: ArraySlice<Frame>, unit: Double = 0.001, _ words: String
  ) {
    #expect(part.count == all.count, "\(words)")
    guard let first = all.first, let second = part.first else { return }
    for (one, other) in zip(all, part) {
      #expect(one.picture.luma.hasSameSamples(as: other.picture.luma), "\(words), \(other.index)")
      let time = Double(one.presentationTime - first.presentationTime) * unit
      let found = Double(other.presentationTime - second.presentationTime) * 0.001
      #expect(abs(time - found) < 0.0011, "\(words), \(other.index)")
    }
  }

  @Test(arguments: ["film.mkv", "film.mp4"])
  func aFrameNumberIsExactWhereTheRateVaries(name: String) throws {
    let input = try writeVariableFilm(name)
    let all = try readFrames(input)
    try #require(all.count == 70)
    for (from, to) in [("#40", "#50"), ("#5", "#45"), ("3.0", "#50")] {
      let part = try colorize(input, ["--from", from, "--to", to, "--format", "matroska"])
      let start = try #require(from == "3.0" ? 45 : Int(from.dropFirst()))
      let end = try #require(Int(to.dropFirst()))
      let source = try MediaSource.open(input)
      expect(
        part, are: all[start..<end], unit: source.info.timeBase.value, "\(from) to \(to)")
      let length =
        Double(all[end].presentationTime - all[start].presentationTime)
        * source.info.timeBase.value
      // The sound is that of the same part.
      let sound = try readPackets(scratch.file("color.mkv")).compactMap { packet in
        packet.presentationTime.map { Double($0) * packet.timeBase.value }
      }
      let (first, last) = try (#require(sound.min()), #require(sound.max()))
      // To within a packet, and the delay that the container tells of AAC.
      #expect(
        first >= 0 && first < 0.2 && last < length + 0.05 && last > length - 0.3,
        "\(first) \(last) \(length)")
    }
  }

  @Test func aPipeIsCountedToo() throws {
    let input = try writeVariableFilm("film.mkv")
    let all = try readFrames(input)
    let output = scratch.file("color.mkv")
    let run = try runProgram(
      [
        "-", "-o", output, "--codec", "ffv1", "--size", "64", "--from", "#40", "--frames", "9",
        "-q",
      ],
      input: try Data(contentsOf: URL(fileURLWithPath: input)))
    #expect(run.status == 0, "\(run.errors)")
    expect(try readFrames(output), are: all[40..<49], "pipe")
    #expect(try !readPackets(output).isEmpty)
  }

  @Test func timeCodesFollowTheFilm() throws {
    // 29.97 frames/s, and a first frame that is labelled 01:00:00;00.
    let input = scratch.file("film.mov")
    try ffmpeg(
      words:
        "-f lavfi -i testsrc2=s=96x64:r=30000/1001 -frames:v 90 -timecode 01:00:00;00 -c:v libx264 "
        + "-qp 10", input)
    let all = try readFrames(input)
    let unit = try MediaSource.open(input).info.timeBase.value
    let part = try colorize(input, ["--from", "01:00:01;00", "--to", "01:00:01;10"])
    expect(part, are: all[30..<40], unit: unit, "time code")
    let before = try runProgram([input, "-o", scratch.file("x.mkv"), "--from", "00:00:01;00"])
    #expect(
      before.status == 64 && before.errors.contains("beginning of the film at 01:00:00;00"),
      "\(before)")
    // Without one, the first frame is 00:00:00:00.
    let plain = scratch.file("plain.mkv")
    try ffmpeg(words: "-i \(input) -map 0:v -c copy -map_metadata -1 -map_metadata:s:v -1", plain)
    expect(
      try colorize(plain, ["--from", "00:00:01:00", "--frames", "4"]), are: all[30..<34],
      unit: unit, "")
  }

  @Test func cutListsAndPipelinesTakeEachForm() throws {
    let input = try writeVariableFilm("film.mkv")
    let cuts = scratch.file("cuts.txt")
    try """
    # Where shots begin.
    0
    0:00:00.4  # frame 10
    #20# a frame
      #60
    00:00:02:10
    #
    # 3 is no frame
    """.write(toFile: cuts, atomically: true, encoding: .utf8)
    func starts(_ more: [String]) throws -> [Int] {
      let report = scratch.file("report.json")
      let run = try runProgram(
        [
          input, "-o", scratch.file("color.mkv"), "--codec", "ffv1", "--size", "64", "--overwrite",
          "-q",
          "--cuts", cuts, "--report", report,
        ] + more)
      #expect(run.status == 0, "\(run.errors)")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: report))
      try FileManager.default.removeItem(atPath: report)
      return try JSONDecoder().decode(JobReport.self, from: bytes).shotStarts
    }
    let rate = try #require(try MediaSource.open(input).info.frameRate)
    let labelled = Double(2 * Int(rate.value.rounded(.up)) + 10) / rate.value
    let times = try readFrames(input).map { Double($0.presentationTime) / 1000 }
    let named = try #require(times.firstIndex { $0 >= labelled - 0.0006 })
    let whole = [0, 10, 20, 60, named].sorted()
    #expect(try starts([]) == whole)
    // Numbers are those of the whole film wherever it begins.
    let sixteen = times[16]
    #expect(
      try starts(["--from", "\(sixteen)"]) == [0] + whole.filter { $0 > 16 }.map { $0 - 16 })
    let pipeline = scratch.file("mine.yaml")
    try "from: \"#16\"\nto: 0:02\ncodec: ffv1\n".write(
      toFile: pipeline, atomically: true, encoding: .utf8)
    let output = scratch.file("part.mkv")
    let run = try runProgram([input, "-o", output, "--pipeline", pipeline, "-q"])
    #expect(run.status == 0, "\(run.errors)")
    #expect(try readFrames(output).count == times.filter { $0 < 1.99 }.count - 16)
    // In YAML a bare # begins a comment, so that nothing would be cut.
    try "from: #16\n".write(toFile: pipeline, atomically: true, encoding: .utf8)
    let bare = try runProgram([input, "-o", scratch.file("x.mkv"), "--pipeline", pipeline])
    #expect(bare.status == 64 && bare.errors.contains("'from'") && bare.errors.contains("quotes"))
    try "from: soon\n".write(toFile: pipeline, atomically: true, encoding: .utf8)
    let wrong = try runProgram([input, "-o", scratch.file("x.mkv"), "--pipeline", pipeline])
    #expect(
      wrong.status == 64 && wrong.errors.contains("from: 'soon' is not a position"), "\(wrong)")
  }

  @Test(arguments: [
    (["--from", "soon"], "'soon' is not a position in the film; expected 12.48"),
    (["--from", "#20", "--to", "#20"], "must be later than --from #20"),
    (["--from", "1:00", "--to", "0:30"], "must be later than --from"),
    (["--from", "99999999999"], "--from"),
  ])
  func placesThatMakeNoPartAreRefused(arguments: [String], words: String) throws {
    try writeClip(smallFilm(shots: [.sea]), frames: 0..<2, to: scratch.file("film.mkv"))
    let run = try runProgram([scratch.file("film.mkv"), "-o", scratch.file("x.mkv")] + arguments)
    #expect(run.status == 64 && run.errors.contains(words), "\(run.errors)")
    #expect(run.errors.split(separator: "\n").count == 1)
  }
}
