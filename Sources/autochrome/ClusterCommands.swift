import ArgumentParser
import AutochromeKit

/// One piece of a film that was planned with --plan-only.
struct RenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Render one segment of a film that was planned with --plan-only.",
    discussion: """
      Any number of processes, on any number of machines that see the folder and the input, can render \
      segments at the same time; 'join' puts them together. A segment that is already done is skipped, and one \
      that failed can be rendered again on any machine.
      """)

  @Option(help: ArgumentHelp("The job folder that --plan-only created.", valueName: "folder"))
  var job: String

  @Option(help: ArgumentHelp("Number of the segment, from 1.", valueName: "k"))
  var segment: Int

  @OptionGroup var cores: ThreadsOption
  @OptionGroup var running: RunningOptions

  func run() throws {
    var film = PlannedFilm(folder: job)
    film.threads = cores.threads
    let (frames, display) = try running.run {
      try film.render(segment: segment, interruption: $0, onEvent: $1)
    }
    display.finishedSegment(segment, frames: frames)
  }
}

/// The film of its segments.
struct JoinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "join", abstract: "Join the segments that 'render' has made.")

  @Option(help: ArgumentHelp("The job folder that --plan-only created.", valueName: "folder"))
  var job: String

  @Flag(help: "Replace an existing output.")
  var overwrite = false

  @OptionGroup var cores: ThreadsOption
  @OptionGroup var running: RunningOptions

  func run() throws {
    var film = PlannedFilm(folder: job)
    film.threads = cores.threads
    let (report, display) = try running.run {
      try film.join(overwrite: overwrite, interruption: $0, onEvent: $1)
    }
    display.finished(report, output: report.plan.output)
    if let damage = report.damage { throw AutochromeError(.badData, damage) }
  }
}
