import Foundation
import TestSupport
import Testing

/// `autochrome review` as a user starts it, and what a browser sends to it.
final class ReviewProgram {
  /// What it answered.
  struct Reply {
    var status = 0
    /// By names in small letters.
    var headers: [String: String] = [:]
    var body = Data()

    func json() throws -> [String: JSONValue] {
      guard case .object(let members) = try JSONValue(body) else { return [:] }
      return members
    }
  }

  let process = Process()
  let port: UInt16
  let token: String

  convenience init(_ arguments: [String]) throws {
    try self.init(tool: builtURL("autochrome").path, ["review", "--no-open"] + arguments)
  }

  /// - Parameter tool: what starts it.
  /// - Throws: if it prints no address.
  init(tool: String, _ arguments: [String]) throws {
    process.executableURL = URL(fileURLWithPath: tool)
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let line = String(decoding: output.fileHandleForReading.readMore(), as: UTF8.self)
    let match = try #require(
      line.wholeMatch(of: /http:\/\/127\.0\.0\.1:(\d+)\/\?token=([0-9a-f]{64})\n/), "\(line)")
    port = try #require(UInt16(match.output.1))
    token = String(match.output.2)
  }

  deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

  /// Sends a request as it stands, from the first line on, and reads the answer to its end.
  func send(raw request: Data) throws -> Reply {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    // No test waits forever.
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(connected == 0, "the server does not listen")
    // What is refused need not be taken to its end.
    _ = request.withUnsafeBytes {
      Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    var answer = Data()
    while !Self.isWhole(answer) {
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { break }
      answer.append(contentsOf: buffer[..<count])
    }
    return try Self.reply(answer)
  }

  /// Whether all of an answer is there, by the length that it tells.
  private static func isWhole(_ answer: Data) -> Bool {
    guard let end = answer.range(of: Data("\r\n\r\n".utf8)) else { return false }
    let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self).lowercased()
    guard let length = head.firstMatch(of: /content-length: (\d+)/).flatMap({ Int($0.output.1) })
    else { return false }
    return answer.count - end.upperBound >= length
  }

  private static func reply(_ answer: Data) throws -> Reply {
    var reply = Reply()
    let end = try #require(answer.range(of: Data("\r\n\r\n".utf8)), "no answer")
    let lines = String(decoding: answer[..<end.lowerBound], as: UTF8.self)
      .components(separatedBy: "\r\n")
    reply.status = try #require(Int(lines[0].split(separator: " ")[1]))
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      reply.headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
    }
    reply.body = answer[end.upperBound...]
    if reply.headers["transfer-encoding"] == "chunked" {
      reply.body = try withoutChunks(reply.body)
    }
    return reply
  }

  /// RFC 9112, section 7.1.
  private static func withoutChunks(_ body: Data) throws -> Data {
    var (rest, result) = (Data(body), Data())
    while let end = rest.range(of: Data("\r\n".utf8)) {
      let count = try #require(
        Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16))
      guard count > 0 else { return result }
      result += rest[end.upperBound..<end.upperBound + count]
      rest = Data(rest[(end.upperBound + count + 2)...])
    }
    throw ToolFailure(description: "the answer was broken off")
  }

  /// Sends a request with the token, but for what `headers` say otherwise; nil leaves one out.
  func ask(
    _ method: String, _ path: String, _ body: String? = nil, headers: [String: String?] = [:]
  ) throws -> Reply {
    var all: [String: String?] = [
      "Host": "127.0.0.1:\(port)", "Connection": "close",
      "Cookie": "autochrome-review-\(port)=\(token)",
    ]
    if let body {
      all["Content-Type"] = "application/json"
      all["Content-Length"] = "\(body.utf8.count)"
    }
    all.merge(headers) { $1 }
    var request = "\(method) \(path) HTTP/1.1\r\n"
    for (name, value) in all { if let value { request += "\(name): \(value)\r\n" } }
    return try send(raw: Data((request + "\r\n" + (body ?? "")).utf8))
  }

  /// The frames of a shot that the server colors as a whole, and what it says in the end.
  func reel(_ body: String) throws -> (
    frames: [(number: Int, jpeg: Data)], end: [String: JSONValue]
  ) {
    let reply = try ask("POST", "/reel", body)
    #expect(reply.status == 200)
    var (rest, frames) = (Data(reply.body), [(Int, Data)]())
    func number() -> UInt32 {
      defer { rest = Data(rest.dropFirst(4)) }
      return rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
    while rest.count >= 8 {
      let (frame, count) = (number(), Int(number()))
      let bytes = rest.prefix(count)
      rest = Data(rest.dropFirst(count))
      guard frame != .max else {
        guard case .object(let end) = try JSONValue(bytes) else { break }
        return (frames, end)
      }
      frames.append((Int(frame), Data(bytes)))
    }
    throw ToolFailure(description: "the shot was broken off")
  }

  /// What the page is told of the film.
  func film() throws -> [String: JSONValue] {
    let reply = try ask("GET", "/film")
    #expect(reply.status == 200)
    return try reply.json()
  }

  /// The revision of the shots file.
  func revision() throws -> String {
    guard case .string(let revision)? = try film()["revision"] else { return "" }
    return revision
  }

  /// Makes a change to the revision that there is, or to another one.
  func change(_ body: String, of revision: String? = nil) throws -> Reply {
    try ask(
      "POST", "/change", body,
      headers: ["If-Match": "\"\(try revision ?? self.revision())\""])
  }
}
