import AutochromeKit
import Dispatch
import Locking

/// The rendering of the film, begun from the page: the job of the command that the page shows, one at a time. What is
/// broken off goes on with the next one, or with that command.
final class RenderRun: Sendable {
  /// How it stands, as the page is told.
  struct State: Codable, Sendable {
    enum Phase: String, Codable, Sendable {
      /// Nothing was begun since the program was started.
      case idle
      case running
      /// The film is whole.
      case done
      /// Stopped by the user.
      case stopped
      case failed
    }

    var phase: Phase
    /// The film that is written.
    var output: String
    /// Whether something lies there.
    var exists = false
    var progress: JobProgress?
    /// What came of it, in a sentence.
    var message: String?
  }

  private struct Running {
    var state: State
    var interruption = Interruption()
  }

  private let request: ReviewRequest
  private let networks: NetworkShelf
  private let running: Locked<Running>
  private let queue = DispatchQueue(label: "autochrome.review.render", qos: .utility)

  /// - Parameter networks: has the network of the page already.
  init(_ request: ReviewRequest, networks: NetworkShelf) {
    (self.request, self.networks) = (request, networks)
    running = Locked(Running(state: State(phase: .idle, output: request.output)))
  }

  var state: State {
    var state = running.withLock { $0.state }
    state.exists = request.outputExists
    state.output = PrintableText(state.output).description
    state.message = state.message.map { PrintableText($0).description }
    return state
  }

  /// Begins.
  /// - Parameter overwrite: whether a film that lies there may be replaced.
  /// - Throws: `AutochromeError` if it runs already.
  func start(overwrite: Bool) throws(AutochromeError) -> State {
    let interruption = Interruption()
    let isBegun = running.withLock { running in
      guard running.state.phase != .running else { return false }
      running = Running(
        state: State(phase: .running, output: request.output), interruption: interruption)
      return true
    }
    guard isBegun else { throw AutochromeError(.usage, "The film is already being rendered.") }
    queue.async { [self] in run(overwrite: overwrite, interruption) }
    return state
  }

  private func run(overwrite: Bool, _ interruption: Interruption) {
    let result = Result { () throws(AutochromeError) in
      var settings = request.settings
      settings.shots = request.shots
      var job = ColorizationJob(
        input: request.input, output: request.output, settings: settings, overwrite: overwrite)
      job.networks = networks
      return try job.run(interruption: interruption) { [running] event in
        guard case .progress(let progress) = event else { return }
        running.withLock { $0.state.progress = progress }
      }
    }
    running.withLock { running in
      switch result {
      case .success(let report):
        running.state.phase = report.interrupted ? .stopped : .done
        running.state.message =
          report.interrupted
          ? "Stopped after \(counted(report.frames, "frame")); rendering again continues from there."
          : report.damage
            ?? "\(counted(report.frames, "frame")), \(report.framesBefore) of them rendered before."
      case .failure(let error):
        running.state.phase = error.status == .interrupted ? .stopped : .failed
        running.state.message = error.message
      }
    }
  }

  /// Stops it: what is in flight is finished.
  func stop() -> State {
    running.withLock { $0.interruption }.request()
    return state
  }

  /// Stops it, and waits until it has stopped.
  func close() {
    _ = stop()
    queue.sync {}
  }
}
