package import AutochromeKit
import Foundation
import Imaging
import Media
import SampleFilm

/// How fast the program is on this machine: the time of each stage, frames per second, and the ratio
/// to FFmpeg's plain transcode of the same clip with the same encoder.
package struct Bench: Codable, Sendable {
  /// What was colorized.
  package var clip: String
  /// Width × height.
  package var size: String
  /// The network, its back end and arithmetic.
  package var network: String
  /// Processor threads.
  package var threads: Int
  /// Encoder settings, the same for both.
  package var encoder: String
  /// Frames written.
  package var frames: Int
  /// Wall-clock seconds of each run, ours.
  package var seconds: [Double]
  /// Wall-clock seconds of each run of `ffmpeg`; empty where it is not installed.
  package var plainSeconds: [Double]
  /// Frames per second, the median run.
  package var framesPerSecond: Double
  /// The median of the ratios of our wall time to `ffmpeg`'s, run by run.
  package var ratioToPlainTranscode: Double?
  /// Time spent in each stage, of the median run.
  package var stages: [StageTime]

  /// How many times each is run, alternating.
  static let rounds = 3

  /// Runs the benchmark on `input`, or on a 1080p clip rendered from the sample film.
  /// - Parameter say: told in short sentences what goes on.
  /// - Throws: `AutochromeError`.
  package static func run(
    input: String?, options: SettingsLayer, say: @escaping @Sendable (String) -> Void
  ) throws(AutochromeError) -> Bench {
    try AutochromeError.wrapping {
      let folder = FileManager.default.temporaryDirectory.appending(
        path: "autochrome-bench-\(ProcessInfo.processInfo.processIdentifier)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer {
        do { try FileManager.default.removeItem(at: folder) } catch {
          say("The folder '\(folder.path)' can't be removed: \(error.localizedDescription).")
        }
      }
      var options = options
      options.codec = options.codec ?? "libx264"
      options.preset = options.preset ?? "veryfast"
      options.crf = options.crf ?? 18
      let clip = try input ?? renderClip(in: folder, say: say)
      return try measure(clip: clip, isRendered: input == nil, folder, options: options, say: say)
    }
  }

  private static func renderClip(in folder: URL, say: (String) -> Void) throws -> String {
    // The grain of a clean print: at full strength, x264 would spend more time than everything else.
    var look = SampleFilm.Options()
    look.grain = 0.4
    let film = SampleFilm(width: 1920, height: 1080, frameRate: 24, options: look)
    let count = min(film.frameCount, 96)
    say("Rendering \(counted(count, "frame")) of the sample film at 1920×1080 …")
    let path = folder.appending(path: "clip.mkv").path
    var options = SinkOptions()
    options.encoder = "libx264"
    options.preset = "veryfast"
    options.crf = 18
    options.pixelFormat = "yuv420p"
    try SampleClip.write(film, frames: count, to: path, options: options)
    return path
  }

  private static func measure(
    clip: String, isRendered: Bool, _ folder: URL, options: SettingsLayer,
    say: @escaping @Sendable (String) -> Void
  ) throws -> Bench {
    let settings = try Settings(pipeline: nil, suggested: "film", options: options)
    let result = folder.appending(path: "color.mkv").path
    let job = ColorizationJob(
      input: clip, output: result, settings: settings, overwrite: true)
    let plan = try job.plan()
    let peer = PlainTranscode(
      input: clip, output: folder.appending(path: "plain.mkv").path, plan: plan)
    var reports: [JobReport] = []
    var plain: [Double] = []
    for round in 1...rounds {
      say("Round \(round) of \(rounds) …")
      reports.append(try job.run { _ in })
      if let seconds = try peer?.run() { plain.append(seconds) }
    }
    let ratios = zip(reports, plain).map { $0.seconds / $1 }.sorted()
    let ordered = reports.sorted { $0.seconds < $1.seconds }
    let median = ordered[ordered.count / 2]
    return Bench(
      clip: isRendered ? "sample film" : clip, size: "\(plan.width)×\(plan.height)",
      network: plan.network, threads: settings.threads,
      encoder: [
        plan.settings.codec ?? "", plan.settings.preset ?? "", "crf \(settings.crf ?? 0)",
        plan.encoderPixelFormat ?? "",
      ].joined(separator: " "),
      frames: median.frames, seconds: reports.map(\.seconds), plainSeconds: plain,
      framesPerSecond: median.framesPerSecond,
      ratioToPlainTranscode: ratios.isEmpty ? nil : ratios[ratios.count / 2],
      stages: median.stages)
  }

  /// A table for people.
  package var text: String {
    var lines = [
      "\(clip), \(size), \(counted(frames, "frame")), \(counted(threads, "thread")), \(encoder)",
      "network: \(network)",
      "",
      "stage          ms a frame   share of busy time",
    ]
    let busy = stages.reduce(0) { $0 + $1.busySeconds }
    for stage in stages {
      let name = stage.name.padding(toLength: 14, withPad: " ", startingAt: 0)
      let milliseconds = frames == 0 ? 0 : 1000 * stage.busySeconds / Double(frames)
      lines.append(
        name
          + String(
            format: "%11.2f %19.0f %%", milliseconds, busy > 0 ? 100 * stage.busySeconds / busy : 0)
      )
    }
    lines.append("")
    lines.append(
      String(format: "%.2f frames/s (median of %d runs)", framesPerSecond, seconds.count))
    if let ratio = ratioToPlainTranscode {
      lines.append(String(format: "%.2f × the time of a plain ffmpeg transcode", ratio))
    } else {
      lines.append("no ratio to a plain transcode: ffmpeg is not installed")
    }
    return lines.joined(separator: "\n")
  }
}
