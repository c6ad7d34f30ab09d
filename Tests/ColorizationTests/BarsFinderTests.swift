import Colorization
import Foundation
import Imaging
import TestSupport
import Testing

/// What counts as black bars in a single frame, and what does not.
@Suite struct BarsFinderTests {
  private let exact = BarsFinder(format: .yuv444(8))

  private func expect(_ frame: BarredFrame, _ picture: Picture, _ what: String = "") {
    let found = exact.find(in: picture).area
    #expect(found.hasRectangle(of: frame.area), "\(found), expected \(frame.area) \(what)")
    #expect(found.corners.isEmpty, "\(found) \(what)")
  }

  @Test(arguments: [
    BarredFrame(top: 30, bottom: 30), BarredFrame(left: 40, right: 40),
    BarredFrame(left: 40, top: 30, right: 41, bottom: 29), BarredFrame(left: 5, right: 8),
    BarredFrame(right: 9), BarredFrame(width: 640, height: 360, left: 219, right: 219),
    BarredFrame(width: 180, height: 320, top: 90, bottom: 90), BarredFrame(),
    BarredFrame(width: 17, height: 16), BarredFrame(width: 321, height: 239, left: 33, right: 34),
  ]) func barsAreFoundToTheSample(frame: BarredFrame) {
    for format in [PixelFormat.gray(8), .yuv420(8), halfWide, .gray(16), .rgb(8), .rgb(16)] {
      for range in [ColorRange.limited, .full] {
        expect(frame, frame.picture(format, range: range), "\(format) \(range)")
      }
    }
  }

  @Test func barsOfAnySizeAndPlace() {
    let seed = UInt64.random(in: 1...UInt64(UInt32.max))
    print("seed \(seed)")
    var random = NoiseGenerator(seed: seed)
    for _ in 0..<60 {
      var frame = BarredFrame(
        width: 200 + abs(random.next(150)), height: 180 + abs(random.next(90)))
      if random.next(1) != 0 {
        frame.left = 8 + abs(random.next(frame.width / 4))
        frame.right = frame.left + random.next(2)
      }
      if random.next(1) != 0 {
        frame.top = 8 + abs(random.next(frame.height / 5))
        frame.bottom = frame.top + random.next(2)
      }
      frame.black = 16 + abs(random.next(20))
      frame.noise = abs(random.next(3))
      frame.seed = seed
      // The picture has no darker black than the bars.
      let black = Double(frame.black)
      expect(frame, frame.picture { x, y in max(BarredFrame.scene(x, y), black + 40) }, "\(frame)")
    }
  }

  @Test(arguments: [
    BarredFrame(left: 40, right: 40, black: 36, noise: 4),
    BarredFrame(left: 40, right: 40, noise: 2, ringing: 5),
    BarredFrame(top: 24, bottom: 24, black: 14, ringing: 7),
    BarredFrame(left: 40, top: 24, right: 40, bottom: 24, black: 30, noise: 5, softness: 2),
  ]) func barsMayBeGrayNoisyRingingAndSoft(frame: BarredFrame) {
    let found = exact.find(in: frame.picture()).area
    // Samples of a soft edge may count as bars.
    let off = [
      found.left - frame.left, found.right - frame.right, found.top - frame.top,
      found.bottom - frame.bottom,
    ]
    #expect(off.allSatisfy { (0...frame.softness).contains($0) }, "\(found)")
  }

