import Colorization
import Foundation
import Imaging
import TestSupport
import Testing

/// What is given for a frame goes along with the motion, both ways, and not over a cut.
@Suite("Guidance along the motion", .serialized) struct GuidanceTrackTests {
  private static let (width, height) = (96, 72)
  private static let (columns, rows) = (width / 4, height / 4)

  /// A picture that moves to the right by `speed` pixels a frame.
  private static func shot(seed: UInt64, frames: Int, speed: Float = 2) -> [FloatImage] {
    let texture = TemporalTexture(seed: seed)
    return (0..<frames).map { t in
      temporalImage(width, height) { x, y in texture(x - speed * Float(t), y) }
    }
  }

  /// A color for each column of the grid, of which only the left half counts.
  private static let given = GuidanceField(
    ab: FloatImage(width: columns, height: rows, channels: 2) { out in
      for at in 0..<columns * rows {
        out[at] = Float(at % columns)
        out[columns * rows + at] = -20
      }
    },
    weight: FloatImage(width: columns, height: rows) { out in
      for at in 0..<columns * rows { out[at] = at % columns < columns / 2 ? 1 : 0 }
    })

  private static func tracked(_ frames: [FloatImage]) -> [FrameTracking] {
    var tracker = FrameTracker(followsMotion: true)
    return frames.map { tracker.track($0) }
  }

  private static func forward(
    _ frames: [FrameTracking], given: [Int: GuidanceField]
  ) -> [GuidanceField?] {
    var track = GuidanceTrack()
    return frames.enumerated().map { index, tracking in
      track.follow(tracking, frame: index, given: given[index], width: columns, height: rows)
      return track.colors(of: index, ahead: nil)?.field
    }
  }

  /// Counts the places to which the colors of `given`, moved by `shift` positions, have come, and those that have
  /// another color, or one where nothing was said.
  private static func count(
    _ field: GuidanceField, shift: Float
  ) -> (found: Int, wrong: Int) {
    var (found, wrong) = (0, 0)
    for y in 3..<(rows - 3) {
      for x in 3..<(columns - 3) {
        let from = Float(x) - shift
        guard from > 2, from < Float(columns) - 3 else { continue }
        let weight = field.weight[0, x, y]
        if from < Float(columns / 2) - 2 {
          guard weight > 0.3 else { continue }
          found += 1
          if abs(field.ab[0, x, y] - from) > 0.6 || abs(field.ab[1, x, y] + 20) > 0.1 { wrong += 1 }
        } else if from > Float(columns / 2) + 1, weight > 0.1 {
          wrong += 1
        }
      }
    }
    return (found, wrong)
  }

