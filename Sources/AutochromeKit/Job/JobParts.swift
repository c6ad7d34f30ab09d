package import Colorization
import Foundation
import Imaging
import Locking
package import Media
import NeuralNetwork

/// What a job is made of: the source, the network, and the plan that follows from both and the
/// settings.
package struct JobParts {
  let source: any FrameSource
  let colorizer: FrameColorizer
  let plan: JobPlan
  private let job: ColorizationJob
  private let interruption: MediaInterruption
  private let sinkOptions: SinkOptions
  private let list: ShotList?
  /// How the shots look.
  let looks: ShotLooks
  /// Opens the source once more.
  let reopenSource: @Sendable () throws -> any FrameSource
  /// The same without its other streams.
  private let reopenPictures: @Sendable () throws -> any FrameSource
  /// Gives any frame of the film by its number, whatever part of it is colored; nil for none.
  private let frameOfFilm: @Sendable (Int) throws -> Frame?

  /// Opens the source and loads the network.
  init(
    job: ColorizationJob, interruption: MediaInterruption,
    warn: @escaping @Sendable (String) -> Void
  ) throws {
    self.job = job
    self.interruption = interruption
    let settings = job.settings
    list = try ShotList.given(by: settings)?.identified()
    looks = ShotLooks(
      settings: settings, list: list, given: try GivenColors.given(by: settings)?.identified(),
      sample: job.request.sample.map { $0 - 1 })
    colorizer = try Self.openColorizer(settings, looks: looks.all, from: job.networks)
    if settings.samples > 1, colorizer.network.description.sampler == nil {
      throw ColorizationError.needsSampler(
        setting: "--samples \(settings.samples)", model: colorizer.network.description.name)
    }
    guard settings.samples == 1 || job.request.sample != nil else {
      throw AutochromeError(
        .usage,
        "--samples \(settings.samples) makes several colorings of a picture, not of '\(job.input)'."
      )
    }
    if colorizer.network.description.guidance != .features, !looks.areGuided {
      warn(
        "The model '\(colorizer.network.description.name)' predicts no colors by itself, and you have given none, so "
          + "the film stays gray; give --references, or a shots file with hints.")
    }
    let countsFrames = list?.countsFrames == true || looks.areGuided
    reopenSource = { [job] in
      // What there is to say was said when it was opened first.
      try Self.openSource(
        job: job, interruption: interruption, countsFrames: countsFrames, warn: { _ in })
    }
    reopenPictures = { [job] in
      try Self.openSource(
        input: job.input, pictures: job.request.pictures, settings: job.settings.ofPicturesAlone,
        interruption: interruption, warn: { _ in })
    }
    let reader = Locked<FilmReader?>(nil)
    frameOfFilm = { [job] number in
      let film = try reader.withLock { known in
        let film =
          try known
          ?? FilmReader(frames: nil) {
            try Self.openSource(
              input: job.input, pictures: job.request.pictures,
              settings: job.settings.ofPicturesAlone.ofWholeFilm, interruption: interruption,
              warn: { _ in })
          }
        known = film
        return film
      }
      // Few frames are asked for, and the decoder would hold many.
      defer { film.rest() }
      return try film.frameIfAny(number)
    }
    source = try Self.openSource(
      job: job, interruption: interruption, countsFrames: countsFrames, warn: warn)
    if let origin = list?.origin, !source.info.isPipe, job.input != "-",
      try job.request.fingerprint() != origin.fingerprint
    {
      warn("The shots file '\(origin.path)' was written for another film, not for '\(job.input)'.")
    }
    var sinkOptions = Self.sinkOptions(job: job, info: source.info, interruption: interruption)
    sinkOptions.report = warn
    self.sinkOptions = sinkOptions
    let look = try SourceLook.examine(
      input: job.input, pictures: job.request.pictures, info: source.info, settings: settings,
      interruption: interruption)
    plan = try Self.plan(
      job: job, info: source.info, look: look, colorizer: colorizer, sinkOptions)
  }

  /// Of a part of a film that is looked at, not written.
  /// - Parameters:
  ///   - list: its shots.
  ///   - given: what is given of the colors of the film.
  ///   - film: gives any frame of the film by its number; nil for none.
  ///   - reopen: opens that part.
  init(
    viewing job: ColorizationJob, by colorizer: FrameColorizer, list: ShotList,
    given: GivenColors?, interruption: MediaInterruption,
    film: @escaping @Sendable (Int) throws -> Frame?,
    reopen: @escaping @Sendable () throws -> any FrameSource
  ) throws {
    self.job = job
    self.list = list
    self.colorizer = colorizer
    self.interruption = interruption
    looks = ShotLooks(settings: job.settings, list: list, given: given)
    (reopenSource, reopenPictures, frameOfFilm) = (reopen, reopen, film)
    source = try reopen()
    sinkOptions = SinkOptions()
    plan = try Self.plan(
      job: job, info: source.info, look: nil, colorizer: colorizer, sinkOptions)
  }

  /// Loads the network of `settings`.
  /// - Parameters:
  ///   - looks: those that will be asked for; nil for that of the settings.
  ///   - shelf: where it may be already; nil to load it for the caller alone.
  package static func openColorizer(
    _ settings: Settings, looks: [Look]? = nil, from shelf: NetworkShelf? = nil
  ) throws -> FrameColorizer {
    let colorizer = try (shelf ?? NetworkShelf()).colorizer(for: settings)
    for look in looks ?? [settings.look] { try colorizer.prepare(for: look) }
    return colorizer
  }

  var settings: Settings { job.settings }
  /// What is read, as given.
  var input: String { job.input }

  /// Whether each shot is a part of the film by itself, so that another run can make it again alone.
  var dividesAtShots: Bool { list?.hasLooks ?? false }

  /// The stage that finds shots and motion, and chooses what the network sees.
  /// - Parameter followsMotion: whether motion is found where frames are steadied.
  func makeTrackingStage(followsMotion: Bool = true) throws -> TrackingStage {
    TrackingStage(
      colorizer: colorizer, settings: settings, info: source.info,
      followsMotion: followsMotion && (looks.followMotion || samplesAlongMotion),
      list: try list.map { try ShotList.Reader($0, of: source.info) })
  }

  /// Whether the samples of a network are carried from frame to frame: pictures of a folder are a film only where they
  /// are steadied.
  private var samplesAlongMotion: Bool {
    colorizer.network.description.sampler != nil && !source.info.isFrameFolder
  }

  /// What brings the colors that are given for some frames to the others; nil where there are none.
  /// - Throws: `AutochromeError` if what comes with the program for it is missing.
  func makeGuide(warn: @escaping @Sendable (String) -> Void) throws(AutochromeError) -> Guide? {
    guard looks.areGuided else { return nil }
    let fields = GivenFields(
      colorizer: colorizer, reach: try HintReach.shipped(), interruption: interruption,
      film: canBeGoneOnWith ? frameOfFilm : nil, warn: warn)
    return Guide(
      info: source.info, fields: fields,
      lookAhead: canBeGoneOnWith
        ? LookAhead(
          colorizer: colorizer, fields: fields, threads: settings.threads,
          reopen: reopenPictures) : nil)
  }

  /// What watches the colors that the frames come with.
  func makeColorWatch() -> ColorWatch {
    ColorWatch(
      input: job.input, mode: settings.color, known: plan.sourceColors,
      isFilm: !source.info.isFrameFolder)
  }

  /// The folder of the job; nil where another run could not go on from it: what a pipe gave is gone.
  func takeFolder(for sink: any FrameSink) throws -> JobFolder? {
    guard canBeGoneOnWith, (sink as? any SegmentedSink)?.canKeepSegments == true else { return nil }
    return try JobFolder(of: job.output, plan: try filmPlan(), restarts: job.restarts)
  }

  /// Whether another run finds the input as it is.
  var canBeGoneOnWith: Bool { job.input != "-" && !source.info.isPipe }

  /// What the film is made from, and how.
  func filmPlan() throws -> FilmPlan {
    try FilmPlan(request: job.request, plan: plan, list: list, given: looks.given)
  }

  /// Frames to be written, if the source tells.
  var expectedFrames: Int? {
    source.info.estimatedFrameCount.map { min($0, job.settings.frames ?? Int.max) }
  }

  /// A sink for segments of the output, see `MediaSink.openSegments`. What was made of it before is replaced.
  /// - Parameter threads: of the encoder; some write it into the film.
  func openSegmentSink(threads: Int) throws -> any SegmentedSink {
    var options = sinkOptions
    options.overwrite = true
    options.threads = threads
    return try MediaSink.openSegments(of: job.output, source: source.info, options: options)
  }

  func openSink() throws -> any FrameSink {
    if let openFrameSink = job.openFrameSink { return try openFrameSink(source.info) }
    var sinkOptions = sinkOptions
    if !job.restarts, let earlier = try JobFolder.earlierPlan(of: job.output) {
      sinkOptions.leftovers = .remove
      // Some encoders write it into the film.
      sinkOptions.threads = earlier.settings.threads
    }
    let sink = try MediaSink.open(job.output, source: source.info, options: sinkOptions)
    if sink is RawVideoSink, let option = job.settings.namedEncoderOptions.first {
      sink.discard()
      throw AutochromeError(
        .usage,
        "--\(option) has no effect: '\(job.output)' holds raw frames, which are not encoded; leave it out."
      )
    }
    return sink
  }

  static func openSource(
    job: ColorizationJob, interruption: MediaInterruption, countsFrames: Bool = false,
    warn: @escaping @Sendable (String) -> Void
  ) throws -> any FrameSource {
    if let source = job.frameSource { return source }
    return try openSource(
      input: job.input, pictures: job.request.pictures, settings: job.settings,
      interruption: interruption, countsFrames: countsFrames, warn: warn)
  }

  package static func openSource(
    input: String, pictures: [String]? = nil, settings: Settings,
    interruption: MediaInterruption, countsFrames: Bool = false,
    warn: @escaping @Sendable (String) -> Void
  ) throws -> any FrameSource {
    var options = SourceOptions()
    options.threads = settings.threads
    options.onDamage = .continue
    options.from = settings.from?.position
    options.to = settings.to?.position
    options.countsFrames = countsFrames
    options.frameLimit = settings.frames
    if settings.audio == .none { options.copiedKinds.remove(.audio) }
    if settings.extras == .none {
      options.copiedKinds.subtract([.video, .subtitle, .data, .attachment])
    }
    options.format = settings.inputFormat
    options.pictureNames = pictures
    options.interruption = interruption
    options.report = warn
    let rate = try settings.inputRate.map { try parseRate($0) }
    options.pictureRate = rate ?? Rational(Settings.Standard.pictureRate, 1)
    if let size = settings.inputSize {
      let sides = try Settings.parseSize(size, option: "--input-size")
      options.rawVideo = SourceOptions.RawVideo(
        width: sides.width, height: sides.height,
        pixelFormat: settings.inputPixelFormat ?? Settings.Standard.rawPixelFormat,
        frameRate: rate ?? Rational(Settings.Standard.pictureRate, 1))
    }
    return try MediaSource.open(input, options: options)
  }

  /// A number or a ratio, such as 24, 23.976 or 24000/1001.
  private static func parseRate(_ text: String) throws -> Rational {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    if parts.count == 2, let numerator = Int(parts[0]), let denominator = Int(parts[1]),
      numerator > 0, denominator > 0
    {
      return Rational(numerator, denominator)
    }
    if parts.count == 1, let whole = Int(text), whole > 0 { return Rational(whole, 1) }
    if parts.count == 1, let number = Double(text), number > 0, number < 10_000 {
      // 23.976, 29.97 and 59.94 mean the rates of NTSC.
      let ntsc = (number * 1.001).rounded()
      if abs(ntsc / 1.001 - number) < 0.005 { return Rational(Int(ntsc) * 1000, 1001) }
      return Rational(Int((number * 1000).rounded()), 1000)
    }
    throw AutochromeError(.usage, "--input-rate '\(text)' is not a rate such as 24 or 24000/1001.")
  }

  private static func sinkOptions(
    job: ColorizationJob, info: SourceInfo, interruption: MediaInterruption
  ) -> SinkOptions {
    let settings = job.settings
    var options = SinkOptions()
    // An encoder for films that comes from the pipeline gives way where pictures or raw frames are
    // written.
    let holdsFilm =
      job.output != "-" && !JobOutputs.isPictures(job.output, inputIsFolder: info.isFrameFolder)
    if holdsFilm || !settings.codecIsDefault {
      options.encoder = settings.codec.map { JobOutputs.encoderName($0) }
      options.crf = settings.crf
      options.preset = settings.preset
    } else {
      // Encoders of pictures take what they have, and refuse the rest.
      if settings.namedEncoderOptions.contains("crf") { options.crf = settings.crf }
      if settings.namedEncoderOptions.contains("preset") { options.preset = settings.preset }
    }
    if holdsFilm || !settings.codecIsDefault || !settings.encoderOptionIsDefault {
      options.encoderOptions = settings.encoderOption?.values ?? [:]
    }
    options.audioEncoder =
      switch settings.audio {
      case .copy, .none: nil
      case .aac: "aac"
      case .opus: "libopus"
      case .flac: "flac"
      }
    options.threads = settings.threads
    options.pixelFormat = settings.pixelFormat
    options.format = settings.format
    options.overwrite = job.overwrite
    options.keepsPictures = job.keepsExisting
    options.createsFolder = job.request.createsFolder
    options.protected = job.inputFiles
    options.interruption = interruption
    return options
  }

  private static func plan(
    job: ColorizationJob, info: SourceInfo, look: SourceLook?, colorizer: FrameColorizer,
    _ sink: SinkOptions
  ) throws -> JobPlan {
    let settings = job.settings
    let network = colorizer.network
    let geometry = colorizer.geometry(of: info, bars: look?.bars)
    let permits = try permits(info: info, geometry: geometry, settings: settings)
    let tags = ColorTags(info)
    return JobPlan(
      input: job.input, output: job.output,
      source: "\(info.containerName), \(info.codecName), \(info.width)×\(info.height), "
        + "\(info.format)",
      result: sink.encoder ?? "chosen by the output's name",
      encoderPixelFormat: try sink.encoder.map { encoder in
        try OutputFormat.choose(
          source: info.format, color: info.color, width: info.width, height: info.height,
          encoder: encoder, requested: sink.pixelFormat
        ).encoderPixelFormat
      }, color: tags.text, colorTags: tags,
      sourceColors: look?.colors, bars: look?.bars, width: info.width, height: info.height,
      workingWidth: geometry.workingWidth,
      workingHeight: geometry.workingHeight, permits: permits,
      network: network.title, temperature: settings.look.temperature(of: network.description),
      vividness: settings.look.vividness(of: network.description), settings: settings)
  }

  /// How many frames may be in flight: what the look-ahead needs and what keeps the threads busy,
  /// less where memory is short.
  private static func permits(
    info: SourceInfo, geometry: WorkingGeometry, settings: Settings
  ) throws -> Int {
    let format = info.format
    let luma = info.width * info.height * format.bytesPerSample
    // Source and result, 4:4:4 at worst, and what is kept of the picture at the working size.
    let source = luma * format.planeCount
    let result = luma * 3
    let small = geometry.workingWidth * geometry.workingHeight * 4
    let megabytes = Double(source + result + 4 * small) / 1_000_000
    let needed = settings.lookAhead + 2
    let wanted = settings.lookAhead + 2 * settings.threads + 2
    guard let memory = settings.memory else {
      return max(needed, min(wanted, Int(Double(Settings.Standard.memory) / megabytes)))
    }
    let allowed = Int(Double(memory) / megabytes)
    guard allowed >= needed else {
      throw AutochromeError(
        .usage,
        "--memory \(memory) has room for \(counted(allowed, "frame")) of \(info.width)×\(info.height), but "
          + "--look-ahead \(settings.lookAhead) needs \(needed); give --memory "
          + "\(Int((megabytes * Double(needed)).rounded(.up))) or a smaller --look-ahead.")
    }
    return min(wanted, allowed)
  }
}
