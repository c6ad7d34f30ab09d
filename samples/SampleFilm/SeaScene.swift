/// Sunset at sea: a burning sky, its glitter on the water, a sail, rocks, and foam on the sand.
struct SeaScene: Scene {
  private let unit: Float
  private let aspect: Float
  private let sky: Sky
  private let skyLayer: Layer
  private let beach: Layer

  private static let horizon: Float = 0.46
  private static let sun = SIMD2<Float>(0.64, 0.40)

  init(width: Int, height: Int) {
    unit = Float(height)
    aspect = Float(width) / Float(height)
    let aspect = self.aspect
    let sky = Sky(
      air: Ramp(
        rgb(252, 178, 84), rgb(244, 138, 82), rgb(204, 112, 112), rgb(132, 98, 138),
        rgb(76, 82, 136)),
      cloudLight: rgb(255, 196, 128), cloudShade: rgb(118, 84, 112), cover: 0.36, seed: 111,
      horizon: Self.horizon)
    self.sky = sky
    let sun = SIMD2(Self.sun.x * aspect, Self.sun.y)
    skyLayer = Self.layer(height: height, width: aspect + 0.2, rows: 0...0.5) { canvas in
      sky.paint(on: &canvas)
      canvas.shade(rows: 0...0.48) { x, y in
        let gap = SIMD2(x - sun.x, y - sun.y)
        let distance = (gap * gap).sum().squareRoot()
        let disc = smoothstep(0.046, 0.042, distance)
        let glow = 0.11 / (0.11 + distance)
        return (rgb(255, 236, 176), max(disc, glow * glow * 0.85))
      }
    }
    beach = Self.layer(height: height, width: aspect + 0.3, rows: 0.4...1) {
      Self.paintBeach(on: &$0, aspect: aspect)
    }
  }

  func paint(at time: Float, on frame: inout Canvas) {
    let pan = 0.05 * time
    skyLayer.draw(on: &frame, offset: 0.2 * pan * unit)
    paintSea(at: time, pan: pan, on: &frame)
    paintBoat(at: time, pan: pan, on: &frame)
    beach.draw(on: &frame, offset: pan * unit)
  }

  private func paintSea(at time: Float, pan: Float, on frame: inout Canvas) {
    let sunX = Self.sun.x * aspect - 0.2 * pan
    let deep = rgb(22, 52, 84)
    let foam = rgb(236, 222, 214)
    let swash = Self.swash(at: time)
    let scale = frame.scale
    let waterline = (0..<frame.width).map {
      Self.waterline((Float($0) + 0.5) / scale + pan) + swash
    }
    // Wet sand shows what is left of the light where the last wave has been.
    frame.shade(rows: 0.70...0.95) { x, y in
      let line = y - waterline[Int(x * scale)]
      guard line > -0.004 else { return (.zero, 0) }
      let shine = sky.clear(0.30 - 2 * line)
      let streak = 0.10 * Noise.gradient((x + pan) * 9, y * 90, 125)
      return (mix(rgb(116, 88, 66), shine, max(0.1, 0.50 - 3.5 * line + streak)), 1)
    }
    frame.shade(rows: Self.horizon...0.92) { x, y in
      let line = waterline[Int(x * scale)] - y
      guard line > 0 else { return (.zero, 0) }
      let below = y - Self.horizon
      let depth = 1 / (below + 0.018)
      let u = (x - aspect / 2 + pan) * depth
      let swell =
        Noise.gradient(u * 0.45, depth * 1.9 + time * 0.8, 121)
        + 0.55 * Noise.gradient(u * 1.1 + time * 0.35, depth * 4.3 + time * 1.5, 122)
      let ripple = Noise.gradient(u * 2.9 - time * 0.8, depth * 11 + time * 2.1, 123)
      let waves = swell + 0.5 * ripple
      let mirrored = sky.clear(below * 1.1 + 0.10 + 0.10 * waves)
      var color = mix(deep, mirrored, min(0.85, max(0.08, 0.36 + 0.34 * waves)))
      let spread = 0.025 + below * 0.42
      let path = max(0, 1 - abs(x - sunX) / spread)
      let glint = smoothstep(0.05, 0.55, waves + 0.4 * path - 0.1) * path
      color = mix(color, rgb(255, 214, 136), glint * 0.9)
      guard line < 0.08 else { return (color, 1) }
      let edge = Noise.fractal((x + pan) * 14, y * 30 + time * 0.4, octaves: 3, seed: 124)
      let white = smoothstep(0.050, 0.0, line + edge * 0.035)
      return (mix(color, foam, white * 0.85), smoothstep(0, 0.003, line))
    }
  }

  /// How far the wave has run up the beach, in frame heights.
  private static func swash(at time: Float) -> Float { 0.014 * Noise.sine(turns: time * 0.33) }

