import ArgumentParser
import AutochromeKit
import Measuring

extension ModelCommand {
  /// Making networks fit for int8.
  struct Calibrate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Record the ranges of a network's values, so that it can run in int8.",
      discussion: """
        Runs the network in fp32 on the lightness of typical pictures, and writes a copy of it that holds the \
        range of each value in the property autochrome.ranges. The ranges belong to the weights: calibrate \
        again after training.
        """)

    @Argument(help: "A network by name, or an ONNX file.")
    var model: String

    @Argument(help: "Pictures, folders of pictures, or films.")
    var pictures: [String]

    @Option(name: [.short, .long], help: "The ONNX file to write.")
    var output: String

    @Option(help: "Number of pictures to use, spread evenly over the inputs.")
    var frames = CalibrationWishes().frames

    @Option(help: "Short side of the picture that the network sees.")
    var size: Int?

    @Option(
      help: """
        How to choose the range of a value: mse (least error), percentile (all but one in 10000) or max.
        """)
    var rule = CalibrationWishes().rule

    @Flag(help: "Replace an existing output.")
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
      abstract: "Measure how much colors differ between two precisions.",
      discussion: """
        Runs the network in both precisions on each picture and prints ΔE (CIE 1976, on the network's output \
        grid): the mean, the 99th percentile, and the mean of the worst picture.
        """)

    @Argument(help: "A network by name, or an ONNX file.")
    var model: String

    @Argument(help: "Pictures, folders of pictures, or films.")
    var pictures: [String]

    @Option(help: "int8, bf16, fp32 or auto; auto by default.")
    var precision: String?

    @Option(help: "The precision to compare with.")
    var reference = "fp32"

    @Option(help: "Number of pictures to use, spread evenly over the inputs.")
    var frames = 400

    @Option(help: "Short side of the picture that the network sees.")
    var size: Int?

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      let report = try PrecisionReport.measure(
        model, pictures: pictures, count: frames, size: size, precision: precision,
        reference: reference)
      if json { try Console.json(report) } else { try Console.result(report.text) }
    }
  }
}
