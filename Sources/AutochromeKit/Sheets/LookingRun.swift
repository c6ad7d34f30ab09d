import Colorization
import Imaging
import Locking
import Media

/// Some frames of an input, colored for themselves and put on a sheet: what `Preview` and `Trial` share.
struct LookingRun {
  var input: String
  /// The names in the folder `input` that count; nil for all.
  var pictures: [String]?
  var output: String
  var settings: Settings
  var overwrite: Bool
  /// How many frames at most.
  var frames: Int
  /// Networks that are read beside that of the settings.
  var models: [String] = []
  /// Each network colors each frame in the look of its shot, changed by each of these.
  var variants: [@Sendable (Look) -> Look] = [{ $0 }]

  /// How many frames a sheet may show.
  static let frameRange = 1...200

  /// - Parameters:
  ///   - colorizers: each frame is colored by all of them.
  ///   - show: makes what is shown of a frame of its pictures: all looks of the first colorizer, then those of
  ///     the next.
  ///   - sheet: joins what was made of all frames.
  /// - Returns: how many frames are shown.
  func run<Shown: Sendable>(
    _ interruption: Interruption, onEvent: @escaping @Sendable (JobEvent) -> Void,
    colorizers: () throws -> [FrameColorizer],
    show: @escaping @Sendable (SpreadFrame, [Picture]) throws -> Shown,
    sheet: ([Shown]) -> ContactSheet
  ) throws(AutochromeError) -> Int {
    try MeasuringRun.with(interruption, onEvent: onEvent) { run in
      let file = try check()
      let list = try ShotList.given(by: settings)
      let colorizers = try colorizers()
      let spread = try SpreadFrames.forPeople(
        count: frames, colorizer: colorizers[0], settings: settings
      ) {
        UndamagedPart(
          of: try run.open(
            input, pictures: pictures, settings: settings,
            countsFrames: list?.countsFrames ?? false)
        ) {
          [log = run.log] in
          log.warn($0)
        }
      }
      let found = try SourceLook.examine(
        input: input, pictures: pictures, info: spread.info, settings: settings,
        interruption: run.blocking)
      if let note = found?.colors.opening(input: input, mode: settings.color) { run.log.warn(note) }
      let shown = Locked<[Shown]>([])
      let reader = Locked(try list.map { try ShotList.Reader($0, of: spread.info) })
      let shotLooks = ShotLooks(settings: settings, list: list)
      _ = try run.measure(
        "frames", expected: nil, threads: settings.threads,
        next: { () throws -> SpreadFrame? in
          guard var frame = try spread.next() else { return nil }
          reader.withLock { reader in
            _ = reader?.startsShot(at: frame.frame)
            frame.look = shotLooks[reader?.next.shot]
          }
          return frame
        },
        by: {
          [settings, variants] (frame: SpreadFrame) throws -> Shown in
          let shot = frame.look
          let looks = variants.map { $0(shot?.look ?? settings.look) }
          let isKept =
            shot?.color == .keep
            && (shot?.isColorGiven == true || ColorSurvey(frame.frame.picture).content == .color)
          let pictures =
            isKept
            ? [Picture](repeating: frame.frame.picture, count: colorizers.count * looks.count)
            : try frame.frame.colored(by: colorizers, looks: looks, bars: settings.bars)
          return try show(frame, pictures)
        },
        gather: { (made: Shown) in
          shown.withLock { $0.append(made) }
          return false
        })
      let all = shown.withLock { $0 }
      guard !all.isEmpty else {
        throw AutochromeError(
          .badData, "'\(input)' holds no frame that can be decoded, so '\(output)' was not written."
        )
      }
      try sheet(all).write(to: file)
      return all.count
    }
  }

  private func check() throws -> SideFile {
    guard Self.frameRange.contains(frames) else {
      throw AutochromeError(
        .usage,
        "The number of frames on a sheet, \(frames), is outside of "
          + "\(Self.frameRange.lowerBound)…\(Self.frameRange.upperBound).")
    }
    try Thumbnail.checkName(output)
    var files = CommandFiles()
    for path in pictures?.map({ PathParts.join(input, $0) }) ?? [input] {
      files.reads(path, as: CommandFiles.input)
    }
    try files.reads(settings)
    for model in models { try files.reads(model: model) }
    files.writes(output, as: "the sheet")
    try files.check()
    return try files.place(output, overwrite: overwrite)
  }
}