  private static func waterline(_ x: Float) -> Float {
    0.785 + 0.030 * Noise.fractal(x * 1.3, 4, octaves: 3, seed: 131) - 0.03 * min(1.5, x - 1)
  }

  private func paintBoat(at time: Float, pan: Float, on frame: inout Canvas) {
    let x = aspect * 0.30 + 0.022 * time - 0.3 * pan
    let y = Self.horizon + 0.042 + 0.003 * Noise.sine(turns: time * 0.4)
    let lean = 0.006 * Noise.sine(turns: time * 0.3)
    frame.dab(x, y + 0.018, 0.075, 0.010, rgb(30, 34, 52), opacity: 0.6)
    frame.polygon([
      [x - 0.075, y - 0.012], [x + 0.085, y - 0.016], [x + 0.060, y + 0.012],
      [x - 0.060, y + 0.012],
    ]) { _, row in row < y - 0.006 ? rgb(232, 224, 206) : rgb(36, 72, 110) }
    frame.stroke(
      x, y - 0.012, x + lean, y - 0.235, start: 0.0028, end: 0.0018, rgb(88, 56, 38))
    frame.polygon([
      [x + lean - 0.004, y - 0.225], [x - 0.004, y - 0.026], [x - 0.082, y - 0.030],
    ]) { column, row in
      mix(rgb(196, 52, 38), rgb(130, 30, 32), smoothstep(0, 0.08, x - column) * 0.8)
    }
    frame.polygon([
      [x + lean + 0.004, y - 0.200], [x + 0.070, y - 0.030], [x + 0.004, y - 0.028],
    ]) { column, _ in
      mix(rgb(250, 232, 200), rgb(206, 176, 158), smoothstep(0, 0.07, column - x))
    }
  }

  private static func paintBeach(on canvas: inout Canvas, aspect: Float) {
    let sand = Ramp(rgb(104, 74, 54), rgb(158, 118, 84), rgb(196, 154, 112), rgb(220, 182, 140))
    canvas.shade(rows: 0.74...1) { x, y in
      let edge = 0.085 + waterline(x) + 0.012 * Noise.fractal(x * 5, 9, octaves: 3, seed: 132)
      let near = (y - 0.6) * 2
      let lumps = Noise.fractal(x * 9 / near, y * 26 / near, octaves: 5, seed: 133)
      let grains = Noise.gradient(x * 160, y * 190, 134)
      return (
        sand(0.42 + lumps * 0.75 + grains * 0.10 + (y - 0.8)), smoothstep(edge - 0.012, edge, y)
      )
    }
    rock(on: &canvas, x: aspect * 0.98, y: 0.80, width: 0.30, height: 0.32, seed: 141)
    rock(on: &canvas, x: aspect * 0.80, y: 0.82, width: 0.13, height: 0.10, seed: 142)
    rock(on: &canvas, x: aspect * 1.16, y: 0.84, width: 0.24, height: 0.22, seed: 143)
    var dice = Dice(144)
    for _ in 0..<420 {
      let x = dice.next() * (aspect + 0.3)
      let y = 0.88 + 0.12 * dice.next()
      guard y > waterline(x) + 0.10 else { continue }
      let size = dice.between(0.0015, 0.006) * (y - 0.6) * 2
      canvas.dab(x + size * 0.4, y + size * 0.5, size, size * 0.5, rgb(66, 48, 44), opacity: 0.6)
      canvas.dab(
        x, y, size, size * 0.6, mix(rgb(120, 104, 96), rgb(214, 190, 164), dice.next()))
    }
  }

  private static func rock(
    on canvas: inout Canvas, x: Float, y: Float, width: Float, height: Float, seed: UInt32
  ) {
    let stone = Ramp(rgb(38, 32, 36), rgb(66, 54, 52), rgb(96, 78, 68), rgb(138, 108, 84))
    let scale = canvas.scale
    canvas.shade(rows: max(0, y - height * 1.2)...min(1, y + height * 0.4)) { column, row in
      let u = (column - x) / width
      let outline = Noise.fractal(column * 6 / width * 0.3, 2, octaves: 5, seed: seed) * 0.55
      let roof = y - height * (max(0, 1 - u * u * 3.2) + outline * max(0, 1 - u * u * 2))
      let floor = y + height * 0.12 * (1 - u * u * 4) + 0.01 * outline
      guard row > roof, row < floor, abs(u) < 0.62 else { return (.zero, 0) }
      let facet = Noise.fractal(column * 15, row * 12, octaves: 6, seed: seed &+ 5)
      let lit = Noise.fractal(column * 15 + 0.16, row * 12 + 0.2, octaves: 6, seed: seed &+ 5)
      let tone = 0.42 + (facet - lit) * 1.1 + facet * 0.35 - 0.25 * (row - roof) / height
      return (stone(tone), min(1, min(row - roof, floor - row) * scale))
    }
  }
}
