package import AutochromeKit
import Colorization
import Foundation
import Imaging
import NeuralNetwork
import SampleFilm

/// How long each stage takes for a frame, alone and on one core, and what part of this machine's
/// ceilings it reaches.
package struct StageBench: Codable, Sendable {
  /// What this machine does at best, on one core.
  package struct Ceilings: Codable, Sendable {
    /// Bytes read and written a second by copying 64 MiB, in 10⁹.
    package var copyGigabytesPerSecond: Double
    /// 10⁹ operations a second of a product of matrices, by precision.
    package var gigaflops: [String: Double]
  }

  /// One stage at one size.
  package struct Row: Codable, Sendable {
    /// The stage, as the pipeline calls it, and what of it.
    package var stage: String
    /// Size of the frames.
    package var size: String
    /// For a frame, the median.
    package var milliseconds: Double
    /// 10⁶ bytes that a frame makes it read and write at least.
    package var megabytes: Double
    /// 10⁹ multiplications and additions for a frame: of networks counted layer by layer, of pixels by
    /// what the formulas take for each sample.
    package var gigaflop: Double
    /// The part of the copying rate.
    package var shareOfCopy: Double
    /// The part of the rate of products of matrices, in the network's precision or in fp32.
    package var shareOfArithmetic: Double
  }

  /// Flags of the CPU that matter here.
  package var instructionSet: String
  package var network: String
  package var ceilings: Ceilings
  package var rows: [Row]

  /// Measures all stages at all sizes.
  /// - Parameters:
  ///   - sizes: widths and heights of frames; by default 480p, 1080p, 2160p.
  ///   - say: told in short sentences what goes on.
  /// - Throws: `AutochromeError`.
  package static func run(
    options: SettingsLayer, sizes: [(Int, Int)] = [(854, 480), (1920, 1080), (3840, 2160)],
    say: (String) -> Void
  ) throws(AutochromeError) -> StageBench {
    try AutochromeError.wrapping {
      let settings = try Settings(pipeline: nil, suggested: "film", options: options)
      let network = try ModelCatalog.open(
        settings.model, backend: settings.backend, precision: settings.precision)
      say("Measuring the limits of this machine …")
      let ceilings = Ceilings(
        copyGigabytesPerSecond: copyRate() / 1e9,
        gigaflops: try Dictionary(
          uniqueKeysWithValues: (BackendInfo.available().first?.precisions ?? []).map {
            ($0.rawValue, try ArithmeticCeiling.operationsPerSecond($0) / 1e9)
          }))
      var rows: [Row] = []
      for (width, height) in sizes {
        say("Measuring the stages at \(width)×\(height) …")
        let stages = try Stages(network: network, settings: settings, width: width, height: height)
        rows += try stages.measure(ceilings)
      }
      return StageBench(
        instructionSet: BackendInfo.available().first?.instructionSet ?? "none",
        network: network.title, ceilings: ceilings, rows: rows)
    }
  }

  /// Bytes read and written a second by the C library's copying, the best of ten.
  private static func copyRate() -> Double {
    let count = 64 << 20
    let (from, to) = (AlignedBuffer(byteCount: count), AlignedBuffer(byteCount: count))
    from.base.initializeMemory(as: UInt8.self, repeating: 1, count: count)
    to.base.initializeMemory(as: UInt8.self, repeating: 2, count: count)
    let clock = ContinuousClock()
    let best = (0..<10).map { _ in
      clock.measure { to.base.copyMemory(from: from.base, byteCount: count) }.seconds
    }.min()
    return best.map { 2 * Double(count) / $0 } ?? 0
  }

  /// A table for people.
  package var text: String {
    let arithmetic = ceilings.gigaflops.sorted { $0.key < $1.key }
      .map { String(format: "%.0f GFLOP/s in %@", $0.value, $0.key) }.joined(separator: ", ")
    var lines = [
      "network: \(network), \(instructionSet)",
      String(format: "one core copies %.1f GB/s and multiplies ", ceilings.copyGigabytesPerSecond)
        + arithmetic,
      "",
      "stage                   size          ms     MB   GFLOP   of copying   of arithmetic",
    ]
    for row in rows {
      lines.append(
        row.stage.padding(toLength: 22, withPad: " ", startingAt: 0)
          + row.size.padding(toLength: 10, withPad: " ", startingAt: 0)
          + String(
            format: "%6.2f %6.2f %7.3f %10.0f %% %13.0f %%", row.milliseconds, row.megabytes,
            row.gigaflop, 100 * row.shareOfCopy, 100 * row.shareOfArithmetic))
    }
    return lines.joined(separator: "\n")
  }
}

/// The stages of one size of frame, and frames to run them on.
private struct Stages {
  let network: ColorNetwork
  let settings: Settings
  let frames: [Picture]
  let reducer: LightnessReducer
  let decoder: DistributionDecoder

