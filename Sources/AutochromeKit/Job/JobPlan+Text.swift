import Colorization

extension JobPlan {
  /// What was resolved, for people.
  package var text: String {
    let settings = settings
    func value(_ name: String, _ value: (any CustomStringConvertible)?) -> String? {
      value.map { "\(name) \(settingWords($0))" }
    }
    func list(_ parts: [String?]) -> String? {
      let said = parts.compactMap { $0 }
      return said.isEmpty ? nil : said.joined(separator: ", ")
    }
    var rows = AlignedList()
    rows.add("pipeline", settings.pipeline)
    rows.add("source", "\(input): \(source)")
    rows.add("color", color)
    rows.add(
      "part",
      list([
        value("from", settings.from), value("to", settings.to),
        settings.frames.map { counted($0, "frame") + " at most" },
      ]))
    rows.add("network", "\(network), sees \(workingWidth)×\(workingHeight)")
    rows.add(
      "look",
      list([
        value("vividness", vividness), value("temperature", temperature),
        value("saturation", settings.saturation),
        settings.warmth == 0 ? nil : value("warmth", settings.warmth),
        settings.tint == 0 ? nil : value("tint", settings.tint), value("hues", settings.hues),
      ]))
    rows.add(
      "steadiness",
      settings.stability > 0
        ? "\(settings.stability), looks \(counted(settings.lookAhead, "frame")) ahead"
        : "off, each frame by itself")
    rows.add(
      "key frames",
      settings.keyFrames == .off
        ? "off, the network sees every frame"
        : "at most \(counted(settings.keyFrames.distance, "frame")) apart")
    rows.add("shots", (settings.shots ?? settings.cuts).map { "as listed in \($0)" } ?? "found")
    rows.add("picture", sourceColors?.text)
    rows.add("bars", settings.bars == .none ? "not searched for" : bars?.text ?? "found")
    rows.add(
      "colors it has", settings.color == .keep ? "kept" : "replaced")
    rows.add("chroma", settings.refine == .guided ? "guided by the luma" : "bilinear")
    rows.add(
      "result",
      list([
        "\(output): \(result)", encoderPixelFormat,
        encoderPixelFormat.flatMap { _ in value("crf", settings.crf) },
        encoderPixelFormat.flatMap { _ in value("preset", settings.preset) },
        encoderPixelFormat.flatMap { _ in value("encoder-option", settings.encoderOption) },
      ]))
    let audio =
      switch settings.audio {
      case .copy: "copied"
      case .none: "left out"
      case .aac, .opus, .flac:
        "copied, or encoded as \(settings.audio) if the container can't hold it"
      }
    rows.add("audio", audio)
    rows.add(
      "extras",
      settings.extras == .copy
        ? "subtitles, attachments, data and covers copied" : "left out")
    rows.add(
      "machine",
      list([
        counted(settings.threads, "thread"), counted(permits, "frame") + " in flight",
        settings.memory.map { "up to \($0) MB for them" },
      ]))
    return rows.description
  }
}
