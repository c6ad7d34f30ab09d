/// What a walking person wears.
struct Clothes: Sendable {
  let coat: Color
  let trousers: Color
  let shoes: Color
  let hair: Color
  let hat: Color?
  let skin: Color
}

extension Canvas {
  /// A person seen from the side, walking to the right; `phase` counts double steps.
  mutating func walker(
    x: Float, ground: Float, height: Float, phase: Float, clothes: Clothes
  ) {
    let h = height
    let swing = Noise.sine(turns: phase)
    let bob = 0.008 * h * Noise.sine(turns: phase * 2 + 0.15)
    let hip = SIMD2(x, ground - 0.50 * h + bob)
    let neck = SIMD2(x + 0.012 * h, ground - 0.83 * h + bob)
    let head = SIMD2(x + 0.025 * h, ground - 0.915 * h + bob)

    for blot in 0..<3 {
      let size = 0.13 + 0.03 * Float(blot)
      dab(
        x + 0.08 * h, ground + 0.005 * h, size * h, 0.018 * h, rgb(20, 26, 12), opacity: 0.22)
    }
    arm(from: neck, height: h, swing: swing, clothes: clothes, light: 0.72)
    leg(from: hip, ground: ground, height: h, phase: phase + 0.5, clothes: clothes, light: 0.72)
    leg(from: hip, ground: ground, height: h, phase: phase, clothes: clothes, light: 1)

    // Coat, with the light from the left.
    let coat = clothes.coat
    stroke(
      hip.x, hip.y + 0.05 * h, neck.x, neck.y + 0.06 * h, start: 0.090 * h, end: 0.078 * h,
      coat * 0.82)
    stroke(
      hip.x - 0.030 * h, hip.y + 0.03 * h, neck.x - 0.024 * h, neck.y + 0.07 * h,
      start: 0.050 * h, end: 0.044 * h, coat * 1.08, opacity: 0.7)
    stroke(
      hip.x - 0.05 * h, hip.y - 0.015 * h, hip.x + 0.07 * h, hip.y - 0.015 * h,
      start: 0.009 * h, end: 0.009 * h, coat * 0.45)
    stroke(
      neck.x, neck.y + 0.02 * h, neck.x + 0.008 * h, neck.y - 0.04 * h, start: 0.030 * h,
      end: 0.028 * h, clothes.skin * 0.86)

    face(at: head, height: h, clothes: clothes)
    arm(from: neck, height: h, swing: -swing, clothes: clothes, light: 1)
  }

  private mutating func face(at head: SIMD2<Float>, height h: Float, clothes: Clothes) {
    let skin = clothes.skin
    dab(head.x - 0.012 * h, head.y - 0.012 * h, 0.058 * h, 0.066 * h, clothes.hair)
    dab(head.x + 0.008 * h, head.y + 0.006 * h, 0.047 * h, 0.060 * h, skin)
    dab(head.x + 0.004 * h, head.y - 0.006 * h, 0.030 * h, 0.036 * h, skin * 1.07, opacity: 0.6)
    dab(head.x + 0.055 * h, head.y + 0.010 * h, 0.012 * h, 0.010 * h, skin * 0.96)
    dab(head.x + 0.036 * h, head.y - 0.008 * h, 0.007 * h, 0.006 * h, rgb(60, 42, 35))
    stroke(
      head.x + 0.034 * h, head.y + 0.036 * h, head.x + 0.050 * h, head.y + 0.034 * h,
      start: 0.004 * h, end: 0.004 * h, rgb(165, 88, 80))
    dab(head.x - 0.016 * h, head.y + 0.008 * h, 0.011 * h, 0.015 * h, skin * 0.86)
    if let hat = clothes.hat {
      dab(head.x, head.y - 0.042 * h, 0.094 * h, 0.016 * h, hat * 0.85)
      dab(head.x - 0.003 * h, head.y - 0.066 * h, 0.052 * h, 0.034 * h, hat)
      stroke(
        head.x - 0.05 * h, head.y - 0.05 * h, head.x + 0.045 * h, head.y - 0.05 * h,
        start: 0.007 * h, end: 0.007 * h, hat * 0.45)
    } else {
      dab(head.x - 0.004 * h, head.y - 0.046 * h, 0.054 * h, 0.026 * h, clothes.hair * 1.15)
    }
  }

  private mutating func leg(
    from hip: SIMD2<Float>, ground: Float, height h: Float, phase: Float, clothes: Clothes,
    light: Float
  ) {
    let forward = Noise.sine(turns: phase)
    let lifted = max(0, Noise.sine(turns: phase + 0.25))
    let knee = SIMD2(
      hip.x + (0.085 * forward + 0.035 * lifted) * h, hip.y + (0.245 + 0.0 * lifted) * h)
    let ankle = SIMD2(
      hip.x + (0.150 * forward - 0.035 * lifted) * h, ground - (0.022 + 0.045 * lifted) * h)
    let cloth = clothes.trousers * light
    stroke(hip.x, hip.y, knee.x, knee.y, start: 0.060 * h, end: 0.043 * h, cloth)
    stroke(knee.x, knee.y, ankle.x, ankle.y, start: 0.043 * h, end: 0.030 * h, cloth * 0.94)
    stroke(
      hip.x - 0.018 * h, hip.y, knee.x - 0.014 * h, knee.y, start: 0.018 * h, end: 0.012 * h,
      cloth * 1.18, opacity: 0.6)
    stroke(
      ankle.x - 0.012 * h, ankle.y + 0.008 * h, ankle.x + 0.062 * h, ankle.y + 0.010 * h,
      start: 0.022 * h, end: 0.016 * h, clothes.shoes * light)
  }

  private mutating func arm(
    from neck: SIMD2<Float>, height h: Float, swing: Float, clothes: Clothes, light: Float
  ) {
    let shoulder = SIMD2(neck.x - 0.008 * h, neck.y + 0.055 * h)
    let elbow = SIMD2(shoulder.x + 0.075 * swing * h, shoulder.y + 0.165 * h)
    let hand = SIMD2(elbow.x + (0.095 * swing + 0.03) * h, elbow.y + 0.135 * h)
    let cloth = clothes.coat * light
    stroke(
      shoulder.x, shoulder.y, elbow.x, elbow.y, start: 0.036 * h, end: 0.030 * h, cloth * 0.72)
    stroke(
      shoulder.x - 0.004 * h, shoulder.y, elbow.x - 0.004 * h, elbow.y, start: 0.028 * h,
      end: 0.022 * h, cloth * 0.95)
    stroke(elbow.x, elbow.y, hand.x, hand.y, start: 0.028 * h, end: 0.021 * h, cloth * 0.9)
    dab(hand.x + 0.006 * h, hand.y + 0.014 * h, 0.018 * h, 0.023 * h, clothes.skin * light)
  }
}
