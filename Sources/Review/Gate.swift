import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdCore

/// Decides which requests are answered: those that know the token and come from this machine's own page.
///
/// Another page in the same browser can send requests here, and a name that it owns may lead here (DNS rebinding). So
/// the host must be this machine by a name that nobody else can give, the origin must be that host, and the token is
/// kept where only this origin's requests carry it.
struct Gate: Sendable {
  /// 256 random bits in hexadecimal digits.
  let token: String
  /// The name of the cookie that holds the token. Ports share cookies: each server has its own name.
  let cookie: String

  private static let hosts = ["127.0.0.1", "localhost", "[::1]"]

  init(token: String = Gate.randomToken(), port: Int) {
    self.token = token
    cookie = "autochrome-review-\(port)"
  }

  static func randomToken() -> String {
    var random = SystemRandomNumberGenerator()
    return (0..<4).map { _ in
      let digits = String(random.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  /// Why a request is not answered; nil if it may be.
  func refusal(of request: Request) -> String? {
    guard let authority = request.head.authority, Self.isHere(authority) else {
      return "This server answers only on 127.0.0.1 and localhost."
    }
    if let origin = request.headers[.origin], origin != "http://" + authority {
      return "The request comes from another web page."
    }
    if let site = request.headers[.fetchSite], !["same-origin", "none"].contains(site) {
      return "The request comes from another web page."
    }
    guard isKnown(request) else {
      return "The token is missing or wrong; open the address that 'autochrome review' printed."
    }
    return nil
  }

  private static func isHere(_ authority: String) -> Bool {
    hosts.contains { host in
      guard authority.hasPrefix(host) else { return false }
      let rest = authority.dropFirst(host.count)
      return rest.isEmpty
        || rest.first == ":" && !rest.dropFirst().isEmpty
          && rest.dropFirst().utf8.allSatisfy {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
          }
    }
  }

  /// Whether the address has the token, which then goes into the cookie.
  func isInAddress(of request: Request) -> Bool {
    request.uri.queryParameters["token"].map { isToken(String($0)) } ?? false
  }

  private func isKnown(_ request: Request) -> Bool {
    if request.uri.path == "/", isInAddress(of: request) { return true }
    if let header = request.headers[.authorization], header.hasPrefix("Bearer ") {
      return isToken(String(header.dropFirst("Bearer ".count)))
    }
    return request.headers[values: .cookie].contains { line in
      line.split(separator: ";").contains { part in
        let pair = part.split(separator: "=", maxSplits: 1)
        return pair.count == 2 && pair[0].trimmingCharacters(in: .whitespaces) == cookie
          && isToken(pair[1].trimmingCharacters(in: .whitespaces))
      }
    }
  }

  /// Takes as long whatever the text is.
  private func isToken(_ text: String) -> Bool {
    let (one, other) = (Array(text.utf8), Array(token.utf8))
    guard one.count == other.count else { return false }
    return zip(one, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// What the browser keeps the token in: scripts don't see it, and other pages' requests don't carry it.
  var setCookie: String { "\(cookie)=\(token); Path=/; HttpOnly; SameSite=Strict" }

  /// What all answers say: the page loads nothing from elsewhere, and no other page shows it or reads it.
  static let headers: HTTPFields = [
    .contentSecurityPolicy:
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    .contentTypeOptions: "nosniff", .referrerPolicy: "no-referrer", .cacheControl: "no-store",
    .resourcePolicy: "same-origin", .openerPolicy: "same-origin",
  ]
}

extension HTTPField.Name {
  private static func named(_ name: String) -> HTTPField.Name {
    // The names below are all tokens of HTTP.
    HTTPField.Name(name) ?? .server
  }

  fileprivate static let fetchSite = named("Sec-Fetch-Site")
  fileprivate static let contentTypeOptions = named("X-Content-Type-Options")
  fileprivate static let referrerPolicy = named("Referrer-Policy")
  fileprivate static let resourcePolicy = named("Cross-Origin-Resource-Policy")
  fileprivate static let openerPolicy = named("Cross-Origin-Opener-Policy")
}
