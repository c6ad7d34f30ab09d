import CFFmpeg
import Imaging
import Locking

/// Frames of a video file or pipe that FFmpeg demuxes, and the packets of its other streams.
///
/// `@unchecked Sendable`: all that changes is behind a lock.
package final class FileSource: FrameSource, @unchecked Sendable {
  package private(set) var info: SourceInfo

  enum Phase {
    case decoding
    /// All frames are out; packets up to the cut follow.
    case collecting
    case ended
  }

  private let lock = Locked(())
  let demuxer: Demuxer
  private let decoder: VideoDecoder
  let videoIndex: Int
  let options: SourceOptions
  var cut: TimeCut
  let isCopied: [Bool]
  let packet: UnsafeMutablePointer<AVPacket>
  private let guessedDuration: Int64
  /// Pictures that an index names from the start on; 0 where the container has none that is complete.
  let indexedCount: Int
  let damage: DamageLog

  var phase = Phase.decoding
  private var inputEnded = false
  private var gathered = GatheredPackets()
  /// Elements that were read on opening: the first frame, and packets that lie before it.
  private var opening: [SourceElement] = []
  var timeline: Timeline
  var failure: MediaError?
  var frameIndex = 0
  /// Frames that the decoder gave, wanted or not.
  private var shownCount = 0
  var packetIndex = 0
  private var lastTime: Int64?
  /// When the first frame is shown that the decoder gave, wanted or not, in seconds.
  private var firstDecoded: Double?
  private var saidThatTimeGoesBack = false
  private var lastDuration: Int64 = 0
  /// Where to go on, as long as it was not reached.
  private var shortcut: DecodingShortcut?
  private var isShortcutTaken = false
  /// Packets that the shortcut held back, to be decoded first.
  private var backlog: [CopiedPacket] = []
  private var endTime: Double?
  private var passedEnd: Set<Int> = []

  /// Opens `path`, `-` being stdin, and decodes the first frame, which tells what the others are.
  package convenience init(path: String, options: SourceOptions = SourceOptions()) throws {
    try self.init(
      bytes: ByteInput(path: path, interruption: options.interruption), options: options)
  }

  init(bytes: ByteInput, options: SourceOptions) throws {
    LibraryLog.install()
    self.options = options
    demuxer = try Demuxer(bytes, options: options)
    videoIndex = try demuxer.findVideoStream()
    let stream = demuxer.stream(videoIndex)
    decoder = try VideoDecoder(
      stream.pointee.codecpar, timeBase: stream.pointee.time_base, file: bytes.name,
      options: options, lowLatency: !bytes.isSeekable)
    let rate = av_guess_frame_rate(demuxer.pointer, stream, nil)
    let timeBase = Rational(stream.pointee.time_base)
    let frameSeconds = rate.num > 0 ? Double(rate.den) / Double(rate.num) : 0
    guessedDuration = timeBase.value > 0 ? Int64((frameSeconds / timeBase.value).rounded()) : 0
    timeline = Timeline(demuxer.pointer.pointee.iformat)
    damage = DamageLog(name: bytes.name, report: options.report)
    indexedCount = demuxer.indexedPacketCount(of: videoIndex)

    var streams: [StreamInfo] = []
    var isCopied = [Bool](repeating: false, count: demuxer.streamCount)
    for index in 0..<demuxer.streamCount {
      guard var stream = try demuxer.streamInfo(index, isCopied: false) else { continue }
      stream.isCopied = index != videoIndex && options.copiedKinds.contains(stream.kind)
      isCopied[index] = stream.isCopied
      if index != videoIndex && !stream.isCopied {
        demuxer.stream(index).pointee.discard = AVDISCARD_ALL
      }
      streams.append(stream)
    }
    self.isCopied = isCopied
    info = try SourceInfo(
      describing: demuxer, videoIndex: videoIndex, codecName: decoder.codecName, streams: streams)
    cut = try TimeCut(
      options, start: demuxer.startTime, rate: info.frameRate, firstTimecode: info.firstTimecode)
    // Last: `deinit`, which frees it, runs only for what was initialized whole.
    guard let packet = av_packet_alloc() else { throw MediaError.outOfMemory }
    self.packet = packet
    try readOpening()
    info.limit(to: cut, of: demuxer, options: options)
    info.framesBefore = cut.countsFrames || cut.from == nil ? max(shownCount - 1, 0) : nil
    if let frame = opening.last?.frame {
      info.width = frame.picture.width
      info.height = frame.picture.height
      info.format = frame.picture.format
      info.color = frame.picture.color
      info.sampleAspectRatio = frame.sampleAspectRatio
      info.fieldOrder = frame.fieldOrder
      info.adopt(frame)
    }
  }

  deinit {
    var doomed: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&doomed)
  }

  package var damagedFrameCount: Int { lock.withLock { _ in damage.frameCount } }

  package var damagedPlaceCount: Int { lock.withLock { _ in damage.placeCount } }

  package func next() throws -> SourceElement? {
    try lock.withLock { _ in
      opening.isEmpty ? try advance() : opening.removeFirst()
    }
  }

  package func skip(to seconds: Double) throws -> Bool {
    lock.withLock { _ in
      guard demuxer.bytes.isSeekable else { return false }
      let target = ((seconds + demuxer.startTime) / info.timeBase.value).rounded(.down)
      guard abs(target) < 0x1p62,
        av_seek_frame(demuxer.pointer, Int32(videoIndex), Int64(target), AVSEEK_FLAG_BACKWARD) >= 0
      else { return false }
      restart()
      return true
    }
  }

  package func packetTimes() throws -> [Double]? {
    // Where the clock may jump, only decoding tells what becomes of it.
    guard demuxer.pointer.pointee.iformat.pointee.flags & AVFMT_TS_DISCONT == 0,
      try skip(to: -demuxer.startTime)
    else { return nil }
    return try lock.withLock { _ in
      var times: [Double] = []
      while try readPacket() {
        defer { av_packet_unref(packet) }
        guard packet.pointee.stream_index == Int32(videoIndex) else { continue }
        guard let time = packet.pointee.pts.knownTime else { return nil }
        times.append(Double(time) * info.timeBase.value - info.startTime)
      }
      return times.sorted()
    }
  }

  package func goOn(at place: FramePlace) {
    lock.withLock { _ in
      guard !place.isDamagedBefore, place.index > 0, damage.frameCount == 0
      else { return }
      for index in opening.indices { opening[index].frame = nil }
      shortcut = DecodingShortcut(to: place)
    }
  }

  /// Reads to the first frame, which tells what the others are. Sound may begin long before it.
  private func readOpening() throws {
    guard let from = cut.from, from > demuxer.startTime, !cut.countsFrames, demuxer.bytes.isSeekable
    else {
      return try readToFirstFrame()
    }
    // Some formats find places by the time of decoding, or roughly: where the first frame that comes
    // out lies after the cut, wanted ones were missed, and the next try begins earlier.
    let margins = [0.0, 2, 15, 120].filter { from - $0 > demuxer.startTime }
    // At last well before the start: decoding begins before the first frame is shown.
    for begin in margins.map({ from - $0 }) + [demuxer.startTime - 10] {
      let target = Int64((begin / info.timeBase.value).rounded(.down))
      guard
        av_seek_frame(demuxer.pointer, Int32(videoIndex), target, AVSEEK_FLAG_BACKWARD) >= 0
      else { continue }
      restart()
      try readToFirstFrame()
      if let firstDecoded, cut.isCovered(from: firstDecoded) { return }
    }
    // What can't be sought is read from where it stands: after a failure, that is the start.
    _ = demuxer.takeDamage()
    try readToFirstFrame()
  }

  private func readToFirstFrame() throws {
    while opening.last?.frame == nil, opening.count < Self.mostOpeningElements,
      let element = try advance()
    {
      opening.append(element)
    }
  }

  /// Elements of packets alone that may lie before the first frame: what more there is bounds memory.
  private static let mostOpeningElements = 64

  /// After a seek nothing is known of what was read before.
  private func restart() {
    decoder.flush()
    timeline = Timeline(demuxer.pointer.pointee.iformat)
    opening = []
    gathered = GatheredPackets()
    (phase, inputEnded, failure) = (.decoding, false, nil)
    (frameIndex, shownCount, packetIndex) = (0, 0, 0)
    damage.reset()
    _ = demuxer.takeDamage()
    (lastTime, firstDecoded, endTime) = (nil, nil, nil)
    passedEnd = []
  }

  // MARK: Reading

  private func advance() throws -> SourceElement? {
    while true {
      if gathered.isFull { return SourceElement(packets: gathered.takeAll()) }
      switch phase {
      case .decoding:
        let (previousTime, previousDuration, number) = (lastTime, lastDuration, shownCount)
        if let frame = try decodeStep() {
          let place = lastTime.map {
            FramePlace(
              index: frame.index, number: number, time: $0, previousTime: previousTime,
              previousDuration: previousDuration,
              isDamagedBefore: damage.frameCount + damage.placeCount > 0)
          }
          return SourceElement(frame: frame, packets: gathered.takeAll(), place: place)
        }
      case .collecting:
        try collectStep()
      case .ended:
        if !gathered.isEmpty { return SourceElement(packets: gathered.takeAll()) }
        if let failure { throw failure }
        return nil
      }
    }
  }

  /// One step of decoding: a frame that is wanted, or `nil` to go on.
  private func decodeStep() throws -> Frame? {
    switch try decoder.receive() {
    case .frame(let decoded):
      return try accept(decoded)
    case .hungry:
      try feed()
    case .ended:
      phase = .ended
    case .failed(let status):
      try fail(status)
    }
    return nil
  }

  /// Reads a packet and gives it to the decoder or to the gathered ones.
  private func feed() throws {
    if !backlog.isEmpty {
      let held = backlog.removeFirst()
      return try withExtendedLifetime(held) { try send(held.pointer) }
    }
    guard try readPacket() else {
      if let held = shortcut?.rest, !held.isEmpty, !isShortcutTaken {
        isShortcutTaken = true
        backlog = held
        return
      }
      inputEnded = true
      _ = decoder.send(nil)
      return
    }
    defer { av_packet_unref(packet) }
    let index = Int(packet.pointee.stream_index)
    guard index == videoIndex else { return try gather(index) }
    if shortcut != nil, !isShortcutTaken {
      let taken = shortcut?.take(
        try CopiedPacket(
          moving: packet, timeBase: Rational(demuxer.stream(index).pointee.time_base)))
      packetIndex += 1
      guard let (packets, endsHolding) = taken else { return }
      if endsHolding {
        isShortcutTaken = true
        if shortcut?.holds == true { decoder.flush() }
      }
      backlog = packets
      return
    }
    packetIndex += 1
    if packet.pointee.flags & AV_PKT_FLAG_CORRUPT != 0,
      !demuxer.isEndOfJoinedStream(packet.pointee.pos)
    {
      let error = MediaError(
        .truncated,
        "\(demuxer.bytes.name) ends or is damaged within video packet \(packetIndex - 1), at frame \(frameIndex); get "
          + "a complete copy, or read on past damage.")
      guard options.onDamage == .continue else { return stop(error) }
      damage.noteFrame(error)
    }
    try send(packet)
  }

  private func send(_ packet: UnsafePointer<AVPacket>) throws {
    let status = decoder.send(packet)
    if status < 0 { try fail(status) }
  }

  /// A frame or packet that cannot be decoded.
  private func fail(_ status: Int32) throws {
    // On the way to where the film goes on, frames may lack what they need.
    guard shortcut == nil else { return }
    let error = MediaError(
      .corrupt,
      "Frame \(frameIndex) of \(demuxer.bytes.name) cannot be decoded (near video packet \(packetIndex - 1)); read on "
        + "past damage to leave it out.", status: status)
    if inputEnded && failure != nil { return }
    guard options.onDamage == .continue else { return stop(error) }
    damage.noteFrame(error)
  }

  /// Lets the decoder give the frames that it holds, and ends with `error`.
  private func stop(_ error: MediaError) {
    failure = failure ?? error
    if !inputEnded {
      inputEnded = true
      _ = decoder.send(nil)
    }
  }

  private func gather(_ index: Int) throws {
    guard index < isCopied.count, isCopied[index] else { return }
    let timeBase = Rational(demuxer.stream(index).pointee.time_base)
    if let time = packet.pointee.pts.knownTime ?? packet.pointee.dts.knownTime {
      let seconds = Double(time) * timeBase.value
      if !cut.containsPacket(at: seconds, before: endTime) { return }
    }
    gathered.append(try CopiedPacket(moving: packet, timeBase: timeBase))
    if cut.isSearching, gathered.isFull { gathered.removeFirst() }
  }

  // MARK: Frames

  /// The frame, if it lies within the cut.
  private func accept(_ decoded: DecodedFrame) throws -> Frame? {
    let raw = decoded.pointer
    if let place = shortcut?.place {
      let isBefore = raw.pointee.best_effort_timestamp.knownTime.map { $0 < place.time } ?? false
      _ = decoder.hasComplained()
      if isBefore { return nil }
      shortcut = nil
      (frameIndex, shownCount) = (place.index, place.number)
      (lastTime, lastDuration) = (place.previousTime, place.previousDuration)
    }
    if decoder.hasComplained() || raw.pointee.decode_error_flags != 0
      || raw.pointee.flags & AV_FRAME_FLAG_CORRUPT != 0
    {
      let error = MediaError(
        .corrupt,
        "Frame \(frameIndex) of \(demuxer.bytes.name) is damaged; read on past damage to use what the decoder recovers "
          + "of it.")
      guard options.onDamage == .continue else {
        failure = failure ?? error
        phase = .ended
        return nil
      }
      damage.noteFrame(error)
    }
    var duration = ac_frame_duration(raw)
    if duration <= 0 { duration = guessedDuration }
    var time =
      raw.pointee.best_effort_timestamp.knownTime ?? lastTime.map { $0 + max(lastDuration, 1) } ?? 0
    if let last = lastTime, time <= last {
      if !saidThatTimeGoesBack {
        saidThatTimeGoesBack = true
        options.report?(
          "The time stamps of \(demuxer.bytes.name) go backward at frame \(frameIndex); frames with too early a time "
            + "stamp follow directly after the previous frame.")
      }
      time = last + 1
    }
    lastTime = time
    lastDuration = duration
    let seconds = Double(time) * info.timeBase.value
    firstDecoded = firstDecoded ?? seconds
    let number = shownCount
    shownCount += 1
    switch cut.place(of: seconds, number: number) {
    case .before:
      if cut.isSearching { gathered.removeAll { $0.seconds.map { $0 < seconds } ?? true } }
      return nil
    case .after:
      endFrames(at: cut.to ?? seconds)
      return nil
    case .inside: if cut.isSearching { begin(at: seconds) }
    }
    let picture = try decoded.picture(
      in: demuxer.bytes.name, promised: frameIndex > 0 ? info.format : nil)
    if frameIndex > 0 {
      guard
        (picture.width, picture.height, picture.format)
          == (info.width, info.height, info.format)
      else {
        throw MediaError(
          .unsupported,
          "Frame \(frameIndex) of \(demuxer.bytes.name) is \(picture.width)×\(picture.height) \(picture.format), but "
            + "the frames before it are \(info.width)×\(info.height) \(info.format); split the file there."
        )
      }
    }
    let frame = Frame(
      index: frameIndex, picture: picture,
      presentationTime: time, duration: duration,
      sampleAspectRatio: Rational(
        av_guess_sample_aspect_ratio(demuxer.pointer, demuxer.stream(videoIndex), raw)),
      fieldOrder: ac_frame_interlaced(raw) == 0
        ? .progressive : ac_frame_top_field_first(raw) == 0 ? .bottomFirst : .topFirst,
      attachments: FrameSideData(of: raw))
    frameIndex += 1
    if frameIndex == options.frameLimit {
      endFrames(at: seconds + Double(duration) * info.timeBase.value)
    }
    return frame
  }

  /// The wanted frame was found by its number: what was gathered on the way begins with it.
  private func begin(at seconds: Double) {
    cut.begin(at: seconds)
    gathered.removeAll { $0.seconds.map { $0 < seconds } ?? true }
  }

  // MARK: After the last frame

  private func endFrames(at seconds: Double) {
    endTime = seconds
    // What was gathered before the end was known.
    gathered.removeAll { $0.seconds.map { $0 >= seconds } ?? false }
    phase = .collecting
  }

  /// Reads on for packets of other streams that lie before the end, until each has passed it.
  private func collectStep() throws {
    let waiting = isCopied.indices.filter { index in
      isCopied[index] && !passedEnd.contains(index)
        && demuxer.stream(index).pointee.codecpar.pointee.codec_type == AVMEDIA_TYPE_AUDIO
    }
    guard let endTime, !waiting.isEmpty, !inputEnded, try readPacket() else {
      phase = .ended
      return
    }
    defer { av_packet_unref(packet) }
    let index = Int(packet.pointee.stream_index)
    if let time = packet.pointee.dts.knownTime ?? packet.pointee.pts.knownTime {
      let seconds = Double(time) * Rational(demuxer.stream(index).pointee.time_base).value
      if seconds >= endTime { passedEnd.insert(index) }
      if seconds >= endTime + 10 { phase = .ended }
    }
    if index != videoIndex { try gather(index) }
  }
}