  private static func expect(_ field: GuidanceField?, shift: Float, _ words: String) throws {
    let (found, wrong) = count(try #require(field, "\(words)"), shift: shift)
    #expect(found > 30 && wrong <= found / 50, "\(words): \(found) found, \(wrong) wrong")
  }

  @Test func colorsGoForwardWithTheMotion() throws {
    let fields = Self.forward(
      Self.tracked(Self.shot(seed: 1, frames: 13)), given: [2: Self.given])
    #expect(fields[0] == nil && fields[1] == nil)
    for frame in 2..<13 {
      try Self.expect(fields[frame], shift: 0.5 * Float(frame - 2), "frame \(frame)")
    }
    // The test sees colors that stay where they were.
    let still = Self.forward(
      Self.tracked(Self.shot(seed: 1, frames: 13, speed: 0)), given: [2: Self.given])
    #expect(Self.count(try #require(still[12]), shift: 5).wrong > 30)
  }

  @Test func colorsGoBackwardFromFramesAhead() throws {
    let tracking = Self.tracked(Self.shot(seed: 2, frames: 11))
    var collector = GuidanceAhead.Collector(
      tracking[0], frame: 100, width: Self.columns, height: Self.rows)
    for (index, next) in tracking.enumerated().dropFirst() {
      collector.add(next, frame: 100 + index)
    }
    let ahead = collector.lookBack(given: [109: Self.given])
    #expect(ahead.givenFrames == [109])
    var track = GuidanceTrack()
    for (index, next) in tracking.enumerated() {
      let given = index == 9 ? Self.given : nil
      track.follow(
        next, frame: 100 + index, given: given, width: Self.columns, height: Self.rows)
      try Self.expect(
        track.colors(of: 100 + index, ahead: ahead)?.field, shift: 0.5 * Float(index - 9),
        "frame \(index)")
    }
  }

  @Test func nothingCrossesACut() {
    let frames = Self.shot(seed: 3, frames: 5) + Self.shot(seed: 4, frames: 4)
    let tracking = Self.tracked(frames)
    #expect(tracking.map(\.shot.startsShot) == (0..<9).map { $0 == 0 || $0 == 5 })
    let fields = Self.forward(tracking, given: [1: Self.given])
    #expect(fields[4] != nil)
    for frame in 5..<9 { #expect(fields[frame] == nil, "frame \(frame)") }
  }

  @Test func aFlashIsSteppedOver() throws {
    var frames = Self.shot(seed: 5, frames: 9)
    frames[4] = temporalImage(Self.width, Self.height) { x, y in
      97 + ((x + y) / 4).truncatingRemainder(dividingBy: 2)
    }
    let tracking = Self.tracked(frames)
    #expect(tracking[5].shot.previousIsFlash)
    let fields = Self.forward(tracking, given: [1: Self.given])
    try Self.expect(fields[8], shift: 3.5, "after the flash")
  }

  /// A run that goes on in the middle sees what one from the start sees.
  @Test func theStateGoesOn() throws {
    let tracking = Self.tracked(Self.shot(seed: 6, frames: 10))
    let whole = Self.forward(tracking, given: [1: Self.given, 7: Self.given.scaled(by: 0.4)])
    var track = GuidanceTrack()
    for index in 0..<5 {
      track.follow(
        tracking[index], frame: index, given: index == 1 ? Self.given : nil, width: Self.columns,
        height: Self.rows)
    }
    var resumed = try JSONDecoder().decode(
      GuidanceTrack.self, from: JSONEncoder().encode(track))
    for index in 5..<10 {
      resumed.follow(
        tracking[index], frame: index, given: index == 7 ? Self.given.scaled(by: 0.4) : nil,
        width: Self.columns, height: Self.rows)
      let (one, other) = try (
        #require(resumed.colors(of: index, ahead: nil)?.field), #require(whole[index])
      )
      for at in 0..<one.area {
        #expect(
          one.weight.channel(0)[at] == other.weight.channel(0)[at]
            && one.ab.channel(0)[at] == other.ab.channel(0)[at])
      }
    }
  }

  // MARK: Stills

  private func picture(
    width: Int, height: Int, alpha: Bool = false, _ code: (Int, Int) -> [Int]
  ) -> Picture {
    let format = PixelFormat(model: .rgb, bitDepth: 8, hasAlpha: alpha)
    let color = ColorDescription(
      primaries: .bt709, transfer: .iec61966_2_1, matrix: .identity, range: .full)
    return Picture(
      width: width, height: height, format: format, color: color,
      planes: (0..<format.planeCount).map { plane in
        Plane(width: width, height: height, bitDepth: 8) { base, bytesPerRow in
          for y in 0..<height {
            for x in 0..<width {
              base.storeBytes(
                of: UInt8(code(x, y)[plane]), toByteOffset: y * bytesPerRow + x, as: UInt8.self)
            }
          }
        }
      })
  }

  @Test func aStillIsTakenDownToTheGrid() throws {
    let geometry = WorkingGeometry(width: 320, height: 240, shortSide: 96, stride: 8, scale: 4)
    let area = PictureArea(wholeOfWidth: 320, height: 240)
    let colors = PictureColors(geometry: geometry, area: area)
    // Half the size of the frame, red at the left, blue at the right.
    let still = picture(width: 160, height: 120) { x, _ in x < 80 ? [200, 60, 50] : [40, 60, 190] }
    let field = try colors.colors(of: still).field
    for (x, hex) in [(2, "#c83c32"), (geometry.gridWidth - 3, "#283cbe")] {
      let wanted = try HintColor(hex: hex)
      #expect(abs(field.ab[0, x, 9] - wanted.a) < 0.05 && abs(field.ab[1, x, 9] - wanted.b) < 0.05)
      #expect(field.weight[0, x, 9] == 1)
    }
    // Only what is opaque counts, and what is transparent lends no color.
    let open = picture(width: 160, height: 120, alpha: true) { x, _ in
      x < 80 ? [200, 60, 50, 255] : [0, 255, 0, 0]
    }
    let part = try colors.colors(of: open).field
    let middle = geometry.gridWidth / 2
    #expect(part.weight[0, 2, 9] == 1 && part.weight[0, middle + 1, 9] == 0)
    let red = try HintColor(hex: "#c83c32")
    for x in 0...middle where part.weight[0, x, 9] > 0 {
      #expect(abs(part.ab[0, x, 9] - red.a) < 0.05, "column \(x)")
    }
  }

  @Test func aStillOfAFrameWithBarsHasTheSameBars() throws {
    let area = PictureArea(
      frameWidth: 320, frameHeight: 240, left: 40, top: 0, width: 240, height: 240)
    let geometry = WorkingGeometry(width: 240, height: 240, shortSide: 96, stride: 8, scale: 4)
    let still = picture(width: 320, height: 240) { x, _ in
      x < 40 || x >= 280 ? [0, 0, 0] : x < 160 ? [200, 60, 50] : [40, 60, 190]
    }
    let field = try PictureColors(geometry: geometry, area: area).colors(of: still).field
    let (red, blue) = try (HintColor(hex: "#c83c32"), HintColor(hex: "#283cbe"))
    #expect(abs(field.ab[0, 0, 5] - red.a) < 0.05)
    #expect(abs(field.ab[1, geometry.gridWidth - 1, 5] - blue.b) < 0.05)
    // A hint in the frame's coordinates lies in the picture's.
    let hint = try Hint(points: [.init(x: 0.25, y: 0.5)], color: red)
    #expect(hint.within(area)?.points == [.init(x: 40.0 / 240, y: 0.5)])
    #expect(try Hint(points: [.init(x: 0.05, y: 0.5)], color: red).within(area) == nil)
  }

  @Test func aStillOfAnotherFrameIsRecognized() throws {
    let geometry = WorkingGeometry(width: 96, height: 72, shortSide: 72, stride: 8, scale: 4)
    let area = PictureArea(wholeOfWidth: 96, height: 72)
    func gray(_ image: FloatImage) -> Picture {
      picture(width: 96, height: 72) { x, y in
        [Int](repeating: Int(min(max(image[0, x, y] * 2.5, 0), 255)), count: 3)
      }
    }
    let (one, other) = (Self.shot(seed: 7, frames: 1)[0], Self.shot(seed: 8, frames: 1)[0])
    let colors = try PictureColors(geometry: geometry, area: area).colors(of: gray(one))
    #expect(colors.likeness(to: one) > 0.95)
    #expect(colors.likeness(to: other) < 0.5)
  }

  // MARK: Choosing stills

  @Test func aStillIsChosenWhereThingsAreNew() {
    func chosen(_ frames: [FloatImage], distance: Int = 240) -> [Int: StillChooser.Reason] {
      var chooser = StillChooser(distance: distance)
      var result: [Int: StillChooser.Reason] = [:]
      for (index, tracking) in Self.tracked(frames).enumerated() {
        result[index] = chooser.choose(tracking)
      }
      return result
    }
    #expect(chosen(Self.shot(seed: 9, frames: 60, speed: 0)) == [0: .shot])
    #expect(
      chosen(Self.shot(seed: 9, frames: 60, speed: 0), distance: 40) == [0: .shot, 40: .length])
    // After 30 frames at 2 pixels a frame, two thirds of 96 pixels are new.
    let panned = chosen(Self.shot(seed: 10, frames: 70))
    #expect(panned[0] == .shot && panned.count == 3, "\(panned)")
    #expect(panned.filter { $0.key > 0 }.allSatisfy { $0.value == .news && $0.key > 24 })
    let both = Self.shot(seed: 11, frames: 6, speed: 0) + Self.shot(seed: 12, frames: 6, speed: 0)
    #expect(chosen(both) == [0: .shot, 6: .shot])
  }

