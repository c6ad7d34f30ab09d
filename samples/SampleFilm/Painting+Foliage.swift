extension Canvas {
  /// A broad-leaved tree: trunk, limbs, and a crown of leaves dabbed on from the shade to the light.
  mutating func tree(
    x: Float, base: Float, height: Float, leaves: Ramp, bark: Color, seed: UInt32,
    spread: Float = 1, density: Float = 1
  ) {
    var dice = Dice(seed)
    let middle = base - height * 0.64
    let reach = SIMD2<Float>(0.40 * spread, 0.34) * height
    stroke(
      x, base, x + height * 0.01, base - height * 0.5, start: height * 0.036,
      end: height * 0.020, bark)
    for streak in 0..<7 {
      let side = Float(streak) / 6 - 0.5
      stroke(
        x + side * height * 0.06, base, x + side * height * 0.035, base - height * 0.45,
        start: height * 0.004, end: height * 0.003, bark * (0.75 - side * 0.7), opacity: 0.7)
    }
    for _ in 0..<9 {
      let end = SIMD2(dice.between(-0.8, 0.8), dice.between(-0.9, 0.5)) * reach
      stroke(
        x, base - height * dice.between(0.28, 0.46), x + end.x, middle + end.y,
        start: height * 0.014, end: height * 0.003, bark * dice.between(0.7, 1.0))
    }

    // Puffs of leaves, the back ones first.
    let puffs = 64
    for index in 0..<puffs {
      let depth = Float(index) / Float(puffs)
      let angle = dice.next()
      let distance = dice.next().squareRoot() * (0.95 - 0.25 * depth)
      let place =
        SIMD2(Noise.sine(turns: angle + 0.25), Noise.sine(turns: angle)) * distance * reach
      let radius = height * dice.between(0.055, 0.115)
      // The underside and the right of the crown lie in the shade, as do the puffs at the back.
      let exposure =
        0.42 - 0.30 * place.y / reach.y - 0.20 * place.x / reach.x + 0.25 * (depth - 0.5)
      dab(
        x + place.x, middle + place.y, radius * 0.8, radius * 0.7, leaves(exposure * 0.45 - 0.05),
        opacity: 0.8)
      for _ in 0..<Int(110 * density) {
        let turn = dice.next()
        let out = dice.next().squareRoot() * dice.between(0.8, 1.2)
        let offset = SIMD2(Noise.sine(turns: turn + 0.25), Noise.sine(turns: turn)) * out
        let light = exposure - 0.26 * offset.y - 0.16 * offset.x + dice.between(-0.20, 0.20)
        let tilt = dice.next()
        let size = height * dice.between(0.0045, 0.0085)
        dab(
          x + place.x + offset.x * radius, middle + place.y + offset.y * radius * 0.85,
          size * 1.5, size * 0.8,
          direction: [Noise.sine(turns: tilt + 0.25), Noise.sine(turns: tilt)],
          leaves(light), opacity: 0.92)
      }
    }
  }

  /// A line of small trees and bushes along `ground`, from left to right.
  mutating func hedge(
    from left: Float, to right: Float, height: Float, leaves: Ramp, seed: UInt32,
    ground: (_ x: Float) -> Float
  ) {
    var dice = Dice(seed)
    var x = left
    while x < right {
      let size = height * dice.between(0.5, 1.2)
      let tone = dice.between(-0.12, 0.12)
      let base = ground(x)
      for _ in 0..<46 {
        let turn = dice.next()
        let out = dice.next().squareRoot()
        let offset = SIMD2(Noise.sine(turns: turn + 0.25) * 0.75, Noise.sine(turns: turn)) * out
        let light =
          0.36 + tone - 0.33 * offset.y - 0.15 * offset.x + dice.between(-0.18, 0.18)
        dab(
          x + offset.x * size * 0.6, base - size * (0.45 - offset.y * 0.5), size * 0.10,
          size * 0.075, leaves(light), opacity: 0.9)
      }
      x += size * dice.between(0.25, 0.7)
    }
  }

  /// Blades of grass or stalks of corn, from the distance to the front.
  /// - Parameters:
  ///   - rows: where they grow, in frame heights.
  ///   - horizon: where they would vanish.
  ///   - length: of the blades at the lower edge of the frame.
  ///   - ground: tells whether something grows at a place.
  mutating func blades(
    rows: ClosedRange<Float>, horizon: Float, length: Float, colors: Ramp, seed: UInt32,
    ears: Ramp? = nil, ground: (_ x: Float, _ y: Float) -> Bool = { _, _ in true }
  ) {
    var dice = Dice(seed)
    let right = Float(width) / scale
    var y = rows.lowerBound
    while y < rows.upperBound + length {
      let near = max(0.02, (y - horizon) / (1 - horizon))
      let tall = length * near
      let thin = max(0.0011 * near, 0.00022)
      var x = -dice.next() * 0.02
      while x < right {
        let depth = 1 / near
        let patch = Noise.fractal(x * depth * 1.3, depth * 5, octaves: 3, seed: seed &+ 9)
        let foot = y + dice.between(-0.2, 0.2) * tall
        let lean = dice.between(-0.35, 0.45) * tall
        let tip = foot - tall * dice.between(0.6, 1.1)
        let tone = 0.45 + patch * 0.5 + dice.between(-0.22, 0.22)
        if ground(x, foot) {
          stroke(
            x, foot, x + lean * 0.4, (foot + tip) * 0.5, start: thin, end: thin * 0.9,
            colors(tone - 0.2))
          stroke(
            x + lean * 0.4, (foot + tip) * 0.5, x + lean, tip, start: thin * 0.9, end: thin * 0.3,
            colors(tone + 0.12))
          if let ears {
            dab(
              x + lean, tip, tall * 0.085, thin * 2.0, direction: [0.35, -0.94],
              ears(tone + 0.1), opacity: 0.95)
          }
        }
        x += max(thin * 2.6, 0.0016) * dice.between(0.4, 1.6)
      }
      y += max(tall * 0.16, 0.0016)
    }
  }
}
