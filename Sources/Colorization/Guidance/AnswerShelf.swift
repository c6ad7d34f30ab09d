import Imaging
import Locking

/// What the network said of the frames that were asked for last, for those who color the same frames again and
/// again: they pay for the network once. The last ones are in memory, more of them in a file.
final class AnswerShelf: Sendable {
  private struct Entry {
    let survey: FrameSurvey
    let answer: NetworkAnswer
  }

  /// In bytes.
  private let memory: Int
  /// The one that was used last comes last.
  private let entries = Locked<[Entry]>([])
  private let file: Locked<AnswerFile?>

  /// - Parameters:
  ///   - memory: that answers may take, in bytes; the last one stays in any case.
  ///   - disk: that more of them may take, in bytes.
  init(memory: Int, disk: Int) {
    self.memory = memory
    file = Locked(disk > 0 ? AnswerFile(capacity: disk) : nil)
  }

  /// The answer for a survey of the same picture; nil if it is not known, or not any more.
  func answer(for survey: FrameSurvey) -> NetworkAnswer? {
    let known: NetworkAnswer? = entries.withLock { entries in
      let found = entries.firstIndex {
        $0.answer.isOf(survey) && $0.survey.lightness.hasSameValues(as: survey.lightness)
      }
      guard let found else { return nil }
      let entry = entries.remove(at: found)
      entries.append(entry)
      return entry.answer
    }
    return known ?? file.withLock { $0?.answer(for: survey) }
  }

  /// Keeps an answer that is not known.
  func keep(_ answer: NetworkAnswer, of survey: FrameSurvey) {
    file.withLock { $0?.keep(answer, of: survey) }
    entries.withLock { entries in
      entries.append(Entry(survey: survey, answer: answer))
      var bytes = entries.reduce(0) { $0 + $1.answer.byteCount }
      while bytes > memory, entries.count > 1 { bytes -= entries.removeFirst().answer.byteCount }
    }
  }
}
