import CFFmpeg
import Imaging

/// The options that an encoder is opened with: those that make quality, preset and threads mean the
/// same for all encoders, and the user's own.
struct EncoderSettings: CustomStringConvertible {
  private let encoder: String
  private var values: [String: String] = [:]
  /// The user's, which must be known to the encoder.
  private let own: [String: String]

  /// - Throws: `.usage` for options that the encoder does not have, naming those that are near.
  init(
    _ encoder: String, _ options: SinkOptions, _ context: UnsafeMutablePointer<AVCodecContext>
  ) throws {
    self.encoder = encoder
    own = options.encoderOptions
    for (key, value) in own { try Self.check(key, value, encoder, context) }
    setDefaults(options, context)
    try setQuality(options, context)
    for (key, value) in own {
      // The libraries' own option strings add up; what is said last counts.
      if key.hasSuffix("-params"), let given = values[key] {
        values[key] = given + ":" + value
      } else if ["flags", "flags2"].contains(key), let first = value.first, !"+-".contains(first) {
        // Added to those that the container needs.
        values[key] = "+" + value
      } else {
        values[key] = value
      }
    }
  }

  var sorted: [(key: String, value: String)] { values.sorted { $0.key < $1.key } }

  var description: String { sorted.map { "\($0.key)=\($0.value)" }.joined(separator: " ") }

  // MARK: Ours

  private mutating func setDefaults(
    _ options: SinkOptions, _ context: UnsafeMutablePointer<AVCodecContext>
  ) {
    let width = Int(context.pointee.width)
    let height = Int(context.pointee.height)
    switch EncoderTraits.of(encoder).threading {
    case .asWanted: values["threads"] = options.threads > 0 ? String(options.threads) : "auto"
    case .fixed(let count): values["threads"] = String(count)
    }
    switch encoder {
    case "libx264":
      values["x264-params"] = X264Parameters.text(
        preset: options.preset, width: width, height: height)
    case "libx265":
      // With several frames encoded at once the bytes differ from run to run now and then. The size of
      // the pool shows only in the note of its own settings that x265 leaves there.
      let pools = options.threads > 0 ? ":pools=\(options.threads)" : ""
      values["x265-params"] = "log-level=none:info=0:frame-threads=1" + pools
    case "libsvtav1":
      if options.threads > 0 { values["svtav1-params"] = "lp=\(options.threads)" }
    case "ffv1":
      // Version 3 has checksums, and slices that decode in parallel (RFC 9043).
      values["level"] = "3"
      values["slicecrc"] = "1"
      values["g"] = "1"
    case "tiff":
      values["compression_algo"] = "deflate"
    case "dnxhd":
      values["profile"] = Self.profileOfDNxHR(context.pointee.pix_fmt)
    default: break
    }
  }

  /// The best that holds the format.
  private static func profileOfDNxHR(_ format: AVPixelFormat) -> String {
    switch format {
    case AV_PIX_FMT_YUV422P: "dnxhr_hq"
    case AV_PIX_FMT_YUV422P10LE: "dnxhr_hqx"
    default: "dnxhr_444"
    }
  }

  private mutating func setQuality(
    _ options: SinkOptions, _ context: UnsafeMutablePointer<AVCodecContext>
  ) throws {
    let hasRate = !SinkOptions.ratesInPlaceOfCRF.isDisjoint(with: own.keys)
    if encoder == "mjpeg" {
      if !hasRate {
        values["flags"] = "+qscale"
        values["global_quality"] = String(Int((options.crf ?? 2) * Double(FF_QP2LAMBDA)))
      }
    } else if let crf = options.crf {
      guard Self.hasOption("crf", context) else {
        throw MediaError(.usage, "\(encoder) has no constant rate factor; leave out the crf.")
      }
      if !hasRate { values["crf"] = crf == crf.rounded() ? String(Int(crf)) : String(crf) }
    } else if encoder == "libsvtav1", !hasRate {
      values["crf"] = "30"
    }
    if let preset = options.preset {
      guard Self.hasOption("preset", context) else {
        throw MediaError(.usage, "\(encoder) has no presets; leave out the preset.")
      }
      values["preset"] = preset
    }
  }

  private static func hasOption(
    _ option: String, _ context: UnsafeMutablePointer<AVCodecContext>
  ) -> Bool {
    guard let own = context.pointee.priv_data else { return false }
    return av_opt_find(own, option, nil, 0, 0) != nil
  }

