import Foundation
package import Imaging

/// What to do on a frame that cannot be decoded whole.
package enum DamagePolicy: String, Hashable, Sendable {
  /// Deliver the whole frames before it, then throw.
  case stop
  /// Deliver what can be decoded, count the rest.
  case `continue`
}

/// How to read.
package struct SourceOptions: Sendable {
  /// Decoder threads; 0 takes as many as there are cores. A pipe is decoded without frame
  /// threading, which would hold frames back.
  package var threads = 0
  package var onDamage = DamagePolicy.stop
  /// The first wanted frame; frames and packets before are left out. Times then count from this point.
  package var from: FilmPosition?
  /// The first frame that is not wanted any more; frames and packets from there on are left out.
  package var to: FilmPosition?
  /// Whether `SourceInfo.number` must tell the numbers of frames: what lies before `from` is then
  /// decoded and counted, not sought past.
  package var countsFrames = false
  /// Ends after so many frames.
  package var frameLimit: Int?
  /// Kinds of streams whose packets are copied.
  package var copiedKinds: Set<StreamInfo.Kind> = [.video, .audio, .subtitle, .data, .attachment]
  /// FFmpeg's name of the input's format; `nil` guesses from the content. `y4m`, `rawvideo` and
  /// `image2pipe` are read by this module itself.
  package var format: String?
  /// What a raw pipe or file holds; needed for `rawvideo`.
  package var rawVideo: RawVideo?
  /// Names in a folder of pictures; all others there are left out.
  package var pictureNames: [String]?
  /// Frames per second of pictures, which carry none.
  package var pictureRate = Rational(24, 1)
  package var interruption: MediaInterruption?
  /// Told in plain sentences what is worth knowing: gaps in numbering, damage passed over.
  package var report: (@Sendable (String) -> Void)?

  package init() {}

  /// What cannot be read from headerless video.
  package struct RawVideo: Hashable, Sendable {
    package var width: Int
    package var height: Int
    /// FFmpeg's name, such as `yuv420p10le` or `gray`.
    package var pixelFormat: String
    package var frameRate: Rational
    package init(width: Int, height: Int, pixelFormat: String, frameRate: Rational) {
      self.width = width
      self.height = height
      self.pixelFormat = pixelFormat
      self.frameRate = frameRate
    }
  }
}

/// How to write.
package struct SinkOptions: Sendable {
  /// FFmpeg's name of the encoder, such as `libx264`; `nil` chooses by the output's name.
  package var encoder: String?
  /// Constant rate factor, in the encoder's own scale (for `mjpeg` the quantizer, 2…31).
  package var crf: Double?
  /// The encoder's own name or number of a preset.
  package var preset: String?
  /// Encoder threads; 0 takes as many as there are cores.
  package var threads = 0
  /// Further options of the encoder, by FFmpeg's names. Those in `ratesInPlaceOfCRF` turn `crf` off.
  package var encoderOptions: [String: String] = [:]
  /// Options that set the rate or the quantizer.
  package static let ratesInPlaceOfCRF: Set<String> = ["b", "qp", "cqp", "global_quality"]
  /// FFmpeg's name of the encoder for audio that the container can't hold; `nil` refuses such audio.
  package var audioEncoder: String?
  /// FFmpeg's name of the wanted pixel format; `nil` chooses, see `OutputFormat.choose`.
  package var pixelFormat: String?
  /// FFmpeg's name of the container; `nil` chooses by the output's name.
  package var format: String?
  /// Whether an existing output may be replaced.
  package var overwrite = false
  /// Whether the user can have an existing output left as it is, which the refusal then says.
  package var offersSkipping = true
  /// Whether pictures that are there in a folder of pictures are left as they are.
  package var keepsPictures = false
  /// Whether the folder of the output is made where it is not there.
  package var createsFolder = false
  /// What to do with what a killed run left under the output's temporary name.
  package var leftovers = Leftovers.setAside
  /// What may not be replaced even so: the files of the input.
  package var protected: ProtectedFiles?
  package var interruption: MediaInterruption?
  /// Told in plain sentences what shows up on the way, such as what the encoder has no place for.
  package var report: (@Sendable (String) -> Void)?

  package init() {}

  /// What becomes of what a killed run left of an output.
  package enum Leftovers: Sendable {
    /// It gets the name of a partial output.
    case setAside
    /// It stays where it is.
    case leave
    /// It goes: all of it is kept elsewhere.
    case remove
  }

  /// Refuses a place where a file of the input lies, or something that may not be replaced.
  /// - Throws: `MediaError`.
  package func checkPlace(_ path: String) throws {
    try protected?.check(path)
    guard overwrite || !FileSystem.isTaken(path) else { throw isTaken(path) }
  }

  func isTaken(_ path: String) -> MediaError {
    MediaError(
      .outputExists,
      "The output \(path) already exists; --overwrite replaces it, "
        + (offersSkipping ? "--skip-existing keeps it, " : "") + "or choose another name.")
  }
}
