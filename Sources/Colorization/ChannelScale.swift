/// How a network takes or gives the numbers of channels: (x − offset) ÷ scale.
package struct ChannelScale: Hashable, Sendable {
  /// Subtracted, one number for each channel.
  package let offsets: [Float]
  /// Divided by, afterwards, one number for each channel; none is 0.
  package let scales: [Float]

  /// - Precondition: as many offsets as scales, none of which is 0.
  package init(offsets: [Float], scales: [Float]) {
    precondition(
      offsets.count == scales.count && !scales.contains(0), "\(offsets), \(scales) of channels")
    self.offsets = offsets
    self.scales = scales
  }

  /// The same for all of `channels`.
  package init(offset: Float = 0, scale: Float = 1, channels: Int) {
    self.init(
      offsets: [Float](repeating: offset, count: channels),
      scales: [Float](repeating: scale, count: channels))
  }

  /// Mean and deviation of the pictures of ImageNet in R′, G′, B′, as all the world takes them.
  package static let imageNet = ChannelScale(
    offsets: [0.485, 0.456, 0.406], scales: [0.229, 0.224, 0.225])

  /// Reads `X`, `X/50`, `X*255`, `(X-50)/50`, `(X*255-127)/128`, where X is `symbol` and each number may be a list in
  /// brackets, such as `[0.229,0.224,0.225]`, with one for each channel; nil if it is none of these.
  package init?(_ text: String, of symbol: String, channels: Int) {
    let plain = text.filter { !$0.isWhitespace }
    guard
      let match = plain.wholeMatch(
        of: /(\(?)([A-Za-z]+)(?:\*([^()*\/\-]+)(?=-))?(?:-([^()*\/]+))?(\)?)(?:([*\/])(.+))?/),
      match.2 == symbol, match.1.isEmpty == match.5.isEmpty,
      let inner = Self.numbers(match.3 ?? "1", channels), !inner.contains(0),
      let offsets = Self.numbers(match.4 ?? "0", channels),
      let factors = Self.numbers(match.7 ?? "1", channels), !factors.contains(0)
    else { return nil }
    // `X-50/50` would leave open what is divided.
    guard match.4 == nil || match.6 == nil || !match.1.isEmpty else { return nil }
    let outer = match.6 == "*" ? factors.map { 1 / $0 } : factors
    // (f·x − o) ÷ s = (x − o÷f) ÷ (s÷f)
    self.init(
      offsets: zip(offsets, inner).map { $0 / $1 }, scales: zip(outer, inner).map { $0 / $1 })
  }

  /// What ``init(_:of:channels:)`` reads, the shortest.
  func text(of symbol: String) -> String {
    func words(_ numbers: [Float]) -> String {
      let words = numbers.map { "\($0)".replacing(/\.0$/, with: "") }
      return Set(words).count == 1 ? words[0] : "[\(words.joined(separator: ","))]"
    }
    let hasOffset = offsets.contains { $0 != 0 }
    guard hasOffset || scales.contains(where: { $0 != 1 }) else { return symbol }
    let factor = 1 / scales[0]
    if !hasOffset, Set(scales).count == 1, factor > 1, abs(factor - factor.rounded()) < 1e-3 {
      return "\(symbol)*\(Int(factor.rounded()))"
    }
    let center = hasOffset ? "(\(symbol)-\(words(offsets)))" : symbol
    return scales.contains { $0 != 1 } ? "\(center)/\(words(scales))" : center
  }

  /// One number for all channels, or one for each in brackets.
  private static func numbers(_ text: Substring, _ channels: Int) -> [Float]? {
    if text.hasPrefix("["), text.hasSuffix("]") {
      let words = text.dropFirst().dropLast().split(
        separator: ",", omittingEmptySubsequences: false)
      let list = words.compactMap { Float($0) }.filter(\.isFinite)
      return words.count == channels && list.count == channels ? list : nil
    }
    guard let number = Float(text), number.isFinite else { return nil }
    return [Float](repeating: number, count: channels)
  }
}
