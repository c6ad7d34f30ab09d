import AutochromeKit

/// A film, a folder of pictures, or a stream of frames to be colorized.
///
/// Nothing is opened before `plan()`, `start()` or `run()`. A job can be run more than once, unless its frames come
/// from a ``FrameSource``, which delivers them once.
public struct Job: Sendable {
  /// Where the frames come from.
  public enum Input: Sendable {
    /// A film, a picture, a folder of pictures, or a pattern of file names such as `scans/%06d.png`.
    case path(String)
    /// Frames from your program.
    case frames(any FrameSource)
  }

  /// Where the colorized frames go.
  public enum Output: Sendable {
    /// A film, a folder, or a pattern of file names. It appears under this name only when it is complete.
    case path(String)
    /// Your program.
    case frames(any FrameSink)
  }

  /// Where the frames come from.
  public var input: Input
  /// Where the colorized frames go.
  public var output: Output
  /// How the frames are colorized and encoded.
  public var options: Options

  /// Describes a job.
  public init(_ input: Input, to output: Output, options: Options = Options()) {
    self.input = input
    self.output = output
    self.options = options
  }

  /// Opens the input and the network, and returns what `start()` would do. Writes nothing.
  /// - Throws: ``AutochromeError`` if the input, the network or an option is invalid.
  public func plan() throws(AutochromeError) -> Plan {
    try AutochromeError.translating {
      Plan(try described().plan())
    }
  }

  /// Starts the job on its own threads, and returns at once. It runs to its end even if the ``Run`` is released.
  public func start() -> Run { Run(self) }

  /// Runs the job to its end. If the task is cancelled, the job stops as after ``Run/stop()``.
  /// - Returns: the report; ``Report/isInterrupted`` tells whether the job was stopped early.
  /// - Throws: ``AutochromeError``. In this case, there is no output under its final name.
  @discardableResult
  public func run() async throws(AutochromeError) -> Report {
    let run = start()
    return try await withTaskCancellationHandler {
      await run.result
    } onCancel: {
      run.stop()
    }.get()
  }

  /// The job in the terms of the program.
  func described() throws -> ColorizationJob {
    // Frames of the program's own are a stream: they come once, and nothing can be gone on from.
    var (from, to) = ("-", "-")
    if case .path(let path) = input { from = path }
    if case .path(let path) = output { to = path }
    var job = ColorizationJob(
      input: from, output: to,
      settings: try options.settings(suggested: ColorizationJob.suggestedPipeline(for: from)),
      overwrite: options.replacesOutput)
    job.restarts = options.startsOver
    if case .frames(let source) = input { job.frameSource = try SourceAdapter(source) }
    if case .frames(let sink) = output {
      if let option = job.settings.ownEncoderOptions.first {
        throw AutochromeKit.AutochromeError(
          .usage,
          "The option '\(option)' has no effect, because these frames are not encoded; leave it out."
        )
      }
      job.openFrameSink = { try SinkAdapter(sink, source: $0) }
    }
    return job
  }
}
