import Quality
import TestSupport
import Testing

/// Shares and their intervals.
@Suite struct ProportionTests {
  /// What defines Wilson's interval: of its ends, the observed share is 1.96 of their own deviations away.
  @Test func theEndsAreAsFarAwayAsTheyShouldBe() {
    var random = SeededGenerator()
    for _ in 0..<200 {
      let total = Int.random(in: 1...2000, using: &random)
      let count = Int.random(in: 0...total, using: &random)
      let found = Proportion(count, of: total)
      #expect(abs(found.share - 100 * Double(count) / Double(total)) < 1e-12)
      #expect(found.low <= found.share && found.share <= found.high)
      for (end, isOuter) in [(found.low, count == 0), (found.high, count == total)] {
        guard !isOuter else {
          #expect(end == found.share || abs(end - found.share) < 1e-9, "\(found)")
          continue
        }
        let share = end / 100
        let deviation = (share * (1 - share) / Double(total)).squareRoot()
        #expect(abs(abs(found.share / 100 - share) / deviation - 1.959964) < 1e-5, "\(found)")
      }
    }
  }

  /// As published: Newcombe, *Two-sided confidence intervals for the single proportion*, Statistics in Medicine 17, 1998,
  /// Table I, method 3.
  @Test func publishedIntervalsAreFound() {
    for (count, total, low, high) in [
      (81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0, 16.11), (1, 29, 0.61, 17.18),
    ] {
      let found = Proportion(count, of: total)
      #expect(abs(found.low - low) < 0.006 && abs(found.high - high) < 0.006, "\(found)")
    }
  }

  @Test func ofNoTrialsNothingIsKnown() {
    let none = Proportion(0, of: 0)
    #expect(none.share == 0 && none.low == 0 && none.high == 100)
  }
}
