/// Late summer: ripe corn, a red barn, autumn trees under a deep sky, and somebody with a straw hat.
struct CornScene: Scene {
  private let unit: Float
  private let aspect: Float
  private let skyLayer: Layer
  private let fields: Layer
  private let front: Layer

  private static let horizon: Float = 0.50
  private static let clothes = Clothes(
    coat: rgb(228, 222, 208), trousers: rgb(56, 84, 140), shoes: rgb(84, 56, 36),
    hair: rgb(52, 34, 24), hat: rgb(216, 180, 104), skin: rgb(190, 132, 100))

  init(width: Int, height: Int) {
    unit = Float(height)
    aspect = Float(width) / Float(height)
    let aspect = self.aspect
    let sky = Sky(
      air: Ramp(rgb(188, 208, 226), rgb(120, 164, 212), rgb(66, 120, 190), rgb(40, 90, 166)),
      cloudLight: rgb(250, 250, 250), cloudShade: rgb(172, 180, 194), cover: 0.30, seed: 211,
      horizon: Self.horizon)
    skyLayer = Self.layer(height: height, width: aspect + 0.2, rows: 0...0.53) {
      sky.paint(on: &$0)
    }
    fields = Self.layer(height: height, width: aspect + 0.3, rows: 0.15...1) {
      Self.paintFields(on: &$0, aspect: aspect)
    }
    front = Self.layer(height: height, width: aspect + 0.4, rows: 0.6...1) {
      $0.blades(
        rows: 0.95...1.02, horizon: 0.5, length: 0.15, colors: Self.straw, seed: 221,
        ears: Self.grain)
    }
  }

  func paint(at time: Float, on frame: inout Canvas) {
    // The camera goes to the left.
    let pan = 0.16 - 0.07 * time
    skyLayer.draw(on: &frame, offset: (0.3 * pan + 0.004 * time) * unit)
    fields.draw(on: &frame, offset: pan * unit)
    frame.walker(
      x: aspect * 0.30 + 0.20 * time - pan, ground: 0.97, height: 0.56, phase: 0.8 * time + 0.1,
      clothes: Self.clothes)
    front.draw(on: &frame, offset: 1.2 * pan * unit)
  }

  private static let straw = Ramp(
    rgb(92, 66, 22), rgb(148, 112, 44), rgb(190, 150, 66), rgb(216, 182, 98), rgb(236, 212, 140))
  private static let grain = Ramp(
    rgb(138, 98, 36), rgb(190, 144, 60), rgb(222, 182, 94), rgb(240, 212, 140))

  private static func paintFields(on canvas: inout Canvas, aspect: Float) {
    let right = aspect + 0.3
    let wood = Ramp(rgb(52, 66, 62), rgb(84, 100, 84), rgb(120, 130, 100))
    let scale = canvas.scale
    canvas.shade(rows: 0.40...0.54) { x, y in
      let top = 0.475 - 0.03 * Noise.fractal(x * 1.6, 3, octaves: 5, seed: 231)
      let tone = 0.5 + Noise.fractal(x * 30, y * 60, octaves: 4, seed: 232)
      return (wood(tone), y > top ? min(1, (y - top) * scale) : 0)
    }
    let reds = Ramp(rgb(58, 22, 12), rgb(124, 48, 18), rgb(186, 84, 26), rgb(226, 132, 48))
    let golds = Ramp(rgb(74, 50, 10), rgb(146, 104, 22), rgb(206, 160, 44), rgb(240, 206, 92))
    let greens = Ramp(rgb(24, 34, 12), rgb(58, 76, 26), rgb(98, 116, 46), rgb(142, 152, 76))
    canvas.hedge(from: 0, to: right, height: 0.07, leaves: greens, seed: 233) { _ in 0.522 }
    let ground = Ramp(rgb(120, 92, 36), rgb(176, 138, 60), rgb(208, 174, 92))
    canvas.shade(rows: 0.505...1) { x, y in
      let edge = 0.515 + 0.004 * Noise.fractal(x * 4, 1, octaves: 3, seed: 234)
      let depth = 1 / (y - 0.47)
      let tone = 0.55 + Noise.fractal(x * depth, depth * 4, octaves: 5, seed: 235)
      return (ground(tone), smoothstep(edge, edge + 0.003, y))
    }
    canvas.tree(
      x: aspect * 0.30, base: 0.555, height: 0.27, leaves: reds, bark: rgb(70, 54, 44), seed: 241)
    barn(on: &canvas, x: aspect * 0.62, base: 0.575, size: 0.24)
    canvas.tree(
      x: aspect * 0.94, base: 0.565, height: 0.33, leaves: golds, bark: rgb(82, 66, 52), seed: 242)
    canvas.tree(
      x: aspect * 0.14, base: 0.560, height: 0.21, leaves: greens, bark: rgb(70, 54, 44), seed: 243)
    canvas.tree(
      x: aspect * 1.10, base: 0.57, height: 0.24, leaves: reds, bark: rgb(70, 54, 44), seed: 244)
    canvas.blades(
      rows: 0.565...1, horizon: 0.47, length: 0.15, colors: straw, seed: 245, ears: grain)
  }