  // MARK: The user's

  /// Options of encoders, and parameters within their option strings, that name files: those of a first
  /// pass, dumps. Nothing but the output is written, and it is encoded once.
  private static let namesFiles: Set<String> = [
    "stats", "passlogfile", "pass", "dump-yuv", "qpfile", "csv", "recon", "analysis-save",
    "analysis-load", "analysis-reuse-file", "rpu", "dhdr10-info", "cqmfile", "scaling-list",
    "lambda-file", "zonefile",
  ]

  private static func check(
    _ key: String, _ value: String, _ encoder: String,
    _ context: UnsafeMutablePointer<AVCodecContext>
  ) throws {
    let names = names(of: context)
    guard names.contains(key) else {
      let near = NearNames.of(key, among: names)
      throw MediaError(
        .usage,
        "\(encoder) has no option named \(key); "
          + (near.isEmpty
            ? "'ffmpeg -h encoder=\(encoder)' lists its options."
            : "did you mean \(near.joined(separator: ", "))?"))
    }
    let isPass = key == "flags" && value.contains("pass")
    if let file = ([key] + parameters(in: key, value)).first(where: namesFiles.contains)
      ?? (isPass ? key : nil)
    {
      throw MediaError(
        .usage,
        "The option \(file) of \(encoder) makes it read or write other files, which is not allowed; set a bit rate (b) "
          + "or a crf instead.")
    }
  }

  /// The names within a string of options such as `x264-params`.
  private static func parameters(in key: String, _ value: String) -> [String] {
    guard key.hasSuffix("-params") || key == "x264opts" else { return [] }
    return value.split(separator: ":").map {
      String($0.split(separator: "=", maxSplits: 1).first ?? "").replacing("_", with: "-")
    }
  }

  /// What the encoder takes, by FFmpeg's names.
  private static func names(of context: UnsafeMutablePointer<AVCodecContext>) -> Set<String> {
    var result: Set<String> = []
    func collect(_ object: UnsafeMutableRawPointer) {
      var option: UnsafePointer<AVOption>?
      while true {
        option = av_opt_next(object, option)
        guard let found = option?.pointee else { return }
        let wanted = AV_OPT_FLAG_ENCODING_PARAM | AV_OPT_FLAG_VIDEO_PARAM
        if found.type != AV_OPT_TYPE_CONST, found.flags & wanted == wanted {
          result.insert(String(cString: found.name))
        }
      }
    }
    collect(context)
    if let own = context.pointee.priv_data { collect(own) }
    return result
  }

  /// Libraries only warn of parameters in an option string that they don't know.
  /// - Throws: `.usage` if one of `warnings` is about the user's.
  func checkComplaints(_ warnings: [String]) throws {
    let said = ["Error parsing option", "Unknown option", "Invalid value for"]
    for (key, value) in own.sorted(by: { $0.key < $1.key }) {
      for name in Self.parameters(in: key, value) {
        let spelled = [name, name.replacing("-", with: "_")]
        let complaint = warnings.first { line in
          said.contains(where: line.contains) && spelled.contains(where: line.contains)
        }
        if let complaint {
          throw MediaError(
            .usage, "\(encoder) rejects \(name) as given in \(key).", underlying: complaint)
        }
      }
    }
  }
}

/// Names that a misspelled one may have meant.
package enum NearNames {
  /// The nearest first, three at most.
  package static func of(_ name: String, among names: some Sequence<String>) -> [String] {
    let limit = max(1, name.count / 3)
    return names.map { ($0, distance(name, $0)) }.filter { $0.1 <= limit }
      .sorted { ($0.1, $0.0) < ($1.1, $1.0) }.prefix(3).map(\.0)
  }

  /// How many letters must be added, removed or changed (Levenshtein 1966).
  private static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.lowercased()), Array(second.lowercased()))
    var row = Array(0...b.count)
    for (i, x) in a.enumerated() {
      var diagonal = row[0]
      row[0] = i + 1
      for (j, y) in b.enumerated() {
        let change = diagonal + (x == y ? 0 : 1)
        diagonal = row[j + 1]
        row[j + 1] = min(change, row[j] + 1, diagonal + 1)
      }
    }
    return row[b.count]
  }
}
