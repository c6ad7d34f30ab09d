import AutochromeKit
import Foundation
import Review

/// Serves the page in the browser. `autochrome review` starts it, in its own place, with what it is to show as the one
/// argument, in JSON.
func serve() async throws {
  guard CommandLine.arguments.count == 2, let text = CommandLine.arguments.last else {
    throw AutochromeError(.usage, "Don't start this program yourself; run 'autochrome review'.")
  }
  let request: ReviewRequest
  do { request = try JSONDecoder().decode(ReviewRequest.self, from: Data(text.utf8)) } catch {
    throw AutochromeError(
      .usage, "Don't start this program yourself; run 'autochrome review' (\(error)).")
  }
  let session = try ReviewSession(request) { say("autochrome: \($0)") }
  try await ReviewServer(session).run(port: request.port) { address in
    do { try FileHandle.standardOutput.write(contentsOf: Data((address + "\n").utf8)) } catch {
      say("The page is at \(address)")
    }
    say(
      "Reviewing \(request.input); press Ctrl-C to stop. From another machine: ssh -L PORT:127.0.0.1:PORT HOST"
    )
    if request.opensBrowser { openBrowser(at: address) }
  }
}

/// A line for people. Where stderr can't be written, there is nobody to tell.
func say(_ line: String) {
  do {
    try FileHandle.standardError.write(
      contentsOf: Data((PrintableText(line).description + "\n").utf8))
  } catch {}
}

func openBrowser(at address: String) {
  let browser = Process()
  browser.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  browser.arguments = ["xdg-open", address]
  browser.standardError = FileHandle.nullDevice
  browser.standardOutput = FileHandle.nullDevice
  do { try browser.run() } catch {
    say("No browser could be started; open the address above yourself.")
  }
}

ProcessMemory.keepFlat()
signal(SIGPIPE, SIG_IGN)
do { try await serve() } catch let error as AutochromeError {
  say("autochrome: \(error.message)")
  exit(error.status.rawValue)
} catch {
  say("autochrome: Internal error in Autochrome: \(error).")
  exit(ExitStatus.internalFault.rawValue)
}
