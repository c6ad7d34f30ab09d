import Foundation

/// A page that shows the shots of a film, some frames of each in gray and in color, and what wants an eye.
struct ShotsPage {
  let film: String
  /// The shots file that goes with it.
  let file: String
  let shots: [ShotSurvey.Shot]

  /// - Parameter pictures: of each shot its frames, of each the source and the result.
  func text(_ pictures: [[[Thumbnail]]]) throws -> String {
    let flagged = shots.filter { !$0.flags.isEmpty }.count
    let rows = try zip(shots, pictures).enumerated().map { index, shot in
      try row(shot.0, number: index + 1, pictures: shot.1)
    }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>Shots of \(HTMLText.escaped(film))</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <h1>Shots of \(HTMLText.escaped(film))</h1>
      <p>\(counted(shots.count, "shot")), \(flagged) with a flag. Correct them in <code>\(HTMLText.escaped(file))</code>.</p>
      \(rows.joined(separator: "\n"))
      </body>
      </html>

      """
  }

  private func row(
    _ shot: ShotSurvey.Shot, number: Int, pictures: [[Thumbnail]]
  ) throws -> String {
    let flags = shot.flags.map { "<b>\($0.rawValue)</b>" }.joined(separator: " ")
    let frames = try pictures.map { pair in
      "<div>"
        + (try pair.map { "<img alt=\"\" src=\"\(try $0.dataURI())\">" }.joined(separator: "<br>"))
        + "</div>"
    }
    return """
      <section id="shot-\(number)"\(shot.flags.isEmpty ? "" : " class=\"flagged\"")>
      <h2>\(number) \(flags)</h2>
      <p>\(TimePosition.clock(shot.time)), frame \(shot.frame), \(counted(shot.frames, "frame")), certainty \(String(format: "%.2f", shot.certainty))</p>
      <div class="frames">\(frames.joined())</div>
      </section>
      """
  }

  private static let style = """
    body{font:15px/1.4 system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em;color:#222}
    h1{font-size:1.4em}h2{font-size:1.1em;margin:0}p{margin:.2em 0 .6em;color:#555}
    section{border-top:1px solid #ccc;padding:1em 0}.flagged{background:#fff6e5}
    b{font-weight:600;background:#c03a2b;color:#fff;border-radius:3px;padding:0 .4em;font-size:.8em}
    .frames{display:flex;flex-wrap:wrap;gap:8px}img{display:block;max-width:100%}
    """
}
