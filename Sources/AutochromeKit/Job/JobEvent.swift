public import Colorization

/// What a running job tells about itself.
public enum JobEvent: Sendable {
  /// The job begins: what was resolved.
  case started(JobPlan)
  /// A frame has been written; at most ten times a second.
  case progress(JobProgress)
  /// Something the user should know that does not stop the job.
  case warning(String)
}

/// How far a job is.
public struct JobProgress: Codable, Hashable, Sendable {
  /// Frames written.
  public var framesDone: Int
  /// Frames to be written, if the input tells.
  public var framesTotal: Int?
  /// Seconds since the start.
  public var elapsedSeconds: Double
  /// Frames written per second since the start.
  public var framesPerSecond: Double
  /// Estimated seconds until the end; nil where the input does not tell its length, and as long as too
  /// little was seen to estimate.
  public var secondsLeft: Double?
  /// Shots begun so far.
  public var shots: Int
}

/// What a job is going to do, and why.
public struct JobPlan: Codable, Hashable, Sendable {
  /// The input as given.
  public var input: String
  /// The output as given.
  public var output: String
  /// What the input is, in words.
  public var source: String
  /// What will be written, in words.
  public var result: String
  /// FFmpeg's name of the pixel format that is encoded, if the encoder is known beforehand.
  public var encoderPixelFormat: String?
  /// How luma and chroma are read and written, in words.
  public var color: String
  /// The same for programs.
  public var colorTags: ColorTags
  /// What color the input has, as far as a look at some frames tells; absent for pipes.
  public var sourceColors: ColorFinding?
  /// What black bars the input has, as far as a look at some frames tells; absent for pipes, and where they
  /// are not looked for.
  public var bars: BarsFound?
  /// Luma size.
  public var width: Int
  /// Luma size.
  public var height: Int
  /// Size that the network sees, without padding; of the picture inside of bars where most frames have them.
  public var workingWidth: Int
  /// Size that the network sees, without padding.
  public var workingHeight: Int
  /// Frames that may be in flight at once.
  public var permits: Int
  /// The network, its back end and arithmetic.
  public var network: String
  /// Temperature of the annealed mean.
  public var temperature: Float
  /// The vividness in force.
  public var vividness: Float
  /// All settings.
  public var settings: Settings
}

/// What a job did.
public struct JobReport: Codable, Hashable, Sendable {
  /// The number of this form of the report: it grows when a key goes or changes its meaning, not when one is
  /// added.
  public var schema = Self.currentSchema
  /// Which program made it, with which libraries, on what.
  public var program: ProgramFacts
  /// Which files it was made from, if the job was to say so.
  public var files: JobFiles?
  /// What was planned.
  public var plan: JobPlan
  /// Frames in the output.
  public var frames: Int
  /// Of these, those that an earlier run did, from which this one went on.
  public var framesBefore: Int
  /// Of all, those that the network saw; the others' colors were carried along the motion.
  public var framesSeen: Int
  /// Of all, those that kept the colors that they came with.
  public var framesKept: Int
  /// What color the frames came with.
  public var sourceColors: ColorFinding
  /// The shots, in order.
  public var shots: [JobShot]
  /// Where black bars were found: the frames from which on another part of the frame is the picture; empty
  /// if it always is the whole.
  public var areas: [FoundArea]
  /// How far went what the user gives for frames, hints and stills; empty if nothing is given.
  public var given: [GivenReach]
  /// Wall-clock seconds.
  public var seconds: Double
  /// Frames per second of this run.
  public var framesPerSecond: Double
  /// Time spent in each stage.
  public var stages: [StageTime]
  /// Whether the user stopped the job before the end of the input.
  public var interrupted: Bool
  /// Where the part that was done lies, after an interruption.
  public var partialOutput: String?
  /// The folder from which the same job goes on, after an interruption.
  public var jobFolder: String?
  /// What of the input was missing or damaged; the rest is in the output. The program then ends with
  /// the status for bad data.
  public var damage: String?
  /// What the user should know.
  public var warnings: [String]
}

extension JobReport {
  /// The form that this program writes.
  public static let currentSchema = 1

  /// Frames at which a shot begins, from 0.
  public var shotStarts: [Int] { shots.map(\.frame) }
}

/// A shot that a job met, and what was done with its frames.
public struct JobShot: Codable, Hashable, Sendable {
  /// Its first frame, from 0.
  public var frame: Int
  /// When that is shown, in seconds after the start of the film.
  public var time: Double
  /// Frames in the output.
  public var frames = 0
  /// Of these, those that the network saw.
  public var framesSeen = 0
  /// Of these, those that kept the colors that they came with.
  public var framesKept = 0

  init(frame: Int, time: Double) {
    self.frame = frame
    self.time = time
  }

  /// Adds the frames of another part of the shot.
  mutating func add(_ rest: JobShot) {
    frames += rest.frames
    framesSeen += rest.framesSeen
    framesKept += rest.framesKept
  }

  /// Adds a frame.
  mutating func add(isSeen: Bool, isKept: Bool) {
    frames += 1
    if isSeen { framesSeen += 1 }
    if isKept { framesKept += 1 }
  }
}

/// How far the colors that a user gives for a frame went along the motion.
public struct GivenReach: Codable, Hashable, Sendable {
  /// For which they are given: its number in the film, from 0.
  public var frame: Int
  /// The first frame of which they say something.
  public var first: Int
  /// The last one.
  public var last: Int
  /// Whether the shot begins with the first one; before it, motion does not lead back that far, or another frame
  /// for which something is given says more.
  public var isFromShotStart: Bool
  /// The same of the last one and the shot's end.
  public var isToShotEnd: Bool

  /// With that of later frames.
  func joined(with later: GivenReach) -> GivenReach {
    var result = self
    (result.last, result.isToShotEnd) = (later.last, later.isToShotEnd)
    return result
  }
}

/// What part of a film's frames is the picture, from one of them on.
public struct FoundArea: Codable, Hashable, Sendable {
  /// From 0.
  public var frame: Int
  /// The picture inside of black bars; the whole frame where there are none.
  public var area: PictureArea
}

/// Time spent in one stage of the pipeline.
public struct StageTime: Codable, Hashable, Sendable {
  /// The stage.
  public var name: String
  /// How many items it took.
  public var count: Int
  /// Seconds of work, added over all threads.
  public var busySeconds: Double
  /// Milliseconds per item.
  public var millisecondsPerItem: Double { count == 0 ? 0 : 1000 * busySeconds / Double(count) }
}
