extension SampleFilm {
  /// Samples per second of `tune`.
  public static let sampleRate = 48_000

  /// A little waltz for the film: signed 16-bit stereo, left and right in turns.
  /// - Parameter seconds: its length; the melody starts over as often as needed.
  public static func tune(seconds: Double) -> [Int16] {
    let count = Int((seconds * Double(sampleRate)).rounded())
    var mix = [SIMD2<Float>](repeating: .zero, count: count)
    let beat = sampleRate * 60 / 132
    // Semitones above A3, a bar of three beats per line: bass, and the melody over it.
    let bars: [(bass: Int, melody: [Int])] = [
      (-9, [7, 10, 15]), (-9, [14, 10, 7]), (-4, [8, 12, 15]), (-2, [14, 12, 10]),
      (-9, [7, 10, 15]), (-12, [19, 15, 12]), (-2, [14, 10, 8]), (-9, [7, 3, 7]),
    ]
    var start = 0
    var bar = 0
    while start < count {
      let (bass, melody) = bars[bar % bars.count]
      add(note: bass, at: start, gain: 0.30, pan: 0.42, to: &mix)
      for (step, note) in melody.enumerated() {
        add(note: note, at: start + step * beat, gain: 0.26, pan: 0.62, to: &mix)
        if step > 0 {
          for chord in [bass + 12, bass + 19] {
            add(note: chord, at: start + step * beat, gain: 0.09, pan: 0.3, to: &mix)
          }
        }
      }
      start += 3 * beat
      bar += 1
    }
    let fade = Float(sampleRate / 4)
    return mix.enumerated().flatMap { index, sample in
      let edge = min(1, min(Float(index + 1), Float(count - index)) / fade)
      let scaled = (sample * edge * 32_000).clamped(
        lowerBound: SIMD2(repeating: -32_000), upperBound: SIMD2(repeating: 32_000))
      return [Int16(scaled.x), Int16(scaled.y)]
    }
  }

  /// A plucked string: harmonics that die away the faster the higher they are.
  private static func add(
    note: Int, at start: Int, gain: Float, pan: Float, to mix: inout [SIMD2<Float>]
  ) {
    // 2^(1/12), multiplied out: A3 is 220 Hz.
    var frequency: Float = 220
    for _ in 0..<abs(note) { frequency *= note > 0 ? 1.059_463_1 : 0.943_874_3 }
    let sides = SIMD2(1 - pan, pan) * gain
    for harmonic in 1...5 {
      let order = Float(harmonic)
      let step = frequency * order / Float(sampleRate)
      let decay = 1 - (2.2 + 1.6 * order) / Float(sampleRate)
      var level = 1 / (order * order)
      var phase: Float = 0
      for index in max(0, start)..<min(mix.count, start + 2 * sampleRate) {
        let attack = min(1, Float(index - start) / 96)
        mix[index] += sides * (level * attack * Noise.sine(turns: phase))
        phase += step
        if phase >= 1 { phase -= 1 }
        level *= decay
      }
    }
  }
}
