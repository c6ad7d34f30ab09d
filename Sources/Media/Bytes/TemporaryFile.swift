import Foundation

/// A regular file while it is written: under a hidden name, `.NAME.partial`, in the folder in which it
/// will get its own. It never takes a name that is taken, and follows no link.
///
/// The file is locked while it is written, so that what a killed run left can be told from what another
/// one is writing.
final class TemporaryFile {
  let descriptor: Int32
  /// What was found under the hidden name, in sentences.
  let notes: [String]
  /// The name that it is to get.
  private let names: OutputNames
  private let path: String

  /// Creates the file that `path` is written to.
  /// - Parameter leftovers: what becomes of what a killed run left under the hidden name.
  init(for path: String, leftovers: SinkOptions.Leftovers) throws {
    let names = OutputNames(path)
    var notes: [String] = []
    for number in 1...OutputNames.mostNumbers {
      let hidden = names.hidden(number)
      repeat {
        let created = FileSystem.open(hidden, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW)
        if created >= 0 {
          // Some file systems have no locks.
          _ = flock(created, LOCK_EX | LOCK_NB)
          (descriptor, self.path, self.names, self.notes) = (created, hidden, names, notes)
          return
        }
        guard errno == EEXIST else {
          throw MediaError(
            .cannotCreate,
            "The output \(path) cannot be created; check its folder and permissions.",
            underlying: String(cString: strerror(errno)))
        }
      } while try leftovers != .leave
        && Self.clear(hidden, of: names, keeps: leftovers == .setAside, notes: &notes)
    }
    throw MediaError(
      .cannotCreate,
      "The output \(path) cannot be created: all temporary names for it, from \(names.hidden(1)) on, are taken; remove "
        + "those files.")
  }

  /// Clears a hidden name that is taken, if what lies there is what a killed run left. Returns whether it
  /// is free now.
  private static func clear(
    _ hidden: String, of names: OutputNames, keeps: Bool, notes: inout [String]
  ) throws -> Bool {
    // A named pipe would be waited for.
    let leftover = FileSystem.open(hidden, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
    guard leftover >= 0 else { return false }
    defer { close(leftover) }
    var status = stat()
    guard fstat(leftover, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    guard flock(leftover, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else { return false }
      throw MediaError.isBeingWritten(names.path)
    }
    guard keeps, status.st_size > 0 else {
      FileSystem.remove(hidden)
      return true
    }
    guard let kept = names.moveToPartial(hidden) else { return false }
    notes.append(
      "An earlier run was killed while it wrote \(names.path); the \(counted(status.st_size, "byte")) that it had "
        + "written are kept as \(kept).")
    return true
  }

  /// Where the file is now; `nil` if it has no name any more.
  var place: String? {
    var own = stat()
    guard fstat(descriptor, &own) == 0 else { return nil }
    if Self.isAt(path, own) { return path }
    // Linux tells under which name an open file goes.
    guard own.st_nlink > 0,
      case .success(let current) = Result(catching: {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
      }), Self.isAt(current, own)
    else { return nil }
    return current
  }

  /// Whether it still lies where it was created.
  var isInPlace: Bool {
    var own = stat()
    return fstat(descriptor, &own) == 0 && Self.isAt(path, own)
  }

  /// Some network file systems number a file anew when it is looked up: the size has to differ too.
  private static func isAt(_ path: String, _ own: stat) -> Bool {
    guard let found = FileSystem.status(path, followingLinks: false),
      found.st_mode & S_IFMT == S_IFREG
    else { return false }
    if found.st_ino == own.st_ino && found.st_dev == own.st_dev { return true }
    return own.st_nlink > 0 && found.st_size == own.st_size
  }

  /// Gives the file its name. Returns the system's error, 0 if there is none: `EEXIST` where something
  /// is there that may not be replaced.
  func publish(replacing: Bool) -> Int32 {
    FileSystem.move(path, to: names.path, replacing: replacing)
  }

  /// Gives the file the first free one of the names that tell that not all is there, in the folder where
  /// it lies. If it has no name any more and the folder is there, its bytes are copied.
  /// - Returns: where it is now; `nil` if nothing could be kept.
  func keepPartial() -> String? {
    guard let place else { return copyToPartial() }
    let folder = place == path ? names.folder : PathParts.folder(of: place)
    let there = OutputNames(PathParts.join(folder, PathParts.name(of: names.path)))
    return there.moveToPartial(place) ?? place
  }

  func remove() {
    guard isInPlace else { return }
    FileSystem.remove(path)
  }

  private func copyToPartial() -> String? {
    for number in 1...OutputNames.mostNumbers {
      let partial = names.partial(number)
      let copy = FileSystem.open(partial, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
      if copy < 0 && errno == EEXIST { continue }
      guard copy >= 0 else { return nil }
      let isWhole = copyBytes(to: copy) && fsync(copy) == 0
      guard close(copy) == 0, isWhole else {
        FileSystem.remove(partial)
        return nil
      }
      return partial
    }
    return nil
  }

  private func copyBytes(to copy: Int32) -> Bool {
    var offset: off_t = 0
    return withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 16) { buffer in
      guard let base = buffer.baseAddress else { return false }
      while true {
        let taken = pread(descriptor, base, buffer.count, offset)
        if taken < 0 && errno == EINTR { continue }
        guard taken > 0 else { return taken == 0 }
        var done = 0
        while done < taken {
          let written = Foundation.write(copy, base + done, taken - done)
          if written < 0 && errno == EINTR { continue }
          guard written > 0 else { return false }
          done += written
        }
        offset += off_t(taken)
      }
    }
  }
}
