/// The work of the source, a stage or the sink so far.
public struct StageStatistics: Sendable, Equatable {
  /// The name given to the stage.
  public let name: String
  /// Items taken in (for the source: times it was asked).
  public var taken = 0
  /// Items handed on (for the sink: items written).
  public var emitted = 0
  /// Time spent in the stage's closures, summed over threads.
  public var busy = Duration.zero
}

/// A snapshot of a running pipeline.
public struct PipelineProgress: Sendable, Equatable {
  /// Items that the sink has written.
  public let itemsDone: Int
  /// Permits taken: items between the source and the end of the sink.
  public let itemsInFlight: Int
  /// Time since the start.
  public let elapsed: Duration
  /// From the source to the sink.
  public let stages: [StageStatistics]
}

/// What a pipeline did, once it ended without an error.
public struct PipelineSummary: Sendable, Equatable {
  /// Why it ended.
  public enum Ending: Sendable, Equatable {
    /// The source had no more items.
    case completed
    /// `CancellationToken.Request.drain` was asked for before the source was exhausted.
    case drained
  }

  public let ending: Ending
  /// Items that the sink has written.
  public let items: Int
  /// The most items that were in flight at once; never more than the permits.
  public let peakInFlight: Int
  /// Time from start to end.
  public let elapsed: Duration
  /// From the source to the sink.
  public let stages: [StageStatistics]
}
