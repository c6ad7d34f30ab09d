package import AutochromeKit
import Colorization
package import Foundation
import Imaging
import Locking
import Media

/// A film with its shots file, as the page sees it: it tells what there is, colors single frames, and writes what is
/// changed.
package final class ReviewSession: Sendable {
  private struct State {
    var document: ShotsDocument
    /// Texts of the file before this one, and those that were taken back.
    var undo: [ShotsDocument] = []
    var redo: [ShotsDocument] = []
  }

  /// Of these, as many can be taken back.
  private static let mostSteps = 200

  private let request: ReviewRequest
  private let state: Locked<State>
  /// Held while the file is read and written, so that pictures don't wait for that.
  private let writing = Locked(())
  private let reader: FilmReader
  private let preview: ShotPreview
  /// Of thumbnails, so that they don't let the large picture wait.
  private let smallReader: FilmReader
  private let smallPreview: ShotPreview
  /// The run that colors a whole shot.
  private let reel = Locked<AutochromeKit.Interruption?>(nil)
  /// The film, when it is rendered from the page.
  let render: RenderRun
  private let references: ReferenceFolder
  private let encoder: PageEncoder
  private let reelEncoder: PageEncoder
  private let smallEncoder = PictureEncoder("mjpeg", quantizer: 4)
  /// Width of thumbnails.
  private static let thumbnailWidth = 160
  /// Frames that are played are made smaller where they are wider.
  private static let reelWidth = 960

  /// Opens the film and loads the network.
  /// - Parameter warn: told what the user should know, in sentences.
  /// - Throws: `AutochromeError`.
  package init(
    _ request: ReviewRequest, warn: @escaping @Sendable (String) -> Void
  ) throws(AutochromeError) {
    try request.check()
    self.request = request
    let document = try ShotsDocument(contentsOf: request.shots)
    state = Locked(State(document: document))
    references = ReferenceFolder(of: request.shots)
    let networks = NetworkShelf()
    render = RenderRun(request, networks: networks)
    (reader, preview, smallReader, smallPreview) = try AutochromeError.wrapping {
      let open: @Sendable () throws -> any FrameSource = {
        try JobParts.openSource(
          input: request.input, settings: request.settings.ofPicturesAlone,
          interruption: MediaInterruption(), warn: warn)
      }
      let reader = try FilmReader(frames: document.frameCount, warn: warn, open: open)
      let preview = try ShotPreview(
        settings: request.settings, info: reader.info, film: reader,
        networks: networks, warn: warn)
      return (
        reader, preview, FilmReader(sharing: reader),
        ShotPreview(sharing: preview, warn: { _ in })
      )
    }
    (encoder, reelEncoder) = (PageEncoder(preview.colorizer), PageEncoder(preview.colorizer))
  }

  // MARK: - What there is

  /// All that the page needs to know of the film and its shots.
  /// - Throws: `AutochromeError` if the file was changed meanwhile and can't be read any more.
  package func film() throws(AutochromeError) -> FilmState {
    try writing.withLock { _ throws(AutochromeError) in
      let state = try refreshed()
      self.state.withLock { $0 = state }
      return try filmState(of: state)
    }
  }

  private func filmState(of state: State) throws(AutochromeError) -> FilmState {
    let info = reader.info
    let network = preview.colorizer.network.description
    let aspect = info.sampleAspectRatio.value
    return FilmState(
      name: PrintableText(PathParts.name(of: request.input)).description,
      file: PrintableText(request.shots).description,
      command: PrintableText(request.command).description,
      revision: state.document.revision, canUndo: !state.undo.isEmpty,
      canRedo: !state.redo.isEmpty, width: info.width, height: info.height,
      aspect: Double(info.width) * (aspect > 0 ? aspect : 1) / Double(max(1, info.height)),
      rate: info.frameRate?.value ?? 0, frames: frameCount(of: state.document),
      takesHints: network.output == .bins313, dials: FilmState.Dial.all,
      shots: try shotStates(of: state.document))
  }

  private func frameCount(of document: ShotsDocument) -> Int {
    document.frameCount ?? reader.info.estimatedFrameCount ?? 0
  }

  /// The frames of a shot, at least one.
  /// - Parameter starts: the first frames of all shots.
  private func frames(
    of shot: Int, from starts: [Int], in document: ShotsDocument
  ) -> Range<Int> {
    let end = shot + 1 < starts.count ? starts[shot + 1] : frameCount(of: document)
    return starts[shot]..<max(starts[shot] + 1, end)
  }

  private func shotStates(
    of document: ShotsDocument
  ) throws(AutochromeError) -> [FilmState.Shot] {
    let list = document.file.list
    let starts = try reader.starts(of: list)
    let network = preview.colorizer.network.description
    let looks = preview.looks(in: list)
    return document.shots.enumerated().map { index, values in
      let frames = frames(of: index, from: starts, in: document)
      return FilmState.Shot(
        frame: frames.lowerBound, frames: frames.count,
        seconds: reader.seconds(of: starts[index]) ?? 0, values: values,
        look: FilmState.EffectiveLook(looks[index], network: network))
    }
  }

  // MARK: - Pictures

  /// A frame as it comes, as a JPEG.
  /// - Throws: `AutochromeError`.
  package func source(frame number: Int) throws(AutochromeError) -> Data {
    try AutochromeError.wrapping {
      let frame = try reader.frame(number)
      return try encoder.bytes(of: frame.picture)
    }
  }

  /// A frame in color, as a JPEG.
  /// - Parameters:
  ///   - shot: the index of its shot, from 0.
  ///   - edit: laid over what the shots file says of that, without being written.
  /// - Throws: `AutochromeError`.
  package func color(
    frame number: Int, shot: Int, edit: ShotEdit
  ) throws(AutochromeError) -> Data {
    try withColored(frame: number, shot: shot, edit: edit) {
      try encoder.bytes(of: $0.picture)
    }
  }

  /// Colors a frame in the form that the encoder takes, and hands it on.
  private func withColored<Result>(
    frame number: Int, shot: Int, edit: ShotEdit,
    _ body: (ShotPreview.Colored) throws -> Result
  ) throws(AutochromeError) -> Result {
    let document = state.withLock { $0.document }
    let list = try document.excerpt(of: shot, with: checked(edit, in: document))
    return try AutochromeError.wrapping {
      let frame = try reader.frame(number)
      return try body(
        try preview.color(frame, in: list, as: encoder.colorFormat(for: frame)))
    }
  }

  /// How sure the network is of each place of a frame, with what is given for it.
  /// - Parameters: as of `color`.
  /// - Throws: `AutochromeError`.
  package func certainty(
    frame number: Int, shot: Int, edit: ShotEdit
  ) throws(AutochromeError) -> CertaintyMap {
    try withColored(frame: number, shot: shot, edit: edit) { colored in
      CertaintyMap(colored.analysis)
    }
  }

  /// A small picture of the middle of a shot in color, as a JPEG.
  /// - Throws: `AutochromeError`.
  package func thumbnail(ofShot shot: Int) throws(AutochromeError) -> Data {
    let document = state.withLock { $0.document }
    let list = try document.excerpt(of: shot, with: ShotEdit())
    return try AutochromeError.wrapping {
      let frames = frames(
        of: shot, from: try reader.starts(of: document.file.list), in: document)
      defer { smallReader.rest() }
      let frame = try smallReader.frame(frames.lowerBound + frames.count / 2)
      let colored = try smallPreview.color(
        frame, in: list, as: encoder.colorFormat(for: frame)
      ).picture
      return try Thumbnail(color: colored, widest: Self.thumbnailWidth).encoded(by: smallEncoder)
    }
  }

  // MARK: - Whole shots

  /// Colors a shot as the film will have it, and hands on its frames as JPEGs. A run that was begun before ends.
  /// - Parameters:
  ///   - shot: the index of its shot, from 0.
  ///   - edit: laid over what the shots file says of that, without being written.
  ///   - wanted: the number of the one frame that is wanted, as large as it is; nil for all, made smaller.
  ///   - count: so many frames of the shot at most.
  ///   - hand: takes a frame's number and its picture, one after the other.
  /// - Throws: `AutochromeError`, and what `hand` throws.
  package func reel(
    shot: Int, edit: ShotEdit, wanted: Int? = nil, most count: Int,
    interruption: AutochromeKit.Interruption,
    hand: @escaping (_ frame: Int, _ jpeg: Data) throws -> Void
  ) throws(AutochromeError) -> ShotReel.Result {
    reel.withLock { reel in
      reel?.abort()
      reel = interruption
    }
    let document = state.withLock { $0.document }
    let list = try document.excerpt(of: shot, with: checked(edit, in: document))
    let frames = frames(
      of: shot, from: try reader.starts(of: document.file.list), in: document
    ).prefix(count)
    let isThere = Locked(false)
    let sink = ReelSink(
      encoder: reelEncoder, wanted: wanted, widest: Self.reelWidth
    ) { frame, jpeg in
      try hand(frame, jpeg)
      if frame == wanted {
        isThere.withLock { $0 = true }
        interruption.abort()
      }
    }
    do {
      return try ShotReel(of: request.input, reader: reader, preview: preview).color(
        frames, in: list, into: sink, interruption: interruption, warn: { _ in })
    } catch {
      guard isThere.withLock({ $0 }) else { throw error }
      return ShotReel.Result(reaches: [], isWhole: false)
    }
  }

  /// Begins to render the film, as the page shows it.
  /// - Parameters:
  ///   - revision: of the shots file.
  ///   - overwrite: whether a film that lies there may be replaced.
  /// - Throws: `Conflict` if there is another revision, `AutochromeError` if it is rendered already.
  func startRendering(revision: String, overwrite: Bool) throws -> RenderRun.State {
    try writing.withLock { _ in
      let now = try refreshed().document.revision
      guard now == revision else { throw Conflict(revision: now) }
      return try render.start(overwrite: overwrite)
    }
  }

  /// Ends what runs, and waits for it.
  package func close() {
    reel.withLock { $0 }?.abort()
    render.close()
  }

  // MARK: - References

  /// Keeps a picture that was dropped on the page, beside the shots file.
  /// - Parameters:
  ///   - bytes: a picture in a file format that FFmpeg reads.
  ///   - name: what it is called elsewhere.
  /// - Returns: its name in a shots file.
  /// - Throws: `AutochromeError` if it is no picture or can't be written.
  package func keepReference(_ bytes: Data, called name: String) throws(AutochromeError) -> String {
    try references.keep(bytes, called: name)
  }

  /// The edit, if it names no other pictures than those that the file names, or that were kept for it: the page has no
  /// say in which files of this machine are read.
  private func checked(
    _ edit: ShotEdit, in document: ShotsDocument
  ) throws(AutochromeError) -> ShotEdit {
    let wanted = edit.pictures
    guard !wanted.isEmpty else { return edit }
    let known = Set(document.shots.flatMap { ShotEdit($0).pictures })
    for picture in wanted where !known.contains(picture) && !references.holds(picture) {
      throw AutochromeError(
        .usage,
        "'\(picture)' is not a picture of these shots; drop it on the page, or add it to the shots file."
      )
    }
    return edit
  }

  // MARK: - Changes

  /// Another revision of the file than that which a change was meant for.
  package struct Conflict: Error {
    /// The one that there is.
    package var revision: String
  }

  /// What is to be changed.
  package enum Change: Sendable {
    /// What a shot says; its index from 0.
    case shot(Int, ShotEdit)
    /// A cut at a frame.
    case addCut(frame: Int)
    /// The cut with which a shot begins goes.
    case removeCut(shot: Int)
    /// The cut with which a shot begins moves to a frame.
    case moveCut(shot: Int, frame: Int)
    case undo
    case redo
  }

  /// Makes a change and writes the file: when this returns, it is on the disk.
  /// - Parameter revision: of the text that the change is meant for.
  /// - Returns: what the page must know anew.
  /// - Throws: `Conflict` if there is another one, `AutochromeError` if the change is wrong or the file can't be
  ///   written; then nothing is changed.
  package func make(_ change: Change, of revision: String) throws -> FilmState {
    try writing.withLock { _ in
      let state = try refreshed()
      self.state.withLock { $0 = state }
      guard state.document.revision == revision else {
        throw Conflict(revision: state.document.revision)
      }
      let before = state.document
      var after = state
      after.document = try document(after: change, of: &after)
      guard after.document.text != before.text else { return try filmState(of: state) }
      try write(after.document)
      switch change {
      case .undo: after.redo.append(before)
      case .redo: after.undo.append(before)
      default:
        after.undo = after.undo.suffix(Self.mostSteps - 1) + [before]
        after.redo = []
      }
      let result = after
      self.state.withLock { $0 = result }
      return try filmState(of: result)
    }
  }

  private func document(
    after change: Change, of state: inout State
  ) throws(AutochromeError) -> ShotsDocument {
    let document = state.document
    switch change {
    case .shot(let shot, let edit):
      return try document.edited(shot, by: checked(edit, in: document))
    case .addCut(let frame):
      let starts = try reader.starts(of: document.file.list)
      guard let shot = starts.lastIndex(where: { $0 <= frame }), frame != starts[shot] else {
        throw AutochromeError(.usage, "A shot already begins at frame \(frame).")
      }
      return try document.addingCut(at: frame, seconds: try seconds(of: frame, document), in: shot)
    case .removeCut(let shot): return try document.removingCut(of: shot)
    case .moveCut(let shot, let frame):
      let starts = try reader.starts(of: document.file.list)
      let next = shot + 1 < starts.count ? starts[max(0, shot + 1)] : Int.max
      guard !starts.indices.contains(shot - 1) || (starts[shot - 1] + 1..<next).contains(frame)
      else {
        throw AutochromeError(
          .usage,
          "Shot \(shot + 1) can't begin at frame \(frame), because that is not between the shots before and after it."
        )
      }
      return try document.movingCut(of: shot, to: frame, seconds: try seconds(of: frame, document))
    case .undo:
      guard let last = state.undo.popLast() else {
        throw AutochromeError(.usage, "There is nothing to undo.")
      }
      return last
    case .redo:
      guard let last = state.redo.popLast() else {
        throw AutochromeError(.usage, "There is nothing to redo.")
      }
      return last
    }
  }

  private func seconds(
    of frame: Int, _ document: ShotsDocument
  ) throws(AutochromeError) -> Double {
    guard (0..<max(1, frameCount(of: document))).contains(frame),
      let seconds = reader.seconds(of: frame)
    else {
      throw AutochromeError(.usage, "Frame \(frame) does not exist: the film ends before it.")
    }
    return seconds
  }

  private func write(_ document: ShotsDocument) throws(AutochromeError) {
    // What a link leads to is replaced, not the link.
    let place = URL(fileURLWithPath: document.path).resolvingSymlinksInPath().path
    var files = CommandFiles()
    files.reads(request.input, as: CommandFiles.input)
    try files.place(place, overwrite: true).write(document.text)
  }

  /// What there is, with what somebody else wrote into the file.
  private func refreshed() throws(AutochromeError) -> State {
    let state = state.withLock { $0 }
    let text = try ShotsDocument.text(of: request.shots)
    guard text != state.document.text else { return state }
    let document = try ShotsDocument(text: text, path: request.shots)
    guard document.file.filmLook == state.document.file.filmLook else {
      throw AutochromeError(
        .usage,
        "The look of the whole film in '\(request.shots)' was changed; restart 'autochrome review'."
      )
    }
    // What could be taken back was meant for another text.
    return State(document: document)
  }
}
