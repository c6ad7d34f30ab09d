import AutochromeKit
import Foundation
import Media

/// FFmpeg's own program transcoding a clip without colorizing it: the limit to be measured against.
struct PlainTranscode {
  private let program: URL
  private let arguments: [String]

  /// Nil if `ffmpeg` is not in the search path.
  init?(input: String, output: String, plan: JobPlan) {
    guard let found = FileSystem.program(named: "ffmpeg") else { return nil }
    program = URL(fileURLWithPath: found)
    let settings = plan.settings
    var arguments = [
      "-nostdin", "-v", "error", "-y", "-threads", "\(settings.threads)", "-i", input,
    ]
    if let codec = settings.codec { arguments += ["-c:v", codec] }
    if let preset = settings.preset { arguments += ["-preset", preset] }
    if settings.codec == "libx264" {
      arguments += [
        "-x264-params",
        X264Parameters.text(preset: settings.preset, width: plan.width, height: plan.height),
      ]
    }
    if let crf = settings.crf { arguments += ["-crf", "\(crf)"] }
    arguments += [
      "-pix_fmt", plan.encoderPixelFormat ?? "yuv420p", "-threads", "\(settings.threads)", "-c:a",
      "copy", output,
    ]
    self.arguments = arguments
  }

  /// Runs it; wall-clock seconds.
  func run() throws -> Double {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    let start = ContinuousClock.now
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw AutochromeError(
        .unavailable,
        "ffmpeg exited with status \(process.terminationStatus) for \(arguments.joined(separator: " "))."
      )
    }
    return (ContinuousClock.now - start).seconds
  }
}
