import Colorization
import FramePipeline
import Imaging
import Media
import NeuralNetwork
import Quality

extension AutochromeError {
  /// Runs `body`, and gives whatever it throws an exit status.
  package static func wrapping<T>(_ body: () throws -> T) throws(AutochromeError) -> T {
    do { return try body() } catch { throw AutochromeError(wrapping: error) }
  }

  /// The error in the program's terms.
  init(wrapping error: any Error) {
    switch error {
    case let error as AutochromeError: self = error
    case let error as MediaError:
      self.init(Self.status(of: error), error.description, cause: error)
    case let error as NetworkError:
      self.init(
        error.code == .backEnd ? .internalFault : .badData, error.description, cause: error)
    case let error as ColorizationError:
      self.init(Self.status(of: error), error.description, cause: error)
    case let error as ImagingError: self.init(.badData, error.description, cause: error)
    case let error as QualityError: self.init(.badData, error.description, cause: error)
    case PipelineError.stageFailed(_, let underlying): self.init(wrapping: underlying)
    case PipelineError.aborted: self.init(.interrupted, "Stopped; nothing was kept.")
    default: self.init(.internalFault, "Internal error in Autochrome: \(error).", cause: error)
    }
  }

  private static func status(of error: ColorizationError) -> ExitStatus {
    switch error {
    case .needsDistribution, .needsFeatures, .needsSampler, .needsWholePictures: .usage
    default: .badData
    }
  }

  private static func status(of error: MediaError) -> ExitStatus {
    switch error.code {
    case .noSuchFile: .noInput
    case .notMedia, .noVideoStream, .noFrames, .truncated, .corrupt, .unsupported: .badData
    case .encoderMissing, .decoderMissing: .unavailable
    case .encoderRefuses, .containerRefusesStream, .usage: .usage
    case .outputExists, .cannotCreate: .cannotCreate
    case .io: .ioError
    case .interrupted: .interrupted
    case .internalFault: .internalFault
    }
  }
}
