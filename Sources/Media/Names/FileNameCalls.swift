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

@discardableResult func rmdir(_ path: String) -> Int32 {
  FileNameText.withCString(path) { Foundation.rmdir($0) }
}

func opendir(_ path: String) -> OpaquePointer? {
  FileNameText.withCString(path) { Foundation.opendir($0) }
}

func mkdir(_ path: String, _ mode: mode_t) -> Int32 {
  FileNameText.withCString(path) { Foundation.mkdir($0, mode) }
}
