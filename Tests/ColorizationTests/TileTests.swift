import Colorization
import Foundation
import Imaging
import ModelFixtures
import NeuralNetwork
import TestSupport
import Testing

/// Networks that see pictures in tiles.
@Suite struct TileTests {
  /// The extents of an input: free, of one tile at a time, or of tiles in any number.
  private enum Extents: CaseIterable {
    case free, oneTile, tiles

    func shape(_ size: Int) -> [Int] {
      switch self {
      case .free: [-1, 1, -2, -3]
      case .oneTile: [1, 1, size, size]
      case .tiles: [-1, 1, size, size]
      }
    }
  }

  private func network(
    _ builder: ModelBuilder, _ properties: [String: String], backend: Backend = .oneDNN
  ) throws -> ColorNetwork {
    var builder = builder
    for (key, value) in ["input": "L/100", "output": "ab"].merging(
      properties, uniquingKeysWith: { $1 })
    {
      builder.metadata("autochrome.\(key)", value)
    }
    return try ColorNetwork(
      model: try builder.model(), name: "theirs", backend: backend, precision: .float32)
  }

  private func noise(_ width: Int, _ height: Int, _ random: inout SeededGenerator) -> FloatImage {
    let values = random.floats(width * height, in: 0...100)
    return FloatImage(width: width, height: height) {
      for index in values.indices { $0[index] = values[index] }
    }
  }

  /// What a network says of a picture, grid × channels.
  private func answer(_ network: ColorNetwork, _ lightness: FloatImage) throws -> [Float] {
    let geometry = network.geometry(
      width: lightness.width, height: lightness.height, shortSide: 1024)
    #expect((geometry.workingWidth, geometry.workingHeight) == (lightness.width, lightness.height))
    let count = geometry.gridWidth * geometry.gridHeight * network.description.output.channels
    return try network.run(lightness: lightness, geometry: geometry) {
      Array(UnsafeBufferPointer(start: $0, count: count))
    }
  }

  private func largestDifference(_ one: [Float], _ other: [Float]) -> Float {
    guard one.count == other.count else { return .infinity }
    return zip(one, other).reduce(0) {
      let difference = abs($1.0 - $1.1)
      return difference <= $0 ? $0 : difference
    }
  }

  // MARK: The same as the whole picture

