import AutochromeKit
import Dispatch
import Foundation

/// Turns the first Ctrl-C, SIGTERM or SIGHUP (a terminal or connection that is gone) into a drain, the
/// second into an abort.
final class SignalWatch {
  private let sources: [any DispatchSourceSignal]

  init(_ interruption: Interruption) {
    let queue = DispatchQueue(label: "autochrome.signals")
    sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number in
      let before = signal(number, SIG_IGN)
      // `nohup` has asked that the end of the terminal be of no concern.
      if number == SIGHUP,
        unsafeBitCast(before, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
      {
        return nil
      }
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      source.setEventHandler { interruption.request() }
      source.resume()
      return source
    }
  }

  func stop() {
    for source in sources { source.cancel() }
  }
}
