import Imaging
import Media

/// What is left of a source for a run that goes on in the middle of it.
///
/// `@unchecked Sendable`: called serially, as any source.
final class ResumedSource: FrameSource, @unchecked Sendable {
  private var source: any FrameSource
  private let start: Checkpoint
  private let reopen: @Sendable () throws -> any FrameSource
  private var packetsToDrop: Int
  /// Packets that were handed on, whose frames may turn out to be others.
  private var packetsGiven: Int
  private var isFound = false
  private var isFromStart = false

  /// - Parameters:
  ///   - source: nothing of it was read.
  ///   - packets: how many packets of other streams went before.
  ///   - reopen: opens the source anew.
  init(
    _ source: any FrameSource, start: Checkpoint, afterPackets packets: Int,
    reopen: @escaping @Sendable () throws -> any FrameSource
  ) {
    self.source = source
    self.start = start
    self.reopen = reopen
    packetsToDrop = packets
    packetsGiven = packets
    if let place = start.place { source.goOn(at: place) }
  }

  var info: SourceInfo { source.info }
  var damagedFrameCount: Int { source.damagedFrameCount }
  var damagedPlaceCount: Int { source.damagedPlaceCount }
  var damageReport: String? { source.damageReport }

  func skip(to seconds: Double) throws -> Bool { try source.skip(to: seconds) }

  func next() throws -> SourceElement? {
    while var element = try source.next() {
      let dropped = min(packetsToDrop, element.packets.count)
      packetsToDrop -= dropped
      element.packets.removeFirst(dropped)
      if let frame = element.frame, !isFound {
        if frame.index < start.frame {
          element.frame = nil
        } else if isFromStart
          || (frame.index == start.frame && frame.picture.lumaChecksum == start.lumaChecksum)
        {
          isFound = true
        } else {
          // Decoding that began in the middle gave another picture: all is decoded from the start.
          source = try reopen()
          packetsToDrop = packetsGiven
          isFromStart = true
          continue
        }
      }
      if !isFound { packetsGiven += element.packets.count }
      if element.frame != nil || !element.packets.isEmpty { return element }
    }
    return nil
  }
}
