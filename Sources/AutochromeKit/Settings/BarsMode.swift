/// What becomes of black bars around the picture.
package enum BarsMode: String, Codable, CaseIterable, Sendable {
  /// They are found, shot by shot: the network sees the picture inside of them, and they stay neutral.
  case auto
  /// They are taken for a part of the picture.
  case none
}
