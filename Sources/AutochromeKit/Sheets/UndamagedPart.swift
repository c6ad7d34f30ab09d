import Imaging
import Media

/// A source that ends where another can't be read on: for a look, what lies before does.
final class UndamagedPart: FrameSource {
  private let source: any FrameSource
  private let report: @Sendable (String) -> Void

  /// - Parameter report: told of the damage.
  init(of source: any FrameSource, report: @escaping @Sendable (String) -> Void) {
    self.source = source
    self.report = report
  }

  var info: SourceInfo { source.info }
  var damagedFrameCount: Int { source.damagedFrameCount }
  var damagedPlaceCount: Int { source.damagedPlaceCount }
  var damageReport: String? { source.damageReport }

  func next() throws -> SourceElement? {
    do {
      return try source.next()
    } catch let error as MediaError where error.code != .interrupted {
      report(error.message)
      return nil
    }
  }

  func skip(to seconds: Double) throws -> Bool { try source.skip(to: seconds) }
}
