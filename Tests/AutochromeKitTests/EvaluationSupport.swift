import Foundation
import Imaging
import Media
import ModelFixtures
import NeuralNetwork

/// An RGB picture without tags.
func rgbPicture(_ image: RGBImage) -> Picture {
  let planes = (0..<3).map { channel in
    Plane(width: image.width, height: image.height, bitDepth: 8) { base, bytesPerRow in
      for y in 0..<image.height {
        for x in 0..<image.width {
          base.storeBytes(
            of: image.codes[(y * image.width + x) * 3 + channel],
            toByteOffset: y * bytesPerRow + x, as: UInt8.self)
        }
      }
    }
  }
  return Picture(
    width: image.width, height: image.height, format: .rgb(8),
    color: ColorDescription(matrix: .identity, range: .full), planes: planes)
}

/// Writes such a picture.
func writePicture(_ image: RGBImage, to path: String) throws {
  let picture = rgbPicture(image)
  let info = SourceInfo(
    width: image.width, height: image.height, format: .rgb(8), color: picture.color,
    timeBase: Rational(1, 24))
  let sink = try MediaSink.open(path, source: info)
  try sink.write(SourceElement(frame: Frame(index: 0, picture: picture, presentationTime: 0)))
  try sink.finish()
}

/// Ramps of lightness in one color of CIELAB, clipped to what R′G′B′ can show.
func ramp(a: Double, b: Double) throws -> RGBImage {
  let model = try ColorModel(ColorDescription(primaries: .bt709, matrix: .bt709))
  return RGBImage(
    width: 64, height: 32,
    codes: (0..<64 * 32).flatMap { place -> [UInt8] in
      let lightness = 40 + 30 * Double(place % 64) / 63
      let rgb = model.rgb(lab: SIMD3(lightness, a, b)) * 255
      return [rgb.x, rgb.y, rgb.z].map { UInt8(max(0, min(255, $0.rounded()))) }
    })
}

/// Writes a network that gives every place the same a and b.
func writeNetwork(a: Float, b: Float, to path: String) throws -> String {
  var builder = ModelBuilder()
  builder.input("L", [1, 1, -1, -2])
  builder.output("ab")
  builder.constant("none", [1, 1, 1, 1], [0])
  builder.constant("color", [1, 2, 1, 1], [a, b])
  builder.node("Mul", ["L", "none"], ["zero"])
  builder.node("Add", ["zero", "color"], ["ab"])
  for (key, value) in [("output", "ab"), ("stride", "1"), ("scale", "1"), ("input", "L")] {
    builder.metadata("autochrome.\(key)", value)
  }
  try Data(builder.bytes()).write(to: URL(fileURLWithPath: path))
  return path
}

/// Writes a classifier that goes by the mean color: red, green, blue, else gray, then tin, zinc, lead and iron.
/// - Parameters:
///   - properties: instead of those that describe it, nil for none.
///   - input: the shape of its input.
///   - change: what is made otherwise before it is written.
@discardableResult
func writeClassifier(
  to path: String, _ properties: [String: String?] = [:], input: [Int] = [1, 3, 8, 8],
  change: (inout ModelBuilder) -> Void = { _ in }
) throws -> String {
  var builder = ModelBuilder()
  builder.input("RGB", input)
  builder.output("logits")
  let colors: [[Float]] = [[1, -0.5, -0.5], [-0.5, 1, -0.5], [-0.5, -0.5, 1]]
  builder.constant(
    "weights", [3, 8], (0..<3).flatMap { channel in colors.map { $0[channel] } + [0, 0, 0, 0, 0] })
  builder.constant("biases", [8], [0, 0, 0, 0.2, 0.15, 0.12, 0.11, 0.1])
  builder.node("GlobalAveragePool", ["RGB"], ["pooled"])
  builder.node("Flatten", ["pooled"], ["means"])
  builder.node("Gemm", ["means", "weights", "biases"], ["logits"])
  let usual: [String: String?] = [
    "classifier": "(RGB*255-127)/128", "size": "16",
    "classes": "n1, red, crane\nn2, green\nn3, blue, crane\ngray\ntin\nzinc\nlead\niron\n",
  ]
  for (key, value) in usual.merging(properties, uniquingKeysWith: { $1 }).sorted(by: {
    $0.key < $1.key
  }) {
    if let value { builder.metadata("autochrome.\(key)", value) }
  }
  change(&builder)
  try Data(builder.bytes()).write(to: URL(fileURLWithPath: path))
  return path
}
