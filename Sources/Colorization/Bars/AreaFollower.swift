package import Imaging

/// Decides, frame by frame and without looking ahead, which part of a film's frames is the picture.
///
/// - A shot's first frame decides for all of it, so that colors do not jump when a bar is found later. If
///   there is too little to see in it, the first of its frames that has enough decides, as after black.
/// - Bars of the shot before stay where nothing contradicts them: a film changes its format rarely, and
///   dark shots show no edges.
/// - Where light comes into what passed for bars, in two frames in a row, they were none, and the frame
///   decides anew: colors that begin anew are better than a part without color. Black corners are given up
///   at once: the rectangle stays, and so do the colors.
package struct AreaFollower: Codable, Sendable {
  /// Whether frames have to do with those before them.
  private let isFilm: Bool
  private var area: PictureArea?
  private var limit = 0
  private var isDecided = true
  private var framesUndecided = 0
  private var contradictions = 0

  /// How many frames are waited for one that has enough to see.
  private static let patience = 48

  /// - Parameter isFilm: Whether frames have to do with those before them; pictures stand each for itself.
  package init(isFilm: Bool) { self.isFilm = isFilm }

  /// The area of the frames up to now, if the next one, of this size, does not start a shot.
  package func current(width: Int, height: Int) -> PictureArea {
    if isFilm, let area, area.frameWidth == width, area.frameHeight == height { return area }
    return PictureArea(wholeOfWidth: width, height: height)
  }

  /// Takes the next frame and returns its area.
  /// - Parameter format: Of the output; see `BarsFinder`.
  package mutating func follow(
    _ frame: Frame, startsShot: Bool, format: PixelFormat
  ) -> PictureArea {
    let (picture, isInterlaced) = (frame.picture, !frame.fieldOrder.fields.isEmpty)
    let finder = BarsFinder(format: format, isInterlaced: isInterlaced)
    var current = current(width: picture.width, height: picture.height)
    if !finder.fits(current) {
      // Pictures and fields may have other chroma samples than the frames before.
      current = PictureArea(wholeOfWidth: picture.width, height: picture.height)
    }
    let startsShot = startsShot || area != current || !isFilm
    let isContradicted =
      !current.fillsFrame && finder.contradictsBars(current, limit: limit, in: picture)
    if finder.contradictsCorners(current, limit: limit, in: picture) {
      current = current.withoutCorners
      area = current
    }
    contradictions = isContradicted && !startsShot ? contradictions + 1 : 0
    if startsShot {
      isDecided = false
      framesUndecided = 0
    } else if contradictions > 1 {
      contradictions = 0
      isDecided = false
    }
    guard !isDecided else { return current }
    let found = finder.find(in: picture)
    framesUndecided += 1
    isDecided =
      found.hasContent || !found.area.isWhole || framesUndecided > Self.patience || !isFilm
    var next = found.area
    if isFilm, !isContradicted, !current.isWhole {
      next = found.area.narrowed(by: current)
    }
    if next != current { limit = found.limit }
    area = next
    return next
  }
}

extension PictureArea {
  /// The rectangle.
  fileprivate var withoutCorners: PictureArea {
    PictureArea(
      frameWidth: frameWidth, frameHeight: frameHeight, left: left, top: top, width: width,
      height: height)
  }

  /// This area with the bars of an earlier one, of the same frame size, where they are wider or nearly as
  /// wide; that area itself where no bar differs.
  fileprivate func narrowed(by earlier: PictureArea) -> PictureArea {
    func bar(_ own: Int, _ earlier: Int, _ length: Int) -> Int {
      own > earlier + max(4, length / 128) ? own : earlier
    }
    let (left, right) = (
      bar(left, earlier.left, frameWidth), bar(right, earlier.right, frameWidth)
    )
    let (top, bottom) = (
      bar(top, earlier.top, frameHeight), bar(bottom, earlier.bottom, frameHeight)
    )
    let (width, height) = (frameWidth - left - right, frameHeight - top - bottom)
    guard width > 0, height > 0 else { return self }
    let joined = PictureArea(
      frameWidth: frameWidth, frameHeight: frameHeight, left: left, top: top, width: width,
      height: height)
    // Corners belong to their rectangle.
    return [earlier, self].first { !$0.corners.isEmpty && $0.hasRectangle(of: joined) } ?? joined
  }
}