  // MARK: Kinds

  /// What resembles a thing that was given a color gets it; what resembles one of which nothing was said does not.
  @Test func kindsKeepTheirColors() throws {
    let geometry = WorkingGeometry(width: 128, height: 96, shortSide: 96, stride: 8, scale: 4)
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    func signature(_ kind: (Int) -> Int) -> FloatImage {
      FloatImage(width: width, height: height, channels: ColorSignature.channels) { out in
        for c in 0..<ColorSignature.channels {
          for at in 0..<width * height {
            out[c * width * height + at] = kind(at % width) == c ? 1 : 0
          }
        }
      }
    }
    let lightness = temporalImage(geometry.workingWidth, geometry.workingHeight) { _, _ in 50 }
    // Three kinds in columns; the middle one has a color, the left one another, the right one none.
    let field = GuidanceField(
      ab: FloatImage(width: width, height: height, channels: 2) { out in
        for at in 0..<width * height {
          out[at] = at % width < 10 ? 30 : -25
          out[width * height + at] = 5
        }
      },
      weight: FloatImage(width: width, height: height) { out in
        for at in 0..<width * height { out[at] = at % width < 20 ? 1 : 0 }
      })
    let kinds = KnownKinds(
      signature: signature { min($0 / 10, 2) }, lightness: lightness, geometry: geometry,
      field: field)
    // In the other frame everything has moved by four columns.
    let moved = signature { min(max($0 - 4, 0) / 10, 2) }
    let found = try #require(
      KnownKinds.field(of: [kinds], lightness: lightness, geometry: geometry, known: nil) { _ in
        moved
      })
    for x in 0..<width {
      let (a, weight) = (found.ab[0, x, height / 2], found.weight[0, x, height / 2])
      switch max(x - 4, 0) / 10 {
      case 0: #expect(weight > 0.5 && abs(a - 30) < 2, "column \(x): \(a), \(weight)")
      case 1: #expect(weight > 0.5 && abs(a + 25) < 2, "column \(x): \(a), \(weight)")
      default: #expect(weight < 0.1, "column \(x): \(a), \(weight)")
      }
    }
  }

  /// Where motion brings enough, kinds say nothing, and the network's answer is not looked at.
  @Test func kindsAreLookedForWhereMotionBringsTooLittle() throws {
    let geometry = WorkingGeometry(width: 128, height: 96, shortSide: 96, stride: 8, scale: 4)
    let (width, height) = (geometry.gridWidth, geometry.gridHeight)
    let same = FloatImage(width: width, height: height, channels: ColorSignature.channels) { out in
      for at in 0..<ColorSignature.channels * width * height {
        out[at] = at < width * height ? 1 : 0
      }
    }
    let lightness = temporalImage(geometry.workingWidth, geometry.workingHeight) { _, _ in 50 }
    func field(_ a: Float, _ weight: @escaping (Int) -> Float) -> GuidanceField {
      GuidanceField(
        ab: FloatImage(width: width, height: height, channels: 2) { out in
          for at in 0..<2 * width * height { out[at] = at < width * height ? a : 5 }
        },
        weight: FloatImage(width: width, height: height) { out in
          for at in 0..<width * height { out[at] = weight(at % width) }
        })
    }
    let kinds = KnownKinds(
      signature: same, lightness: lightness, geometry: geometry, field: field(30) { _ in 1 })
    // The left half is known well, the right one little.
    let known = field(-25) { $0 < width / 2 ? 0.6 : 0.1 }
    var asked: [[Bool]] = []
    let found = try #require(
      KnownKinds.field(of: [kinds], lightness: lightness, geometry: geometry, known: known) {
        asked.append($0)
        return same
      })
    #expect(asked == [(0..<width * height).map { $0 % width >= width / 2 }])
    for x in 0..<width {
      let (a, weight) = (found.ab[0, x, height / 2], found.weight[0, x, height / 2])
      if x < width / 2 {
        #expect(a == -25 && weight == 0.6, "column \(x): \(a), \(weight)")
      } else {
        #expect(a > 10 && weight > 0.5, "column \(x): \(a), \(weight)")
      }
    }
    let whole = field(-25) { _ in 0.7 }
    let left = KnownKinds.field(
      of: [kinds], lightness: lightness, geometry: geometry, known: whole
    ) { _ in
      Issue.record("the network's answer is not needed")
      return same
    }
    #expect(left?.ab[0, 3, 3] == -25 && left?.weight[0, 3, 3] == 0.7)
  }
}
