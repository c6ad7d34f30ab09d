import AutochromeKit

extension Colorize {
  /// Makes the sheet alone.
  func look() throws {
    guard let sheet = preview, inputs.count == 1 else {
      throw AutochromeError(
        .usage, "--preview goes with a single input, and \(inputs.count) are given.")
    }
    guard report == nil, !dryRun else {
      throw AutochromeError(
        .usage, "--report and --dry-run go with an --output; a preview alone makes no film.")
    }
    let settings = try Settings(
      pipeline: settings.pipeline,
      suggested: ColorizationJob.suggestedPipeline(for: inputs[0]), options: settings.layer())
    let preview = Preview(
      input: inputs[0], output: sheet, settings: settings, overwrite: overwrite,
      frames: previewFrames)
    try SheetRun(progress: progress, quiet: quiet).run(output: sheet) {
      try preview.run(interruption: $0, onEvent: $1)
    }
  }
}
