import CFFmpeg
import Imaging

/// Encodes pictures as OpenEXR: R, G, B in linear light, 1 being white, 32-bit floating point,
/// compressed without loss (ZIP). From 16-bit codes it takes the way of the transfer function that the
/// codes were made for; each code has a value of its own, so that nothing is lost.
///
/// `@unchecked Sendable`: used by one sink, which is called serially.
final class EXREncoder: PictureEncoding, @unchecked Sendable {
  static let name = "exr"
  var name: String { Self.name }
  private let context: UnsafeMutablePointer<AVCodecContext>
  private let packet: UnsafeMutablePointer<AVPacket>
  private let format: OutputFormat
  private let light: [Float]
  private let alpha: [Float]

  /// How pictures must come: R′G′B′ of 16 bits, with alpha if the source has it.
  /// - Throws: `.encoderRefuses` for a `requested` pixel format that is another.
  static func outputFormat(
    source: PixelFormat, color: ColorDescription, requested: String?
  ) throws -> OutputFormat {
    let name = source.hasAlpha ? "gbrapf32le" : "gbrpf32le"
    guard requested == nil || requested == name else {
      throw MediaError(
        .encoderRefuses, "The exr encoder writes color as \(name) only; leave out the pixel format."
      )
    }
    var color = color
    color.matrix = .identity
    color.range = .full
    color.chromaLocation = .unspecified
    return OutputFormat(
      pictureFormat: PixelFormat(model: .rgb, bitDepth: 16, hasAlpha: source.hasAlpha),
      color: color, encoderPixelFormat: name,
      notes: ["OpenEXR is written in linear light, as compositing programs expect."])
  }

  init(
    _ format: OutputFormat, width: Int, height: Int, sampleAspectRatio: Rational
  ) throws {
    self.format = format
    let codec = try OutputFormat.findEncoder("exr")
    let color = format.color.resolved(
      width: width, height: height, format: format.pictureFormat)
    let transfer: TransferFunction
    do { transfer = try TransferFunction(color.transfer) } catch {
      throw MediaError(.unsupported, "The picture cannot be written as OpenEXR: \(error).")
    }
    light = (0..<65536).map { Float(transfer.linear(Double($0) / 65535)) }
    alpha = (0..<65536).map { Float($0) / 65535 }
    guard let context = avcodec_alloc_context3(codec), let packet = av_packet_alloc() else {
      throw MediaError.outOfMemory
    }
    self.context = context
    self.packet = packet
    context.pointee.width = Int32(width)
    context.pointee.height = Int32(height)
    context.pointee.pix_fmt = av_get_pix_fmt(format.encoderPixelFormat)
    context.pointee.time_base = AVRational(num: 1, den: 25)
    context.pointee.framerate = AVRational(num: 25, den: 1)
    context.pointee.sample_aspect_ratio = sampleAspectRatio.av
    context.pointee.thread_count = 1
    var options: OpaquePointer?
    defer { av_dict_free(&options) }
    av_dict_set(&options, "compression", "zip16", 0)
    av_dict_set(&options, "format", "float", 0)
    let status = avcodec_open2(context, codec, &options)
    guard status >= 0 else {
      throw MediaError(.encoderRefuses, "exr refuses \(width)×\(height).", status: status)
    }
  }

  deinit {
    var doomed: UnsafeMutablePointer<AVCodecContext>? = context
    avcodec_free_context(&doomed)
    var doomedPacket: UnsafeMutablePointer<AVPacket>? = packet
    av_packet_free(&doomedPacket)
  }

  func picture(of frame: Frame) throws -> [UInt8] {
    let picture = frame.picture
    guard picture.format.model == .rgb else {
      throw MediaError(
        .internalFault, "Frame \(frame.index) came to the encoder as \(picture.format).")
    }
    let raw = try DecodedFrame()
    raw.pointer.pointee.format = context.pointee.pix_fmt.rawValue
    raw.pointer.pointee.width = context.pointee.width
    raw.pointer.pointee.height = context.pointee.height
    guard av_frame_get_buffer(raw.pointer, 0) >= 0 else { throw MediaError.outOfMemory }
    // FFmpeg's planes are G, B, R, A.
    for (plane, place) in [(0, 2), (1, 0), (2, 1), (3, 3)] {
      guard place < (format.pictureFormat.hasAlpha ? 4 : 3),
        let base = ac_frame_plane(raw.pointer, Int32(place))
      else { continue }
      let stride = Int(ac_frame_stride(raw.pointer, Int32(place)))
      let source =
        plane < picture.planes.count
        ? picture.planes[plane].widened(to: 16, repeatingTopBits: true)
        : .repeating(65535, width: picture.width, height: picture.height, bitDepth: 16)
      let table = plane == 3 ? alpha : light
      for y in 0..<picture.height {
        let codes = (source.base + y * source.bytesPerRow).assumingMemoryBound(to: UInt16.self)
        let row = UnsafeMutableRawPointer(base + y * stride).assumingMemoryBound(to: Float.self)
        for x in 0..<picture.width { row[x] = table[Int(codes[x])] }
      }
    }
    raw.pointer.pointee.pts = frame.presentationTime
    let mark = LibraryLog.mark
    var status = avcodec_send_frame(context, raw.pointer)
    if status >= 0 { status = avcodec_receive_packet(context, packet) }
    guard status >= 0, let data = packet.pointee.data else {
      throw MediaError(
        .encoderRefuses, "exr failed at frame \(frame.index).",
        underlying: LibraryLog.errors(since: mark) ?? MediaError.text(of: status))
    }
    defer { av_packet_unref(packet) }
    return Array(UnsafeBufferPointer(start: data, count: Int(packet.pointee.size)))
  }
}
