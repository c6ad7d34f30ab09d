import ArgumentParser
import AutochromeKit
import Measuring

extension ModelCommand {
  /// Making networks fit for int8.
  struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Find between which numbers a network's values lie, so that it can run in int8.",
      discussion: """
        Runs the network in fp32 on pictures like those to come, reduced to lightness as for \
        colorizing, and writes it with the range of each value in the property autochrome.ranges. \
        Other weights need other ranges: calibrate again after training.
        """)

    @Argument(help: "A shipped network by name, or an ONNX file.")
    var model: String

    @Argument(help: "Pictures, folders of pictures, or films.")
    var pictures: [String]

    @Option(name: [.short, .long], help: "The ONNX file to write.")
    var output: String

    @Option(help: "How many pictures to look at, spread evenly over what is given.")
    var frames = CalibrationWishes().frames

    @Option(help: "Short side of the picture that the network sees.")
    var size: Int?

    @Option(
      help: """
        A value's range: mse (of least error), percentile (all but one number in 10000) or max.
        """)
    var rule = CalibrationWishes().rule

    @Flag(help: "Replace an output that exists.")
    var overwrite = false

    func run() throws {
      var wishes = CalibrationWishes()
      wishes.frames = frames
      wishes.size = size
      wishes.rule = rule
      try Console.result(
        try ModelCatalog.calibrate(
          model, pictures: pictures, to: output, wishes: wishes, overwrite: overwrite))
    }
  }

  /// What lower precision costs.
  struct Compare: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "How far colors in one precision are from those in another.",
      discussion: """
        Runs the network in both on each picture and prints ΔE (CIE 1976, at the places of the \
        network's grid): the mean, the 99th percentile, and the mean of the worst picture.
        """)

    @Argument(help: "A shipped network by name, or an ONNX file.")
    var model: String

    @Argument(help: "Pictures, folders of pictures, or films.")
    var pictures: [String]

    @Option(help: "int8, bf16, fp32 or auto, the default.")
    var precision: String?

    @Option(help: "What it is held against.")
    var reference = "fp32"

    @Option(help: "How many pictures to look at, spread evenly over what is given.")
    var frames = 400

    @Option(help: "Short side of the picture that the network sees.")
    var size: Int?

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let report = try PrecisionReport.measure(
        model, pictures: pictures, count: frames, size: size, precision: precision,
        reference: reference)
      if json { try Console.json(report) } else { try Console.result(report.text) }
    }
  }
}
