import FramePipeline
package import Media

/// A run that makes figures, not a film: frames are read, measured side by side, and gathered in order.
package struct MeasuringRun {
  package let log: JobLog
  let blocking = MediaInterruption()
  private let token = CancellationToken()

  /// Gives `body` a run that the user can stop.
  package static func with<Report>(
    _ interruption: Interruption, onEvent: @escaping @Sendable (JobEvent) -> Void,
    body: (MeasuringRun) throws -> Report
  ) throws(AutochromeError) -> Report {
    try AutochromeError.wrapping {
      let run = MeasuringRun(log: JobLog(onEvent: onEvent))
      interruption.observe { [token = run.token, blocking = run.blocking] count in
        token.cancel(count == 1 ? .drain : .abort)
        blocking.request()
      }
      defer { interruption.observe(nil) }
      return try body(run)
    }
  }

  /// An input of which only the pictures count.
  /// - Parameter pictures: the names in the folder `path` that count; nil for all.
  package func open(
    _ path: String, pictures: [String]? = nil, settings: Settings, countsFrames: Bool = false
  ) throws -> any FrameSource {
    try JobParts.openSource(
      input: path, pictures: pictures, settings: settings.ofPicturesAlone, interruption: blocking,
      countsFrames: countsFrames, warn: { [log] in log.warn($0) })
  }

  /// Takes everything that `next` gives through `measure` and hands it to `gather`, one after the other.
  ///
  /// - Parameters:
  ///   - expected: how many there will be, if known.
  ///   - what: what they are, for messages.
  ///   - gather: tells whether a shot starts.
  /// - Returns: how long it took.
  /// - Throws: `AutochromeError` if the user stopped it, and what the closures throw.
  package func measure<Item: Sendable, Found: Sendable>(
    _ what: String, expected: Int?, threads: Int, next: @escaping @Sendable () throws -> Item?,
    by measure: @escaping @Sendable (Item) throws -> Found,
    gather: @escaping @Sendable (Found) throws -> Bool
  ) throws -> Duration {
    let summary = try Pipeline(
      permits: threads + 2, threads: threads, sourceName: "decode", source: next
    ).parallel("measure", measure).run(
      cancellation: token, sinkName: "gather",
      onProgress: { [log] in log.progress($0.elapsed, framesTotal: expected) },
      sink: { [log] found in
        log.wrote(frameIndex: log.framesDone, startsShot: try gather(found))
      })
    guard summary.ending == .completed else {
      throw AutochromeError(
        .interrupted, "Stopped after \(log.framesDone) \(what), without a result.")
    }
    return summary.elapsed
  }
}
