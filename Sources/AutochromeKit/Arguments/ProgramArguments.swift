import Media

/// What the program was called with.
package enum ProgramArguments {
  /// The arguments without the program's own name. Names of files that are no UTF-8 keep their bytes,
  /// see `FileNameText`; Swift's own list does not.
  package static var all: [String] {
    (1..<max(1, Int(CommandLine.argc))).compactMap { index in
      CommandLine.unsafeArgv[index].map { argument in
        var length = 0
        while argument[length] != 0 { length += 1 }
        return FileNameText.text(
          of: UnsafeBufferPointer(start: argument, count: length).map { UInt8(bitPattern: $0) })
      }
    }
  }
}
