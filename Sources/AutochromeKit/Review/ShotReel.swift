import Colorization
import FramePipeline
import Imaging
package import Media

/// A shot in color as the film will have it: its frames go through the stages of a job, with what motion brings along
/// and the stabilizer makes of it. `ShotPreview` shows a frame for itself at once; this takes as long as a job takes for
/// the shot.
package struct ShotReel: Sendable {
  /// The network, and how the film is colored.
  private let preview: ShotPreview
  private let reader: FilmReader
  private let input: String

  /// - Parameters:
  ///   - preview: its network is shared.
  ///   - reader: of the film; what it has decoded is shared.
  ///   - input: the film, as given.
  package init(of input: String, reader: FilmReader, preview: ShotPreview) {
    (self.input, self.reader, self.preview) = (input, reader, preview)
  }

  /// What came of a run.
  package struct Result: Sendable {
    /// Wraps its parts.
    package init(reaches: [GivenReach], isWhole: Bool) {
      (self.reaches, self.isWhole) = (reaches, isWhole)
    }

    /// How far goes what is given for frames of the shot.
    package var reaches: [GivenReach]
    /// Whether all frames have come out, in the colors that the film will have.
    package var isWhole: Bool
  }

  /// Colors frames of the film.
  /// - Parameters:
  ///   - frames: their numbers, from the first of a shot on.
  ///   - list: with their shot.
  ///   - sink: takes them, from threads of the run, one call at a time.
  /// - Throws: `AutochromeError`.
  package func color(
    _ frames: Range<Int>, in list: ShotList, into sink: any FrameSink, interruption: Interruption,
    warn: @escaping @Sendable (String) -> Void
  ) throws(AutochromeError) -> Result {
    try AutochromeError.wrapping {
      try interruption.watched { token, blocking in
        let log = JobLog {
          if case .warning(let text) = $0 { warn(text) }
        }
        let parts = try JobParts(
          viewing: ColorizationJob(input: input, output: "-", settings: preview.settings),
          by: preview.colorizer, list: list, given: preview.given, interruption: blocking,
          film: FilmReader(sharing: reader).frameIfAny,
          reopen: { [reader] in
            FilmPart(FilmReader(sharing: reader), frames: frames)
          })
        let summary = try FramePass(
          parts: parts, colors: parts.makeColorWatch(), token: token, log: log, start: .now
        ).color(parts.source, into: sink, recorder: nil)
        if let damage = log.damage { throw damage }
        return Result(
          reaches: log.reaches, isWhole: summary.ending == .completed && !log.isStopped)
      }
    }
  }
}

/// Frames of a film that follow each other, as a source of its own; they have their numbers in the film.
///
/// `@unchecked Sendable`: called serially, as any source.
private final class FilmPart: FrameSource, @unchecked Sendable {
  let info: SourceInfo
  private var frames: FilmReader.FrameRun

  init(_ reader: FilmReader, frames: Range<Int>) {
    info = reader.info
    self.frames = reader.frames(frames)
  }

  var damagedFrameCount: Int { 0 }

  func next() throws -> SourceElement? { try frames.next().map { SourceElement(frame: $0) } }
}
