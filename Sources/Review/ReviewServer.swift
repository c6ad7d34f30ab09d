package import AutochromeKit
import Dispatch
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Locking
import Logging
import NIOCore

/// Serves the page of a film on 127.0.0.1.
package struct ReviewServer: Sendable {
  private let session: ReviewSession
  private let assets: Assets

  /// - Throws: `AutochromeError` if the page's own files are missing.
  package init(_ session: ReviewSession) throws(AutochromeError) {
    self.session = session
    assets = try Assets()
  }

  /// Serves until the task is cancelled or the process is told to stop.
  /// - Parameters:
  ///   - port: 0 for any that is free.
  ///   - onStart: told the address of the page, with the token.
  /// - Throws: `AutochromeError` if the port is taken.
  package func run(port: Int, onStart: @escaping @Sendable (String) -> Void) async throws {
    let token = Gate.randomToken()
    let responder = ReviewResponder(session: session, assets: assets, token: token)
    var logger = Logger(label: "autochrome.review")
    logger.logLevel = .critical
    let application = Application(
      responder: responder,
      configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: port)),
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? port
        responder.gate.withLock { $0 = Gate(token: token, port: port) }
        onStart("http://127.0.0.1:\(port)/?token=\(token)")
      }, logger: logger)
    defer { session.close() }
    do { try await application.runService() } catch let error as IOError {
      throw AutochromeError(
        .unavailable,
        "The server can't listen on port \(port) of 127.0.0.1 (\(error)); leave out --port to use any free port."
      )
    }
  }
}

/// The files of the page itself.
struct Assets: Sendable {
  struct Asset: Sendable {
    var type: String
    var bytes: Data
  }

  /// By the path in the address.
  private let files: [String: Asset]

  private static let names = [
    "/": ("page.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
  ]

  init() throws(AutochromeError) {
    let folder = try ResourceLocator.folder(ofBundle: "autochrome_Review.resources")
      .appending(path: "Assets")
    var files: [String: Asset] = [:]
    for (path, (name, type)) in Self.names {
      do {
        files[path] = Asset(type: type, bytes: try Data(contentsOf: folder.appending(path: name)))
      } catch {
        throw AutochromeError(
          .unavailable, "'\(folder.path)/\(name)' can't be read; reinstall the program.")
      }
    }
    self.files = files
  }

  subscript(path: String) -> Asset? { files[path] }
}
