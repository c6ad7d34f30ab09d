/// Why a pipeline ended without delivering everything.
package enum PipelineError: Error, CustomStringConvertible {
  /// The source, a stage or the sink threw. The first error wins; later ones are dropped.
  case stageFailed(name: String, underlying: any Error)
  /// `CancellationToken.Request.abort` was asked for.
  case aborted
  /// Every permit is held by items that stages keep back, so the source can't be asked any more.
  case stalled(name: String, held: Int, permits: Int)
  /// A serial stage emitted more items than it had taken.
  case surplus(name: String, taken: Int, emitted: Int)
  /// A serial stage ended without emitting all items that it had taken.
  case lost(name: String, taken: Int, emitted: Int)
  /// The number of permits or threads is below 1.
  case invalidLimits(permits: Int, threads: Int)

  package var description: String {
    switch self {
    case .stageFailed(let name, let underlying):
      "\(name): \(underlying)"
    case .aborted:
      "aborted on request"
    case .stalled(let name, let held, let permits):
      "stage \(name) holds back \(held) items, but there are only \(permits) permits: give more permits than the "
        + "stages look ahead"
    case .surplus(let name, let taken, let emitted):
      "stage \(name) emitted \(emitted) items, but had taken only \(taken)"
    case .lost(let name, let taken, let emitted):
      "stage \(name) took \(taken) items, but emitted only \(emitted) until its end"
    case .invalidLimits(let permits, let threads):
      "a pipeline needs at least 1 permit and 1 thread, not \(permits) and \(threads)"
    }
  }
}
