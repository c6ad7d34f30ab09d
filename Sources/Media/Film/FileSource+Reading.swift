import CFFmpeg
import Imaging

/// Reading packets, and noticing where some are missing.
extension FileSource {
  /// The next packet; `false` at the end of the input or of what can be read of it.
  func readPacket() throws -> Bool {
    var failures = 0
    while true {
      let status = av_read_frame(demuxer.pointer, packet)
      if let error = demuxer.bytes.failure { throw error }
      if status == ac_error_exit() || options.interruption?.isEndRequested == true {
        if status >= 0 { av_packet_unref(packet) }
        throw MediaError(.interrupted, "Reading \(demuxer.bytes.name) was interrupted.")
      }
      if status < 0, status != ac_error_again(),
        let error = shortfall(isEnd: status == ac_error_eof())
      {
        failure = failure ?? error
        return false
      }
      guard noteContainerDamage() else {
        if status >= 0 { av_packet_unref(packet) }
        return false
      }
      if status >= 0 {
        followClock()
        return true
      }
      if status == ac_error_again() { continue }
      if status == ac_error_eof() { return false }
      failures += 1
      let error = MediaError(
        .corrupt,
        "\(demuxer.bytes.name) is damaged after video packet \(packetIndex - 1), at frame "
          + "\(frameIndex).", status: status)
      if options.onDamage == .stop || failures > 100 {
        failure = failure ?? error
        return false
      }
      damage.notePlace(error)
    }
  }

  /// Notes what the demuxer only logged; `false` if reading is to end with it.
  private func noteContainerDamage() -> Bool {
    guard let said = demuxer.takeDamage() else { return true }
    if demuxer.isAtEnd, let error = shortfall(isEnd: false) {
      // The end of what is there is no damage.
      failure = failure ?? error
      return false
    }
    let error = MediaError(
      .corrupt,
      "The container of \(demuxer.bytes.name) is damaged near frame \(frameIndex); frames may be "
        + "missing there.", underlying: said)
    guard options.onDamage == .continue else {
      failure = failure ?? error
      return false
    }
    damage.notePlace(error)
    return true
  }

  /// What is missing of the input, now that nothing more can be read of it.
  private func shortfall(isEnd: Bool) -> MediaError? {
    let (bytes, missing) = (demuxer.bytes, demuxer.missingByteCount)
    if let change = bytes.changeOfSize() { return change }
    if missing > 0 {
      let size = bytes.byteCount ?? 0
      return MediaError(
        .truncated,
        "\(bytes.name) was cut off: it should have \(counted(size + missing, "byte")), but has only \(size)."
      )
    }
    guard isEnd, phase == .decoding, cut.from == nil, packetIndex < indexedCount else { return nil }
    return MediaError(
      .corrupt,
      "The container of \(bytes.name) is damaged: its index lists \(counted(indexedCount, "picture")), but only "
        + "\(packetIndex) \(packetIndex == 1 ? "was" : "were") found.")
  }

  private func followClock() {
    let index = Int(packet.pointee.stream_index)
    // Streams may appear on the way; nothing of them is used.
    guard index < isCopied.count else { return }
    let stream = demuxer.stream(index)
    let kind = stream.pointee.codecpar.pointee.codec_type
    let jump = timeline.adjust(
      packet, timeBase: Rational(stream.pointee.time_base),
      counts: kind == AVMEDIA_TYPE_VIDEO || kind == AVMEDIA_TYPE_AUDIO)
    if let jump, index == videoIndex {
      options.report?(
        "The time stamps of \(demuxer.bytes.name) jump by \(Int64((jump * 1000).rounded())) ms near frame "
          + "\(frameIndex); the jump is removed from all streams.")
    }
  }
}
