/// A summer's day: clouds, wooded hills, a lake, trees on a flowering meadow, somebody walking.
struct MeadowScene: Scene {
  private let unit: Float
  private let aspect: Float
  private let sky: Sky
  private let skyLayer: Layer
  private let hills: Layer
  private let meadow: Layer
  private let front: Layer

  private static let horizon: Float = 0.47
  private static let shore: Float = 0.575
  private static let clothes = Clothes(
    coat: rgb(176, 44, 40), trousers: rgb(58, 66, 98), shoes: rgb(52, 36, 28),
    hair: rgb(74, 48, 30), hat: nil, skin: rgb(222, 172, 142))
  private static let leaves = Ramp(
    rgb(16, 26, 10), rgb(42, 62, 20), rgb(78, 104, 34), rgb(122, 146, 56), rgb(176, 188, 96))

  init(width: Int, height: Int) {
    unit = Float(height)
    aspect = Float(width) / Float(height)
    let aspect = self.aspect
    let sky = Sky(
      air: Ramp(rgb(196, 216, 232), rgb(140, 182, 224), rgb(92, 148, 212), rgb(58, 112, 188)),
      cloudLight: rgb(252, 251, 248), cloudShade: rgb(158, 166, 180), cover: 0.42, seed: 11,
      horizon: Self.horizon)
    self.sky = sky
    skyLayer = Self.layer(height: height, width: aspect + 0.2, rows: 0...0.5) {
      sky.paint(on: &$0)
    }
    hills = Self.layer(height: height, width: aspect + 0.2, rows: 0.25...0.60) {
      Self.paintHills(on: &$0, right: aspect + 0.2)
    }
    meadow = Self.layer(height: height, width: aspect + 0.4, rows: 0.2...1) {
      Self.paintMeadow(on: &$0, aspect: aspect)
    }
    front = Self.layer(height: height, width: aspect + 0.5) {
      Self.paintFront(on: &$0, aspect: aspect)
    }
  }

  func paint(at time: Float, on frame: inout Canvas) {
    let pan = 0.075 * time
    skyLayer.draw(on: &frame, offset: (0.15 * pan + 0.006 * time) * unit)
    paintLake(at: time, pan: pan, on: &frame)
    hills.draw(on: &frame, offset: 0.4 * pan * unit)
    meadow.draw(on: &frame, offset: pan * unit)
    frame.walker(
      x: aspect * 0.36 + 0.16 * time - pan, ground: 0.885, height: 0.36, phase: 0.95 * time,
      clothes: Self.clothes)
    front.draw(on: &frame, offset: 1.15 * pan * unit)
  }

  /// The lake mirrors the sky, torn up by ripples that get finer with the distance.
  private func paintLake(at time: Float, pan: Float, on frame: inout Canvas) {
    let deep = rgb(46, 84, 110)
    frame.shade(rows: 0.49...Self.shore + 0.03) { x, y in
      let depth = 1 / (y - Self.horizon + 0.012)
      let u = (x + 0.4 * pan) * depth
      let ripple =
        Noise.gradient(u * 1.1, depth * 5.5 + time * 1.3, 21)
        + 0.6 * Noise.gradient(u * 2.6 + time * 0.7, depth * 12 - time * 1.7, 22)
      let mirrored = sky.clear((y - Self.horizon) * 2.2 + 0.05 * ripple)
      let tone = 0.42 + 0.16 * ripple
      let shadow = smoothstep(0.52, 0.49, y) * 0.5
      return (mix(mix(mirrored, deep, tone), rgb(40, 62, 52), shadow), 1)
    }
  }

  private static func paintHills(on canvas: inout Canvas, right: Float) {
    let ridges: [(base: Float, height: Float, ramp: Ramp, size: Float, seed: UInt32)] = [
      (0.405, 0.10, Ramp(rgb(118, 142, 172), rgb(150, 172, 196)), 1.1, 31),
      (0.440, 0.07, Ramp(rgb(72, 98, 104), rgb(122, 146, 140)), 1.7, 32),
      (0.475, 0.05, Ramp(rgb(44, 68, 44), rgb(96, 120, 72)), 2.3, 33),
    ]
    let scale = canvas.scale
    for ridge in ridges {
      canvas.shade(rows: 0.25...0.53) { x, y in
        let top =
          ridge.base - ridge.height * Noise.fractal(x * ridge.size, 3, octaves: 5, seed: ridge.seed)
        let texture = Noise.fractal(x * 26, y * 60, octaves: 4, seed: ridge.seed &+ 7)
        let slope = Noise.fractal(x * 4, y * 9, octaves: 3, seed: ridge.seed &+ 17)
        let tone = 0.45 + 0.35 * texture + 0.45 * slope - (y - top) * 2
        return (ridge.ramp(tone), (top < y ? min(1, (y - top) * scale) : 0))
      }
    }
    let far = Ramp(rgb(26, 42, 22), rgb(52, 74, 36), rgb(92, 112, 58), rgb(132, 148, 84))
    canvas.hedge(from: 0, to: right, height: 0.030, leaves: far, seed: 41) { x in
      0.500 - 0.008 * Noise.fractal(x * 3, 8, octaves: 3, seed: 51)
    }
    // A strip of bank, and the lake shows below it.
    canvas.shade(rows: 0.490...0.512) { x, y in
      let edge = 0.506 + 0.005 * Noise.fractal(x * 9, 1, octaves: 3, seed: 52)
      return (rgb(104, 118, 66), smoothstep(0.494, 0.499, y) * smoothstep(edge + 0.002, edge, y))
    }
  }

