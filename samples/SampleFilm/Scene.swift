/// One shot: what never changes is painted once, what moves is painted on each frame.
protocol Scene: Sendable {
  /// Paints the layers for frames of `width` × `height` pixels.
  init(width: Int, height: Int)

  /// Paints the frame at `time`, in seconds from the start of the shot, on a canvas of the film's
  /// size. Every pixel is covered.
  func paint(at time: Float, on frame: inout Canvas)
}

extension Scene {
  /// Small frames are painted at twice their size and averaged; large ones have fine edges anyway.
  static func oversampling(_ height: Int) -> Int { height <= 720 ? 2 : 1 }

  /// Paints a layer over the rows `rows`, `width` frame heights wide.
  static func layer(
    height: Int, width: Float, rows: ClosedRange<Float> = 0...1, _ paint: (inout Canvas) -> Void
  ) -> Layer {
    let factor = oversampling(height)
    // Whole pixels of the frame, so that averaging starts at one.
    let unit = 1 / Float(height)
    let first = (rows.lowerBound / unit).rounded(.down) * unit
    let last = min(1, (rows.upperBound / unit).rounded(.up) * unit)
    var canvas = Canvas(
      scale: Float(height * factor), width: width + 2 * unit, rows: first...last)
    paint(&canvas)
    return Layer(canvas, factor: factor)
  }
}
