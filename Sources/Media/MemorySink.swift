package import Imaging
import Locking

/// A sink that keeps what it is given. For tests and for programs that use the frames themselves.
package final class MemorySink: FrameSink {
  private struct State {
    var elements: [SourceElement] = []
    var isFinished = false
    var isDiscarded = false
  }

  private let state = Locked(State())
  private let choose: @Sendable (Frame) -> OutputFormat

  /// - Parameter outputFormat: the form to ask for; by default 4:2:0 of the source's depth for gray
  ///   and the source's own for the rest.
  package init(outputFormat: (@Sendable (Frame) -> OutputFormat)? = nil) {
    choose =
      outputFormat ?? { frame in
        let picture = frame.picture
        let isGray = picture.format.model == .gray
        return OutputFormat(
          pictureFormat: isGray ? .yuv420(picture.format.bitDepth) : picture.format,
          color: picture.color)
      }
  }

  package func outputFormat(for frame: Frame) -> OutputFormat { choose(frame) }

  package func write(_ element: SourceElement) { state.withLock { $0.elements.append(element) } }
  package func finish() { state.withLock { $0.isFinished = true } }
  package func finishEarly() -> String? {
    finish()
    return nil
  }
  package func discard() {
    state.withLock {
      $0.elements = []
      $0.isDiscarded = true
    }
  }

  /// All that was written, in order.
  package var elements: [SourceElement] { state.withLock { $0.elements } }
  package var frames: [Frame] { elements.compactMap(\.frame) }
  package var packets: [CopiedPacket] { elements.flatMap(\.packets) }
  package var isFinished: Bool { state.withLock { $0.isFinished } }
  package var isDiscarded: Bool { state.withLock { $0.isDiscarded } }
}
