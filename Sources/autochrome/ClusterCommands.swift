import ArgumentParser
import AutochromeKit

/// One piece of a film that was planned with --plan-only.
struct RenderCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Make one segment of a film that was planned with --plan-only.",
    discussion: """
      Any number of processes, on any number of machines that see the folder and the input, make segments \
      side by side; 'join' puts them together. A segment that is there already is left as it is, and one that \
      failed can be made again, anywhere.
      """)

  @Option(help: ArgumentHelp("The folder that --plan-only has made.", valueName: "folder"))
  var job: String

  @Option(help: ArgumentHelp("Which segment, from 1.", valueName: "k"))
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
    commandName: "join", abstract: "Put the segments together that 'render' has made.")

  @Option(help: ArgumentHelp("The folder that --plan-only has made.", valueName: "folder"))
  var job: String

  @Flag(help: "Replace an output that exists.")
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