  @Test func theRectangleBeginsAndEndsWithChromaSamples() {
    let frame = BarredFrame(left: 41, top: 31, right: 43, bottom: 29)
    for (format, isInterlaced, steps) in [
      (PixelFormat.yuv420(8), false, (2, 2)), (halfWide, false, (2, 1)),
      (.yuv420(8), true, (2, 4)), (.yuv444(8), true, (1, 2)),
      (PixelFormat(model: .yuv, bitDepth: 8, chromaShiftX: 2, chromaShiftY: 2), false, (4, 4)),
    ] {
      let found = BarsFinder(format: format, isInterlaced: isInterlaced)
        .find(in: frame.picture()).area
      let (x, y): (Int, Int) = steps
      let (left, top) = ((41 + x - 1) / x * x, (31 + y - 1) / y * y)
      let (right, bottom) = ((320 - 43) / x * x, (240 - 29) / y * y)
      #expect(found.left == left && found.top == top, "\(format)")
      #expect(found.right == 320 - right && found.bottom == 240 - bottom, "\(format)")
    }
    // Where there is no bar, the picture ends with the frame, whatever its size.
    let odd = BarredFrame(width: 321, height: 241, left: 40)
    var narrow = odd
    narrow.left = 7
    #expect(BarsFinder(format: .yuv420(8)).find(in: narrow.picture()).area.right == 0)
    #expect(exact.find(in: odd.picture()).area.isWhole, "a wide bar has a counterpart")
  }

  @Test(arguments: [
    BarredFrame(radius: 20), BarredFrame(left: 12, right: 9, radius: 16),
    BarredFrame(left: 40, top: 20, right: 40, bottom: 20, radius: 14, black: 28, noise: 3),
    BarredFrame(width: 640, height: 480, top: 6, bottom: 6, radius: 40, softness: 2),
  ]) func roundedGatesAreFound(frame: BarredFrame) {
    let picture = frame.picture()
    let found = exact.find(in: picture).area
    #expect(abs(found.left - frame.left) <= frame.softness && abs(found.top - frame.top) <= 2)
    #expect(found.corners.count == 4 && found.corners.allSatisfy { !$0.isEmpty }, "\(found)")
    // Of the black corners hardly a sample is missed, and of the picture none is taken.
    var (missed, black) = (0, 0)
    for y in 0..<found.height {
      let columns = found.blackColumns(rows: y...y)
      for x in 0..<found.width {
        let isTaken = x < columns.left || x >= found.width - columns.right
        let code = picture.luma[found.left + x, found.top + y]
        if isTaken { #expect(code <= frame.black + 20, "\(x),\(y) is \(code)") }
        let isCorner =
          min(x, found.width - 1 - x) < frame.radius && min(y, found.height - 1 - y) < frame.radius
        if isCorner, code <= frame.black + frame.noise {
          black += 1
          if !isTaken { missed += 1 }
        }
      }
    }
    #expect(black > 0 && Double(missed) <= 0.1 * Double(black), "\(missed) of \(black)")
  }

  /// Scenes that have no bars, though much of them is black.
  private static let scenes: [(String, @Sendable (Int, Int) -> Double)] = [
    ("black", { _, _ in 16 }),
    ("noise of a dark frame", { x, y in 16 + Double((x * 7919 + y * 104_729) % 7) }),
    ("stars", { x, y in (x * 7919 + y * 104_729) % 997 < 4 ? 180 : 16 }),
    (
      "a title",
      { x, y in (100..<140).contains(y) && (60..<260).contains(x) && x % 24 < 9 ? 220 : 16 }
    ),
    (
      "titles",
      { x, y in
        y % 40 > 22 && (40 + y % 7 * 9..<280 - y % 11 * 7).contains(x) && x % 17 < 8 ? 200 : 16
      }
    ),
    (
      "a face in the dark",
      { x, y in
        let (u, v) = (Double(x - 160) / 60, Double(y - 110) / 85)
        return u * u + v * v < 1 ? 150 - 40 * u : 16
      }
    ),
    (
      "a vignette",
      { x, y in
        let (u, v) = (Double(x - 160) / 160, Double(y - 120) / 120)
        return 16 + BarredFrame.scene(x, y) * max(0, 1.15 - u * u - v * v)
      }
    ),
    ("a dark door at the left", { x, y in x < 90 ? 16 : BarredFrame.scene(x, y) }),
    ("a dark ceiling", { x, y in y < 70 ? 16 : BarredFrame.scene(x, y) }),
    (
      "curtains",
      { x, y in abs(x - 160) > 110 + (y * 31 % 60) - 30 + y / 12 ? 17 : BarredFrame.scene(x, y) }
    ),
    (
      "an iris",
      { x, y in hypot(Double(x - 160), Double(y - 120)) > 105 ? 16 : BarredFrame.scene(x, y) }
    ),
    ("gray bars", { x, y in abs(x - 160) > 120 ? 60 : BarredFrame.scene(x, y) }),
    ("walls that are not the darkest", { x, y in abs(x - 160) > 120 ? 34 : y % 9 < 3 ? 16 : 130 }),
    ("a lamp", { x, y in (150..<200).contains(x) && (90..<130).contains(y) ? 200 : 16 }),
    ("a dark corner", { x, y in x + y < 30 ? 16 : BarredFrame.scene(x, y) }),
    ("a thin dark edge", { x, y in x < 2 || y < 1 ? 16 : BarredFrame.scene(x, y) }),
    ("a night street", { x, y in y > 150 && x > 60 && x % 50 < 30 ? 70 : x == 100 ? 200 : 18 }),
  ]

  @Test(arguments: Self.scenes.indices) func darkScenesAreNone(index: Int) {
    let (name, scene) = Self.scenes[index]
    for noise in [0, 2] {
      let found = exact.find(in: BarredFrame(noise: noise).picture(.yuv420(8), scene)).area
      #expect(found.isWhole, "\(name): \(found)")
    }
  }

  @Test func darkScenesInsideOfBarsAreNoEvidence() {
    // The left half of the picture is black: the edge on the right is clear, so the bars are.
    let half = BarredFrame(left: 40, right: 40)
    expect(half, half.picture { x, y in x < 160 ? 16 : BarredFrame.scene(x, y) })
    // Nothing is to be seen at either edge.
    let none = exact.find(in: half.picture { x, y in abs(x - 160) > 60 + y / 8 ? 17 : 90 })
    #expect(none.area.isWhole)
  }

  @Test func contentIsWhatCanShowBars() {
    #expect(exact.find(in: BarredFrame().picture()).hasContent)
    #expect(!exact.find(in: BarredFrame().picture { _, _ in 17 }).hasContent)
    #expect(
      !exact.find(in: BarredFrame().picture { x, y in (x + y) % 97 < 3 ? 200 : 16 }).hasContent)
  }

