/// Shots of a list by their numbers, such as `12,17-19`: runs of shots that follow each other.
package struct ShotRuns: Hashable, Sendable {
  /// Rising, from 1; no run touches the next.
  package let runs: [ClosedRange<Int>]

  /// What stands in names of outputs for the numbers of the shots in them.
  package static let placeholder = "{shots}"

  /// Reads numbers from 1 and ranges of them, with commas between.
  /// - Throws: `AutochromeError` with status `usage` that names what is wrong.
  package init(_ text: String) throws(AutochromeError) {
    var numbers: Set<Int> = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
        Int($0.trimmingPrefix { $0.isWhitespace })
      }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1],
        first >= 1, last >= first, last < 1_000_000
      else {
        throw AutochromeError(
          .usage, "--only contains '\(part)'; expected shot numbers such as 12,17-19.")
      }
      numbers.formUnion(first...last)
    }
    runs = Self.runs(of: numbers.sorted())
  }

  /// Numbers that follow each other, put together.
  static func runs(of numbers: [Int]) -> [ClosedRange<Int>] {
    var runs: [ClosedRange<Int>] = []
    for number in numbers {
      if let last = runs.last, last.upperBound + 1 == number {
        runs[runs.count - 1] = last.lowerBound...number
      } else {
        runs.append(number...number)
      }
    }
    return runs
  }

  /// The numbers in words: `17-19`.
  package static func words(of run: ClosedRange<Int>) -> String {
    run.count == 1 ? "\(run.lowerBound)" : "\(run.lowerBound)-\(run.upperBound)"
  }
}

extension ShotList {
  /// Where a run of shots lies.
  /// - Throws: `AutochromeError` if the list has fewer shots.
  func part(_ run: ClosedRange<Int>) throws(AutochromeError) -> (
    from: TimePosition, to: TimePosition?
  ) {
    guard run.upperBound <= shots.count else {
      throw AutochromeError(
        .usage, "--only asks for shot \(run.upperBound), but the list has only \(shots.count).")
    }
    return (
      shots[run.lowerBound - 1].position,
      run.upperBound < shots.count ? shots[run.upperBound].position : nil
    )
  }
}

extension Settings {
  /// The settings for some shots of the list that they name.
  /// - Throws: `AutochromeError` if there is no list, it has fewer shots, or another part is asked for.
  package func only(_ run: ClosedRange<Int>) throws(AutochromeError) -> Settings {
    guard let list = try ShotList.given(by: self) else {
      throw AutochromeError(
        .usage, "--only selects shots from a list; give the list with --shots or --cuts.")
    }
    guard self.from == nil, self.to == nil else {
      throw AutochromeError(
        .usage,
        "--only can't be combined with --from or --to, because both select a part of the film.")
    }
    var result = self
    (result.from, result.to) = try list.part(run)
    return result
  }
}
