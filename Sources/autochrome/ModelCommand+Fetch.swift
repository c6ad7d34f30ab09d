import ArgumentParser
import AutochromeKit

extension ModelCommand {
  /// Getting networks that are not there.
  struct Fetch: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Download networks from the list that comes with the program.",
      discussion: """
        A file is kept only if its size and its SHA-256 sum match the list. Networks are stored in the folder \
        that AUTOCHROME_MODELS names, by default ~/.local/share/autochrome/models, where --model finds them by \
        name. Downloads from URLs need curl.
        """)

    @Argument(help: "Names of networks, as in 'model list'; by default, all that are missing.")
    var names: [String] = []

    @Option(
      help: ArgumentHelp(
        "The folder or URL (http, https or file) that contains the files.",
        valueName: "folder or URL"))
    var from: String

    @Option(
      help: ArgumentHelp(
        "Folder to store them in, instead of your folder for networks.", valueName: "folder")
    )
    var to: String?

    @Flag(help: "Replace a different file of the same name.")
    var overwrite = false

    func run() throws {
      try ModelCatalog.fetch(names, from: from, to: to, overwrite: overwrite) { line in
        try Console.result(line)
      }
    }
  }
}
