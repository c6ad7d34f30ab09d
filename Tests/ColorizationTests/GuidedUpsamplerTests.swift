import Colorization
import Foundation
import Imaging
import Testing

@Suite("Guided upsampling")
struct GuidedUpsamplerTests {
  private static let size = (width: 384, height: 256)

  /// A disc and a slanted bar on a ground, each with an own luma and color.
  private static func region(_ x: Double, _ y: Double) -> Int {
    if hypot(x - 120, y - 120) < 60 { return 1 }
    if abs(x - 250 - 0.4 * (y - 128)) < 22 { return 2 }
    return 0
  }

  private static let lumas = [190, 90, 140]
  private static let colors: [(a: Float, b: Float)] = [(-12, -25), (45, 30), (-35, 35)]

  private let picture = ColorFixtures.gray(size.width, size.height) { x, y in
    // A little grain.
    lumas[region(Double(x), Double(y))] + (x * 31 + y * 17) % 5 - 2
  }

  /// The colors averaged over the cells of the network's grid.
  private func coarse(_ geometry: WorkingGeometry) -> FloatImage {
    let (w, h) = (geometry.gridWidth, geometry.gridHeight)
    let (cw, ch) = (Self.size.width / w, Self.size.height / h)
    return FloatImage(width: w, height: h, channels: 2) { out in
      for index in 0..<w * h {
        var (a, b): (Float, Float) = (0, 0)
        for y in 0..<ch {
          for x in 0..<cw {
            let color = Self.colors[
              Self.region(Double(index % w * cw + x), Double(index / w * ch + y))]
            a += color.a
            b += color.b
          }
        }
        out[index] = a / Float(cw * ch)
        out[w * h + index] = b / Float(cw * ch)
      }
    }
  }

  /// Colors the picture by `models` at full chroma resolution; returns the root mean square of Δab, and
  /// how far a and b leave the range of the three colors.
  private func errors(_ models: ChromaModels) throws -> (rms: Double, overshoot: Double) {
    let recombiner = try Recombiner(
      width: picture.width, height: picture.height, format: picture.format, color: picture.color,
      output: .yuv444(16))
    let result = try recombiner.recombine(picture, models: [models])
    var (sum, overshoot) = (0.0, 0.0)
    for y in stride(from: 0, to: picture.height, by: 2) {
      for x in stride(from: 0, to: picture.width, by: 2) {
        let lab = try ColorFixtures.lab(result, x: x, y: y)
        let truth = Self.colors[Self.region(Double(x), Double(y))]
        sum += pow(lab.y - Double(truth.a), 2) + pow(lab.z - Double(truth.b), 2)
        overshoot = max(overshoot, -35 - lab.y, lab.y - 45, -25 - lab.z, lab.z - 35)
      }
    }
    return ((sum / Double(picture.width * picture.height / 4)).squareRoot(), overshoot)
  }

  @Test func followsEdgesBetterThanBilinear() throws {
    // A grid of 8 × 8 pixels: one cell is 8 pixels wide in the full picture.
    let geometry = WorkingGeometry(
      width: Self.size.width, height: Self.size.height, shortSide: 128, stride: 16, scale: 4)
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: picture.format)
    let reducer = try LightnessReducer(color: color, geometry: geometry)
    let lightness = try reducer.reduce(picture)
    let ab = coarse(geometry)
    let plain = try errors(.bilinear(ab))
    let guided = try errors(
      GuidedUpsampler(radius: 1.0 / 32).models(ab: ab, lightness: lightness, curve: reducer.curve))
    #expect(guided.rms < 0.7 * plain.rms, "guided \(guided.rms), bilinear \(plain.rms)")
    #expect(guided.overshoot < 3, "\(guided.overshoot)")
    #expect(plain.overshoot < 0.5)
  }

  @Test func oneColorStaysOneColor() throws {
    let geometry = WorkingGeometry(
      width: Self.size.width, height: Self.size.height, shortSide: 64, stride: 16, scale: 4)
    let color = picture.color.resolved(
      width: picture.width, height: picture.height, format: picture.format)
    let reducer = try LightnessReducer(color: color, geometry: geometry)
    let ab = ColorFixtures.flat(
      a: 12, b: -9, width: geometry.gridWidth, height: geometry.gridHeight)
    let models = GuidedUpsampler().models(
      ab: ab, lightness: try reducer.reduce(picture), curve: reducer.curve)
    let recombiner = try Recombiner(
      width: picture.width, height: picture.height, format: picture.format, color: picture.color,
      output: .yuv444(16))
    let result = try recombiner.recombine(picture, models: [models])
    for (x, y) in [(0, 0), (383, 255), (120, 60), (200, 100), (251, 130)] {
      let lab = try ColorFixtures.lab(result, x: x, y: y)
      #expect(abs(lab.y - 12) < 0.15 && abs(lab.z + 9) < 0.15, "\(lab)")
    }
  }
}
