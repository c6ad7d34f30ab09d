import AutochromeKit
import Dispatch
import Foundation
import Locking

/// Turns the first Ctrl-C, SIGTERM or SIGHUP (a terminal or connection that is gone) into a drain, the
/// second into an abort.
///
/// One event may come as several signals: the shell and the kernel each send a SIGHUP when a terminal is
/// closed, and service managers and wrappers pass on what the whole group has got already. So what comes
/// within two seconds of the first is the same wish; only a Ctrl-C is taken for a hand's after less.
final class SignalWatch {
  private let sources: [any DispatchSourceSignal]

  /// How long after the first signal another one is no second wish.
  private static func echo(_ number: Int32) -> DispatchTimeInterval {
    number == SIGINT ? .milliseconds(100) : .seconds(2)
  }

  init(_ interruption: Interruption) {
    let queue = DispatchQueue(label: "autochrome.signals")
    let first = Locked<DispatchTime?>(nil)
    let registration = DispatchGroup()
    sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number in
      // `nohup` has asked that the end of the terminal be of no concern.
      if number == SIGHUP, Self.disposition(of: number) == Self.ignored { return nil }
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      // Dispatch catches the signal itself on Linux. Were it ignored before that, one that comes in
      // between would be lost; so it ends the program, which has done nothing yet.
      registration.enter()
      source.setRegistrationHandler {
        if Self.disposition(of: number) == 0 { signal(number, SIG_IGN) }
        registration.leave()
      }
      source.setEventHandler {
        let isEcho = first.withLock { first in
          let start = first ?? .now()
          defer { first = start }
          return first != nil && .now() < start + Self.echo(number)
        }
        if !isEcho { interruption.request() }
      }
      source.resume()
      return source
    }
    registration.wait()
  }

  private static let ignored = unsafeBitCast(SIG_IGN, to: Int.self)

  /// What is done on a signal: 0 for the default, `ignored`, or the address of a handler.
  private static func disposition(of number: Int32) -> Int {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
  }

  func stop() {
    for source in sources { source.cancel() }
  }
}
