/// The work of the source, a stage or the sink so far.
package struct StageStatistics: Sendable, Equatable {
  /// The name given to the stage.
  package let name: String
  /// Items taken in (for the source: times it was asked).
  package var taken = 0
  /// Items handed on (for the sink: items written).
  package var emitted = 0
  /// Time spent in the stage's closures, summed over threads.
  package var busy = Duration.zero
}

/// A snapshot of a running pipeline.
package struct PipelineProgress: Sendable, Equatable {
  /// Items that the sink has written.
  package let itemsDone: Int
  /// Permits taken: items between the source and the end of the sink.
  package let itemsInFlight: Int
  /// Time since the start.
  package let elapsed: Duration
  /// From the source to the sink.
  package let stages: [StageStatistics]
}

/// What a pipeline did, once it ended without an error.
package struct PipelineSummary: Sendable, Equatable {
  /// Why it ended.
  package enum Ending: Sendable, Equatable {
    /// The source had no more items.
    case completed
    /// `CancellationToken.Request.drain` was asked for before the source was exhausted.
    case drained
  }

  package let ending: Ending
  /// Items that the sink has written.
  package let items: Int
  /// The most items that were in flight at once; never more than the permits.
  package let peakInFlight: Int
  /// Time from start to end.
  package let elapsed: Duration
  /// From the source to the sink.
  package let stages: [StageStatistics]
}