  private static func shoreline(_ x: Float) -> Float {
    shore + 0.022 * Noise.fractal(x * 2.2, 5, octaves: 4, seed: 61)
  }

  private static func paintMeadow(on canvas: inout Canvas, aspect: Float) {
    let soil = Ramp(rgb(44, 60, 20), rgb(78, 100, 34), rgb(112, 130, 52), rgb(142, 148, 76))
    canvas.shade(rows: 0.54...1) { x, y in
      let edge = shoreline(x)
      let depth = 1 / (y - horizon)
      let patch = Noise.fractal(x * depth * 0.7, depth * 3, octaves: 5, seed: 62)
      let sand = smoothstep(edge + 0.010, edge, y)
      return (mix(soil(0.5 + patch), rgb(168, 150, 112), sand), smoothstep(edge, edge + 0.003, y))
    }
    canvas.blades(
      rows: 0.575...1.0, horizon: horizon, length: 0.055,
      colors: Ramp(
        rgb(30, 46, 12), rgb(64, 88, 24), rgb(104, 128, 42), rgb(146, 162, 68), rgb(184, 184, 108)),
      seed: 63
    ) { x, y in y > shoreline(x) + 0.006 }
    canvas.hedge(
      from: aspect * 0.55, to: aspect * 0.80, height: 0.055, leaves: leaves, seed: 64
    ) { _ in 0.612 }
    shadow(on: &canvas, x: aspect * 0.96, y: 0.70, size: 0.17)
    canvas.tree(
      x: aspect * 0.92, base: 0.70, height: 0.40, leaves: leaves, bark: rgb(84, 70, 56), seed: 65)
    shadow(on: &canvas, x: aspect * 1.16, y: 0.66, size: 0.10)
    canvas.tree(
      x: aspect * 1.14, base: 0.66, height: 0.27, leaves: leaves, bark: rgb(84, 70, 56), seed: 66)
    flowers(on: &canvas, right: aspect + 0.4)
  }

  private static func shadow(on canvas: inout Canvas, x: Float, y: Float, size: Float) {
    for ring in 0..<6 {
      let scale = 0.5 + 0.14 * Float(ring)
      canvas.dab(
        x, y + 0.01, size * scale * 1.3, size * scale * 0.20, rgb(26, 38, 14), opacity: 0.11)
    }
  }

  private static func flowers(on canvas: inout Canvas, right: Float) {
    var dice = Dice(67)
    let petals = [rgb(236, 206, 44), rgb(242, 238, 226), rgb(206, 46, 38), rgb(238, 214, 70)]
    for _ in 0..<2600 {
      let x = dice.next() * right
      let near = dice.next()
      let y = 0.62 + 0.38 * near * near
      let depth = 1 / (y - horizon)
      let kind = Noise.fractal(x * depth * 0.6, depth * 1.4, octaves: 2, seed: 68)
      let pick = dice.next()
      guard kind > 0.08 || pick > 0.93 else { continue }
      let size = (y - horizon) * dice.between(0.0045, 0.0085)
      let petal = petals[pick > 0.93 ? 2 : Int(min(3, max(0, kind * 9)))]
      canvas.dab(x, y, size, size * 0.7, petal * dice.between(0.8, 1.02))
    }
  }

  /// The big tree, near the camera, and grass before the walker's feet.
  private static func paintFront(on canvas: inout Canvas, aspect: Float) {
    shadow(on: &canvas, x: aspect * 0.22, y: 0.95, size: 0.30)
    canvas.tree(
      x: aspect * 0.17, base: 0.955, height: 0.98, leaves: leaves, bark: rgb(92, 76, 60), seed: 71,
      spread: 1.05, density: 1.8)
    canvas.blades(
      rows: 0.955...1.02, horizon: horizon, length: 0.085,
      colors: Ramp(rgb(24, 38, 10), rgb(58, 82, 22), rgb(100, 124, 40), rgb(150, 164, 72)), seed: 72
    )
  }
}
