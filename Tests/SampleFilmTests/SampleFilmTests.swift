import SampleFilm
import Testing

/// A hash of bytes (FNV-1a, 64 bits).
private func fingerprint(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
}

private func plain(_ shots: [SampleFilm.Shot] = SampleFilm.Shot.allCases) -> SampleFilm.Options {
  var options = SampleFilm.Options()
  options.grain = 0
  options.flicker = 0
  options.shots = shots
  return options
}

/// The mean true color of the pixels in a rectangle, given in fractions of the frame.
private func mean(
  _ frame: SampleFrame, x: ClosedRange<Double>, y: ClosedRange<Double>
) -> SIMD3<Double> {
  let columns = Int(x.lowerBound * Double(frame.width))..<Int(x.upperBound * Double(frame.width))
  let rows = Int(y.lowerBound * Double(frame.height))..<Int(y.upperBound * Double(frame.height))
  var sum = SIMD3<Double>.zero
  for row in rows {
    for column in columns {
      let place = (row * frame.width + column) * 3
      sum += SIMD3(
        Double(frame.rgb[place]), Double(frame.rgb[place + 1]), Double(frame.rgb[place + 2]))
    }
  }
  return sum / Double(rows.count * columns.count)
}

@Suite struct SampleFilmTests {
  @Test(arguments: [
    (24.0, 192, [84, 144]), (30000.0 / 1001, 240, [105, 180]), (10, 80, [35, 60]),
  ])
  func lengthAndCutsFollowTheFrameRate(rate: Double, frames: Int, cuts: [Int]) {
    let film = SampleFilm(width: 32, height: 18, frameRate: rate)
    #expect(film.frameCount == frames)
    #expect(film.cuts == cuts)
    #expect(film.shot(ofFrame: cuts[0] - 1) == .meadow)
    #expect(film.shot(ofFrame: cuts[0]) == .sea)
    #expect(film.shot(ofFrame: frames) == .meadow, "the film starts over")
  }

