import AutochromeKit

extension Colorize {
  /// Makes the sheets alone.
  func look(_ sheet: String) throws {
    guard only == nil else {
      throw AutochromeError(
        .usage, "--only requires an --output; a preview always shows the whole film.")
    }
    guard report == nil, !dryRun else {
      throw AutochromeError(
        .usage, "--report and --dry-run require an --output; without one, only the preview is made."
      )
    }
    let requests = try JobRequests(
      inputs: inputs, output: sheet, pipeline: settings.pipeline, sideOption: "--preview")
    let queue = FilmQueue(running.makeDisplay())
    defer { queue.stop() }
    let networks = NetworkShelf()
    try queue.run(requests.all, notDone: "previewed") { index in
      let (request, display) = (requests.all[index], queue.display)
      if skipExisting, request.outputExists { return tellLeft(request, display) }
      let settings = try Settings(
        pipeline: settings.pipeline, suggested: request.suggestedPipeline,
        options: layer())
      var preview = Preview(
        request, settings: settings, overwrite: overwrite, frames: previewFrames)
      preview.networks = networks
      let frames = try preview.run(interruption: queue.interruption) { display.show($0) }
      display.finishedSheet(request.output, frames: frames)
      return FilmQueue.Result(.whole, frames: frames)
    }
  }
}
