import Imaging
import Media

/// A picture with its time stamp. Copies share the samples, which never change.
public struct VideoFrame: Sendable {
  let picture: Picture
  /// When the frame is shown, counted in frame durations from the start: frame 24 of a film with 24 frames per second is
  /// shown after one second. Rises from frame to frame; gaps are kept.
  public var time: Int

  init(_ picture: Picture, time: Int) {
    self.picture = picture
    self.time = time
  }

  /// Makes a frame and lets `write` fill its planes.
  /// - Parameters:
  ///   - format: its size, its layout, and the meaning of its codes.
  ///   - time: when it is shown, in frame durations.
  ///   - write: receives the number of a plane, its bytes, and the distance between the starts of its rows in bytes. The
  ///     bytes are uninitialized.
  /// - Throws: ``AutochromeError`` if the size is not positive.
  public init(
    format: VideoFormat, time: Int,
    fill write: (_ plane: Int, _ samples: UnsafeMutableRawBufferPointer, _ bytesPerRow: Int) -> Void
  ) throws(AutochromeError) {
    let info = try AutochromeError.translating { try format.sourceInfo() }
    let planes = (0..<info.format.planeCount).map { index in
      let size = info.format.planeSize(index, width: info.width, height: info.height)
      return Imaging.Plane(width: size.width, height: size.height, bitDepth: info.format.bitDepth) {
        write(
          index, UnsafeMutableRawBufferPointer(start: $0, count: $1 * size.height), $1)
      }
    }
    self.init(
      Picture(
        width: info.width, height: info.height, format: info.format, color: info.color,
        planes: planes), time: time)
  }

  /// Width in luma samples.
  public var width: Int { picture.width }
  /// Height in luma rows.
  public var height: Int { picture.height }
  /// The layout of the samples.
  public var pixelFormat: PixelFormat { PixelFormat(picture.format) }
  /// ITU-T H.273 matrix coefficients of the code values, such as 1 for BT.709.
  public var matrixCoefficients: Int { picture.color.matrix.rawValue }
  /// Whether codes use their full range.
  public var isFullRange: Bool { picture.color.range == .full }

  /// The planes, in the order of the pixel format.
  public var planes: [Plane] { picture.planes.map { Plane(plane: $0) } }

  /// One component of a frame.
  public struct Plane: Sendable {
    let plane: Imaging.Plane

    /// Width in samples.
    public var width: Int { plane.width }
    /// Height in rows.
    public var height: Int { plane.height }

    /// Calls `body` with the bytes of a row, without padding.
    /// - Precondition: `row` is in 0..<`height`.
    public func withRow<Result, Failure: Error>(
      _ row: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
      precondition((0..<height).contains(row), "row \(row) is not in 0..<\(height)")
      return try body(
        UnsafeRawBufferPointer(
          start: plane.base + row * plane.bytesPerRow, count: plane.width * plane.bytesPerSample))
    }

    /// The code value at column `x` of row `y`. Slow: meant for examining single samples.
    public subscript(x: Int, y: Int) -> Int { plane[x, y] }
  }
}
