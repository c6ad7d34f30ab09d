import ArgumentParser
import AutochromeKit

extension Colorize {
  /// The jobs that the command stands for; what they read and write does not get into each other's way.
  func jobs(output: String) throws -> [ColorizationJob] {
    let requests = try JobRequests(inputs: inputs, output: output, pipeline: settings.pipeline)
    for (option, template) in [("--preview", preview), ("--report", report)] {
      try JobRequests.checkTemplate(template, option: option, inputs: requests.all.count)
    }
    var wanted = try parts(of: requests.all, output: output)
    var files = CommandFiles()
    var resolved: [String: Settings] = [:]
    for (request, _) in wanted {
      let name = request.suggestedPipeline
      guard resolved[name] == nil else { continue }
      let settings = try Settings(
        pipeline: settings.pipeline, suggested: name, options: layer())
      try files.reads(settings)
      resolved[name] = settings
    }
    wanted = try wanted.flatMap { request, run in
      let samples = resolved[request.suggestedPipeline]?.samples ?? 1
      try checkTemplates(samples: samples)
      return try request.samples(samples).map { ($0, run) }
    }
    for (request, _) in wanted {
      files.add(request)
      files.writes(preview.map { request.name(from: $0) }, as: "--preview")
      files.writes(report.map { request.name(from: $0) }, as: "--report")
    }
    try files.check()
    if !running.quiet {
      let display = running.makeDisplay()
      for note in requests.notes { display.show(.warning(note)) }
    }
    let (protected, networks) = (files.protected, NetworkShelf())
    return try wanted.map { request, run in
      let whole =
        try resolved[request.suggestedPipeline]
        ?? Settings(
          pipeline: settings.pipeline, suggested: request.suggestedPipeline,
          options: layer()
        )
      let settings = try run.map { try whole.only($0) } ?? whole
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

  /// What is written beside each coloring needs its number.
  private func checkTemplates(samples: Int) throws {
    for (option, template) in [("--preview", preview), ("--report", report)] {
      guard samples > 1, let template, !template.contains(JobRequest.samplePlaceholder) else {
        continue
      }
      throw AutochromeError(
        .usage,
        "\(option) '\(template)' would be overwritten by each of the \(samples) colorings; put "
          + "\(JobRequest.samplePlaceholder) into it.")
    }
  }

  /// Each request, or one for each run of shots that is wanted of it.
  private func parts(
    of requests: [JobRequest], output: String
  ) throws -> [(JobRequest, ClosedRange<Int>?)] {
    guard let only else { return requests.map { ($0, nil) } }
    let runs = try ShotRuns(only).runs
    guard runs.count == 1 || output.contains(ShotRuns.placeholder) else {
      throw AutochromeError(
        .usage,
        "--only \(only) produces \(runs.count) films; put \(ShotRuns.placeholder) into the output's name, as in "
          + "'shots-\(ShotRuns.placeholder).mkv'.")
    }
    return requests.flatMap { request in runs.map { (request.only($0), $0) } }
  }
}
