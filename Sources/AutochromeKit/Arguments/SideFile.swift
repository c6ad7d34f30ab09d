package import Foundation
package import Media

/// A file that a command writes beside a film, or in place of one: a sheet, a report, a page, a list of cuts,
/// a network. It is an output like the film: it replaces no file that the command reads, and what is there
/// already only where the user says so.
package struct SideFile: Sendable {
  /// Its name, as given; `-` is stdout.
  package let path: String
  let options: SinkOptions

  /// Takes a place, before there is anything to write.
  /// - Throws: `AutochromeError` with status `cannotCreate` if something is there that may not be replaced,
  ///   with status `usage` if that is a file which the command reads.
  package init(
    _ path: String, overwrite: Bool, protected: ProtectedFiles, offersSkipping: Bool = false
  ) throws(AutochromeError) {
    var options = SinkOptions()
    options.overwrite = overwrite
    options.protected = protected
    options.offersSkipping = offersSkipping
    self.path = path
    self.options = options
    guard path != "-", !MediaSink.isDevice(path) else { return }
    try AutochromeError.wrapping { [options] in try options.checkPlace(path) }
  }

  /// Writes it whole or not at all.
  /// - Throws: `AutochromeError`.
  package func write(_ bytes: Data) throws(AutochromeError) {
    try AutochromeError.wrapping { try WholeFile.write(bytes, to: path, options: options) }
  }

  /// Writes it piece by piece, whole or not at all.
  /// - Parameter body: is given what appends bytes, to be called serially; if it throws, there is no file.
  /// - Throws: `AutochromeError`.
  package func write(
    _ body: (@escaping @Sendable (Data) throws -> Void) throws -> Void
  ) throws(AutochromeError) {
    try AutochromeError.wrapping { try WholeFile.write(to: path, options: options, body) }
  }

  /// Writes text, see `write`.
  package func write(_ text: String) throws(AutochromeError) { try write(Data(text.utf8)) }
}
