import Foundation
import Media

/// What pages that are one file have in common.
package enum PageParts {
  /// A Content Security Policy (W3C, level 3) under which a page shows pictures that stand in it, with the style and the
  /// script that stand in it: it loads nothing, and not even a script that got past the escaping may act.
  /// - Throws: `MediaError` if there is no memory for the sums of style and script.
  package static func policy(style: String, script: String) throws -> String {
    "default-src 'none'; img-src data:; style-src '\(try sum(of: style))'; script-src "
      + "'\(try sum(of: script))'; base-uri 'none'; form-action 'none'"
  }

  /// The beginning of a page under that policy, up to and with its style; what follows may add to the head and ends it.
  /// - Throws: `MediaError` if there is no memory for the sums of style and script.
  package static func beginning(
    title: Markup, style: String, script: String
  ) throws -> Markup {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="\(try policy(style: style, script: script))">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="generator" content="Autochrome \(AutochromeVersion.current)">
    <title>\(title)</title>
    <style>\(Markup(verbatim: style))</style>
    """
  }

  private static func sum(of text: String) throws -> String {
    "sha256-" + Data(try Fingerprint.sum(of: Array(text.utf8))).base64EncodedString()
  }

  /// Colors and letters.
  package static let style = """
    :root{color-scheme:dark;--ground:#131416;--panel:#1c1e21;--line:#33373c;--text:#e6e8ea;--quiet:#a9b0b8;--mark:#ffb84d;--good:#7bd88f}
    *{box-sizing:border-box}
    body{margin:0 auto;max-width:1120px;padding:32px 0;background:var(--ground);color:var(--text);font:16px/1.5 system-ui,sans-serif}
    h1{font-size:clamp(24px,5vw,38px);line-height:1.2;font-weight:650}
    h2{font-size:20px;line-height:1.3}
    :focus-visible{outline:2px solid #6cb6ff;outline-offset:2px}

    """
}