  init(network: ColorNetwork, settings: Settings, width: Int, height: Int) throws {
    self.network = network
    self.settings = settings
    var look = SampleFilm.Options()
    look.grain = 0.4
    let film = SampleFilm(width: width, height: height, frameRate: 24, options: look)
    // Enough for the temporal stage's window, not more than memory holds at 2160p.
    frames = (0..<24).map { SampleClip.picture(film.render(frame: $0)) }
    let description = network.description
    let geometry = network.geometry(width: width, height: height, shortSide: settings.size)
    reducer = try LightnessReducer(color: SampleClip.color, geometry: geometry)
    decoder = try DistributionDecoder(description, look: settings.look)
  }

  func measure(_ ceilings: StageBench.Ceilings) throws -> [StageBench.Row] {
    let geometry = reducer.geometry
    let (luma, work) = (
      Double(geometry.sourceWidth * geometry.sourceHeight),
      Double(geometry.workingWidth * geometry.workingHeight)
    )
    let grid = Double(geometry.gridWidth * geometry.gridHeight)
    let lightness = try frames.map { try reducer.reduce($0) }
    let estimates = try lightness.map { small in
      try network.estimates(lightness: small, geometry: geometry, decoders: [decoder])[0]
    }
    let models = GuidedUpsampler().models(
      ab: estimates[0].ab, lightness: lightness[0], curve: reducer.curve)
    var rows: [StageBench.Row] = []
    func add(
      _ stage: String, bytes: Double, operations: Double, _ precision: Precision = .float32,
      each frames: Int = 1, _ body: () throws -> Void
    ) rethrows {
      let clock = ContinuousClock()
      try body()
      let times = try (0..<9).map { _ in try clock.measure { try body() }.seconds }.sorted()
      let seconds = times[4] / Double(frames)
      rows.append(
        StageBench.Row(
          stage: stage, size: "\(geometry.sourceWidth)×\(geometry.sourceHeight)",
          milliseconds: 1000 * seconds, megabytes: bytes / 1e6, gigaflop: operations / 1e9,
          shareOfCopy: bytes / 1e9 / seconds / ceilings.copyGigabytesPerSecond,
          shareOfArithmetic: operations / 1e9 / seconds
            / (ceilings.gigaflops[precision.rawValue] ?? .infinity)))
    }
    try add("luma to working size", bytes: luma + 4 * work, operations: 4 * luma) {
      _ = try reducer.reduce(frames[0])
    }
    let operations = Double(try network.floatingPointOperations(geometry))
    try add("network", bytes: 0, operations: operations, network.precision) {
      try network.run(lightness: lightness[0], geometry: geometry) { _ in }
    }
    // Two exponentials of a dozen operations each, and five sums, for each of 313 bins.
    if network.description.output == .bins313 {
      try network.run(lightness: lightness[0], geometry: geometry) { values in
        add("annealed mean", bytes: 4 * 316 * grid, operations: 36 * 313 * grid) {
          _ = decoder.estimate(values: values, geometry: geometry)
        }
      }
    }
    // Motion at the working size, three levels, both ways, and 16 × 3 fetches on the grid.
    add(
      "steady", bytes: 8 * work + 4 * 3 * 2 * grid, operations: 1200 * work,
      each: frames.count
    ) {
      var tracker = FrameTracker(
        followsMotion: settings.stability > 0, keyFrameDistance: settings.keyFrames.distance)
      let stabilizer = Stabilizer<Void>(
        stability: settings.stability, lookAhead: settings.lookAhead,
        keyFrameDistance: settings.keyFrames.distance)
      for (small, estimate) in zip(lightness, estimates) {
        _ = stabilizer.push(
          TemporalFrame(lightness: small, estimate: estimate, payload: ()),
          tracking: tracker.track(small))
      }
      _ = stabilizer.finish()
    }
    // Six box filters of four operations, and the fits.
    add("guided filter's models", bytes: 4 * (3 + 4) * work, operations: 60 * work) {
      _ = GuidedUpsampler().models(
        ab: estimates[0].ab, lightness: lightness[0], curve: reducer.curve)
    }
    for bits in [8, 10] {
      let recombiner = try Recombiner(
        width: geometry.sourceWidth, height: geometry.sourceHeight, format: .yuv420(8),
        color: SampleClip.color, output: .yuv420(bits))
      // 8-bit luma is passed on as it is; for 10 bits it is written anew.
      let bytes = bits == 8 ? 1.5 * luma : (1 + 2 + 1) * luma
      // For each chroma sample the luma of six, two models, eight nodes of the table, the gamut.
      try add("chroma, \(bits) bits", bytes: bytes, operations: 100 * luma / 4) {
        _ = try recombiner.recombine(frames[0], models: [models])
      }
    }
    return rows
  }
}
