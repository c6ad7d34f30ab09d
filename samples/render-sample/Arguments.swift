import SampleFilm

/// A command line that can't be followed, and why.
struct UsageError: Error {
  let message: String
}

/// The command line.
struct Arguments {
  /// How the picture is written.
  enum Chroma: String {
    case gray
    case neutral = "420"
    case truth = "444"
  }

  /// Frames per second as a fraction, the way y4m has it.
  struct Rate {
    let numerator: Int
    let denominator: Int
    var value: Double { Double(numerator) / Double(denominator) }

    init?(_ text: String) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      if parts.count == 2, let top = Int(parts[0]), let bottom = Int(parts[1]) {
        (numerator, denominator) = (top, bottom)
      } else if let whole = Int(text) {
        (numerator, denominator) = (whole, 1)
      } else if let ntsc = ["23.976": 24, "29.97": 30, "59.94": 60][text] {
        (numerator, denominator) = (ntsc * 1000, 1001)
      } else {
        return nil
      }
      guard numerator > 0, denominator > 0 else { return nil }
    }
  }

  var output = ""
  var width = 640
  var height = 360
  var rate = Rate("24")
  var frames: Int?
  var start = 0
  var chroma = Chroma.gray
  var options = SampleFilm.Options()
  var ppm: String?
  var wav: String?

  /// Reads the arguments; nil when help was asked for.
  init?(_ arguments: some Sequence<String>) throws {
    var rest = Array(arguments)
    func value(of option: String) throws -> String {
      guard !rest.isEmpty else { throw UsageError(message: "\(option) needs a value") }
      return rest.removeFirst()
    }
    func parsed<Value>(_ option: String, _ parse: (String) -> Value?) throws -> Value {
      let text = try value(of: option)
      guard let result = parse(text) else {
        throw UsageError(message: "\(option) can't be \"\(text)\"")
      }
      return result
    }
    while !rest.isEmpty {
      let argument = rest.removeFirst()
      switch argument {
      case "--help", "-h": return nil
      case "--size":
        (width, height) = try parsed(argument) { text in
          let sides = text.split(separator: "x").compactMap { Int($0) }
          guard sides.count == 2, sides.allSatisfy({ (16...8192).contains($0) }) else { return nil }
          return (sides[0], sides[1])
        }
      case "--rate": rate = try parsed(argument) { Rate($0) }
      case "--frames": frames = try parsed(argument) { Int($0).flatMap { $0 > 0 ? $0 : nil } }
      case "--start": start = try parsed(argument) { Int($0).flatMap { $0 >= 0 ? $0 : nil } }
      case "--shot":
        options.shots = try parsed(argument) { text in
          SampleFilm.Shot.allCases.first { "\($0)" == text }.map { [$0] }
        }
      case "--chroma": chroma = try parsed(argument) { Chroma(rawValue: $0) }
      case "--color": chroma = .truth
      case "--grain": options.grain = try parsed(argument) { Double($0) }
      case "--flicker": options.flicker = try parsed(argument) { Double($0) }
      case "--rgb": ppm = try value(of: argument)
      case "--wav": wav = try value(of: argument)
      default:
        guard output.isEmpty, argument == "-" || !argument.hasPrefix("-") else {
          throw UsageError(message: "unexpected argument \(argument)")
        }
        output = argument
      }
    }
    guard !output.isEmpty || ppm != nil || wav != nil else {
      throw UsageError(message: "no output is given")
    }
  }
}
