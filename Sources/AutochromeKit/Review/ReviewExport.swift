import Colorization
import Foundation
import Imaging
import Locking
import Media

/// Writes a page that shows the shots of a film before and after, for the person who ordered its colors: see
/// `ClientPage`. It needs neither a server nor a browser.
package struct ReviewExport: Sendable {
  /// A page that was written.
  package struct Made: Codable, Sendable {
    /// Shots on it.
    package var shown: Int
    /// Of these, those without a picture, since their frame is missing or damaged.
    package var withoutPicture: Int
    /// Bytes of the file.
    package var bytes: Int64
  }

  /// The film, its shots file, and how it is colorized.
  package var request: ReviewRequest
  /// The file for the page.
  package var page: String
  /// Whether a file that exists may be replaced.
  package var overwrite: Bool

  /// Pictures that are larger get this width: as large as the page shows them.
  private static let widest = 640
  /// Of JPEG: no artefacts that are seen, at 30 to 50 kB a picture.
  private static let quantizer = 3.0

  /// Describes a page; nothing is opened before `run`.
  package init(_ request: ReviewRequest, page: String, overwrite: Bool = false) {
    (self.request, self.page, self.overwrite) = (request, page, overwrite)
  }

  /// Colors a frame of each shot, and writes the page as they come.
  /// - Parameters:
  ///   - interruption: the user's wish to stop.
  ///   - onEvent: told of progress, with a shot as a frame, and of warnings, from several threads, one call at a time.
  /// - Throws: `AutochromeError`; then nothing is written.
  package func run(
    interruption: Interruption = Interruption(),
    onEvent: @escaping @Sendable (JobEvent) -> Void = { _ in }
  ) throws(AutochromeError) -> Made {
    try request.check()
    return try MeasuringRun.with(interruption, onEvent: onEvent) { run in
      var files = CommandFiles()
      files.reads(request.input, as: CommandFiles.input)
      files.reads(request.shots, as: "--shots")
      try files.reads(request.settings)
      files.writes(page, as: "--export")
      try files.check()
      let file = try files.place(page, overwrite: overwrite)
      let document = try ShotsDocument(contentsOf: request.shots)
      let warn: @Sendable (String) -> Void = { [log = run.log] in log.warn($0) }
      let reader = try FilmReader(frames: document.frameCount, warn: warn) {
        [request, blocking = run.blocking] in
        try JobParts.openSource(
          input: request.input, settings: request.settings.ofPicturesAlone, interruption: blocking,
          warn: warn)
      }
      // No frame is asked for twice.
      let preview = try ShotPreview(
        settings: request.settings, info: reader.info, film: reader, keepsAnswers: false,
        warn: warn)
      let page = try Self.page(of: request.input, document, reader)
      let painter = Painter(preview: preview, document: document, warn: warn)
      let (next, missing, bytes) = (Locked(0), Locked(0), Locked<Int64>(0))
      try file.write { append in
        let write: @Sendable (Markup) throws -> Void = { markup in
          let data = Data(markup.description.utf8)
          bytes.withLock { $0 += Int64(data.count) }
          try append(data)
        }
        try write(page.head())
        _ = try run.measure(
          "shots", expected: page.shots.count, threads: request.settings.threads,
          next: { () -> (ShotStory, Frame?)? in
            let index = next.withLock { next in
              defer { next += 1 }
              return next
            }
            guard page.shots.indices.contains(index) else { return nil }
            let shot = page.shots[index]
            return (shot, try Self.frame(shot.shownFrame, of: reader, warn: warn))
          },
          by: { shot, frame -> (ShotStory, ClientPage.Pictures?) in
            (shot, try frame.map { try painter.pictures(of: shot, $0) })
          },
          gather: { shot, pictures in
            if pictures == nil { missing.withLock { $0 += 1 } }
            let start = reader.seconds(of: shot.frames.lowerBound) ?? 0
            let end = reader.seconds(of: shot.frames.upperBound) ?? page.length
            try write(
              page.shot(shot, start: start, length: max(0, end - start), pictures: pictures))
            return false
          })
        try write(page.foot)
      }
      return Made(
        shown: page.shots.count, withoutPicture: missing.withLock { $0 },
        bytes: bytes.withLock { $0 })
    }
  }

  private static func page(
    of input: String, _ document: ShotsDocument, _ reader: FilmReader
  ) throws -> ClientPage {
    let (info, list) = (reader.info, document.file.list)
    let starts = try reader.starts(of: list)
    let count = document.frameCount ?? info.estimatedFrameCount ?? (starts.last ?? 0) + 1
    let rate = info.frameRate?.value
    let sample = info.sampleAspectRatio.value
    return ClientPage(
      film: info.isFrameFolder ? PathParts.name(of: input) : PathParts.stem(of: input),
      length: info.duration ?? rate.map { Double(count) / $0 } ?? 0, frameCount: count, rate: rate,
      aspect: Double(info.width) * (sample > 0 ? sample : 1) / Double(max(1, info.height)),
      look: document.file.filmLook,
      shots: zip(document.shots, list.shots).enumerated().map { index, shot in
        // A list may go on where the film has ended.
        let next = min(index + 1 < starts.count ? starts[index + 1] : count, count)
        return ShotStory(
          number: index + 1, frames: starts[index]..<max(starts[index] + 1, next),
          values: shot.0, look: shot.1.look)
      })
  }

  /// A frame of the film; nil, and a warning, if it is missing or damaged: the other shots can be shown.
  private static func frame(
    _ number: Int, of reader: FilmReader, warn: (String) -> Void
  ) throws -> Frame? {
    do { return try reader.frame(number) } catch {
      if let error = error as? MediaError, error.code == .interrupted { throw error }
      warn("Frame \(number) can't be shown: \(AutochromeError(wrapping: error).message)")
      return nil
    }
  }

  /// Makes the pictures of shots, several at a time.
  private struct Painter: Sendable {
    let preview: ShotPreview
    let document: ShotsDocument
    let warn: @Sendable (String) -> Void
    private let encoder = PictureEncoder("mjpeg", quantizer: ReviewExport.quantizer)

    init(
      preview: ShotPreview, document: ShotsDocument, warn: @escaping @Sendable (String) -> Void
    ) {
      (self.preview, self.document, self.warn) = (preview, document, warn)
    }

    func pictures(of shot: ShotStory, _ frame: Frame) throws -> ClientPage.Pictures {
      let list = try document.excerpt(of: shot.number - 1, with: ShotEdit())
      // In the matrix of the film, as it will be: JPEG's own would let the same luma mean another lightness.
      let output = OutputFormat(
        pictureFormat: .yuv444(frame.picture.format.bitDepth), color: ColorDescription())
      // What is made of a shot's hints and pictures goes with its preview.
      let colored = try ShotPreview(sharing: preview, warn: warn)
        .color(frame, in: list, as: output).picture
      return ClientPage.Pictures(
        before: try jpeg(of: frame.picture), after: try jpeg(of: colored))
    }

    private func jpeg(of picture: Picture) throws -> Data {
      try Thumbnail(color: picture, widest: ReviewExport.widest).encoded(by: encoder)
    }
  }
}
