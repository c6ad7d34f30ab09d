import CFFmpeg
import Foundation
import Imaging

/// The packets of one segment of a film, as they went into its container, in a file: a run that goes on
/// with the film puts them into its own container in the same order.
///
/// The file begins with `magic`; then come records: a tag of one byte, the length of what follows in four,
/// that many bytes, and their `DamageSum`. Records lie in the order of what happened: a frame went into the encoder,
/// which is noted with the time at which it is shown; a packet came out of it, with the encoder's own
/// decoding time; a packet of another stream was copied. The last record is the trailer, which is the
/// caller's; a file that has none is not whole. Four bytes after it tell its length, so that it is read without
/// the rest. All numbers are little-endian.
enum PacketLog {
  static let magic = Array("autochrome packets 3\n".utf8)

  enum Tag: UInt8 {
    case encoded = 1
    case copied = 2
    case trailer = 3
    case shown = 4
  }

  /// What lies in a log.
  enum Event {
    /// A frame that is shown at this time, in the units of the encoded packets, went into the encoder.
    case shown(Int64)
    /// A packet, which may be taken or changed, with the units of its times.
    case encoded(UnsafeMutablePointer<AVPacket>, Rational)
    case copied(UnsafeMutablePointer<AVPacket>, Rational)
  }

  /// Of a record; what is longer is damage.
  static let mostBytes = 1 << 30
}

/// Writes a `PacketLog`. It lies under a temporary name until it is whole.
///
/// `@unchecked Sendable`: used by one sink, which is called serially.
final class PacketLogWriter: @unchecked Sendable {
  private let file: OutputFile
  private let sum: DamageSum
  private var pending: [UInt8] = PacketLog.magic

  /// Bytes that are gathered before they are written; what is no shorter is written from where it lies.
  private static let chunk = 1 << 16

  init(path: String, interruption: MediaInterruption?) throws {
    var options = SinkOptions()
    options.overwrite = true
    options.interruption = interruption
    options.leftovers = .remove
    sum = try DamageSum()
    // Only a run that goes on with the film reads it.
    file = try OutputFile(path: path, options: options, isReadSoon: false)
  }

  /// A frame went into the encoder.
  func addShown(_ time: Int64) throws {
    var body = RecordBytes()
    body.append(time)
    try add(body.bytes, as: .shown)
  }

  func add(_ packet: UnsafePointer<AVPacket>, as tag: PacketLog.Tag, timeBase: Rational) throws {
    let packet = packet.pointee
    var body = RecordBytes()
    body.append(Int64(packet.stream_index))
    body.append(Int64(timeBase.numerator))
    body.append(Int64(timeBase.denominator))
    body.append(packet.pts)
    body.append(packet.dts)
    body.append(packet.duration)
    body.append(Int64(packet.flags))
    body.append(Int64(packet.side_data_elems))
    for index in 0..<Int(packet.side_data_elems) {
      let item = packet.side_data[index]
      body.append(Int64(item.type.rawValue))
      body.append(UnsafeBufferPointer(start: item.data, count: Int(item.size)))
    }
    body.append(Int64(packet.size))
    try add(
      body.bytes, and: UnsafeRawBufferPointer(start: packet.data, count: Int(packet.size)), as: tag)
  }

  /// Adds a record whose body is `head` and then `rest`.
  private func add(
    _ head: [UInt8], and rest: UnsafeRawBufferPointer = .init(start: nil, count: 0),
    as tag: PacketLog.Tag
  ) throws {
    sum.begin()
    head.withUnsafeBytes { sum.add($0) }
    sum.add(rest)
    var (front, back) = (RecordBytes(), RecordBytes())
    front.append(UInt32(head.count + rest.count))
    back.append(sum.value())
    pending.append(tag.rawValue)
    pending += front.bytes
    pending += head
    if rest.count >= Self.chunk, let base = rest.baseAddress {
      try flush()
      try file.write(base, count: rest.count)
    } else {
      pending += rest
    }
    pending += back.bytes
    if pending.count >= Self.chunk { try flush() }
  }

  private func flush() throws {
    try pending.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { try file.write(base, count: bytes.count) }
    }
    pending.removeAll(keepingCapacity: true)
  }

  /// Brings the log to the disk, whole, and gives it its name.
  func finish(trailer: Data) throws {
    let body = [UInt8](trailer)
    try add(body, as: .trailer)
    var length = RecordBytes()
    length.append(UInt32(body.count))
    pending += length.bytes
    try flush()
    try file.commit()
  }

  func discard() { file.discard() }
}

/// Reads a `PacketLog`.
struct PacketLogReader {
  private let bytes: ByteInput
  private let sum: DamageSum

  init(path: String, interruption: MediaInterruption?) throws {
    sum = try DamageSum()
    bytes = try ByteInput(path: path, interruption: interruption)
    guard try read(PacketLog.magic.count) == PacketLog.magic else { throw damage("its beginning") }
  }

