import Foundation
import Media

/// A page that shows the shots of a film before and after, for the person who ordered its colors: one file, which
/// loads nothing from elsewhere and can be read without its script.
///
/// It is made piece by piece, so that a film of any length takes the memory of one shot: `head`, each `shot`, `foot`.
struct ClientPage: Sendable {
  /// The film's name without its folder.
  let film: String
  /// Seconds.
  let length: Double
  let frameCount: Int
  /// Frames per second; nil if unknown.
  let rate: Double?
  /// Width ÷ height, as it is to be shown.
  let aspect: Double
  /// What the look of the whole film sets.
  let look: SettingsLayer
  let shots: [ShotStory]

  /// A shot's frame as it came and in color, as JPEGs.
  struct Pictures: Sendable {
    let before: Data
    let after: Data
  }

  // MARK: Before the shots

  /// Everything before the first shot.
  /// - Throws: `MediaError` if there is no memory for the sums of style and script.
  func head() throws -> Markup {
    let style = Self.style + ":root{--aspect:\(String(format: "%.4f", aspect))}"
    return """
      \(try PageParts.beginning(title: "\(film) in color", style: style, script: Self.script))
      <script>\(Markup(verbatim: Self.script))</script>
      </head>
      <body>
      <header>
      <p class="kind">Film in color, shot by shot</p>
      <h1>\(film)</h1>
      <p class="lead">\(lead)</p>
      <dl>
      \(figures.map(\.markup))
      </dl>
      <div class="about">
      \(about.map { "<p>\($0)</p>" as Markup })
      </div>
      \(choice)
      </header>
      <main>

      """
  }

  private var lead: String {
    "The film lasts \(Self.words(ofSeconds: length)) and has \(counted(shots.count, "shot")). \(agreed)"
  }

  private var agreed: String {
    let (accepted, all) = (count(\.isAccepted), shots.count)
    if accepted == all { return all == 1 ? "It is accepted." : "All of them are accepted." }
    if accepted == 0 {
      return all == 1 ? "It is not accepted yet." : "None of them is accepted yet."
    }
    return "\(accepted) of them \(accepted == 1 ? "is" : "are") accepted, \(all - accepted) "
      + "\(all - accepted == 1 ? "is" : "are") not yet."
  }

  /// A figure of the film, and what it means.
  private struct Figure {
    let value: String
    let name: String
    let sentence: String

    var markup: Markup {
      "<div><dt>\(name)</dt><dd><b>\(value)</b> \(sentence)</dd></div>"
    }
  }

  private var figures: [Figure] {
    let (accepted, corrected, open) = (count(\.isAccepted), count(\.isCorrected), count(\.isOpen))
    let kept = count(\.keepsColors)
    func of(_ count: Int) -> String { "\(count) of \(shots.count)" }
    let given = [
      (sum(\.points), "color point"), (sum(\.strokes), "brush stroke"),
      (sum(\.references), "reference picture"),
    ].filter { $0.0 > 0 }.map { counted($0.0, $0.1) }
    var result = [
      Figure(
        value: TimePosition.duration(length), name: "Length",
        sentence: counted(frameCount, "frame")
          + (rate.map { " at \(String(format: "%.4g", $0)) per second" } ?? "")
          + ". No frame is added or left out."),
      Figure(
        value: "\(shots.count)", name: "Shots",
        sentence:
          "A shot lasts from one cut to the next. No color is carried across a cut."),
      Figure(
        value: of(accepted), name: "Accepted",
        sentence: "A person looked at these shots and found their colors right."),
      Figure(
        value: of(corrected), name: "Corrected by hand",
        sentence: corrected == 0
          ? "All colors are the program's own."
          : "A person changed the program's colors"
            + (given.isEmpty ? "." : ", with \(Self.list(given)).")),
      Figure(
        value: of(open), name: "Still flagged",
        sentence: open == 0
          ? "No shot waits for a second look."
          : "The program asks for a second look at these shots, and no one has accepted them."),
    ]
    if kept > 0 {
      result.append(
        Figure(
          value: of(kept), name: "Original colors kept",
          sentence: "These shots were already in color and keep their colors."))
    }
    return result
  }

  private var about: [String] {
    let tones = look.lookInWords
    return (tones.isEmpty ? [] : ["Set for the whole film: \(tones.joined(separator: ", "))."]) + [
      "Each shot is shown by one frame, before and after. That frame is colored by itself; in the finished film, "
        + "colors are steadied and follow the motion, so they may differ a little. The light and the grain of the "
        + "picture are not altered.",
      "Flags were set before anything was corrected. Frames are counted from 0.",
    ]
  }

