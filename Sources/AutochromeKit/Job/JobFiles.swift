import Foundation
import Media

/// Which files a job read, so that it can be told later whether they are still the same.
package struct JobFiles: Codable, Hashable, Sendable {
  /// Bytes of the input, where that is one file.
  package var inputBytes: Int64?
  /// A SHA-256 sum over the input's size and up to 64 pieces of 64 KiB of it, the first and the last among them:
  /// small files whole, of large ones enough to tell one film from another. Of a folder it goes over all names, and
  /// over such sums or the sizes of the files. Absent for pipes.
  ///
  /// It does not prove that each byte is the same.
  package var inputFingerprint: String?
  /// Where the network's file lies.
  package var network: String
  /// The SHA-256 sum of all of it, as `sha256sum` prints it.
  package var networkSHA256: String

  /// - Throws: `AutochromeError` or `MediaError` if one of them can't be read.
  init(of job: ColorizationJob, isPipe: Bool) throws {
    let isPipe = isPipe || job.input == "-"
    inputBytes =
      isPipe || job.request.readsPictureFolder
      ? nil : FileSystem.byteCount(of: job.input)
    inputFingerprint = isPipe ? nil : try job.request.fingerprint()
    network = try ModelCatalog.path(of: job.settings.model)
    networkSHA256 = try (job.networks ?? NetworkShelf()).digest(ofFile: network)
  }
}
