import Colorization
import Imaging
import Testing

/// Which part of a film's frames is the picture, frame by frame.
@Suite struct AreaFollowerTests {
  private let pillar = BarredFrame(left: 40, right: 40)
  private let letter = BarredFrame(top: 30, bottom: 30)
  private let full = BarredFrame()

  private func frame(_ picture: Picture) -> Frame {
    Frame(index: 0, picture: picture, presentationTime: 0)
  }

  /// Areas of a film, of which each part is a shot.
  private func areas(
    _ shots: [[Picture]], isFilm: Bool = true
  ) -> [[PictureArea]] {
    var follower = AreaFollower(isFilm: isFilm)
    return shots.map { shot in
      shot.enumerated().map { index, picture in
        follower.follow(frame(picture), startsShot: index == 0, format: .yuv420(8))
      }
    }
  }

  /// A picture whose light is `share` of what it was.
  private func faded(_ frame: BarredFrame, _ share: Double) -> Picture {
    frame.picture { x, y in 16 + share * (BarredFrame.scene(x, y) - 16) }
  }

  @Test func barsChangeAtCuts() {
    let found = areas([
      [full.picture(), full.picture()], [pillar.picture(), pillar.picture()],
      [letter.picture()], [full.picture()],
    ])
    #expect(
      found == [[full.area, full.area], [pillar.area, pillar.area], [letter.area], [full.area]])
  }

  @Test func aShotKeepsWhatItsFirstFrameShows() {
    // Bars that appear in a shot are a part of its picture.
    let found = areas([[full.picture(), pillar.picture(), pillar.picture(), pillar.picture()]])
    #expect(found[0].allSatisfy { $0.isWhole })
  }

  @Test func darkShotsKeepTheBarsOfTheShotBefore() {
    let night = pillar.picture { x, y in x > 150 && x < 190 && y > 90 ? 80 : 17 }
    #expect(areas([[pillar.picture()], [night, night]])[1] == [pillar.area, pillar.area])
    #expect(areas([[night, night]])[0].allSatisfy { $0.isWhole })
    // And edges that lie a sample elsewhere are the same edges.
    let near = BarredFrame(left: 42, right: 41).picture()
    #expect(areas([[pillar.picture()], [near]])[1] == [pillar.area])
    // One more pair of bars counts.
    let inner = BarredFrame(left: 40, top: 30, right: 40, bottom: 30)
    #expect(
      areas([[pillar.picture()], [inner.picture()], [pillar.picture()]]) == [
        [pillar.area], [inner.area], [pillar.area],
      ])
  }

  @Test func afterBlackTheFirstFrameWithEnoughToSeeDecides() {
    let fade = (0...12).map { faded(pillar, Double($0) / 12) }
    let found = areas([fade])[0]
    let first = found.firstIndex(of: pillar.area)
    #expect(first.map { (1...6).contains($0) } == true, "\(String(describing: first))")
    #expect(found.suffix(6).allSatisfy { $0 == pillar.area })
    // And it does not change its mind.
    let changes = zip(found, found.dropFirst()).filter { $0 != $1 }.count
    #expect(changes == 1)
    #expect(areas([(0...12).map { faded(full, Double($0) / 12) }])[0].allSatisfy { $0.isWhole })
  }

  @Test func whereLightComesIntoBarsTheyWereNone() {
    // A lit window in the dark, and then the light goes on.
    let window = pillar.picture()
    let found = areas([[window, window, full.picture(), full.picture(), window, window]])[0]
    #expect(found[1] == pillar.area && found[2] == pillar.area)
    #expect(found[3...].allSatisfy { $0.isWhole })
    // A single frame may be damaged.
    let damaged = areas([[window, full.picture(), window, full.picture(), window]])[0]
    #expect(damaged.allSatisfy { $0 == pillar.area })
  }

  @Test func cornersThatAreLitAreGivenUpAtOnceAndTheRectangleStays() {
    let gate = BarredFrame(left: 12, right: 12, radius: 16)
    let square = BarredFrame(left: 12, right: 12)
    let found = areas([[gate.picture(), gate.picture(), square.picture(), gate.picture()]])[0]
    #expect(!found[0].corners.isEmpty && found[1] == found[0])
    #expect(found[2] == square.area && found[3] == square.area)
  }

  @Test func picturesStandForThemselves() {
    let found = areas(
      [[pillar.picture(), full.picture(), letter.picture(), faded(pillar, 0.02)]], isFilm: false)[0]
    #expect(found == [pillar.area, full.area, letter.area, full.area])
  }

  @Test func framesWithOtherChromaSamplesBeginAnew() {
    let odd = BarredFrame(left: 41, top: 30, right: 41, bottom: 30)
    var follower = AreaFollower(isFilm: true)
    var interlaced = frame(odd.picture())
    interlaced.fieldOrder = .topFirst
    #expect(follower.follow(frame(odd.picture()), startsShot: true, format: .rgb(8)) == odd.area)
    let even = follower.follow(frame(odd.picture()), startsShot: false, format: .yuv420(8))
    #expect((even.left, even.top, even.width, even.height) == (42, 30, 236, 180))
    let fields = follower.follow(interlaced, startsShot: false, format: .yuv420(8))
    #expect((fields.left, fields.top, fields.width, fields.height) == (42, 32, 236, 176))
  }

  @Test func framesOfAnotherSizeBeginAnew() {
    var follower = AreaFollower(isFilm: true)
    let small = BarredFrame(width: 160, height: 120)
    #expect(
      follower.follow(frame(pillar.picture()), startsShot: true, format: .yuv420(8)) == pillar.area)
    #expect(
      follower.follow(frame(small.picture()), startsShot: false, format: .yuv420(8)) == small.area)
  }
}