  @Test func subtitlesMayStandInBarsAndPicturesMayNot() {
    let wide = BarredFrame(top: 40, bottom: 40)
    let limit = exact.find(in: wide.picture()).limit
    func contradicts(_ area: PictureArea, _ codes: (Int, Int) -> Double) -> Bool {
      let whole = BarredFrame()
      return exact.contradictsBars(area, limit: limit, in: whole.picture(.yuv420(8), codes))
    }
    func bars(_ x: Int, _ y: Int) -> Double {
      (40..<200).contains(y) ? BarredFrame.scene(x, y) : 16
    }
    #expect(!contradicts(wide.area, bars))
    #expect(
      !contradicts(wide.area) { x, y in
        (205..<230).contains(y) && (60..<260).contains(x) && x % 10 < 3 ? 235 : bars(x, y)
      })
    #expect(contradicts(wide.area, BarredFrame.scene))
    #expect(contradicts(wide.area) { x, y in y > 200 && x > 200 ? 120 : bars(x, y) })
    // Beside the picture no titles stand.
    let tall = BarredFrame(left: 40, right: 40)
    #expect(
      contradicts(tall.area) { x, y in
        x > 270 && (100..<130).contains(y) ? 120 : (40..<280).contains(x) ? 120 : 16
      })
    #expect(!contradicts(tall.area) { x, _ in (40..<280).contains(x) ? 120 : 19 })
  }
}
