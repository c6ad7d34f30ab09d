package import Colorization

/// What a running job tells about itself.
package enum JobEvent: Sendable {
  /// The job begins: what was resolved.
  case started(JobPlan)
  /// A frame has been written; at most ten times a second.
  case progress(JobProgress)
  /// Something the user should know that does not stop the job.
  case warning(String)
}

/// How far a job is.
package struct JobProgress: Codable, Hashable, Sendable {
  /// Frames written.
  package var framesDone: Int
  /// Frames to be written, if the input tells.
  package var framesTotal: Int?
  /// Seconds since the start.
  package var elapsedSeconds: Double
  /// Frames written per second since the start.
  package var framesPerSecond: Double
  /// Estimated seconds until the end; nil where the input does not tell its length, and as long as too
  /// little was seen to estimate.
  package var secondsLeft: Double?
  /// Shots begun so far.
  package var shots: Int
}

/// What a job is going to do, and why.
package struct JobPlan: Codable, Hashable, Sendable {
  /// The input as given.
  package var input: String
  /// The output as given.
  package var output: String
  /// What the input is, in words.
  package var source: String
  /// What will be written, in words.
  package var result: String
  /// FFmpeg's name of the pixel format that is encoded, if the encoder is known beforehand.
  package var encoderPixelFormat: String?
  /// How luma and chroma are read and written, in words.
  package var color: String
  /// The same for programs.
  package var colorTags: ColorTags
  /// What color the input has, as far as a look at some frames tells; absent for pipes.
  package var sourceColors: ColorFinding?
  /// What black bars the input has, as far as a look at some frames tells; absent for pipes, and where they
  /// are not looked for.
  package var bars: BarsFound?
  /// Luma size.
  package var width: Int
  /// Luma size.
  package var height: Int
  /// Size that the network sees, without padding; of the picture inside of bars where most frames have them.
  package var workingWidth: Int
  /// Size that the network sees, without padding.
  package var workingHeight: Int
  /// Frames that may be in flight at once.
  package var permits: Int
  /// The network, its back end and arithmetic.
  package var network: String
  /// Temperature of the annealed mean.
  package var temperature: Float
  /// The vividness in force.
  package var vividness: Float
  /// All settings.
  package var settings: Settings
}

/// What a job did.
package struct JobReport: Codable, Hashable, Sendable {
  /// The number of this form of the report: it grows when a key goes or changes its meaning, not when one is
  /// added.
  package var schema = Self.currentSchema
  /// Which program made it, with which libraries, on what.
  package var program: ProgramFacts
  /// Which files it was made from, if the job was to say so.
  package var files: JobFiles?
  /// What was planned.
  package var plan: JobPlan
  /// Frames in the output.
  package var frames: Int
  /// Of these, those that an earlier run did, from which this one went on.
  package var framesBefore: Int
  /// Of all, those that the network saw; the others' colors were carried along the motion.
  package var framesSeen: Int
  /// Of all, those that kept the colors that they came with.
  package var framesKept: Int
  /// What color the frames came with.
  package var sourceColors: ColorFinding
  /// The shots, in order.
  package var shots: [JobShot]
  /// Where black bars were found: the frames from which on another part of the frame is the picture; empty
  /// if it always is the whole.
  package var areas: [FoundArea]
  /// How far went what the user gives for frames, hints and stills; empty if nothing is given.
  package var given: [GivenReach]
  /// Wall-clock seconds.
  package var seconds: Double
  /// Frames per second of this run.
  package var framesPerSecond: Double
  /// Time spent in each stage.
  package var stages: [StageTime]
  /// Whether the user stopped the job before the end of the input.
  package var interrupted: Bool
  /// Where the part that was done lies, after an interruption.
  package var partialOutput: String?
  /// The folder from which the same job goes on, after an interruption.
  package var jobFolder: String?
  /// What of the input was missing or damaged; the rest is in the output. The program then ends with
  /// the status for bad data.
  package var damage: String?
  /// What the user should know.
  package var warnings: [String]
}

extension JobReport {
  /// The form that this program writes.
  package static let currentSchema = 1

  /// Frames at which a shot begins, from 0.
  package var shotStarts: [Int] { shots.map(\.frame) }
}

/// A shot that a job met, and what was done with its frames.
package struct JobShot: Codable, Hashable, Sendable {
  /// Its first frame, from 0.
  package var frame: Int
  /// When that is shown, in seconds after the start of the film.
  package var time: Double
  /// Frames in the output.
  package var frames = 0
  /// Of these, those that the network saw.
  package var framesSeen = 0
  /// Of these, those that kept the colors that they came with.
  package var framesKept = 0

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
package struct GivenReach: Codable, Hashable, Sendable {
  /// For which they are given: its number in the film, from 0.
  package var frame: Int
  /// The first frame of which they say something.
  package var first: Int
  /// The last one.
  package var last: Int
  /// Whether the shot begins with the first one; before it, motion does not lead back that far, or another frame
  /// for which something is given says more.
  package var isFromShotStart: Bool
  /// The same of the last one and the shot's end.
  package var isToShotEnd: Bool

  /// With that of later frames.
  func joined(with later: GivenReach) -> GivenReach {
    var result = self
    (result.last, result.isToShotEnd) = (later.last, later.isToShotEnd)
    return result
  }
}

/// What part of a film's frames is the picture, from one of them on.
package struct FoundArea: Codable, Hashable, Sendable {
  /// From 0.
  package var frame: Int
  /// The picture inside of black bars; the whole frame where there are none.
  package var area: PictureArea
}

/// Time spent in one stage of the pipeline.
package struct StageTime: Codable, Hashable, Sendable {
  /// The stage.
  package var name: String
  /// How many items it took.
  package var count: Int
  /// Seconds of work, added over all threads.
  package var busySeconds: Double
  /// Milliseconds per item.
  package var millisecondsPerItem: Double { count == 0 ? 0 : 1000 * busySeconds / Double(count) }
}
