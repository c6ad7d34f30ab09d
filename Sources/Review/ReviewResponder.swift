import AutochromeKit
import Dispatch
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Locking
import NIOCore

/// Answers the page's requests.
struct ReviewResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let session: ReviewSession
  let assets: Assets
  let gate: Locked<Gate>
  /// The large pictures, one after the other.
  private let queue = DispatchQueue(label: "autochrome.review", qos: .userInteractive)
  /// Thumbnails.
  private let smallQueue = DispatchQueue(label: "autochrome.review.small", qos: .utility)

  /// The film and its changes.
  private let filmQueue = DispatchQueue(label: "autochrome.review.film", qos: .userInitiated)

  /// Whole shots, which take longer.
  private let reelQueue = DispatchQueue(label: "autochrome.review.reel", qos: .utility)

  /// A change is a few lines of text.
  private static let mostBytes = 1 << 20
  /// Pictures that are dropped on the page.
  private static let mostPictureBytes = 64 << 20
  /// A minute's worth of frames: the page keeps what it plays.
  private static let mostReelFrames = 1500
  /// Frames that are ready and not sent yet, at most.
  private static let mostUnsent = 32

  init(session: ReviewSession, assets: Assets, token: String) {
    (self.session, self.assets) = (session, assets)
    gate = Locked(Gate(token: token, port: 0))
  }

  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    var response: Response
    let gate = gate.withLock { $0 }
    do {
      if let refusal = gate.refusal(of: request) {
        response = failure(.forbidden, AutochromeError(.usage, refusal))
      } else if request.uri.path == "/", gate.isInAddress(of: request) {
        // The token leaves the address: it would stay in the browser's history.
        response = Response(
          status: .seeOther, headers: [.location: "/", .setCookie: gate.setCookie])
      } else {
        response = try await answer(request)
      }
    } catch let error as AutochromeError {
      response = failure(Self.status(of: error), error)
    } catch let conflict as ReviewSession.Conflict {
      response = failure(
        .conflict,
        AutochromeError(
          .usage,
          "Another page or program has changed the shots in the meantime; check the change, then try again."
        ))
      response.headers[.eTag] = Self.tag(conflict.revision)
    } catch let refusal as Refusal {
      response = failure(refusal.status, AutochromeError(.usage, refusal.message))
    } catch {
      response = failure(
        .internalServerError,
        AutochromeError(.internalFault, "Internal error in Autochrome: \(error)."))
    }
    for field in Gate.headers { response.headers[field.name] = field.value }
    return response
  }

  /// A request that is not as it should be.
  private struct Refusal: Error {
    var status: HTTPResponse.Status
    var message: String
  }

  private func answer(_ request: Request) async throws -> Response {
    switch (request.method, request.uri.path) {
    case (.get, "/film"): return try film(try await work(on: filmQueue) { try session.film() })
    case (.get, "/source"):
      let frame = try number("frame", in: request)
      return jpeg(try await work { try session.source(frame: frame) })
    case (.get, "/thumbnail"):
      let shot = try number("shot", in: request)
      return jpeg(try await work(on: smallQueue) { try session.thumbnail(ofShot: shot) })
    case (.post, "/preview"):
      let wanted: PreviewRequest = try await decoded(request)
      return jpeg(
        try await work {
          try session.color(
            frame: wanted.frame, shot: wanted.shot, edit: wanted.edit ?? ShotEdit())
        })
    case (.post, "/certainty"):
      let wanted: PreviewRequest = try await decoded(request)
      return try json(
        try await work {
          try session.certainty(
            frame: wanted.frame, shot: wanted.shot, edit: wanted.edit ?? ShotEdit())
        })
    case (.post, "/reel"): return reel(try await decoded(request))
    case (.get, "/render"): return try json(session.render.state)
    case (.post, "/render"):
      let wanted: RenderRequest = try await decoded(request)
      let revision = try revision(in: request)
      return try json(
        try await work(on: filmQueue) {
          try session.startRendering(revision: revision, overwrite: wanted.overwrite ?? false)
        })
    case (.post, "/render/stop"): return try json(session.render.stop())
    case (.post, "/reference"):
      guard let name = request.uri.queryParameters["name"] else {
        throw Refusal(status: .badRequest, message: "'name' is missing.")
      }
      let bytes = try await bytes(of: request, type: "image/", most: Self.mostPictureBytes)
      let picture = try await work(on: filmQueue) {
        try session.keepReference(bytes, called: String(name))
      }
      return try json(["picture": picture])
    case (.post, "/change"):
      let revision = try revision(in: request)
      let change = try (try await decoded(request) as ChangeRequest).change()
      return try film(
        try await work(on: filmQueue) { try session.make(change, of: revision) })
    case (.get, let path):
      guard let asset = assets[path] else {
        throw Refusal(status: .notFound, message: "This page does not exist.")
      }
      return Response(
        status: .ok, headers: [.contentType: asset.type],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
    default:
      throw Refusal(
        status: .methodNotAllowed, message: "This address does not support the request.")
    }
  }

  /// A frame that is to be shown as if a shot were changed.
  private struct PreviewRequest: Decodable {
    var shot: Int
    var frame: Int
    var edit: ShotEdit?
  }

  /// A shot that is to be colored as the film will have it, as if it were changed.
  private struct ReelRequest: Decodable {
    var shot: Int
    var edit: ShotEdit?
    /// The number of the one frame that is wanted, in its own size; nil for all.
    var frame: Int?
  }

  private struct RenderRequest: Decodable {
    var overwrite: Bool?
  }

  /// What the page wants changed: one of these.
  private struct ChangeRequest: Decodable {
    var action: String
    var shot: Int?
    var frame: Int?
    var edit: ShotEdit?

    func change() throws -> ReviewSession.Change {
      switch (action, shot, frame, edit) {
      case ("edit", let shot?, _, let edit?): return .shot(shot, edit)
      case ("addCut", _, let frame?, _): return .addCut(frame: frame)
      case ("removeCut", let shot?, _, _): return .removeCut(shot: shot)
      case ("moveCut", let shot?, let frame?, _): return .moveCut(shot: shot, frame: frame)
      case ("undo", _, _, _): return .undo
      case ("redo", _, _, _): return .redo
      default:
        throw Refusal(
          status: .badRequest, message: "The change '\(action)' is unknown or incomplete.")
      }
    }
  }

  // MARK: - Reading requests

  private func number(_ name: String, in request: Request) throws -> Int {
    guard let text = request.uri.queryParameters[Substring(name)], let number = Int(text),
      number >= 0
    else { throw Refusal(status: .badRequest, message: "'\(name)' is not a number of 0 or more.") }
    return number
  }

  private func revision(in request: Request) throws -> String {
    guard let tag = request.headers[.ifMatch], tag.count > 2, tag.first == "\"", tag.last == "\""
    else {
      throw Refusal(
        status: .preconditionRequired, message: "The header If-Match must name a revision.")
    }
    return String(tag.dropFirst().dropLast())
  }

  /// The body of a request.
  /// - Parameter type: how its media type begins.
  private func bytes(of request: Request, type: String, most: Int) async throws -> Data {
    guard request.headers[.contentType]?.hasPrefix(type) == true else {
      throw Refusal(status: .unsupportedMediaType, message: "The content type must be \(type).")
    }
    let tooLarge = Refusal(
      status: .contentTooLarge, message: "The request is larger than \(most) bytes.")
    if let length = request.headers[.contentLength].flatMap({ Int($0) }), length > most {
      throw tooLarge
    }
    var bytes = Data()
    for try await buffer in request.body {
      guard bytes.count + buffer.readableBytes <= most else { throw tooLarge }
      bytes.append(contentsOf: buffer.readableBytesView)
    }
    return bytes
  }

  private func decoded<Value: Decodable>(_ request: Request) async throws -> Value {
    let bytes = try await bytes(of: request, type: "application/json", most: Self.mostBytes)
    do { return try JSONDecoder().decode(Value.self, from: bytes) } catch {
      throw Refusal(status: .badRequest, message: "The request is malformed: \(error).")
    }
  }

  // MARK: - Writing answers

  private func work<Result: Sendable>(
    on queue: DispatchQueue? = nil, _ body: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      (queue ?? self.queue).async { continuation.resume(with: Swift.Result { try body() }) }
    }
  }

  /// What is sent of a shot: for each frame its number and the number of bytes of its JPEG, 4 bytes each, the most
  /// significant first, and the JPEG; in the end, in place of a number, 2³² − 1, and what came of it, in JSON.
  private func reel(_ wanted: ReelRequest) -> Response {
    let body = ResponseBody { [session, reelQueue] writer in
      let (buffers, continuation) = AsyncStream.makeStream(of: ByteBuffer.self)
      let interruption = Interruption()
      // Semaphores may not end with less than they began with.
      let unsent = DispatchSemaphore(value: 0)
      for _ in 0..<Self.mostUnsent { unsent.signal() }
      reelQueue.async {
        let end: ReelEnd
        do throws(AutochromeError) {
          let result = try session.reel(
            shot: wanted.shot, edit: wanted.edit ?? ShotEdit(), wanted: wanted.frame,
            most: Self.mostReelFrames, interruption: interruption
          ) { frame, jpeg in
            while unsent.wait(timeout: .now() + 0.1) == .timedOut {
              guard interruption.requests == 0 else { return }
            }
            continuation.yield(Self.record(UInt32(clamping: frame), jpeg))
          }
          end = ReelEnd(reaches: result.reaches, isWhole: result.isWhole)
        } catch {
          end = ReelEnd(error: PrintableText(error.message).description)
        }
        do { continuation.yield(Self.record(.max, try JSONEncoder().encode(end))) } catch {}
        continuation.finish()
      }
      // Where the page has gone, the run ends too.
      defer { interruption.abort() }
      for await buffer in buffers {
        try await writer.write(buffer)
        unsent.signal()
      }
      try await writer.finish(nil)
    }
    return Response(
      status: .ok, headers: [.contentType: "application/octet-stream"], body: body)
  }

  private struct ReelEnd: Encodable {
    var reaches: [GivenReach] = []
    var isWhole = false
    var error: String?
  }

  private static func record(_ number: UInt32, _ bytes: Data) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: bytes.count + 8)
    buffer.writeInteger(number)
    buffer.writeInteger(UInt32(clamping: bytes.count))
    buffer.writeBytes(bytes)
    return buffer
  }

  private func film(_ film: FilmState) throws -> Response {
    var response = try json(film)
    response.headers[.eTag] = Self.tag(film.revision)
    return response
  }

  private func json(_ value: some Encodable) throws -> Response {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Response(
      status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
  }

  private static func tag(_ revision: String) -> String { "\"\(revision)\"" }

  private func jpeg(_ bytes: Data) -> Response {
    Response(
      status: .ok, headers: [.contentType: "image/jpeg"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private func failure(_ status: HTTPResponse.Status, _ error: AutochromeError) -> Response {
    let plain = AutochromeError(error.status, PrintableText(error.message).description)
    var response: Response
    do { response = try json(["error": plain]) } catch {
      response = Response(status: status)
    }
    response.status = status
    // What is left of a request that was not read to its end is not waited for.
    if [.contentTooLarge, .forbidden].contains(status) { response.headers[.connection] = "close" }
    return response
  }

  private static func status(of error: AutochromeError) -> HTTPResponse.Status {
    switch error.status {
    case .usage: .badRequest
    case .noInput: .notFound
    case .badData: .unprocessableContent
    default: .internalServerError
    }
  }
}
