import Foundation
import Imaging
import Media

/// Whether what lies under an output's name already is the whole output, for `--skip-existing`.
package enum ExistingOutput {
  /// What is said of an output that is there and stays.
  package static func leftUnchanged(_ title: String) -> String {
    "\(title) already exists and is left unchanged."
  }

  /// A film that is shorter than its input by less than this counts as whole: containers round, and tell
  /// the length of their longest stream.
  private static let tolerance = (share: 0.02, seconds: 1.0)

  /// - Returns: false if nothing is there, or a folder in which pictures are missing.
  /// - Throws: `AutochromeError` with status `cannotCreate` if a file is there that is not whole.
  static func isWhole(_ job: ColorizationJob) throws(AutochromeError) -> Bool {
    let request = job.request
    if let names = request.pictureNames { return isWhole(names, of: request) }
    guard request.output != "-", FileSystem.exists(request.output) else {
      return false
    }
    if let fault = try fault(of: job) {
      throw AutochromeError(
        .cannotCreate,
        "The output '\(request.output)' already exists, but is incomplete: \(fault); remove it, or replace it with "
          + "--overwrite.")
    }
    return true
  }

  private static func isWhole(_ names: PictureNames, of request: JobRequest) -> Bool {
    // Of a film the names are numbers, and how many there will be is not known for sure.
    guard case .pattern = names.kind else {
      let wanted = request.pictures ?? MediaSource.pictureNames(of: request.input)
      guard !wanted.isEmpty, wanted.allSatisfy({ MediaName.isPicture($0) }),
        let found = FileSystem.names(in: names.folder)
      else { return false }
      let stems = Set(found.filter { MediaName.isPicture($0) }.map { PathParts.stem(of: $0) })
      return wanted.allSatisfy { stems.contains(PathParts.stem(of: $0)) }
    }
    return false
  }

  private static func fault(of job: ColorizationJob) throws(AutochromeError) -> String? {
    let output = job.output
    let found: any FrameSource
    do {
      let missing = try MediaSource.missingByteCount(of: output)
      guard missing == 0 else { return "its end is missing, \(counted(missing, "byte"))" }
      found = try MediaSource.open(output)
    } catch {
      let message = AutochromeError(wrapping: error).message
      return message.hasSuffix(".") ? String(message.dropLast()) : message
    }
    return try AutochromeError.wrapping { () throws -> String? in
      let source = try JobParts.openSource(
        job: job, interruption: MediaInterruption(), warn: { _ in })
      guard var wanted = source.info.duration, let present = found.info.duration else { return nil }
      if let frames = job.settings.frames, let rate = source.info.frameRate {
        wanted = min(wanted, Double(frames) / rate.value)
      }
      guard present < wanted * (1 - tolerance.share) - tolerance.seconds else { return nil }
      return String(format: "it lasts %.1f s instead of %.1f s", present, wanted)
    }
  }
}
