/// A sky: colors by elevation, and heaped clouds in perspective.
struct Sky: Sendable {
  /// From the horizon up.
  let air: Ramp
  let cloudLight: Color
  let cloudShade: Color
  /// How much of the sky is covered, 0…1.
  let cover: Float
  let seed: UInt32
  /// The row of the horizon, in frame heights.
  let horizon: Float

  /// The color without clouds, `elevation` above the horizon, in frame heights.
  func clear(_ elevation: Float) -> Color { air((max(0, elevation) / horizon).squareRoot()) }

  func paint(on canvas: inout Canvas) {
    canvas.shade(rows: 0...horizon + 0.02) { x, y in
      let elevation = max(0, horizon - y)
      let depth = 1 / (elevation + 0.28)
      let (u, v) = (x * depth * 0.95, depth * 1.5)
      let density = thickness(u, v)
      let edge = smoothstep(0, 0.22, density)
      // Thinner towards the sun (up and to the left) is brighter.
      let towards = thickness(u - 0.07, v - 0.10)
      let lit = min(1, max(0, 0.72 + (density - towards) * 1.9 - max(0, density - 0.25) * 0.9))
      let cloud = mix(cloudShade, cloudLight, lit)
      let haze = smoothstep(0, 0.16, elevation)
      return (mix(clear(elevation), cloud, edge * (0.35 + 0.6 * haze)), 1)
    }
  }

  private func thickness(_ u: Float, _ v: Float) -> Float {
    let bend = Noise.fractal(u * 0.9, v * 0.9, octaves: 2, seed: seed &+ 40)
    return Noise.fractal(u + bend * 0.5, v + bend * 0.3, octaves: 6, seed: seed) - 0.42
      + cover * 0.75
  }
}
