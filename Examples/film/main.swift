// Colorizes a film, tells how far it is, and goes on from where an earlier run stopped:
//
//     film FILM OUTPUT
import Autochrome
import Foundation

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
  FileHandle.standardError.write(Data("usage: film FILM OUTPUT\n".utf8))
  exit(64)
}

var options = Options(pipeline: .film, look: Look(saturation: 1.1, warmth: 3))
options["look-ahead"] = "8"
let job = Job(.path(arguments[1]), to: .path(arguments[2]), options: options)

do {
  let run = job.start()
  for try await event in run {
    switch event {
    case .started(let plan): print("\(plan.width)×\(plan.height), \(plan.network)")
    case .progress(let progress): print("\(progress.framesDone) frames")
    case .warning(let text): print("warning: \(text)")
    }
  }
  let report = try await run.report
  print("\(report.frames) frames in \(report.shotStarts.count) shots")
} catch {
  FileHandle.standardError.write(Data("\(error.code): \(error.message)\n".utf8))
  exit(1)
}
