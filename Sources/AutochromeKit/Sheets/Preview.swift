import Colorization
import Imaging

/// A look at what a film would become: some frames, each colored for itself, on a sheet, the source above
/// the result. Nothing else is written. A film that can be sought is not decoded whole, so that it takes
/// seconds however long the film is.
package struct Preview: Sendable {
  /// What to read, as given: a file, a folder, a pattern, or `-`.
  package var input: String
  /// The names in the folder `input` that make up the film; nil for all pictures there.
  package var pictures: [String]?
  /// The sheet, a PNG or JPEG.
  package var output: String
  /// How.
  package var settings: Settings
  /// Whether a sheet that exists may be replaced.
  package var overwrite: Bool
  /// How many frames are shown at most.
  package var frames: Int
  /// Where the network comes from: previews with the same shelf load it once; nil to load one for this alone.
  package var networks: NetworkShelf?

  /// How many frames are shown where nobody says.
  package static let usualFrames = 12

  /// Describes a preview; nothing is opened before `run`.
  package init(
    input: String, output: String, settings: Settings, overwrite: Bool = false,
    frames: Int = Self.usualFrames
  ) {
    self.input = input
    self.output = output
    self.settings = settings
    self.overwrite = overwrite
    self.frames = frames
  }

  /// Describes a preview of what `request` reads; its output is the sheet.
  package init(
    _ request: JobRequest, settings: Settings, overwrite: Bool = false,
    frames: Int = Self.usualFrames
  ) {
    self.init(
      input: request.input, output: request.output, settings: settings, overwrite: overwrite,
      frames: frames)
    pictures = request.pictures
  }

  /// Makes the sheet.
  /// - Parameters:
  ///   - interruption: the user's wish to stop.
  ///   - onEvent: told of progress and warnings, from several threads, one call at a time.
  /// - Returns: how many frames are shown.
  /// - Throws: `AutochromeError`; then nothing is written.
  package func run(
    interruption: Interruption = Interruption(),
    onEvent: @escaping @Sendable (JobEvent) -> Void = { _ in }
  ) throws(AutochromeError) -> Int {
    try LookingRun(
      input: input, pictures: pictures, output: output, settings: settings, overwrite: overwrite,
      frames: frames
    ).run(
      interruption, onEvent: onEvent,
      colorizers: { [try JobParts.openColorizer(settings, from: networks)] },
      show: { frame, pictures in
        PreviewSheet.cell(
          frame,
          thumbnails: [
            try Thumbnail(color: frame.frame.picture), try Thumbnail(color: pictures[0]),
          ])
      }, sheet: PreviewSheet.sheet)
  }
}
