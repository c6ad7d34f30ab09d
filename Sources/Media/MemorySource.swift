package import Imaging
import Locking

/// A source that yields what it was given. For tests and for programs that make their own frames.
package final class MemorySource: FrameSource {
  package let info: SourceInfo
  package var damagedFrameCount: Int { 0 }
  private let state: Locked<(elements: [SourceElement], position: Int)>
  private let failure: MediaError?

  /// - Parameter failure: thrown after the last element, if given.
  package init(info: SourceInfo, elements: [SourceElement], failure: MediaError? = nil) {
    self.info = info
    self.failure = failure
    state = Locked((elements, 0))
  }

  /// One element per picture, times counting from 0 by 1. `pictures` must not be empty.
  package convenience init(
    pictures: [Picture], timeBase: Rational = Rational(1, 24)
  ) throws {
    guard let first = pictures.first else {
      throw MediaError(.usage, "A source in memory needs at least one picture to describe itself.")
    }
    let info = SourceInfo(
      width: first.width, height: first.height, format: first.format, color: first.color,
      timeBase: timeBase, frameRate: Rational(timeBase.denominator, timeBase.numerator))
    self.init(
      info: info,
      elements: pictures.enumerated().map { index, picture in
        SourceElement(
          frame: Frame(
            index: index, picture: picture, presentationTime: Int64(index), duration: 1))
      })
  }

  package func next() throws -> SourceElement? {
    let element = state.withLock { state -> SourceElement? in
      guard state.position < state.elements.count else { return nil }
      defer { state.position += 1 }
      return state.elements[state.position]
    }
    if element == nil, let failure { throw failure }
    return element
  }
}
