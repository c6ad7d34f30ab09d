import CFFmpeg
import Foundation

/// What the name of an input may be: that of a file, a folder, or a pattern of names.
enum InputName {
  /// Refuses names that tell FFmpeg's protocols what to open, such as `http://…`, `concat:a|b` or
  /// `subfile,,start,0,end,0,,:film.mkv`, unless a file is really called so.
  static func refuseAddress(_ path: String) throws {
    guard let colon = path.firstIndex(of: ":"), access(path, F_OK) != 0 else { return }
    let start = path[..<colon].prefix { $0 != "," }
    let isScheme =
      !start.isEmpty
      && start.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.".contains($0)) }
    guard isScheme, path[colon...].hasPrefix("://") || protocols.contains(start.lowercased()) else {
      return
    }
    throw MediaError(
      .notMedia,
      "\(path) is an address, not a file name; only files, folders and stdin can be read. Name the file, or download "
        + "it first."
    )
  }

  /// The names of all protocols by which FFmpeg reads.
  private static let protocols: Set<String> = {
    var names: Set<String> = []
    var state: UnsafeMutableRawPointer?
    while let name = avio_enum_protocols(&state, 0) { names.insert(String(cString: name)) }
    return names
  }()
}
