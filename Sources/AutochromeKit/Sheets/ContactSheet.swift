/// A picture of thumbnails in rows and columns, with words under each and over the columns.
package struct ContactSheet {
  /// Thumbnails above each other, and what is said of them.
  package struct Cell: Codable, Sendable {
    var thumbnails: [Thumbnail]
    /// Under the last of them.
    var caption: String

    package init(thumbnails: [Thumbnail], caption: String = "") {
      self.thumbnails = thumbnails
      self.caption = caption
    }
  }

  /// Over the columns, one line for each part; empty for none.
  var headings: [[String]] = []
  /// A row may have fewer cells than others.
  var rows: [[Cell]]

  private static let gap = 4
  private static let margin = 8
  private static let paper: UInt8 = 255

  /// A row for each of `rows`.
  package init(rows: [[Cell]], headings: [[String]] = []) {
    self.rows = rows
    self.headings = headings
  }

  /// Cells one after the other, in rows of `columns`.
  package init(cells: [Cell], columns: Int) {
    rows = stride(from: 0, to: cells.count, by: columns).map {
      Array(cells[$0..<min($0 + columns, cells.count)])
    }
  }

  /// Draws the sheet; nil if it has no cell.
  func drawn() -> Thumbnail? {
    let columns = rows.map(\.count).max() ?? 0
    guard columns > 0 else { return nil }
    let widths = (0..<columns).map { column in
      rows.flatMap { $0.dropFirst(column).prefix(1) }.flatMap(\.thumbnails).map(\.width).max() ?? 0
    }
    let headingLines = headings.map(\.count).max() ?? 0
    let headingHeight = headingLines > 0 ? headingLines * Label.lineHeight + Self.gap : 0
    let heights = rows.map { row in row.map(Self.height).max() ?? 0 }
    let width = widths.reduce(0) { $0 + $1 + Self.margin } + Self.margin
    let height = heights.reduce(headingHeight) { $0 + $1 + Self.margin } + Self.margin
    var canvas = Canvas(width: width, height: height, paper: Self.paper)
    func left(_ column: Int) -> Int {
      widths[..<column].reduce(Self.margin) { $0 + $1 + Self.margin }
    }
    for (column, lines) in headings.prefix(columns).enumerated() {
      for (line, text) in lines.enumerated() {
        canvas.draw(
          Label(text, width: widths[column]), x: left(column),
          y: Self.margin + line * Label.lineHeight)
      }
    }
    var top = Self.margin + headingHeight
    for (row, rowHeight) in zip(rows, heights) {
      for (column, cell) in row.enumerated() {
        var y = top
        for thumbnail in cell.thumbnails {
          canvas.draw(thumbnail, x: left(column), y: y)
          y += thumbnail.height + Self.gap
        }
        if !cell.caption.isEmpty {
          canvas.draw(Label(cell.caption, width: widths[column]), x: left(column), y: y)
        }
      }
      top += rowHeight + Self.margin
    }
    return Thumbnail(width: width, height: height, rgb: canvas.rgb)
  }

  /// Writes the sheet, see `Thumbnail.write`; nothing if it has no cell.
  package func write(to file: SideFile) throws { try drawn()?.write(to: file) }

  private static func height(of cell: Cell) -> Int {
    let pictures = cell.thumbnails.reduce(0) { $0 + $1.height + gap } - gap
    return pictures + (cell.caption.isEmpty ? 0 : gap + Label.lineHeight)
  }
}

/// A line of words in the letters of `SheetFont`, as large as the width allows.
private struct Label {
  let characters: [Character]
  /// Pixels for each dot of a letter.
  let scale: Int

  /// Letters are this large where there is room.
  static let largestScale = 2
  static let lineHeight = largestScale * SheetFont.height + 2

  /// - Parameter width: in pixels; what does not fit even in small letters is cut off.
  init(_ text: String, width: Int) {
    let all = Array(text)
    scale = all.count * SheetFont.advance * Self.largestScale <= width ? Self.largestScale : 1
    let room = max(0, width / (SheetFont.advance * scale))
    characters =
      all.count <= room ? all : Array(all.prefix(max(0, room - 2))) + Array("..".prefix(room))
  }
}

private struct Canvas {
  let width: Int
  let height: Int
  var rgb: [[UInt8]]

  init(width: Int, height: Int, paper: UInt8) {
    self.width = width
    self.height = height
    rgb = [[UInt8]](repeating: [UInt8](repeating: paper, count: width * height), count: 3)
  }

  mutating func draw(_ thumbnail: Thumbnail, x: Int, y: Int) {
    for channel in 0..<3 {
      for row in 0..<thumbnail.height {
        let from = row * thumbnail.width
        let to = (y + row) * width + x
        rgb[channel].replaceSubrange(
          to..<to + thumbnail.width,
          with: thumbnail.rgb[channel][from..<from + thumbnail.width])
      }
    }
  }

  mutating func draw(_ label: Label, x: Int, y: Int) {
    for (place, character) in label.characters.enumerated() {
      for (row, bits) in SheetFont.rows(of: character).enumerated() {
        for column in 0..<SheetFont.width where bits >> (SheetFont.width - 1 - column) & 1 == 1 {
          fill(
            x: x + (place * SheetFont.advance + column) * label.scale, y: y + row * label.scale,
            side: label.scale)
        }
      }
    }
  }

  private mutating func fill(x: Int, y: Int, side: Int) {
    for row in y..<min(y + side, height) {
      for column in x..<min(x + side, width) {
        for channel in 0..<3 { rgb[channel][row * width + column] = 0 }
      }
    }
  }
}
