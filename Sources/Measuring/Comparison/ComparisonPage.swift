import AutochromeKit
import Foundation
import Media

/// A comparison as one self-contained page of HTML: the figures, plots over time with the shots marked,
/// and the worst frames first, each with a slider between reference and result.
struct ComparisonPage {
  let report: ComparisonReport
  let frames: [WorstFrames.Shown]

  /// Writes the page.
  func write(to file: SideFile) throws {
    try file.write(Data(try html().utf8))
  }

  private func html() throws -> String {
    let sliders = try frames.enumerated().map { try slider($1, number: $0) }
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>\(HTMLText.escaped(report.result)) against \(HTMLText.escaped(report.reference))</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <h1>\(HTMLText.escaped(report.result))</h1>
      <p>against \(HTMLText.escaped(report.reference)), \(counted(report.frames, "frame")), \(report.size)</p>
      \(summary)
      <details>
      <summary>All figures</summary>
      \(figures)
      \(shots)
      </details>
      \(plots)
      <h2>The worst frames</h2>
      \(sliders.joined(separator: "\n"))
      <script>\(Self.script)</script>
      </body>
      </html>

      """
  }

  // MARK: Figures

  private var summary: String {
    "<ul>\n" + report.sentences.map { "<li>\(HTMLText.escaped($0))</li>" }.joined(separator: "\n")
      + "\n</ul>"
  }

  private var figures: String {
    let rows = report.allFigures.map { figure in
      [figure.name, figure.result, figure.reference, figure.sentence].map(HTMLText.escaped)
    }
    return Self.table(head: ["", "result", "reference", "meaning"], rows: rows)
      + (report.coverage.map { "\n<p>\($0)</p>" } ?? "")
  }

  private var shots: String {
    guard report.film != nil else { return "" }
    let periods = (report.shots.first?.spectrum ?? []).indices.map { "period \(2 << $0)" }
    let head = ["first frame", "frames"] + periods + ["drift"]
    func cell(_ both: ComparisonReport.Both) -> String {
      "\(Self.number(both.result, 2)) (\(Self.number(both.reference, 2)))"
    }
    let rows = report.shots.map { shot in
      ["\(shot.first)", "\(shot.frames)"]
        + shot.spectrum.map(cell) + [cell(shot.drift)]
    }
    return
      "<h2>Shots</h2>\n<p>Energy of changes in a*b* along the motion, by period in frames, and drift: how far the "
      + "color of a place moves from the first to the last frame (ΔE). Values of the result, in brackets those of the "
      + "reference.</p>\n" + Self.table(head: head, rows: rows)
  }

  private static func table(head: [String], rows: [[String]]) -> String {
    func line(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\($0)</\(tag)>" }.joined() + "</tr>"
    }
    return "<table>\n"
      + ([line(head, "th")] + rows.map { line($0, "td") }).joined(separator: "\n") + "\n</table>"
  }

  // MARK: Plots

  private var plots: String {
    guard report.frames > 1 else { return "" }
    var parts: [String] = []
    if report.hasTruth {
      parts.append(
        plot("ΔE00 to the reference", [("result", report.frameRows.map(\.deltaE2000))]))
    }
    if report.film != nil {
      parts.append(
        plot(
          "Warp error of a*b*",
          [
            ("result", report.frameRows.map { $0.warpErrorAB?.result }),
            ("reference", report.frameRows.map { $0.warpErrorAB?.reference }),
          ]))
    }
    return parts.joined(separator: "\n")
  }

  /// Lines over the frames, broken where there is no value; a dashed line where a shot starts.
  private func plot(_ title: String, _ lines: [(name: String, values: [Double?])]) -> String {
    let (width, height, left, bottom) = (900.0, 200.0, 50.0, 20.0)
    let highest = lines.flatMap { $0.values.compactMap { $0 } }.max() ?? 0
    let top = highest > 0 ? highest * 1.05 : 1
    let step = (width - left) / Double(max(report.frames - 1, 1))
    func x(_ row: Int) -> String { Self.number(left + step * Double(row), 1) }
    func y(_ value: Double) -> String {
      Self.number((height - bottom) * (1 - value / top), 1)
    }
    let cuts = report.frameRows.indices.dropFirst().filter { report.frameRows[$0].startsShot }.map {
      "<line class=\"cut\" x1=\"\(x($0))\" x2=\"\(x($0))\" y1=\"0\" y2=\"\(Self.number(height - bottom, 0))\"/>"
    }
    let paths = lines.map { line in
      var path = ""
      var isDrawing = false
      for (row, value) in line.values.enumerated() {
        guard let value else {
          isDrawing = false
          continue
        }
        path += "\(isDrawing ? "L" : "M")\(x(row)) \(y(value))"
        isDrawing = true
      }
      return "<path class=\"\(line.name)\" d=\"\(path)\"/>"
    }
    let last = report.frameRows.last?.index ?? 0
    return """
      <figure class="plot">
      <figcaption>\(title)\(lines.count > 1 ? ": " + lines.map { "<span class=\"\($0.name)\">\($0.name)</span>" }.joined(separator: ", ") : "")</figcaption>
      <svg viewBox="0 0 \(Int(width)) \(Int(height))" role="img" aria-label="\(title)">
      <line class="axis" x1="\(left)" x2="\(width)" y1="\(height - bottom)" y2="\(height - bottom)"/>
      \((cuts + paths).joined(separator: "\n"))
      <text x="0" y="12">\(Self.number(top, 2))</text>
      <text x="0" y="\(height - bottom)">0</text>
      <text x="\(left)" y="\(height - 4)">\(report.frameRows.first?.index ?? 0)</text>
      <text x="\(width - 40)" y="\(height - 4)">\(last)</text>
      </svg>
      </figure>
      """
  }

  // MARK: Frames

  private func slider(_ shown: WorstFrames.Shown, number: Int) throws -> String {
    let row = shown.row
    var words = ["frame \(row.index)"]
    if let name = row.name { words.append(HTMLText.escaped(name)) }
    words.append(TimePosition.clock(row.seconds))
    if let difference = row.deltaE2000 {
      words.append("ΔE<sub>00</sub> " + Self.number(difference, 2))
    }
    if let error = row.warpErrorAB?.result { words.append("warp error " + Self.number(error, 2)) }
    return """
      <figure class="pair">
      <div style="width:\(shown.result.width)px;height:\(shown.result.height)px">
      <img alt="result" src="\(try shown.result.dataURI())">
      <img alt="reference" class="over" src="\(try shown.reference.dataURI())">
      </div>
      <label>reference <input type="range" min="0" max="100" value="50"> result</label>
      <figcaption>\(words.joined(separator: ", "))</figcaption>
      </figure>
      """
  }

  private static func number(_ value: Double?, _ digits: Int) -> String {
    value.map { String(format: "%.\(digits)f", $0) } ?? "–"
  }

  private static let style = """
    body{font:15px/1.5 system-ui,sans-serif;max-width:920px;margin:2em auto;padding:0 1em;color:#222}
    h1{font-size:1.4em;margin-bottom:0}h2{font-size:1.1em;margin-top:2em}
    table{border-collapse:collapse}th,td{padding:.15em 1em .15em 0;text-align:left;font-variant-numeric:tabular-nums}
    th{font-weight:600;border-bottom:1px solid #999}
    summary{cursor:pointer}figure{margin:1.5em 0}figcaption{color:#555}
    svg{width:100%;height:auto}svg text{font-size:11px;fill:#555}
    .axis{stroke:#999}.cut{stroke:#888;stroke-dasharray:3 3}
    path{fill:none;stroke-width:1.3}path.result{stroke:#c03a2b}path.reference{stroke:#2b6cc0}
    span.result{color:#c03a2b}span.reference{color:#2b6cc0}
    .pair div{position:relative;max-width:100%}.pair img{position:absolute;left:0;top:0;width:100%;height:100%}
    .pair .over{clip-path:inset(0 50% 0 0)}.pair label{display:block}.pair input{width:20em;vertical-align:middle}
    """

  /// The reference covers what lies left of the slider's value.
  private static let script = """
    for (const pair of document.querySelectorAll('.pair')) {
      const over = pair.querySelector('.over'), input = pair.querySelector('input');
      const move = () => { over.style.clipPath = `inset(0 ${100 - input.value}% 0 0)`; };
      input.addEventListener('input', move);
      move();
    }
    """
}
