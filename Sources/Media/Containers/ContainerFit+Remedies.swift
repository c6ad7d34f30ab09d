import CFFmpeg

extension ContainerFit {
  /// Refuses streams that the container cannot hold, and names what can be done, which is asked first.
  /// - Throws: `.containerRefusesStream`, `.encoderMissing`.
  func check(
    encoder: String, audioEncoder: String?, source: SourceInfo, output: String
  ) throws {
    let video = try OutputFormat.findEncoder(encoder).pointee.id
    let others = source.copiedStreams
    guard holds(video) else {
      let ending = Self.ending(holding: video, and: others) ?? Self.ending(holding: video, and: [])
      throw MediaError(
        .containerRefusesStream,
        "The container \(name) of \(output) cannot hold \(encoder) video; "
          + (ending.map { "write \($0), or " } ?? "") + "choose another encoder.")
    }
    for stream in others where !leavesOut(stream) && !holds(stream) {
      let fitting = audioEncodersThatFit
      if stream.kind == .audio, let audioEncoder {
        if fitting.contains(where: { $0.encoder == audioEncoder }) { continue }
        throw MediaError(
          .containerRefusesStream,
          "The container \(name) of \(output) cannot hold \(audioEncoder) audio either; "
            + (fitting.first.map { "give --audio \($0.option), or " } ?? "")
            + "leave the audio out (--audio none).")
      }
      let remedies = [
        Self.ending(holding: video, and: others).map { "write \($0)" },
        stream.kind == .audio
          ? fitting.first.map { "transcode it (--audio \($0.option))" } : nil,
        stream.kind == .audio
          ? "leave the audio out (--audio none)" : "leave such streams out (--extras none)",
      ].compactMap { $0 }
      throw MediaError(
        .containerRefusesStream,
        "Stream \(stream.index) (\(stream.kind.rawValue), \(stream.codecName)) cannot be stored in the container "
          + "\(name) of \(output); \(remedies.joined(separator: ", or ")).")
    }
  }

  /// The encoders of `--audio` that are present and whose sound the container holds.
  private var audioEncodersThatFit: [(option: String, encoder: String)] {
    [("aac", "aac"), ("opus", "libopus"), ("flac", "flac")].filter { _, encoder in
      guard let codec = avcodec_find_encoder_by_name(encoder) else { return false }
      return avformat_query_codec(container, codec.pointee.id, FF_COMPLIANCE_NORMAL) == 1
    }
  }

  /// What the user may want to know of the streams that are left out.
  func notes(on source: SourceInfo) -> [String] {
    source.copiedStreams.filter(leavesOut).compactMap { stream in
      if stream.kind == .video {
        return
          "Stream \(stream.index) (cover art, \(stream.codecName)) is left out: \(name) would store it as a "
          + "second video track; .mkv and .mp4 can hold cover art."
      }
      guard stream.isTimeCode else {
        return
          "Stream \(stream.index) (\(stream.codecName), data) is left out: \(name) cannot hold it."
      }
      let code = (source.videoStream?.metadata ?? []) + source.metadata + stream.metadata
      guard let text = code.first(where: { $0.key.lowercased() == "timecode" })?.value else {
        return "Stream \(stream.index) (time code) is left out: \(name) cannot hold it."
      }
      // The track is made anew from the tag.
      if writesTimeCode { return nil }
      return keepsTags
        ? "The time code \(text) is kept as a tag; \(name) has no track for it."
        : "The time code \(text) is left out: \(name) cannot hold it; .mov can."
    }
  }
}

extension StreamInfo {
  /// Whether it is the time code track of QuickTime.
  var isTimeCode: Bool { kind == .data && parameters.pointer.pointee.codec_tag == 0x6463_6D74 }
}

/// Cover art as the file that it is.
struct CoverArt {
  let bytes: [UInt8]
  let metadata: [MetadataEntry]

  /// `nil` if there is no picture.
  init?(_ stream: StreamInfo, number: Int) {
    guard !stream.attachedPicture.isEmpty else { return nil }
    bytes = stream.attachedPicture
    let (ending, type): (String, String) =
      switch stream.codecName {
      case "mjpeg": ("jpg", "image/jpeg")
      case "png": ("png", "image/png")
      case "gif": ("gif", "image/gif")
      case "tiff": ("tiff", "image/tiff")
      case "bmp": ("bmp", "image/bmp")
      case "webp": ("webp", "image/webp")
      default: (stream.codecName, "image/" + stream.codecName)
      }
    var entries = stream.metadata
    func has(_ key: String) -> Bool { entries.contains { $0.key.lowercased() == key } }
    if !has("filename") {
      let name = number == 0 ? "cover" : "cover_\(number + 1)"
      entries.append(MetadataEntry(key: "filename", value: "\(name).\(ending)"))
    }
    if !has("mimetype") { entries.append(MetadataEntry(key: "mimetype", value: type)) }
    metadata = entries
  }
}
