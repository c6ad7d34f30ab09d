package import CKernels
package import Imaging

/// A small lightness image with copies of half, quarter, … its size, ready to be searched for motion.
/// Made once per frame and used for the neighbours on both sides.
///
/// `@unchecked Sendable`: written by `init` only.
package final class MotionPyramid: @unchecked Sendable {
  /// Width of the image, in pixels.
  package let width: Int
  /// Height of the image, in pixels.
  package let height: Int
  /// From the full size down. The planes point into `buffer`.
  package let levels: [ac_motion_plane]
  private let buffer: AlignedBuffer

  /// The smaller side of the coarsest level is not below this, in pixels.
  private static let smallestSide = 12

  /// - Parameter lightness: The small image: channel 0 is L\* in 0…100. Motion is found in pixels of
  ///   this image.
  package init(_ lightness: FloatImage) {
    width = lightness.width
    height = lightness.height
    let border = Int(AC_MOTION_BORDER)
    var sizes: [(width: Int, height: Int)] = [(max(width, 1), max(height, 1))]
    while let last = sizes.last, (min(last.width, last.height) + 1) / 2 >= Self.smallestSide {
      sizes.append(((last.width + 1) / 2, (last.height + 1) / 2))
    }
    // Each level starts on a vector boundary, so do its rows.
    let strides = sizes.map { ($0.width + 2 * border + 15) / 16 * 16 }
    let counts = zip(strides, sizes).map { $0 * ($1.height + 2 * border) }
    let total = counts.reduce(0, +)
    buffer = AlignedBuffer(byteCount: total * MemoryLayout<Float>.stride)
    var next = buffer.base.bindMemory(to: Float.self, capacity: total)
    var planes: [ac_motion_plane] = []
    for (index, size) in sizes.enumerated() {
      planes.append(
        ac_motion_plane(
          origin: next + border * strides[index] + border, width: Int32(size.width),
          height: Int32(size.height), stride: strides[index]))
      next += counts[index]
    }
    levels = planes
    if lightness.area > 0 {
      withExtendedLifetime(lightness) { ac_motion_fill(lightness.channel(0), &planes[0]) }
    } else {
      buffer.base.initializeMemory(as: Float.self, repeating: 0, count: total)
    }
    for index in planes.indices.dropFirst() {
      withUnsafePointer(to: planes[index - 1]) { ac_motion_halve($0, &planes[index]) }
    }
  }
}
