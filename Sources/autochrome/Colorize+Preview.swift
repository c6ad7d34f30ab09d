import AutochromeKit

extension Colorize {
  /// Makes the sheets alone.
  func look(_ sheet: String) throws {
    guard report == nil, !dryRun else {
      throw AutochromeError(
        .usage, "--report and --dry-run go with an --output; a preview alone makes no film.")
    }
    // Numbered pictures that are named one by one are one film, and have one sheet.
    let films = try JobRequests(inputs: inputs, output: "{name}", pipeline: settings.pipeline)
    try JobRequests.checkTemplate(sheet, option: "--preview", inputs: films.all.count)
    let requests = try JobRequests(inputs: inputs, output: sheet, pipeline: settings.pipeline)
    try forEach(requests.all, "looked at") { request in
      if skipExisting, request.outputExists { return tellLeft(request.output) }
      let settings = try Settings(
        pipeline: settings.pipeline, suggested: request.suggestedPipeline,
        options: settings.layer())
      let preview = Preview(
        request, settings: settings, overwrite: overwrite, frames: previewFrames)
      try running.makeSheet(request.output) { try preview.run(interruption: $0, onEvent: $1) }
    }
  }
}
