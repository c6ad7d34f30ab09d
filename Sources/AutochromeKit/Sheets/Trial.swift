package import Colorization
import Imaging

/// The same frames of a film at several settings, side by side: a row for each frame, a column for the
/// source and for each network in each look. Each frame stands for itself.
package struct Trial: Sendable {
  /// What to read, as given: a film, a picture, a folder, a pattern, or `-`.
  package var input: String
  /// The sheet, a PNG or JPEG.
  package var output: String
  /// What is the same in all columns.
  package var settings: Settings
  /// The networks, by name or file; each has its columns beside each other.
  package var models: [String]
  /// The looks, of which vividness and temperature count; the rest is the shot's, or that of the settings.
  package var looks: [Look]
  /// Whether a sheet that exists may be replaced.
  package var overwrite = false
  /// How many frames are shown at most.
  package var frames = 4

  /// More columns than this are more than a sheet can hold.
  private static let mostColumns = 50

  /// Describes a trial; nothing is opened before `run`.
  package init(
    input: String, output: String, settings: Settings, models: [String], looks: [Look]
  ) {
    self.input = input
    self.output = output
    self.settings = settings
    self.models = models
    self.looks = looks
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
    let colorizers = try AutochromeError.wrapping { try makeColorizers() }
    return try LookingRun(
      input: input, output: output, settings: settings, overwrite: overwrite, frames: frames,
      models: models,
      variants: looks.map { look in
        { base in
          var result = base
          result.vividness = look.vividness ?? base.vividness
          result.temperature = look.temperature ?? base.temperature
          return result
        }
      }
    ).run(
      interruption, onEvent: onEvent, colorizers: { colorizers },
      show: { frame, pictures in
        [
          ContactSheet.Cell(
            thumbnails: [try Thumbnail(color: frame.frame.picture)], caption: frame.caption)
        ]
          + (try pictures.map { ContactSheet.Cell(thumbnails: [try Thumbnail(color: $0)]) })
      },
      sheet: { rows in
        ContactSheet(
          rows: rows,
          headings: [["source"]]
            + colorizers.map(\.network.description).flatMap { network in
              looks.map { [network.name] + $0.heading(for: network) }
            })
      })
  }

  private func makeColorizers() throws -> [FrameColorizer] {
    guard (1...Self.mostColumns).contains(models.count * looks.count) else {
      throw AutochromeError(
        .usage,
        "\(counted(models.count, "network")) at \(counted(looks.count, "setting")) would not give 1 to "
          + "\(Self.mostColumns) columns."
      )
    }
    return try models.map { model in
      var settings = settings
      settings.model = model
      return try JobParts.openColorizer(settings, looks: looks)
    }
  }
}

extension Look {
  /// What is in force with a network, one to a line, for a heading.
  package func heading(for network: ColorNetworkDescription) -> [String] {
    [
      "vividness \(Self.short(vividness(of: network)))",
      "T \(Self.short(temperature(of: network)))",
    ]
  }

  private static func short(_ value: Float) -> String {
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}
