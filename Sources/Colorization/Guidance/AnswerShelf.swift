import Imaging
import Locking

/// What the network said of the frames that were asked for last, for those who color the same frames again and
/// again: they pay for the network once.
final class AnswerShelf: Sendable {
  private struct Entry {
    let survey: FrameSurvey
    let answer: NetworkAnswer
  }

  /// In bytes.
  private let capacity: Int
  /// The one that was used last comes last.
  private let entries = Locked<[Entry]>([])

  /// - Parameter capacity: the memory that answers may take, in bytes; the last one stays in any case.
  init(capacity: Int) { self.capacity = capacity }

  /// The answer for a survey of the same picture; nil if it is not known, or not any more.
  func answer(for survey: FrameSurvey) -> NetworkAnswer? {
    entries.withLock { entries in
      let found = entries.firstIndex {
        $0.answer.isOf(survey) && $0.survey.lightness.hasSameValues(as: survey.lightness)
      }
      guard let found else { return nil }
      let entry = entries.remove(at: found)
      entries.append(entry)
      return entry.answer
    }
  }

  func keep(_ answer: NetworkAnswer, of survey: FrameSurvey) {
    entries.withLock { entries in
      entries.append(Entry(survey: survey, answer: answer))
      var bytes = entries.reduce(0) { $0 + $1.answer.byteCount }
      while bytes > capacity, entries.count > 1 { bytes -= entries.removeFirst().answer.byteCount }
    }
  }
}
