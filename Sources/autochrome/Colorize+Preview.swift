import AutochromeKit

extension Colorize {
  /// Makes the sheets alone.
  func look(_ sheet: String) throws {
    guard report == nil, !dryRun else {
      throw AutochromeError(
        .usage, "--report and --dry-run go with an --output; a preview alone makes no film.")
    }
    let requests = try JobRequests(
      inputs: inputs, output: sheet, pipeline: settings.pipeline, sideOption: "--preview")
    try forEach(requests.all, "looked at") { request in
      if skipExisting, request.outputExists { return tellLeft(request.output) }
      let settings = try Settings(
        pipeline: settings.pipeline, suggested: request.suggestedPipeline,
        options: layer())
      let preview = Preview(
        request, settings: settings, overwrite: overwrite, frames: previewFrames)
      try running.makeSheet(request.output) { try preview.run(interruption: $0, onEvent: $1) }
    }
  }
}
