import ArgumentParser
import AutochromeKit
import Foundation
import Measuring

/// Looking at networks.
struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "List, fetch, show, time, verify, import and calibrate networks.",
    subcommands: [
      List.self, Fetch.self, Show.self, Time.self, Verify.self, Import.self, Calibrate.self,
      Compare.self,
    ])

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the networks that are installed, and those that can be fetched.")

    func run() throws {
      for listing in try ModelCatalog.listings() {
        var line = listing.name
        if listing.name == Settings.defaultModel { line += " (default)" }
        if let file = listing.file {
          if !listing.isShipped { line += " (\(file))" }
        } else {
          line +=
            " (not installed; 'autochrome model fetch' gets it, \(counted(listing.bytes ?? 0, "byte")))"
        }
        try Console.result(line)
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Describe a network: inputs, outputs, properties, size and cost.")

    @Argument(help: "A network by name, or an ONNX file.")
    var model = Settings.defaultModel

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      let summary = try ModelCatalog.summary(of: model)
      if json { try Console.json(summary) } else { try Console.result(summary.text) }
    }
  }

  struct Time: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Measure how long a network takes on each back end, in each precision.",
      discussion: "Run nothing else on the machine meanwhile.")

    @Argument(help: "A network by name, or an ONNX file.")
    var model = Settings.defaultModel

    @Option(help: ArgumentHelp("Size of the input.", valueName: "WIDTHxHEIGHT"))
    var size = "256x256"

    @Option(help: "Number of concurrent runs, each on one thread.")
    var threads = 1

    @Option(help: "onednn or openblas; by default both.")
    var backend: String?

    @Option(help: "int8, bf16 or fp32; by default, all that the CPU and the network support.")
    var precision: String?

    @Option(help: "Number of measurements; the median is printed.")
    var rounds = 15

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      var plan = ModelTiming.Plan()
      (plan.width, plan.height) = try Settings.parseSize(size, option: "--size")
      (plan.threads, plan.rounds) = (threads, rounds)
      (plan.backend, plan.precision) = (backend, precision)
      let timings = try ModelTiming.measure(model, plan)
      if json {
        try Console.json(timings)
      } else {
        for timing in timings { try Console.result(timing.text) }
      }
    }
  }

  struct Verify: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run networks on ONNX test data and compare.",
      discussion: """
        Each folder must hold model.onnx and test_data_set_N/input_M.pb, output_M.pb, like ONNX's own \
        tests. The exit status is 65 if any result is wrong. A network with an operator that the engine \
        does not support is rejected, and the message names the operator.
        """)

    @Argument(help: "Folders in ONNX's test layout.")
    var folders: [String]

    @Option(help: "onednn or openblas; by default the fastest.")
    var backend: String?

    @Option(help: "int8, bf16 or fp32, the default.")
    var precision: String?

    @Option(help: "Write the computed outputs as output_M.pb below this folder.")
    var save: String?

    @Flag(help: "Print one line of JSON per folder.")
    var json = false

    func run() throws {
      var failures = 0
      for folder in folders {
        let verdict = try ModelCatalog.verify(
          folder: folder, backend: backend, precision: precision, saveTo: save)
        if verdict.isFailure { failures += 1 }
        if json { try Console.jsonLine(verdict) } else { try Console.result(verdict.text) }
      }
      if failures > 0 {
        throw AutochromeError(
          .badData, "\(failures) of \(counted(folders.count, "folder")) failed.")
      }
    }
  }
}
