package import Imaging

/// What a source yields in order: a frame, or packets of other streams, or both.
package struct SourceElement: Sendable {
  package var frame: Frame?
  /// Packets that lay before the frame in the file.
  package var packets: [CopiedPacket]
  /// Where the frame is, for another run to find it; `nil` where only reading from the start finds it.
  package var place: FramePlace?

  package init(frame: Frame? = nil, packets: [CopiedPacket] = [], place: FramePlace? = nil) {
    self.frame = frame
    self.packets = packets
    self.place = place
  }

  /// The same with times on the clock of an output.
  /// - Parameter source: where it comes from.
  func onOutputClock(of source: SourceInfo) throws -> SourceElement {
    guard source.outputOrigin != 0 else { return self }
    var result = self
    result.frame?.presentationTime -= source.outputShift(in: source.timeBase)
    result.packets = try packets.map {
      try CopiedPacket($0, earlierBy: source.outputShift(in: $0.timeBase))
    }
    return result
  }
}

/// Something that yields frames in presentation order, and packets to be copied along with them.
package protocol FrameSource: AnyObject, Sendable {
  /// What is known before the first frame.
  var info: SourceInfo { get }

  /// The next element; `nil` at the end. Called serially, from any thread.
  ///
  /// Throws `MediaError`. Whole frames in front of damage are delivered before the error.
  func next() throws -> SourceElement?

  /// Goes to a frame at or before `seconds`, after the start of the file, from which decoding can begin,
  /// as near as the input tells without decoding: a key frame of a film, any of a folder of pictures.
  /// `next` goes on from there, and frames are counted anew. Where the input can't be sought (a pipe), it
  /// stays where it is. For those who look at a film here and there; packets are left out on the way.
  /// Tells whether it could go there.
  func skip(to seconds: Double) throws -> Bool

  /// When frames are shown, in seconds after the start of the file, rising, as their packets tell without being
  /// decoded; `nil` where packets don't tell. Frames can be others: what can't be decoded has a time too. Reads all
  /// of the input; `skip` leads back into it.
  ///
  /// Throws `MediaError`.
  func packetTimes() throws -> [Double]?

  /// Goes on with the frame that was at `place` in another run: frames before it may be left out, and need not be
  /// decoded; packets are not. Called before `next`. Where a source can't, it gives all frames.
  func goOn(at place: FramePlace)

  /// How many frames were found damaged or lost so far; only `DamagePolicy.continue` goes on then.
  var damagedFrameCount: Int { get }

  /// At how many places the container was found damaged so far, where frames may be missing.
  var damagedPlaceCount: Int { get }

  /// What was damaged or lost so far, in sentences, where the source can tell more than a count.
  var damageReport: String? { get }
}

extension FrameSource {
  package func skip(to seconds: Double) throws -> Bool { false }

  package func packetTimes() throws -> [Double]? { nil }

  package func goOn(at place: FramePlace) {}

  package var damagedPlaceCount: Int { 0 }

  package var damageReport: String? { nil }

  /// The next frame, whatever packets lie before it; `nil` at the end. Throws what `next` throws.
  package func nextFrame() throws -> Frame? {
    while let element = try next() {
      if let frame = element.frame { return frame }
    }
    return nil
  }
}

/// Something that takes the frames of a source in the same order, and the packets with them.
package protocol FrameSink: AnyObject, Sendable {
  /// The form in which the sink wants the picture of `frame`, known before any is written. A video
  /// file wants one form for all; a folder of pictures, one for each.
  func outputFormat(for frame: Frame) throws -> OutputFormat

  /// Takes the next element. Called serially, from any thread. Throws `MediaError`.
  func write(_ element: SourceElement) throws

  /// Ends the output and gives it its final name. Throws `MediaError`.
  func finish() throws

  /// Ends the output before the input has ended: what is there becomes a whole, playable file under a
  /// name that says so. Returns that name; `nil` where the output has no name of its own (a pipe, a
  /// folder of pictures). Throws `MediaError`.
  func finishEarly() throws -> String?

  /// Gives up after a failure and keeps what was written, as far as it can be of use: as
  /// `finishEarly`, but what fails on the way is passed over. Returns the name under which it lies;
  /// `nil` where there is no file to keep.
  func salvage() -> String?

  /// Removes what was written. Harmless after `finish`.
  func discard()

  /// What the user may want to know before the first frame: what the output can't hold, and what is
  /// changed for it.
  var notes: [String] { get }
}

extension FrameSink {
  package func salvage() -> String? {
    discard()
    return nil
  }

  package var notes: [String] { [] }
}