  private static func barn(on canvas: inout Canvas, x: Float, base: Float, size: Float) {
    let s = size
    let planks = { (red: Color) -> (Float, Float) -> Color in
      return { column, row in
        let board = (column * 90 / s * 0.24).rounded(.down)
        let tone = Float(Noise.hash(Int32(board), 3, 251) & 255) * (1 / 255)
        let stain = Noise.fractal(column * 40, row * 14, octaves: 3, seed: 252)
        return red * (0.86 + 0.16 * tone + 0.18 * stain)
      }
    }
    let roof = { (column: Float, row: Float) -> Color in
      rgb(86, 84, 88) * (0.95 + 0.35 * Noise.fractal(column * 50, row * 90, octaves: 3, seed: 253))
    }
    let red = rgb(164, 46, 38)
    // The long side, in the shade, then its roof, then the gable in the light.
    canvas.polygon(
      [
        [x, base - 0.52 * s], [x + 1.15 * s, base - 0.50 * s], [x + 1.15 * s, base - 0.02 * s],
        [x, base],
      ], planks(red * 0.66))
    canvas.polygon(
      [
        [x - 0.33 * s, base - 0.98 * s], [x + 0.86 * s, base - 0.94 * s],
        [x + 1.20 * s, base - 0.47 * s], [x + 0.03 * s, base - 0.50 * s],
      ], roof)
    canvas.polygon(
      [
        [x - 0.70 * s, base - 0.52 * s], [x - 0.33 * s, base - 0.98 * s],
        [x + 0.02 * s, base - 0.52 * s], [x + 0.02 * s, base], [x - 0.70 * s, base - 0.01 * s],
      ], planks(red))
    let white = rgb(232, 228, 220)
    let lines: [(Float, Float, Float, Float)] = [
      (-0.72, -0.50, -0.33, -0.99), (-0.33, -0.99, 0.04, -0.50), (-0.70, -0.52, -0.70, 0),
      (0.02, -0.52, 0.02, 0), (-0.52, 0, -0.52, -0.36), (-0.16, 0, -0.16, -0.36),
      (-0.52, -0.36, -0.16, -0.36), (-0.52, 0, -0.16, -0.36), (-0.52, -0.36, -0.16, 0),
      (-0.41, -0.62, -0.26, -0.62), (-0.41, -0.74, -0.26, -0.74), (-0.41, -0.62, -0.41, -0.74),
      (-0.26, -0.62, -0.26, -0.74),
    ]
    for line in lines {
      canvas.stroke(
        x + line.0 * s, base + line.1 * s, x + line.2 * s, base + line.3 * s, start: 0.012 * s,
        end: 0.012 * s, white)
    }
    canvas.polygon(
      [
        [x + 0.40 * s, base - 0.36 * s], [x + 0.58 * s, base - 0.36 * s],
        [x + 0.58 * s, base - 0.20 * s], [x + 0.40 * s, base - 0.20 * s],
      ]) { _, _ in rgb(44, 44, 52) }
  }
}
