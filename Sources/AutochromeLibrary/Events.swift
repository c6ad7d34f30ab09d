public import Foundation
import AutochromeKit

/// An event of a running job.
public enum Event: Sendable {
  /// The input and the network are open, and the work begins.
  case started(Plan)
  /// Frames have been written. Sent at most ten times a second.
  case progress(Progress)
  /// Something the user should know, in one sentence, that does not stop the job.
  case warning(String)

  init(_ event: JobEvent) {
    self =
      switch event {
      case .started(let plan): .started(Plan(plan))
      case .progress(let progress): .progress(Progress(progress))
      case .warning(let text): .warning(AutochromeError.plain(text))
      }
  }
}

/// What a job is going to do.
public struct Plan: Sendable {
  /// Width of the film in luma samples.
  public let width: Int
  /// Height of the film in luma rows.
  public let height: Int
  /// The input's container, codec, size and pixel format, for people.
  public let source: String
  /// The network, its back end and arithmetic, for people.
  public let network: String
  /// Size at which the network sees a frame, in samples.
  public let networkSize: (width: Int, height: Int)
  /// FFmpeg's name of the pixel format that is encoded; nil if it is not known in advance.
  public let encoderPixelFormat: String?
  /// Frames that may be in flight at once. Together with the size of a frame, they bound the memory.
  public let framesInFlight: Int

  init(_ plan: JobPlan) {
    width = plan.width
    height = plan.height
    source = plan.source
    network = plan.network
    networkSize = (plan.workingWidth, plan.workingHeight)
    encoderPixelFormat = plan.encoderPixelFormat
    framesInFlight = plan.permits
  }
}

/// The progress of a job.
public struct Progress: Hashable, Sendable {
  /// Frames written.
  public let framesDone: Int
  /// Frames to be written; nil if unknown.
  public let framesTotal: Int?
  /// Frames written per second since the start.
  public let framesPerSecond: Double
  /// Estimated seconds until the end; nil if they can't be estimated.
  public let secondsLeft: Double?

  init(_ progress: JobProgress) {
    framesDone = progress.framesDone
    framesTotal = progress.framesTotal
    framesPerSecond = progress.framesPerSecond
    secondsLeft = progress.secondsLeft
  }
}

/// The report of a job.
public struct Report: Sendable {
  /// Frames in the output, including those of an earlier run that this one continued.
  public let frames: Int
  /// The first frame of each shot, from 0.
  public let shotStarts: [Int]
  /// Wall-clock seconds of this run.
  public let seconds: Double
  /// Whether the job was stopped before the end of its input. The same job continues from there.
  public let isInterrupted: Bool
  /// The path of the finished part, after an interruption; nil if there is no playable one.
  public let partialOutput: String?
  /// Which parts of the input were missing or damaged, in words; nil if it was intact. Everything else is in the output.
  public let damage: String?
  /// The messages of all ``Event/warning(_:)`` events.
  public let warnings: [String]
  /// The whole report as JSON, in the form that `docs/schemas/report.schema.json` describes.
  public let json: Data

  init(_ report: JobReport) throws {
    frames = report.frames
    shotStarts = report.shotStarts
    seconds = report.seconds
    isInterrupted = report.interrupted
    partialOutput = report.partialOutput
    damage = report.damage
    warnings = report.warnings.map { AutochromeError.plain($0) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    json = try encoder.encode(report)
  }
}
