import Foundation

// The system's calls of this module that take a name: a name that is no UTF-8 reaches them byte by
// byte, see `FileNameText`.

func open(_ path: String, _ flags: Int32) -> Int32 {
  FileNameText.withCString(path) { Foundation.open($0, flags) }
}

func open(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
  FileNameText.withCString(path) { Foundation.open($0, flags, mode) }
}

/// The system's `stat`, which Swift would take for itself under its own name: that is a type's, too.
func fileStatus(_ path: String, _ status: inout stat) -> Int32 {
  FileNameText.withCString(path) { fstatat(AT_FDCWD, $0, &status, 0) }
}

func lstat(_ path: String, _ status: inout stat) -> Int32 {
  FileNameText.withCString(path) { Foundation.lstat($0, &status) }
}

func access(_ path: String, _ mode: Int32) -> Int32 {
  FileNameText.withCString(path) { Foundation.access($0, mode) }
}

func rename(_ old: String, _ new: String) -> Int32 {
  FileNameText.withCString(old) { old in
    FileNameText.withCString(new) { Foundation.rename(old, $0) }
  }
}

@discardableResult func unlink(_ path: String) -> Int32 {
  FileNameText.withCString(path) { Foundation.unlink($0) }
}

func opendir(_ path: String) -> OpaquePointer? {
  FileNameText.withCString(path) { Foundation.opendir($0) }
}

/// What lies under a name, as `S_IFMT` has it; `nil` if there is nothing.
func fileType(of path: String) -> mode_t? {
  var status = stat()
  return fileStatus(path, &status) == 0 ? status.st_mode & S_IFMT : nil
}

/// Creates a folder and those that it lies in. Returns the reason why it is not there then, as the
/// system has it, or 0.
func makeFolders(_ path: String) -> Int32 {
  if let type = fileType(of: path) { return type == S_IFDIR ? 0 : ENOTDIR }
  let parent = PathParts.folder(of: path)
  if !parent.isEmpty, parent != path {
    let reason = makeFolders(parent)
    if reason != 0 { return reason }
  }
  let status = FileNameText.withCString(path) { mkdir($0, 0o777) }
  // Another process may have been quicker.
  return status == 0 || errno == EEXIST ? 0 : errno
}
