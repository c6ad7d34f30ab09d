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
      abstract: "The networks that are there by name, and those that can be fetched.")

    func run() throws {
      for listing in try ModelCatalog.listings() {
        var line = listing.name
        if listing.name == Settings.defaultModel { line += " (default)" }
        if let file = listing.file {
          if !listing.isShipped { line += " (\(file))" }
        } else {
          line += " (not there: 'autochrome model fetch', \(counted(listing.bytes ?? 0, "byte")))"
        }
        try Console.result(line)
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What a network takes, gives, holds and costs.")

    @Argument(help: "A shipped network by name, or an ONNX file.")
    var model = Settings.defaultModel

    @Flag(help: "As JSON.")
    var json = false

    func run() throws {
      let summary = try ModelCatalog.summary(of: model)
      if json { try Console.json(summary) } else { try Console.result(summary.text) }
    }
  }

  struct Time: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "How long a network takes on each back end, in each precision.",
      discussion: "Nothing else should run beside.")

    @Argument(help: "A shipped network by name, or an ONNX file.")
    var model = Settings.defaultModel

    @Option(help: ArgumentHelp("Sides of the input.", valueName: "WIDTHxHEIGHT"))
    var size = "256x256"

    @Option(help: "Runs at once, each on one thread.")
    var threads = 1

    @Option(help: "onednn or openblas; by default both.")
    var backend: String?

    @Option(help: "int8, bf16 or fp32; by default all that the CPU and the network are fit for.")
    var precision: String?

    @Option(help: "How often each is measured; the median counts.")
    var rounds = 15

    @Flag(help: "As JSON.")
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
        Each FOLDER holds model.onnx and test_data_set_N/input_M.pb, output_M.pb, as ONNX's own \
        tests do. Exit status 65 if any result is wrong; a network with an operator that the \
        engine lacks is refused by the operator's name.
        """)

    @Argument(help: "Folders in ONNX's test layout.")
    var folders: [String]

    @Option(help: "onednn or openblas; by default the fastest.")
    var backend: String?

    @Option(help: "int8, bf16 or fp32, the default.")
    var precision: String?

    @Option(help: "Write our outputs as output_M.pb below this folder.")
    var save: String?

    @Flag(help: "One JSON object a line and folder.")
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
