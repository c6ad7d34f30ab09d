import CFFmpeg
import Foundation

/// What is asked of the system by a file's name.
enum FileSystem {
  /// What lies under a name; `nil` if nothing does.
  static func status(_ path: String, followingLinks: Bool = true) -> stat? {
    var status = stat()
    let result = followingLinks ? fileStatus(path, &status) : lstat(path, &status)
    return result == 0 ? status : nil
  }

  /// Whether anything is there, be it a link into nowhere.
  static func isTaken(_ path: String) -> Bool { status(path, followingLinks: false) != nil }

  static func isFolder(_ path: String) -> Bool {
    status(path).map { $0.st_mode & S_IFMT == S_IFDIR } ?? false
  }

  /// As the system's `open`, closed when another program is started.
  static func open(_ path: String, _ flags: Int32) -> Int32 {
    Media.open(path, flags | O_CLOEXEC, 0o666)
  }

  static func remove(_ path: String) { unlink(path) }

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