  /// Convolutions without padding: of a tile of 16, 8 are left (margin 4, scale 1), or of 22, 8 (margin 3, scale 2).
  private func valid(
    _ extents: Extents, isHalved: Bool, channels: Int, _ random: inout SeededGenerator
  ) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", extents.shape(isHalved ? 22 : 16))
    builder.output("y")
    let layers: [(kernel: Int, stride: Int64)] =
      isHalved ? [(3, 1), (2, 2), (3, 1)] : [(3, 1), (3, 1), (3, 1), (3, 1)]
    var (last, count) = ("x", 1)
    for (index, layer) in layers.enumerated() {
      let isLast = index == layers.count - 1
      let outputs = isLast ? channels : 6
      builder.constant(
        "w\(index)", [outputs, count, layer.kernel, layer.kernel],
        random.floats(outputs * count * layer.kernel * layer.kernel, in: -0.5...0.5))
      builder.constant("b\(index)", [outputs], random.floats(outputs, in: -0.5...0.5))
      builder.node(
        "Conv", [last, "w\(index)", "b\(index)"], [isLast ? "y" : "c\(index)"],
        ["strides": .ints([layer.stride, layer.stride])])
      if !isLast { builder.node("Elu", ["c\(index)"], ["r\(index)"]) }
      (last, count) = ("r\(index)", outputs)
    }
    return builder
  }

  /// The network run once on the whole picture, whose edges go on for `margin` samples.
  private func whole(_ builder: ModelBuilder, _ lightness: FloatImage, margin: Int) throws
    -> [Float]
  {
    func place(_ index: Int, _ length: Int) -> Int { min(max(index - margin, 0), length - 1) }
    let (width, height) = (lightness.width + 2 * margin, lightness.height + 2 * margin)
    let input = try Tensor(
      shape: [1, 1, height, width],
      floats: (0..<width * height).map {
        lightness[0, place($0 % width, lightness.width), place($0 / width, lightness.height)] / 100
      })
    let session = try Session(
      model: try builder.model(), backend: .openBLAS, precision: .float32)
    return try #require(session.run(["x": input], outputLayout: .nhwc)["y"]).floats
  }

  @Test(arguments: [false, true], [2, 313])
  func tilesGiveTheSameAsTheWhole(isHalved: Bool, channels: Int) throws {
    var random = SeededGenerator()
    let seed = random.seed
    let (size, margin, scale) = isHalved ? (22, 3, 2) : (16, 4, 1)
    for (width, height) in [(2, 2), (6, 4), (8, 8), (10, 8), (38, 22), (64, 42)] {
      let lightness = noise(width, height, &random)
      let weights = random
      func builder(_ extents: Extents) -> ModelBuilder {
        var random = weights
        return valid(extents, isHalved: isHalved, channels: channels, &random)
      }
      let expected = try whole(builder(.free), lightness, margin: margin)
      #expect(expected.contains { abs($0) > 0.01 })
      for extents in Extents.allCases {
        let network = try network(
          builder(extents),
          [
            "output": channels == 2 ? "ab" : "bins313", "scale": "\(scale)",
            "tile": "\(size)", "margin": "\(margin)",
          ])
        let found = try answer(network, lightness)
        let difference = largestDifference(found, expected)
        #expect(difference < 1e-4, "seed \(seed), \(width)×\(height), \(extents): \(difference)")
        // One sample off would be seen.
        #expect(largestDifference(found, Array(expected.reversed())) > 1e-2 || width * height < 9)
      }
    }
  }

  // MARK: No seams

  /// The largest difference of neighboring positions of `channels` planes.
  private func largestJump(_ values: [Float], width: Int, height: Int) -> Float {
    var largest: Float = 0
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<2 {
          func at(_ x: Int, _ y: Int) -> Float { values[(y * width + x) * 2 + channel] }
          if x > 0 { largest = max(largest, abs(at(x, y) - at(x - 1, y))) }
          if y > 0 { largest = max(largest, abs(at(x, y) - at(x, y - 1))) }
        }
      }
    }
    return largest
  }

  @Test func answersGoOverIntoEachOther() throws {
    // Each position of a tile of 16 says where in the tile it lies: column and row.
    let columns = (0..<256).map { Float($0 % 16) }
    let rows = (0..<256).map { Float($0 / 16) }
    var builder = ModelBuilder()
    builder.input("x", Extents.tiles.shape(16))
    builder.output("y")
    builder.constant("w", [2, 1, 1, 1], [0, 0])
    builder.constant("places", [1, 2, 16, 16], columns + rows)
    builder.node("Conv", ["x", "w"], ["zero"])
    builder.node("Add", ["zero", "places"], ["y"])
    let network = try network(builder, ["scale": "1", "tile": "16"])
    // Two answers differ by 12 at most where they overlap by a quarter, and go over in 4 steps; each of them grows by
    // 1 a step itself.
    let most: Float = 12.0 / 4 + 1
    for (width, height) in [(16, 16), (17, 40), (28, 29), (61, 100), (160, 90)] {
      let lightness = FloatImage(width: width, height: height) {
        $0.update(repeating: 50, count: width * height)
      }
      let found = try answer(network, lightness)
      #expect(largestJump(found, width: width, height: height) <= most + 1e-3, "\(width)×\(height)")
      #expect(found.allSatisfy { (-1e-3...15.001).contains($0) })
      // Side by side, without blending, they jump.
      let sharp = (0..<width * height).flatMap {
        [Float($0 % width % 16), Float($0 / width % 16)]
      }
      #expect(
        largestJump(sharp, width: width, height: height) > most + 1e-3
          || (width <= 16 && height <= 16))
    }
  }

  // MARK: Several tiles in a run

  /// A network that looks at each tile as a whole: normalization of instances, and a mean that is given to all places.
  private func holistic(_ extents: Extents, isReshaped: Bool = false) -> ModelBuilder {
    var random = SeededGenerator(seed: 5)
    var builder = ModelBuilder()
    builder.input("x", extents.shape(24))
    builder.output("y")
    builder.constant("w", [4, 1, 3, 3], random.floats(36))
    builder.constant("scale", [4], [1, 2, 0.5, 1])
    builder.constant("shift", [4], [0, 0.5, -0.5, 1])
    builder.constant("v", [2, 8, 1, 1], random.floats(16))
    builder.constant("like", [1, 1, 20, 20] as [Int64])
    builder.node("Conv", ["x", "w"], ["c"], ["pads": .ints([1, 1, 1, 1])])
    builder.node("InstanceNormalization", ["c", "scale", "shift"], ["n"])
    builder.node("LeakyRelu", ["n"], ["r"], ["alpha": .float(0.2)])
    builder.constant("starts", [2, 2] as [Int64])
    builder.constant("ends", [22, 22] as [Int64])
    builder.constant("axes", [2, 3] as [Int64])
    builder.node("Slice", ["r", "starts", "ends", "axes"], ["inner"])
    builder.node("GlobalAveragePool", ["r"], ["mean"])
    var mean = "mean"
    if isReshaped {
      builder.constant("one", [1, 4, 1, 1] as [Int64])
      builder.node("Reshape", ["mean", "one"], ["reshaped"])
      mean = "reshaped"
    }
    builder.node("Expand", [mean, "like"], ["wide"])
    builder.node("Concat", ["inner", "wide"], ["joined"], ["axis": .int(1)])
    builder.node("Conv", ["joined", "v"], ["y"])
    return builder
  }

  @Test(arguments: Backend.allCases) func tilesOfARowDoNotInfluenceEachOther(backend: Backend)
    throws
  {
    var random = SeededGenerator()
    let seed = random.seed
    let lightness = noise(75, 41, &random)
    let properties = ["scale": "1", "tile": "24", "margin": "2"]
    let expected = try answer(
      network(holistic(.oneTile), properties, backend: backend), lightness)
    for builder in [holistic(.tiles), holistic(.free), holistic(.tiles, isReshaped: true)] {
      let found = try answer(network(builder, properties, backend: backend), lightness)
      #expect(largestDifference(found, expected) < 1e-4, "seed \(seed)")
    }
    #expect(expected.contains { abs($0) > 0.3 })
  }

  @Test func whatIsRunIsCounted() throws {
    let network = try network(holistic(.tiles), ["scale": "1", "tile": "24", "margin": "2"])
    let model = try holistic(.tiles).model()
    let one = try model.floatingPointOperations(inputShapes: ["x": [1, 1, 24, 24]])
    // Of 20 positions each, 15 from tile to tile: 75 = 20 + 4 · 14 − 1, 41 = 20 + 2 · 11 − 1.
    let geometry = network.geometry(width: 75, height: 41, shortSide: 1024)
    #expect(try network.floatingPointOperations(geometry) == 5 * 3 * one)
  }

  // MARK: What cannot be

  @Test func shapesThatDoNotFitAreRefused() throws {
    func complaint(_ extents: Extents, _ properties: [String: String]) -> String {
      var random = SeededGenerator(seed: 1)
      do {
        _ = try network(valid(extents, isHalved: false, channels: 2, &random), properties)
        return "none"
      } catch { return "\(error)" }
    }
    let right = ["scale": "1", "tile": "16", "margin": "4"]
    for extents in Extents.allCases { #expect(complaint(extents, right) == "none") }
    // Another size than the file's.
    let other = right.merging(["tile": "32"]) { $1 }
    #expect(complaint(.tiles, other).contains("16×16"))
    #expect(complaint(.tiles, other).contains("autochrome.tile says 32×32"))
    #expect(complaint(.free, other) == "none")
    // Another margin than the network's.
    let margin = right.merging(["margin": "2"]) { $1 }
    #expect(complaint(.tiles, margin).contains("[1, 2, 8, 8]"))
    #expect(complaint(.tiles, margin).contains("[1, 2, 12, 12]"))
    #expect(complaint(.free, right.merging(["output": "RGB"]) { $1 }).contains("[1, 3, 8, 8]"))
  }

  @Test func thereAreNoFeatures() throws {
    let network = try network(holistic(.tiles), ["scale": "1", "tile": "24", "margin": "2"])
    let geometry = network.geometry(width: 40, height: 30, shortSide: 1024)
    var random = SeededGenerator(seed: 2)
    let lightness = noise(40, 30, &random)
    #expect(throws: ColorizationError.needsWholePictures(model: "theirs")) {
      try network.features(lightness: lightness, geometry: geometry)
    }
    // A picture of another size is named as such.
    #expect(throws: ColorizationError.self) {
      try network.run(lightness: noise(41, 30, &random), geometry: geometry) { _ in }
    }
  }
}
