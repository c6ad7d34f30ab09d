import Foundation
import Imaging
import Media
import Testing

extension FrameSource {
  /// Everything up to the end or the error.
  func drain() -> (elements: [SourceElement], error: MediaError?) {
    var elements: [SourceElement] = []
    do {
      while let element = try next() { elements.append(element) }
      return (elements, nil)
    } catch let error as MediaError {
      return (elements, error)
    } catch {
      return (elements, MediaError(.internalFault, "\(error)"))
    }
  }

  func frames() throws -> [Frame] {
    let (elements, error) = drain()
    if let error { throw error }
    return elements.compactMap(\.frame)
  }
}

extension Picture {
  /// The picture as a colorizer hands it on: luma by reference, chroma made anew, here of slopes.
  func recombined(for output: OutputFormat) -> Picture {
    let format = output.pictureFormat
    var color = output.color
    color.range = output.color.range
    var planes: [Plane] = []
    for index in 0..<format.planeCount {
      let size = format.planeSize(index, width: width, height: height)
      if index == 0, format.model == .yuv, self.format.model != .rgb {
        planes.append(
          luma.widened(to: format.bitDepth, repeatingTopBits: output.color.range == .full))
      } else if index == format.alphaIndex, let alpha {
        planes.append(alpha.widened(to: format.bitDepth, repeatingTopBits: true))
      } else if format.model == .rgb {
        let source = self.format.model == .rgb ? self.planes[index] : self.planes[0]
        planes.append(source.widened(to: format.bitDepth, repeatingTopBits: true))
      } else {
        planes.append(
          .slope(width: size.width, height: size.height, bitDepth: format.bitDepth, phase: index))
      }
    }
    return Picture(width: width, height: height, format: format, color: color, planes: planes)
  }
}

extension Plane {
  /// Codes around the middle that change slowly.
  static func slope(width: Int, height: Int, bitDepth: Int, phase: Int) -> Plane {
    Plane(width: width, height: height, bitDepth: bitDepth) { base, stride in
      for y in 0..<height {
        for x in 0..<width {
          let code = (1 << (bitDepth - 1)) + (x * phase + y) % 31 - 15
          if bitDepth > 8 {
            (base + y * stride).storeBytes(of: UInt16(code), toByteOffset: 2 * x, as: UInt16.self)
          } else {
            (base + y * stride).storeBytes(of: UInt8(code), toByteOffset: x, as: UInt8.self)
          }
        }
      }
    }
  }

  /// All samples, row by row.
  var samples: [Int] { (0..<height).flatMap { y in (0..<width).map { self[$0, y] } } }
}

/// What is read of a file whose damage is passed over, and what is told of it.
func readReported(
  _ path: String
) throws -> (frames: [Frame], reports: [String], damaged: Int) {
  let reports = Reports()
  var options = SourceOptions()
  options.onDamage = .continue
  options.report = { reports.add($0) }
  let source = try MediaSource.open(path, options: options)
  return (try source.frames(), reports.lines, source.damagedFrameCount)
}

/// Copies a film with x264, sound that the container can't hold encoded by `audio`. Returns the sink's notes.
func transcode(
  _ input: String, to output: String, audio: String? = nil,
  _ reading: SourceOptions = SourceOptions()
) throws -> [String] {
  let source = try FileSource(path: input, options: reading)
  var options = SinkOptions()
  options.encoder = "libx264"
  options.preset = "ultrafast"
  options.audioEncoder = audio
  let sink = try FileSink(path: output, source: source.info, options: options)
  try copy(source, to: sink)
  return sink.notes
}

/// Sends all of `source` through `sink` as a pipeline does.
func copy(_ source: any FrameSource, to sink: any FrameSink) throws {
  while let element = try source.next() {
    var element = element
    if let frame = element.frame {
      element.frame = frame.with(frame.picture.recombined(for: try sink.outputFormat(for: frame)))
    }
    try sink.write(element)
  }
  try sink.finish()
}
