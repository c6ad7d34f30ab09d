import ArgumentParser
import AutochromeKit
import Foundation

/// The page in the browser. A program of its own serves it, so that this one holds no server; the page for a client
/// is a file, and needs none.
struct ReviewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "review",
    abstract: "Review and correct the shots in a browser.",
    discussion: """
      autochrome plan film.mkv -o film.shots.yaml
      autochrome review film.mkv
      autochrome review film.mkv --export film.html

      The page shows each shot beside its source, and saves your changes to the shots file. It is served on \
      127.0.0.1 only, to anyone who knows its address. To use it from another machine, give a --port and run \
      ssh -L PORT:127.0.0.1:PORT HOST there.

      With --export, no page is served; instead, a self-contained page with each shot before and after is \
      written for the person who ordered the film.
      """)

  /// What serves the page, beside this program.
  private static let server = "autochrome-review"

  @Argument(help: "A film, a folder of frames or a pattern.")
  var input: String

  @Option(
    name: [.short, .long],
    help: "The film that the page renders; default: NAME-color.mkv in the current folder.")
  var output: String?

  @Option(help: "The port on 127.0.0.1; default: any free port.")
  var port: UInt16?

  @Flag(
    name: .customLong("no-open"), help: "Don't open a browser; the address is printed in any case.")
  var noOpen = false

  @Option(
    help: ArgumentHelp(
      "Write a page for a client to this file instead of serving one.", valueName: "page.html"))
  var export: String?

  @Flag(help: "Replace an existing exported page.")
  var overwrite = false

  @OptionGroup(title: "Settings")
  var settings: SettingsOptions

  @OptionGroup(title: "Settings")
  var list: ShotsOption

  @OptionGroup
  var running: RunningOptions

  func run() throws {
    let request = try request()
    if let export {
      try write(ReviewExport(request, page: export, overwrite: overwrite))
    } else {
      try serve(request)
    }
  }

  private func request() throws -> ReviewRequest {
    if export != nil, port != nil || noOpen || output != nil {
      throw AutochromeError(
        .usage,
        "--export can't be combined with --port, --no-open or --output, because it serves no page.")
    }
    if export == nil, overwrite {
      throw AutochromeError(
        .usage, "--overwrite has an effect only with --export; leave it out.")
    }
    let shots = list.shots ?? ReviewRequest.shotsFile(of: input)
    var layer = try settings.layer()
    let options = (settings.pipeline.map { ["--pipeline=\($0)"] } ?? []) + (try layer.optionWords())
    layer.shots = FileManager.default.fileExists(atPath: shots) ? shots : nil
    return ReviewRequest(
      input: input, shots: shots, output: output,
      settings: try Settings(
        pipeline: settings.pipeline, suggested: ColorizationJob.suggestedPipeline(for: input),
        options: layer), options: options,
      port: Int(port ?? 0), opensBrowser: !noOpen)
  }

  private func write(_ export: ReviewExport) throws {
    let (made, display) = try running.run { try export.run(interruption: $0, onEvent: $1) }
    display.finishedPage(export.page, made)
    guard made.withoutPicture > 0 else { return }
    throw AutochromeError(
      .badData,
      "'\(export.request.input)' is damaged or ends early: \(counted(made.withoutPicture, "shot")) of "
        + "'\(export.page)' \(made.withoutPicture == 1 ? "has" : "have") no picture.")
  }

  private func serve(_ request: ReviewRequest) throws {
    try request.check()
    let server = ResourceLocator.programFolder.appending(path: Self.server).path
    var arguments = [
      strdup(Self.server),
      strdup(String(decoding: try JSONEncoder().encode(request), as: UTF8.self)), nil,
    ]
    defer { for argument in arguments { free(argument) } }
    execv(server, &arguments)
    let reason = String(cString: strerror(errno))
    throw AutochromeError(
      .unavailable,
      "'\(server)', which serves the page, can't be started (\(reason)); build it with 'make', or reinstall the "
        + "program with 'make install'.")
  }
}