  /// Hands each event to `take`, in order, and returns the trailer.
  /// - Throws: `MediaError` with code `corrupt` where the log is damaged or not whole.
  func forEach(_ take: (PacketLog.Event) throws -> Void) throws -> Data {
    guard let packet = av_packet_alloc() else { throw MediaError.outOfMemory }
    defer {
      var doomed: UnsafeMutablePointer<AVPacket>? = packet
      av_packet_free(&doomed)
    }
    while true {
      let head = try read(5)
      var fields = RecordReader(head[1...])
      guard let tag = PacketLog.Tag(rawValue: head[0]), let count: UInt32 = fields.next(),
        count <= PacketLog.mostBytes
      else { throw damage("a record") }
      let body = try read(Int(count))
      var wanted = RecordReader(try read(DamageSum.byteCount)[...])
      guard wanted.next() == body.withUnsafeBytes({ sum.of($0) }) else {
        throw damage("a record")
      }
      switch tag {
      case .trailer:
        var length = RecordReader(try read(4)[...])
        guard length.next() == UInt32(body.count) else { throw damage("its end") }
        return Data(body)
      case .shown:
        var fields = RecordReader(body[...])
        guard let time: Int64 = fields.next() else { throw damage("a record") }
        try take(.shown(time))
      case .encoded, .copied:
        let timeBase = try fill(packet, from: body)
        defer { av_packet_unref(packet) }
        try take(tag == .encoded ? .encoded(packet, timeBase) : .copied(packet, timeBase))
      }
    }
  }

  private func fill(_ packet: UnsafeMutablePointer<AVPacket>, from body: [UInt8]) throws -> Rational
  {
    var fields = RecordReader(body[...])
    let numbers = (0..<8).compactMap { _ in fields.next() as Int64? }
    guard numbers.count == 8, numbers[7] >= 0 else { throw damage("a packet") }
    var sideData: [(AVPacketSideDataType, ArraySlice<UInt8>)] = []
    for _ in 0..<numbers[7] {
      guard let type: Int64 = fields.next(), let item = fields.nextBytes() else {
        throw damage("a packet")
      }
      sideData.append((AVPacketSideDataType(rawValue: UInt32(truncatingIfNeeded: type)), item))
    }
    guard let payload = fields.nextBytes() else { throw damage("a packet") }
    guard av_new_packet(packet, Int32(payload.count)) >= 0 else { throw MediaError.outOfMemory }
    if let data = packet.pointee.data {
      payload.withUnsafeBufferPointer { source in
        if let base = source.baseAddress { data.update(from: base, count: source.count) }
      }
    }
    packet.pointee.stream_index = Int32(truncatingIfNeeded: numbers[0])
    (packet.pointee.pts, packet.pointee.dts) = (numbers[3], numbers[4])
    packet.pointee.duration = numbers[5]
    packet.pointee.flags = Int32(truncatingIfNeeded: numbers[6])
    for (type, item) in sideData {
      guard let copy = av_packet_new_side_data(packet, type, item.count) else {
        throw MediaError.outOfMemory
      }
      item.withUnsafeBufferPointer { source in
        if let base = source.baseAddress { copy.update(from: base, count: source.count) }
      }
    }
    return Rational(Int(numbers[1]), Int(numbers[2]))
  }

  private func read(_ count: Int) throws -> [UInt8] {
    var result = [UInt8](repeating: 0, count: count)
    let taken = try result.withUnsafeMutableBytes { buffer in
      try buffer.baseAddress.map { try bytes.readFully(into: $0, count: count) } ?? 0
    }
    guard taken == count else { throw damage("its end") }
    return result
  }

  private func damage(_ what: String) -> MediaError {
    MediaError(.corrupt, "\(bytes.name) is damaged or cut off: \(what) has been altered.")
  }
}

extension PacketLog {
  /// The trailer of a log, read without the rest.
  /// - Throws: `MediaError` with code `corrupt` where it is damaged or not there.
  static func trailer(of path: String) throws -> Data {
    let file: FileHandle
    do { file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)) } catch {
      throw MediaError(.io, "'\(path)' can't be read.", underlying: error.localizedDescription)
    }
    defer { do { try file.close() } catch {} }
    func damage() -> MediaError {
      MediaError(.corrupt, "'\(path)' is damaged or cut off: its end has been altered.")
    }
    do {
      let end = try file.seekToEnd()
      func read(_ count: UInt64, before place: UInt64) throws -> [UInt8] {
        guard place <= end, count <= end - place else { throw damage() }
        try file.seek(toOffset: end - place - count)
        return [UInt8](try file.read(upToCount: Int(count)) ?? Data())
      }
      var last = RecordReader(try read(4, before: 0)[...])
      guard let length: UInt32 = last.next() else { throw damage() }
      let sumCount = UInt64(DamageSum.byteCount)
      let body = try read(UInt64(length), before: 4 + sumCount)
      var wanted = RecordReader(try read(sumCount, before: 4)[...])
      let sum = try DamageSum()
      guard body.count == Int(length), wanted.next() == body.withUnsafeBytes({ sum.of($0) })
      else {
        throw damage()
      }
      return Data(body)
    } catch let error as MediaError {
      throw error
    } catch {
      throw MediaError(.io, "'\(path)' can't be read.", underlying: error.localizedDescription)
    }
  }
}

/// Numbers and byte strings one after the other.
private struct RecordBytes {
  private(set) var bytes: [UInt8] = []

  mutating func append<Number: FixedWidthInteger>(_ number: Number) {
    withUnsafeBytes(of: number.littleEndian) { bytes += $0 }
  }

  /// With its length before it.
  mutating func append(_ string: UnsafeBufferPointer<UInt8>) {
    append(Int64(string.count))
    bytes += string
  }
}

private struct RecordReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  /// `nil` at the end.
  mutating func next<Number: FixedWidthInteger>() -> Number? {
    let size = MemoryLayout<Number>.size
    guard rest.count >= size else { return nil }
    defer { rest = rest.dropFirst(size) }
    return rest.prefix(size).enumerated().reduce(Number.zero) { number, next in
      number | Number(truncatingIfNeeded: next.element) << (8 * next.offset)
    }
  }

  mutating func nextBytes() -> ArraySlice<UInt8>? {
    guard let count: Int64 = next(), count >= 0, count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(Int(count)) }
    return rest.prefix(Int(count))
  }
}
