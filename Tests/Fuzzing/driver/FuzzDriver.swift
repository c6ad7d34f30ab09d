import Foundation
import Fuzzing

/// Runs the entry that the environment variable `AUTOCHROME_FUZZ` names on one input.
@c(autochrome_fuzz)
public func run(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  entry.run(Array(UnsafeBufferPointer(start: data, count: count)))
  return 0
}

private let entry: FuzzEntry = {
  let name = ProcessInfo.processInfo.environment["AUTOCHROME_FUZZ"] ?? ""
  guard let entry = FuzzEntry.all.first(where: { $0.name == name }) else {
    let names = FuzzEntry.all.map(\.name).joined(separator: ", ")
    print("AUTOCHROME_FUZZ is '\(name)'; expected one of: \(names).")
    exit(64)
  }
  return entry
}()
