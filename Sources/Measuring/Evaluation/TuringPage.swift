import AutochromeKit
import Foundation
import Media

/// A colorization Turing test (Zhang et al. 2016, section 3.1) as one page that loads nothing from elsewhere: pairs of an
/// original and its colorized version are shown for a second, and the participant says which one is the original. The
/// page keeps the answers in the browser, saves them as JSON, reads those of others, and counts them together.
struct TuringPage {
  /// What was colorized, as given.
  let input: String
  /// The network, its back end and arithmetic, and its dials.
  let network: String
  let pairs: [TuringPairs.Pair]

  /// With fewer pictures, there is nothing to practise on, or nothing that counts.
  private static let fewest = 4
  /// Of JPEG: no artefacts that are seen. Both pictures of a pair go through the same encoder.
  private static let quantizer = 2.0

  /// What the script is given.
  private struct Test: Encodable {
    struct Picture: Encodable {
      var name: String
      /// The original, the colorized picture, and the original in the colors of another: data URIs.
      var truth: String
      var colorized: String
      var mixed: String
    }

    /// Tells whether answers belong to this page: a sum over its pictures.
    var id = ""
    var input: String
    var network: String
    /// How many pairs are shown for practice, count, and tell who pays attention.
    var practice: Int
    var counted: Int
    var vigilance: Int
    var pictures: [Picture]
  }

  /// Writes the page.
  /// - Throws: `AutochromeError` if there are too few pictures, or it can't be written.
  func write(to file: SideFile) throws {
    guard pairs.count >= Self.fewest else {
      throw AutochromeError(
        .badData,
        "'\(input)' has \(counted(pairs.count, "picture")) in color, too few for --turing; expected \(Self.fewest) or "
          + "more.")
    }
    try file.write(page(of: try test()).description)
  }

  private func test() throws -> Test {
    let encoder = PictureEncoder("mjpeg", quantizer: Self.quantizer)
    func uri(_ thumbnail: Thumbnail) throws -> String {
      "data:image/jpeg;base64," + (try thumbnail.encoded(by: encoder)).base64EncodedString()
    }
    let pictures = try pairs.enumerated().map { index, pair in
      Test.Picture(
        name: pair.name, truth: try uri(pair.truth), colorized: try uri(pair.colorized),
        mixed: try uri(pair.mixed(with: pairs[(index + 1) % pairs.count])))
    }
    // With fewer pictures, the parts of a session keep their proportions.
    let whole = TuringPairs.practice + TuringPairs.counted + TuringPairs.vigilance
    let count = min(pictures.count, whole)
    let (practice, vigilance) = (
      max(1, count * TuringPairs.practice / whole), max(1, count * TuringPairs.vigilance / whole)
    )
    var test = Test(
      input: input, network: network, practice: practice, counted: count - practice - vigilance,
      vigilance: vigilance, pictures: pictures)
    test.id = String(try Fingerprint.of(bytes: Array(try Self.json(test).utf8)).prefix(16))
    return test
  }

  private static func json(_ test: Test) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(test), as: UTF8.self)
  }

  private func page(of test: Test) throws -> Markup {
    // No name may end the block.
    let data = PrintableText(json: try Self.json(test)).description
      .replacingOccurrences(of: "<", with: "\\u003c")
    let style = PageParts.style + Self.style
    return """
      \(try PageParts.beginning(title: "Which picture is real?", style: style, script: Self.script))
      </head>
      <body>
      <noscript><p>This test needs JavaScript; allow it for this page.</p></noscript>
      <section id="start">
      <h1>Which picture is real?</h1>
      <p>You will see pairs of pictures, each pair for one second. One picture is a color photograph. The other is the same photograph after its colors were removed and a program has made up new ones. When the pictures have disappeared, choose the one that you take for the real photograph: click on its place, or press ← or →.</p>
      <p>The first \(counted(test.practice, "pair")) are for practice: you are told which picture is real. After that, \(counted(test.counted, "pair")) count, and you are told at the end.</p>
      <p><label for="who">Your name or initials</label> <input id="who" autocomplete="off" maxlength="40"></p>
      <p><label><input id="watch" type="checkbox" checked autocomplete="off"> Mix in \(counted(test.vigilance, "pair")) that tell whether you pay attention: one of their pictures has the colors of another photograph. They don’t count.</label></p>
      <p><button id="begin" type="button">Begin</button></p>
      </section>
      <section id="trial" hidden>
      <p id="progress"></p>
      <div id="pair">
      <button id="left" type="button" aria-label="The left picture is real"><img id="leftPicture" alt="" width="\(TuringPairs.side)" height="\(TuringPairs.side)"></button>
      <button id="right" type="button" aria-label="The right picture is real"><img id="rightPicture" alt="" width="\(TuringPairs.side)" height="\(TuringPairs.side)"></button>
      </div>
      <p id="say" role="status"></p>
      <p><button id="next" type="button" hidden>Next pair</button></p>
      </section>
      <section id="result" hidden>
      <h1>Results</h1>
      <p id="sentence" role="status"></p>
      <p><button id="again" type="button">Another session</button> <button id="save" type="button">Save as JSON</button> <label class="button" for="others">Add results of others</label> <input id="others" type="file" accept=".json,application/json" multiple></p>
      <p id="said" role="status"></p>
      <table><thead><tr><th>Session</th><th>Taken for real</th><th>95 % interval</th><th>Attention</th></tr></thead><tbody id="sessions"></tbody></table>
      <p class="about">“Taken for real” is the share of pairs of which the colorized picture was taken for the photograph. 50 % means that nobody can tell them apart; in Zhang et al. 2016, the network reached 32.3 %, and colors of another picture 13.0 %. The intervals are Wilson’s; they take answers as independent of each other. Pairs that were visible for less than 0.9 s or more than 1.1 s are left out. “Attention” is the share of pairs with the colors of another photograph in which the real one was found; someone who guesses finds half of them.</p>
      <h2>Pictures</h2>
      <table><thead><tr><th>Real</th><th>Colorized</th><th>Name</th><th>Taken for real</th></tr></thead><tbody id="pictures"></tbody></table>
      <footer><p>\(network), pictures of \(input)</p></footer>
      </section>
      <script type="application/json" id="test">\(Markup(verbatim: data))</script>
      <script>\(Markup(verbatim: Self.script))</script>
      </body>
      </html>

      """
  }
}
