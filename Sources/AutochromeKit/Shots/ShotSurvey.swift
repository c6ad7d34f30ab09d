import Colorization
import Foundation
import Imaging
import Locking
import Media

/// A look at each shot of a film before it is colorized, from which a shots file is written: where shots
/// begin, and where the network's colors want an eye. The figures are those of some frames of each shot,
/// each colored for itself.
package struct ShotSurvey: Sendable {
  /// What may be wrong with a shot, or wants to be known of it.
  package enum Flag: String, Codable, CaseIterable, Sendable {
    /// It is in color already.
    case color
    /// The network is not sure of its colors.
    case unsure
    /// Most of it is brown: the color of everything that the network does not recognize.
    case brown
    /// The colors of its beginning are others than those of its end.
    case drift
    /// There is next to nothing to be seen.
    case black
  }

  /// What was found of a shot.
  package struct Shot: Codable, Sendable {
    /// Its first frame, from 0.
    package var frame: Int
    /// When that is shown, in seconds.
    package var time: Double
    /// How many frames it has.
    package var frames: Int
    /// What wants an eye.
    package var flags: [Flag]
    /// How sure the network is, 0…1; the mean of the picture.
    package var certainty: Double
  }

  /// What to read: a film, a folder of frames or a pattern.
  package var input: String
  /// The shots file.
  package var output: String
  /// A page with pictures of each shot, if wanted.
  package var sheet: String?
  /// How it would be colorized.
  package var settings: Settings
  /// Whether files that exist may be replaced.
  package var overwrite: Bool

  /// Frames of a shot that are looked at, where it has as many.
  private static let samples = 3

  /// Describes a survey; nothing is opened before `run`.
  package init(
    input: String, output: String, sheet: String? = nil, settings: Settings, overwrite: Bool = false
  ) {
    self.input = input
    self.output = output
    self.sheet = sheet
    self.settings = settings
    self.overwrite = overwrite
  }

  /// Looks at the film and writes the files.
  /// - Parameters:
  ///   - interruption: the user's wish to stop.
  ///   - onEvent: told of progress and warnings, from several threads, one call at a time.
  /// - Throws: `AutochromeError`; then nothing is written.
  package func run(
    interruption: Interruption = Interruption(),
    onEvent: @escaping @Sendable (JobEvent) -> Void = { _ in }
  ) throws(AutochromeError) -> [Shot] {
    try MeasuringRun.with(interruption, onEvent: onEvent) { run in
      var files = CommandFiles()
      files.reads(input, as: CommandFiles.input)
      try files.reads(settings)
      files.writes(output, as: "--output")
      files.writes(sheet, as: "--sheet")
      try files.check()
      let file = try files.place(output, overwrite: overwrite)
      let page = try sheet.map { try files.place($0, overwrite: overwrite) }
      let colorizer = try JobParts.openColorizer(settings)
      let list = try ShotList.given(by: settings)
      let source = try JobParts.openSource(
        input: input, settings: settings, interruption: run.blocking,
        countsFrames: list?.countsFrames ?? false, warn: { [log = run.log] in log.warn($0) })
      guard !source.info.isPipe, input != "-" else {
        throw AutochromeError(
          .usage, "A pipe can be read only once; give a film or a folder of frames instead.")
      }
      let found = try FoundShots(
        in: source, colorizer: colorizer, settings: settings, list: list)
      guard found.seen.of > 0 else {
        throw AutochromeError(
          .badData, "'\(input)' holds no frames, so '\(output)' was not written.")
      }
      let looked = try look(at: found, run, colorizer: colorizer)
      let shots = zip(found.shots, found.lengths).enumerated().map { index, shot in
        let samples = looked[index + 1] ?? []
        return Shot(
          frame: shot.0.frame, time: shot.0.time, frames: shot.1, flags: Self.flags(of: samples),
          certainty: samples.isEmpty
            ? 0 : samples.reduce(0) { $0 + $1.certainty } / Double(samples.count))
      }
      let request = JobRequest(input: input, output: output)
      try file.write(
        ShotsFile.text(
          of: shots, film: PathParts.name(of: input), frames: found.seen.of,
          fingerprint: try request.fingerprint()))
      if let page {
        let pictures = shots.indices.map { looked[$0 + 1]?.map(\.pictures) ?? [] }
        try page.write(
          ShotsPage(film: PathParts.name(of: input), file: output, shots: shots).text(pictures))
      }
      return shots
    }
  }

  // MARK: Looking

  /// What is known of one frame.
  private struct Sample: Sendable {
    var shot: Int
    var certainty: Double
    /// Share of the picture with a brown color, 0…1.
    var brown: Double
    /// Means of L*, a and b.
    var mean: SIMD3<Double>
    var isInColor: Bool
    /// The source and the result.
    var pictures: [Thumbnail]
  }

  /// - Returns: the samples by the number of their shot, from 1.
  private func look(
    at found: FoundShots, _ run: MeasuringRun, colorizer: FrameColorizer
  ) throws -> [Int: [Sample]] {
    let spread = SpreadFrames.numbered(
      found.samples(ofEach: Self.samples),
      of: try run.open(input, settings: settings))
    let samples = Locked<[Int: [Sample]]>([:])
    _ = try run.measure(
      "frames", expected: min(found.seen.of, Self.samples * found.shots.count),
      threads: settings.threads, next: { try spread.next() },
      by: { [settings] frame in try Self.sample(frame, colorizer: colorizer, settings: settings) },
      gather: { sample in
        samples.withLock { $0[sample.shot, default: []].append(sample) }
        return false
      })
    return samples.withLock { $0 }
  }

  private static func sample(
    _ spread: SpreadFrame, colorizer: FrameColorizer, settings: Settings
  ) throws -> Sample {
    let frame = spread.frame
    let gray = frame.with(frame.picture.withNeutralChroma())
    let survey = try colorizer.survey(gray)
    let analysis = try colorizer.analyze(survey, look: settings.look)
    let colored = try colorizer.colorize(
      gray, analysis: analysis, look: settings.look,
      format: .yuv444(frame.picture.format.bitDepth), wanted: ColorDescription())
    let estimate = analysis.estimate
    let (a, b) = (estimate.ab.channel(0), estimate.ab.channel(1))
    var (brown, mean) = (0, SIMD3<Double>())
    for at in 0..<estimate.area {
      let (a, b) = (Double(a[at]), Double(b[at]))
      if Self.isBrown(a, b) { brown += 1 }
      mean += SIMD3(0, a, b)
    }
    let count = Double(max(estimate.area, 1))
    mean /= count
    mean.x = survey.lightness.mean(ofChannel: 0)
    withExtendedLifetime(estimate) {}
    return Sample(
      shot: spread.shot ?? 0, certainty: estimate.certainty.mean(ofChannel: 0),
      brown: Double(brown) / count, mean: mean,
      isInColor: ColorSurvey(frame.picture).content == .color,
      pictures: try [frame.picture, colored].map { try Thumbnail(color: $0, widest: 200) })
  }

  /// Hues from orange to yellow, of little chroma, but not gray.
  private static func isBrown(_ a: Double, _ b: Double) -> Bool {
    let chroma = (a * a + b * b).squareRoot()
    let hue = atan2(b, a) * 180 / .pi
    return (5...30).contains(chroma) && (30...95).contains(hue)
  }

  /// Where the network is this unsure, other colors are nearly as likely.
  private static let leastCertainty = 0.22
  /// So much of a picture is rarely brown.
  private static let mostBrown = 0.85
  /// Of a and b, between two frames of a shot.
  private static let mostDrift = 7.0
  /// L* of what shows nothing.
  private static let mostBlack = 4.0

  private static func flags(of samples: [Sample]) -> [Flag] {
    guard !samples.isEmpty else { return [] }
    func mean(_ value: (Sample) -> Double) -> Double {
      samples.reduce(0) { $0 + value($1) } / Double(samples.count)
    }
    var flags: Set<Flag> = []
    if samples.contains(where: \.isInColor) { flags.insert(.color) }
    if mean(\.mean.x) < mostBlack {
      flags.insert(.black)
    } else {
      if mean(\.certainty) < leastCertainty { flags.insert(.unsure) }
      if mean(\.brown) > mostBrown { flags.insert(.brown) }
      let drifts = zip(samples, samples.dropFirst()).map { one, other in
        let step = other.mean - one.mean
        return (step.y * step.y + step.z * step.z).squareRoot()
      }
      if drifts.contains(where: { $0 > mostDrift }) { flags.insert(.drift) }
    }
    return Flag.allCases.filter(flags.contains)
  }
}

