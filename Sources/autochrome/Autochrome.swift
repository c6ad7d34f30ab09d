import ArgumentParser
import AutochromeKit
import Foundation

@main
struct Autochrome: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "autochrome",
    abstract: "Colorizes black-and-white film on an ordinary CPU.",
    discussion: """
      autochrome film.mkv -o film-color.mkv     a film: audio, subtitles and timing are kept
      autochrome scans/ -o color/               a folder of frames: names are kept
      … | autochrome - -o - | …                 a pipe: y4m, raw video, pictures, Matroska, NUT

      The luma plane of the original is never altered. Exit status: 0 done, 64 usage, 65 bad \
      data, 66 no such input, 69 a codec is missing, 70 a bug in Autochrome, 73 the output can't \
      be created, 74 I/O error, 130 interrupted.
      """,
    version: AutochromeVersion.text,
    subcommands: [
      Colorize.self, ProbeCommand.self, TryCommand.self, PlanCommand.self, ReviewCommand.self,
      RefsCommand.self,
      RenderCommand.self,
      JoinCommand.self, EvaluateCommand.self, CompareCommand.self,
      ModelCommand.self,
      BenchCommand.self, DoctorCommand.self,
    ],
    defaultSubcommand: Colorize.self)

  static func main() {
    holdStandardDescriptors()
    // A reader that closes its end is an error of `write`, told in a sentence, not a signal.
    signal(SIGPIPE, SIG_IGN)
    // So is a file that may not grow any more.
    signal(SIGXFSZ, SIG_IGN)
    ProcessMemory.keepFlat()
    do {
      try AutochromeError.checkEnvironment()
      var command = try parseAsRoot(ProgramArguments.all)
      try command.run()
    } catch let error as AutochromeError {
      Console.fail(error)
      Foundation.exit(error.status.rawValue)
    } catch {
      // Help and the version that were asked for.
      if exitCode(for: error) == .success { exit(withError: error) }
      guard exitCode(for: error) == .validationFailure else {
        Console.fail(AutochromeError(.internalFault, "Internal error in Autochrome: \(error)."))
        Foundation.exit(ExitStatus.internalFault.rawValue)
      }
      let sentence = message(for: error).prefix { !$0.isNewline }
      let end = sentence.last.map { ".!?".contains($0) } ?? false ? "" : "."
      Console.fail(AutochromeError(.usage, "\(sentence)\(end) See 'autochrome --help'."))
      Foundation.exit(ExitStatus.usage.rawValue)
    }
  }

  /// Where stdin, stdout or stderr were closed, the next file that is opened would get its number, and be
  /// read or written in its place. /dev/null takes it instead, opened such that reading stdin and writing
  /// stdout fail.
  private static func holdStandardDescriptors() {
    for (descriptor, mode) in [(0, O_WRONLY), (1, O_RDONLY), (2, O_WRONLY)] as [(Int32, Int32)]
    where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", mode)
    }
  }
}
