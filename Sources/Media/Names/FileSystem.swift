import CFFmpeg
import Foundation

/// What is asked of the system by a file's name, whatever bytes that has.
package enum FileSystem {
  /// What is known of what lies under a name; `nil` if nothing does.
  static func status(_ path: String, followingLinks: Bool = true) -> stat? {
    var status = stat()
    let result = followingLinks ? fileStatus(path, &status) : lstat(path, &status)
    return result == 0 ? status : nil
  }

  /// What lies under a name, as `S_IFMT` has it, links followed; `nil` if nothing does.
  static func type(of path: String) -> mode_t? { status(path).map { $0.st_mode & S_IFMT } }

  /// Whether anything is there, links followed.
  package static func exists(_ path: String) -> Bool { status(path) != nil }

  /// Bytes of a file; nil if there is none.
  package static func byteCount(of path: String) -> Int64? {
    status(path).map { Int64($0.st_size) }
  }

  /// Whether anything is there, be it a link into nowhere.
  static func isTaken(_ path: String) -> Bool { status(path, followingLinks: false) != nil }

  /// Whether a folder is there, links followed.
  package static func isFolder(_ path: String) -> Bool { type(of: path) == S_IFDIR }

  /// Calls `body` with each name in a folder, in no order, and with what the folder tells of it (`DT_DIR` and
  /// the like). Returns the system's error, 0 if there is none.
  static func forEachName(in folder: String, _ body: (_ name: String, _ type: Int) -> Void) -> Int32
  {
    guard let stream = opendir(folder) else { return errno }
    defer { closedir(stream) }
    while true {
      errno = 0
      guard let entry = readdir(stream) else { return errno }
      let bytes = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: UInt8.self, capacity: 256) { name in
          Array(UnsafeBufferPointer(start: name, count: 256).prefix { $0 != 0 })
        }
      }
      body(FileNameText.text(of: bytes), Int(entry.pointee.d_type))
    }
  }

  /// The names in a folder, in no order; `nil` if it can't be read.
  package static func names(in folder: String) -> [String]? {
    var names: [String] = []
    let reason = forEachName(in: folder) { name, _ in
      if name != ".", name != ".." { names.append(name) }
    }
    return reason == 0 ? names : nil
  }

  /// The paths that a wildcard stands for, as a shell has it.
  package static func paths(matching wildcard: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard FileNameText.withCString(wildcard, { glob($0, 0, nil, &found) }) == 0 else { return [] }
    return (0..<Int(found.gl_pathc)).compactMap { index in
      found.gl_pathv[index].map { path in
        FileNameText.text(
          of: UnsafeRawBufferPointer(start: path, count: strlen(path)))
      }
    }
  }

  /// Creates a folder and those that it lies in. Returns the reason why it is not there then, as the
  /// system has it, or 0.
  static func makeFolders(_ path: String) -> Int32 {
    if let type = type(of: path) { return type == S_IFDIR ? 0 : ENOTDIR }
    let parent = PathParts.folder(of: path)
    if !parent.isEmpty, parent != path {
      let reason = makeFolders(parent)
      if reason != 0 { return reason }
    }
    // Another process may have been quicker.
    return mkdir(path, 0o777) == 0 || errno == EEXIST ? 0 : errno
  }

  /// As the system's `open`, closed when another program is started.
  static func open(_ path: String, _ flags: Int32) -> Int32 {
    Media.open(path, flags | O_CLOEXEC, 0o666)
  }

  package static func remove(_ path: String) { unlink(path) }

  /// Where a program of this name lies in the search path; `nil` if there is none.
  package static func program(named name: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    return folders.map { PathParts.join(String($0), name) }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Removes a folder and the files in it, as far as the system lets it; folders in it stay.
  package static func removeFolder(_ path: String) {
    for name in names(in: path) ?? [] { unlink(PathParts.join(path, name)) }
    rmdir(path)
  }

  /// Gives a file another name. Returns the system's error, 0 if there is none; where `replacing` is
  /// false and anything is there, a link into nowhere included, `EEXIST`.
  static func move(_ old: String, to new: String, replacing: Bool) -> Int32 {
    if !replacing {
      let result = FileNameText.withCString(old) { old in
        FileNameText.withCString(new) { ac_rename_to_free(old, $0) }
      }
      guard result != 0 else { return 0 }
      // Not all file systems can do both at once.
      guard errno == EINVAL || errno == ENOSYS || errno == ENOTSUP else { return errno }
      if isTaken(new) { return EEXIST }
    }
    return rename(old, new) == 0 ? 0 : errno
  }
}