  @Test func theBitsAreTheSameEverywhere() {
    let film = SampleFilm(width: 97, height: 55, frameRate: 24)
    let frames = [0, 100, 191].map { film.render(frame: $0) }
    #expect(
      frames.map { fingerprint($0.rgb) } == [
        16_895_777_499_971_098_254, 2_017_702_567_065_674_698, 15_209_199_384_008_225_304,
      ] as [UInt64])
    #expect(
      frames.map { fingerprint($0.luma) } == [
        8_602_779_199_629_201_465, 1_263_648_863_480_037_264, 13_177_163_771_088_565_198,
      ] as [UInt64])
    let again = SampleFilm(width: 97, height: 55, frameRate: 24).render(frame: 100)
    #expect(again.rgb == frames[1].rgb)
    #expect(again.luma == frames[1].luma)
    let tune = SampleFilm.tune(seconds: 1)
    #expect(tune.count == 2 * SampleFilm.sampleRate)
    #expect(
      fingerprint(
        tune.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] })
        == (2_100_059_982_416_089_580 as UInt64))
  }

  @Test(arguments: [(16, 16), (17, 33), (160, 90), (90, 160), (321, 45)])
  func everyPixelIsPaintedAtAnySize(width: Int, height: Int) {
    let film = SampleFilm(width: width, height: height, frameRate: 2, options: plain())
    for number in 0..<film.frameCount {
      let frame = film.render(frame: number)
      #expect(frame.rgb.count == width * height * 3)
      #expect(frame.luma.count == width * height)
      let black = (0..<width * height).count {
        frame.rgb[$0 * 3] == 0 && frame.rgb[$0 * 3 + 1] == 0 && frame.rgb[$0 * 3 + 2] == 0
      }
      #expect(black == 0, "frame \(number)")
    }
  }

  @Test func withoutGrainAndFlickerTheGrayPictureIsTheLumaOfTheTruth() {
    let film = SampleFilm(width: 160, height: 90, frameRate: 24, options: plain([.meadow]))
    let frame = film.render(frame: 7)
    #expect(frame.luma == frame.trueLuma)
    #expect(frame.luma.allSatisfy { (16...235).contains($0) })
    // BT.709: 16 + 219 (0.2126 R + 0.7152 G + 0.0722 B) / 255, by hand for one pixel.
    let place = 40 * 160 + 80
    let (red, green, blue) = (
      Double(frame.rgb[place * 3]), Double(frame.rgb[place * 3 + 1]),
      Double(frame.rgb[place * 3 + 2])
    )
    let expected = 16 + 219 * (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255
    #expect(abs(Double(frame.luma[place]) - expected) <= 0.51)
  }

  @Test func grainIsFreshOnEachFrameAndLeavesTheMeanAlone() {
    var options = plain([.sea])
    options.grain = 1
    let film = SampleFilm(width: 160, height: 90, frameRate: 24, options: options)
    func grain(_ number: Int) -> [Double] {
      let frame = film.render(frame: number)
      return zip(frame.luma, frame.trueLuma).map { Double($0) - Double($1) }
    }
    let (first, second) = (grain(3), grain(4))
    let count = Double(first.count)
    let mean = first.reduce(0, +) / count
    let deviation = (first.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
    let correlation =
      zip(first, second).reduce(0) { $0 + $1.0 * $1.1 } / count / (deviation * deviation)
    #expect(abs(mean) < 0.2)
    #expect((2.5...6).contains(deviation), "\(deviation)")
    #expect(abs(correlation) < 0.05, "\(correlation)")
  }

  @Test func flickerChangesTheExposureOfWholeFramesMildly() {
    var options = plain([.corn])
    options.flicker = 1
    let film = SampleFilm(width: 64, height: 36, frameRate: 24, options: options)
    let gains = (0..<24).map { number -> Double in
      let frame = film.render(frame: number)
      let seen = frame.luma.reduce(0.0) { $0 + Double($1) - 16 }
      return seen / frame.trueLuma.reduce(0.0) { $0 + Double($1) - 16 }
    }
    #expect(gains.allSatisfy { (0.95...1.05).contains($0) }, "\(gains)")
    #expect((gains.max() ?? 0) - (gains.min() ?? 0) > 0.01, "\(gains)")
  }

  @Test func theColorsAreWhatTheShotsPromise() {
    let film = SampleFilm(width: 320, height: 180, frameRate: 24, options: plain())
    let meadow = film.render(frame: 40)
    let sky = mean(meadow, x: 0.5...0.9, y: 0...0.05)
    let grass = mean(meadow, x: 0.3...0.7, y: 0.9...1)
    #expect(sky.z > sky.x * 1.5 && sky.z > sky.y)
    #expect(grass.y > grass.x && grass.y > grass.z * 1.5)
    let sea = film.render(frame: 100)
    let glow = mean(sea, x: 0.1...0.25, y: 0.40...0.45)
    let water = mean(sea, x: 0.05...0.4, y: 0.6...0.7)
    #expect(glow.x > glow.z * 1.4)
    #expect(water.z > water.x)
    let corn = film.render(frame: 170)
    let field = mean(corn, x: 0.6...1, y: 0.8...1)
    #expect(field.x > field.y && field.y > field.z * 1.4)
    let barn = corn.rgb.indices.filter { $0 % 3 == 0 }.count {
      corn.rgb[$0] > 120 && corn.rgb[$0 + 1] < 70 && corn.rgb[$0 + 2] < 70
    }
    #expect(barn > 300, "a red barn")
  }

  @Test func theCameraMovesSteadilyAndCutsAreCuts() {
    let film = SampleFilm(width: 160, height: 90, frameRate: 24, options: plain())
    func difference(_ number: Int) -> Double {
      let (before, after) = (film.render(frame: number - 1).luma, film.render(frame: number).luma)
      return zip(before, after).reduce(0.0) { $0 + abs(Double($1.0) - Double($1.1)) }
        / Double(before.count)
    }
    for cut in film.cuts {
      #expect(difference(cut) > 20)
      #expect((0.3...12).contains(difference(cut - 1)))
      #expect((0.3...12).contains(difference(cut + 1)))
    }
  }
}
