import Colorization
import Foundation
import FramePipeline
import Imaging
package import Media
import Synchronization

/// One film, folder or stream to be colorized: opens the source, the network and the sink, wires
/// them, and runs to the end.
///
///     source ─ small ─ motion ─ network ─ steady ─ color ─ sink
///
/// `motion` and `steady` take the frames in order, the others in parallel.
package struct ColorizationJob: Sendable {
  /// What to read and what to write.
  package var request: JobRequest
  /// How.
  package var settings: Settings
  /// Whether an output that exists may be replaced.
  package var overwrite: Bool
  /// Whether what is there already is left as it is: pictures in the output's folder, the preview.
  package var keepsExisting = false
  /// Whether what an earlier run has left of the output is thrown away; otherwise the job goes on from there.
  package var restarts = false
  /// Where a sheet of source and color frames goes, if wanted.
  package var preview: String?
  /// How many frames the sheet shows.
  package var previewFrames = Preview.usualFrames
  /// Where the network comes from: jobs with the same shelf load it once; nil to load one for this job alone.
  package var networks: NetworkShelf?
  /// Whether the report says which files were read, see `JobFiles`: to know it, the network's file is read once
  /// more.
  package var identifiesFiles = false
  /// Gives the frames in place of the input, whose name then stands in messages alone; nil to open that.
  package var frameSource: (any FrameSource)?
  /// Opens what takes the frames in place of the output; nil to open that.
  package var openFrameSink: (@Sendable (SourceInfo) throws -> any FrameSink)?
  /// What no output may replace.
  let inputFiles: ProtectedFiles

  /// What to read, as given: a file, a folder, a pattern, or `-`.
  package var input: String { request.input }
  /// What to write, as given.
  package var output: String { request.output }

  /// The sentence on an input without frames.
  var noFrameSentence: String {
    let source = frameSource == nil ? "'\(input)'" : "The frame source"
    return openFrameSink == nil
      ? "\(source) holds no frames, so '\(output)' was not written." : "\(source) holds no frames."
  }

  /// Describes a job; nothing is opened before `plan` or `run`.
  package init(
    input: String, output: String, settings: Settings, overwrite: Bool = false,
    preview: String? = nil
  ) {
    self.init(
      JobRequest(input: input, output: output), settings: settings, overwrite: overwrite,
      preview: preview)
  }

  /// Describes a job; nothing is opened before `plan` or `run`.
  /// - Parameter protected: what no output may replace; nil for the input alone.
  package init(
    _ request: JobRequest, settings: Settings, overwrite: Bool = false, preview: String? = nil,
    protected: ProtectedFiles? = nil
  ) {
    self.request = request
    self.settings = settings
    self.overwrite = overwrite
    self.preview = preview
    inputFiles = protected ?? ProtectedFiles(inputs: request.inputFiles)
  }

  /// Takes a place for something that is written beside the film, such as the preview, before there is
  /// anything to write.
  /// - Parameter warn: told if something is there that is left as it is.
  /// - Returns: nil in that case.
  /// - Throws: `AutochromeError` if it is the input itself, or is there and may not be replaced.
  package func place(
    _ path: String, warn: (String) -> Void
  ) throws(AutochromeError) -> SideFile? {
    if keepsExisting, path != "-", FileSystem.exists(path) {
      warn(ExistingOutput.leftUnchanged(path))
      return nil
    }
    return try SideFile(
      path, overwrite: overwrite, protected: inputFiles, offersSkipping: true)
  }

  /// Whether the output is there already, and whole.
  /// - Throws: `AutochromeError` if it is there and not whole, or the input can't be opened.
  package func isDone() throws(AutochromeError) -> Bool {
    JobFolder.clear(after: output)
    return try ExistingOutput.isWhole(self)
  }

  /// The pipeline for an input when the user names none: no look-ahead for pipes, no memory between
  /// pictures for single pictures, `film` for the rest.
  package static func suggestedPipeline(for input: String) -> String {
    JobRequest(input: input, output: "-").suggestedPipeline
  }

  /// Opens everything but the output, and tells what `run` would do.
  /// - Throws: `AutochromeError`.
  package func plan() throws(AutochromeError) -> JobPlan {
    try AutochromeError.wrapping {
      let parts = try JobParts(job: self, interruption: MediaInterruption(), warn: { _ in })
      return parts.plan
    }
  }

  /// Runs to the end of the input.
  /// - Parameters:
  ///   - interruption: the user's wish to stop.
  ///   - onEvent: called from several threads, one call at a time.
  /// - Returns: what was done. Where the input is damaged or cut off, `damage` says so, and the output
  ///   holds all else.
  /// - Throws: `AutochromeError`. The output then is not there under its final name; what was done of
  ///   a film before is kept as `NAME.partial.EXTENSION`, unless the user stopped at once.
  package func run(
    interruption: Interruption = Interruption(), onEvent: @escaping @Sendable (JobEvent) -> Void
  ) throws(AutochromeError) -> JobReport {
    try AutochromeError.wrapping {
      try JobRun(job: self, interruption: interruption, onEvent: onEvent).run()
    }
  }
}
