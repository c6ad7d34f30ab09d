import ArgumentParser
import AutochromeKit

extension ModelCommand {
  /// Getting networks that are not there.
  struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Get networks of the list that comes with the program.",
      discussion: """
        A network is there when its size and its SHA-256 sum are those of the list, or not at all. It goes to \
        AUTOCHROME_MODELS, by default ~/.local/share/autochrome/models, where --model finds it by its name. From \
        URLs, curl fetches it.
        """)

    @Argument(help: "Names of networks, see 'model list'; by default all that are not there.")
    var names: [String] = []

    @Option(
      help: ArgumentHelp(
        "Where the files lie: a folder, or a URL of http, https or file.",
        valueName: "folder or URL"))
    var from: String

    @Option(
      help: ArgumentHelp("Where they go, in place of the folder for networks.", valueName: "folder")
    )
    var to: String?

    @Flag(help: "Replace another file of the same name.")
    var overwrite = false

    func run() throws {
      try ModelCatalog.fetch(names, from: from, to: to, overwrite: overwrite) { line in
        try Console.result(line)
      }
    }
  }
}