extension ShotsFile {
  /// The file for shots that were found, for people to go on with.
  static func text(
    of shots: [ShotSurvey.Shot], film: String, frames: Int, fingerprint: String
  ) -> String {
    let looks = SettingsCatalog.ofLook.map(\.name).joined(separator: ", ")
    var lines = [
      "# The shots of a film, for --shots. A shot may have:",
      "#   look: {…}   its own settings: \(looks)",
      "#   color: \(ColorMode.allCases.map(\.rawValue).joined(separator: " or "))   what to do with colors that it "
        + "already has",
      "#   like: N     the look of shot N",
      "#   hints, references, palette: colors that you know; see docs/reference.md",
      "#   state, note: whatever you like",
      "# Flags mark what deserves a look: \(ShotSurvey.Flag.allCases.map(\.rawValue).joined(separator: ", ")).",
      "film: {name: \(quoted(film)), frames: \(frames), fingerprint: \(fingerprint)}",
      "look: {}",
      "shots:",
    ]
    for (index, shot) in shots.enumerated() {
      lines.append(
        "  - at: \(TimePosition.clock(shot.time))  # \(index + 1), frame \(shot.frame), \(counted(shot.frames, "frame")), "
          + String(format: "certainty %.2f", shot.certainty))
      if !shot.flags.isEmpty {
        lines.append("    flags: [\(shot.flags.map(\.rawValue).joined(separator: ", "))]")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A string of YAML, whatever is in it.
  private static func quoted(_ text: String) -> String {
    "\""
      + PrintableText(text).description.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
      + "\""
  }
}
