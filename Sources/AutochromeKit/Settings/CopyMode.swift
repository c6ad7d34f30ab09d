/// What becomes of streams that are not colorized.
package enum CopyMode: String, Codable, CaseIterable, Sendable {
  /// Their packets are copied.
  case copy
  /// They are left out.
  case none
}
