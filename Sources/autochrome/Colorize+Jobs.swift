import ArgumentParser
import AutochromeKit

extension Colorize {
  /// The jobs that the command stands for; what they read and write does not get into each other's way.
  func jobs(output: String) throws -> [ColorizationJob] {
    let requests = try JobRequests(inputs: inputs, output: output, pipeline: settings.pipeline)
    if requests.all.count > 1, preview != nil || report != nil {
      throw AutochromeError(.usage, "--preview and --report go with a single input.")
    }
    var files = CommandFiles()
    var resolved: [String: Settings] = [:]
    for request in requests.all {
      files.add(request)
      let name = request.suggestedPipeline
      guard resolved[name] == nil else { continue }
      let settings = try Settings(
        pipeline: settings.pipeline, suggested: name, options: settings.layer())
      try files.reads(settings)
      resolved[name] = settings
    }
    files.writes(preview, as: "--preview")
    files.writes(report, as: "--report")
    try files.check()
    if !quiet {
      let display = ProgressDisplay(mode: progress, verbosity: .normal)
      for note in requests.notes { display.show(.warning(note)) }
    }
    let protected = files.protected
    return try requests.all.map { request in
      let settings =
        try resolved[request.suggestedPipeline]
        ?? Settings(
          pipeline: settings.pipeline, suggested: request.suggestedPipeline,
          options: settings.layer()
        )
      var job = ColorizationJob(
        request, settings: settings, overwrite: overwrite, preview: preview, protected: protected)
      job.previewFrames = previewFrames
      job.keepsPictures = skipExisting
      return job
    }
  }
}
