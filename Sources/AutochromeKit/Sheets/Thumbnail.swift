import Colorization
package import Foundation
package import Imaging
package import Media

/// A small 8-bit RGB version of a picture, for people to look at.
package struct Thumbnail: Sendable {
  package let width: Int
  package let height: Int
  /// R, G, B, each `height` × `width`.
  package let rgb: [[UInt8]]

  /// The width of pictures that are larger.
  private static let widest = 320

  /// The luma of a picture alone.
  package init(gray picture: Picture) throws {
    try self.init(picture, width: Self.widest, isGray: true)
  }

  /// The picture in color.
  package init(color picture: Picture, widest: Int = Self.widest) throws {
    try self.init(picture, width: widest, isGray: false)
  }

  /// - Precondition: `rgb` holds three planes of `height * width` codes.
  package init(width: Int, height: Int, rgb: [[UInt8]]) {
    precondition(rgb.map(\.count) == Array(repeating: width * height, count: 3))
    self.width = width
    self.height = height
    self.rgb = rgb
  }

  /// FFmpeg's names of the encoders for sheets, by the ending of their names.
  private static let encoders = ["png": "png", "jpg": "mjpeg", "jpeg": "mjpeg"]
  /// The quantizer of JPEG: no artefacts that are seen.
  private static let quantizer = 2.0

  private static func encoder(for path: String) -> String? {
    encoders[(path as NSString).pathExtension.lowercased()]
  }

  /// Refuses the name of a sheet that says neither PNG nor JPEG.
  package static func checkName(_ path: String) throws(AutochromeError) {
    guard encoder(for: path) == nil else { return }
    throw AutochromeError(
      .usage,
      "The sheet '\(path)' must be PNG or JPEG; give it a name that ends in .png, .jpg or .jpeg.")
  }

  /// Writes a PNG or JPEG, as the name says.
  package func write(to file: SideFile) throws {
    let path = file.path
    try Self.checkName(path)
    var options = file.options
    options.encoder = Self.encoder(for: path)
    options.crf = options.encoder == "mjpeg" ? Self.quantizer : nil
    let picture = picture
    let info = SourceInfo(
      width: width, height: height, format: picture.format, color: picture.color,
      timeBase: Rational(1, 1))
    let sink = try PictureSink(path: path, source: info, options: options)
    let frame = Frame(index: 0, picture: picture, presentationTime: 0)
    let output = try sink.outputFormat(for: frame)
    try sink.write(SourceElement(frame: frame.with(try converted(picture, to: output))))
    try sink.finish()
  }

  /// The file of a PNG or JPEG.
  package func encoded(by encoder: PictureEncoder) throws -> Data {
    let picture = picture
    let output = try encoder.outputFormat(
      for: Frame(index: 0, picture: picture, presentationTime: 0))
    return try encoder.bytes(of: converted(picture, to: output), as: output)
  }

  private var picture: Picture {
    let planes = rgb.map { values in
      Plane(width: width, height: height, bitDepth: 8) { base, bytesPerRow in
        values.withUnsafeBytes { bytes in
          for y in 0..<height {
            (base + y * bytesPerRow).copyMemory(
              from: UnsafeRawBufferPointer(rebasing: bytes[y * width..<(y + 1) * width])
                .baseAddress ?? UnsafeRawPointer(base), byteCount: width)
          }
        }
      }
    }
    let color = ColorDescription(
      primaries: .bt709, transfer: .iec61966_2_1, matrix: .identity, range: .full)
    return Picture(width: width, height: height, format: .rgb(8), color: color, planes: planes)
  }

  private func converted(_ picture: Picture, to output: OutputFormat) throws -> Picture {
    try Recombiner(
      width: width, height: height, format: picture.format, color: picture.color,
      output: output.pictureFormat, wanted: output.color
    ).keepingColors(of: picture)
  }

  /// The picture for a page, as a PNG in an address.
  package func dataURI() throws -> String {
    "data:image/png;base64," + (try encoded(by: PictureEncoder("png"))).base64EncodedString()
  }

  private init(_ picture: Picture, width: Int, isGray: Bool) throws {
    let width = min(width, picture.width)
    let height = max(1, picture.height * width / picture.width)
    let format = picture.format
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: format)
    let scale = CodeScale(bitDepth: format.bitDepth, range: color.range)
    let weights =
      format.model == .yuv
      ? try LumaWeights(color.matrix) : LumaWeights(forRGBWith: color.primaries)
    let planes = picture.planes.prefix(3).map { Self.shrink($0, width: width, height: height) }
    var rgb = [[UInt8]](repeating: [UInt8](repeating: 0, count: width * height), count: 3)
    for i in 0..<width * height {
      var pixel: SIMD3<Double>
      switch format.model {
      case .rgb:
        pixel = SIMD3(planes[0][i], planes[1][i], planes[2][i]) / Double(format.maximumCode)
        if isGray { pixel = SIMD3(repeating: weights.luma(pixel)) }
      case .gray:
        pixel = SIMD3(repeating: scale.luma(planes[0][i]))
      case .yuv:
        pixel = weights.rgb(
          luma: scale.luma(planes[0][i]), cb: isGray ? 0 : scale.chroma(planes[1][i]),
          cr: isGray ? 0 : scale.chroma(planes[2][i]))
      }
      for channel in 0..<3 { rgb[channel][i] = Self.byte(pixel[channel]) }
    }
    self.width = width
    self.height = height
    self.rgb = rgb
  }

  private static func byte(_ value: Double) -> UInt8 {
    UInt8(max(0, min(255, (255 * value).rounded())))
  }

  /// The mean of what lies under each pixel, parts of samples counted as such.
  private static func shrink(_ plane: Plane, width: Int, height: Int) -> [Double] {
    let columns = AreaAxis(from: plane.width, to: width)
    let rows = AreaAxis(from: plane.height, to: height)
    var result = [Double](repeating: 0, count: width * height)
    var line = [Double](repeating: 0, count: plane.width)
    for y in 0..<height {
      for x in line.indices { line[x] = rows.mean(at: y) { Double(plane[x, $0]) } }
      for x in 0..<width { result[y * width + x] = columns.mean(at: x) { line[$0] } }
    }
    return result
  }
}

extension Thumbnail: Codable {
  private enum CodingKeys: String, CodingKey { case width, height, rgb }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    width = try container.decode(Int.self, forKey: .width)
    height = try container.decode(Int.self, forKey: .height)
    rgb = try container.decode([Data].self, forKey: .rgb).map { [UInt8]($0) }
    guard rgb.count == 3, rgb.allSatisfy({ $0.count == width * height }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .rgb, in: container, debugDescription: "no three planes of \(height)×\(width) codes"
      )
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(width, forKey: .width)
    try container.encode(height, forKey: .height)
    try container.encode(rgb.map { Data($0) }, forKey: .rgb)
  }
}
