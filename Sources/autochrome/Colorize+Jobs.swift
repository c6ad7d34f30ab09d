import ArgumentParser
import AutochromeKit

extension Colorize {
  /// The jobs that the command stands for; what they read and write does not get into each other's way.
  func jobs(output: String) throws -> [ColorizationJob] {
    let requests = try JobRequests(inputs: inputs, output: output, pipeline: settings.pipeline)
    for (option, template) in [("--preview", preview), ("--report", report)] {
      try JobRequests.checkTemplate(template, option: option, inputs: requests.all.count)
    }
    var files = CommandFiles()
    var resolved: [String: Settings] = [:]
    for request in requests.all {
      files.add(request)
      files.writes(preview.map { request.name(from: $0) }, as: "--preview")
      files.writes(report.map { request.name(from: $0) }, as: "--report")
      let name = request.suggestedPipeline
      guard resolved[name] == nil else { continue }
      let settings = try Settings(
        pipeline: settings.pipeline, suggested: name, options: layer())
      try files.reads(settings)
      resolved[name] = settings
    }
    try files.check()
    if !running.quiet {
      let display = running.makeDisplay()
      for note in requests.notes { display.show(.warning(note)) }
    }
    let (protected, networks) = (files.protected, NetworkShelf())
    return try requests.all.map { request in
      let settings =
        try resolved[request.suggestedPipeline]
        ?? Settings(
          pipeline: settings.pipeline, suggested: request.suggestedPipeline,
          options: layer()
        )
      var job = ColorizationJob(
        request, settings: settings, overwrite: overwrite,
        preview: preview.map { request.name(from: $0) }, protected: protected)
      job.previewFrames = previewFrames
      job.keepsExisting = skipExisting
      job.restarts = restart
      job.networks = networks
      job.identifiesFiles = report != nil
      return job
    }
  }
}