  private var choice: Markup {
    let options = [
      ("all", "All shots", shots.count), ("open", "Still flagged", count(\.isOpen)),
      ("corrected", "Corrected by hand", count(\.isCorrected)),
      ("waiting", "Not accepted yet", shots.count - count(\.isAccepted)),
    ].map { name, words, count in
      count == 0
        ? "<option value=\"\(name)\" disabled>\(words) (0)</option>" as Markup
        : "<option value=\"\(name)\">\(words) (\(count))</option>"
    }
    return """
      <p class="choice"><label for="show">Show</label>
      <select id="show" autocomplete="off">
      \(options)
      </select></p>
      """
  }

  private func count(_ property: (ShotStory) -> Bool) -> Int { shots.count(where: property) }

  private func sum(_ property: (ShotStory) -> Int) -> Int { shots.reduce(0) { $0 + property($1) } }

  private static func list(_ parts: [String]) -> String {
    parts.count < 2
      ? parts.joined() : parts.dropLast().joined(separator: ", ") + " and " + (parts.last ?? "")
  }

  /// `4.2 seconds`, `1 minute 5 seconds`, `2 hours 12 minutes`.
  private static func words(ofSeconds seconds: Double) -> String {
    let whole = Int(min(max(0, seconds), 1e9).rounded())
    switch whole {
    case ..<60: return String(format: "%.1f seconds", max(0, seconds))
    case ..<3600: return counted(whole / 60, "minute") + " " + counted(whole % 60, "second")
    default: return counted(whole / 3600, "hour") + " " + counted(whole / 60 % 60, "minute")
    }
  }

  // MARK: Shots

  /// A shot.
  /// - Parameters:
  ///   - start: when it begins, in seconds after the start of the film.
  ///   - length: how long it lasts, in seconds.
  ///   - pictures: of its frame; nil if that can't be decoded.
  func shot(_ shot: ShotStory, start: Double, length: Double, pictures: Pictures?) -> Markup {
    let kinds = [
      (shot.isOpen, "open"), (shot.isCorrected, "corrected"), (shot.isAccepted, "accepted"),
      (!shot.isAccepted, "waiting"),
    ].filter(\.0).map(\.1).joined(separator: " ")
    let note = shot.note.map {
      ["<h3>Note</h3>", "<p class=\"note\">\($0)</p>"] as [Markup]
    }
    let flags = shot.flags.map { flag in
      "<li><b>\(flag.name)</b> \(flag.sentence)</li>" as Markup
    }
    return """
      <section class="shot \(kinds)" id="shot-\(shot.number)" aria-labelledby="title-\(shot.number)">
      \(pair(of: shot, pictures))
      <div class="words">
      <h2 id="title-\(shot.number)">Shot \(shot.number)</h2>
      <p class="state">\(shot.state)</p>
      <p class="time">From \(TimePosition.clock(start)), \(Self.words(ofSeconds: length)), \(counted(shot.frames.count, "frame")). Shown: frame \(shot.shownFrame).</p>
      \(note ?? [])
      \(flags.isEmpty ? [] : ["<h3>Flags</h3>", "<ul>\(flags)</ul>"] as [Markup])
      <h3>What was set</h3>
      <p>\(shot.settings.joined(separator: " "))</p>
      </div>
      </section>

      """
  }

  private func pair(of shot: ShotStory, _ pictures: Pictures?) -> Markup {
    guard let pictures else {
      return
        "<p class=\"missing\">Frame \(shot.shownFrame) of the film is missing or damaged; there is no picture.</p>"
    }
    func side(_ name: String, _ words: String, _ jpeg: Data) -> Markup {
      """
      <figure class="\(name)"><img alt="Shot \(shot.number) \(name)" loading="lazy" decoding="async" src="data:image/jpeg;base64,\(Markup(verbatim: jpeg.base64EncodedString()))"><figcaption>\(words)</figcaption></figure>
      """
    }
    return """
      <div class="pair">
      \(side("before", "Before", pictures.before))
      \(side("after", "After", pictures.after))
      <input class="wipe" type="range" min="0" max="100" value="50" autocomplete="off" aria-label="Shot \(shot.number): how much of the picture is shown before, in percent">
      </div>
      """
  }

  /// Everything after the last shot.
  var foot: Markup {
    """
    </main>
    <footer><p>Made with Autochrome \(AutochromeVersion.current).</p></footer>
    </body>
    </html>

    """
  }
}
