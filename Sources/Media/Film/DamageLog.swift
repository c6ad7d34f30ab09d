/// What was found damaged in one input: always counted, and told as long as it is news.
final class DamageLog {
  /// Frames that are damaged or could not be decoded.
  private(set) var frameCount = 0
  /// Places at which the container is damaged, where frames may be missing.
  private(set) var placeCount = 0
  private let name: String
  private let report: ((String) -> Void)?
  private var told = 0
  private var last: String?

  /// A film that is damaged all over has a message for each frame; of these nobody reads more.
  private static let mostTold = 20

  init(name: String, report: ((String) -> Void)?) {
    self.name = name
    self.report = report
  }

  /// Notes a damaged frame.
  func noteFrame(_ error: MediaError) {
    frameCount += 1
    tell(error.message)
  }

  /// Notes a damaged place of the container.
  func notePlace(_ error: MediaError) {
    placeCount += 1
    tell(error.description)
  }

  private func tell(_ message: String) {
    guard message != last, told <= Self.mostTold else { return }
    last = message
    told += 1
    report?(
      told <= Self.mostTold ? message : "Further damage in \(name) is counted, but not reported.")
  }

  /// Forgets what was counted: it lies before what is wanted.
  func reset() { (frameCount, placeCount) = (0, 0) }
}
