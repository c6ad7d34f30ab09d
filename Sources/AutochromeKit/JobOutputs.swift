import Foundation
import Media

/// Which input goes to which output.
public enum JobOutputs {
  /// One input goes to `output` itself; several go into the folder `output`, each under its own
  /// name.
  /// - Throws: `AutochromeError` with status `usage` when two inputs would get the same name, or an
  ///   output would replace its own input.
  public static func pair(inputs: [String], output: String) throws(AutochromeError)
    -> [(input: String, output: String)]
  {
    let pairs: [(input: String, output: String)]
    if inputs.count == 1 {
      pairs = [(inputs[0], singleOutput(input: inputs[0], output: output))]
    } else {
      guard output != "-" else {
        throw AutochromeError(.usage, "Several inputs can't go to stdout; name an output folder.")
      }
      guard !FileManager.default.fileExists(atPath: output) || isFolder(output) else {
        throw AutochromeError(
          .usage, "Several inputs need a folder as output, and '\(output)' is a file.")
      }
      pairs = inputs.map { ($0, join(output, name(of: $0))) }
    }
    var seen: [String: String] = [:]
    for (input, output) in pairs {
      if let other = seen[output] {
        throw AutochromeError(
          .usage, "'\(other)' and '\(input)' would both be written to '\(output)'.")
      }
      seen[output] = input
      if input != "-", output != "-", path(input) == path(output) {
        throw AutochromeError(
          .usage, "'\(output)' is the input itself, which is never replaced; name another output.")
      }
    }
    return pairs
  }

  /// A single film into an existing folder keeps its name.
  private static func singleOutput(input: String, output: String) -> String {
    guard input != "-", !isFolder(input), !input.contains("%"), !isPictureName(input),
      isFolder(output) || output.hasSuffix("/")
    else { return output }
    return join(output, name(of: input))
  }

  /// Names of files that hold single pictures.
  static func isPictureName(_ path: String) -> Bool {
    let suffix = (path as NSString).pathExtension.lowercased()
    return ["png", "tif", "tiff", "jpg", "jpeg", "ppm", "pgm", "pnm", "bmp", "dpx", "webp"]
      .contains(suffix)
  }

  /// Whether `output` is a folder or a pattern of single pictures, or one picture.
  static func isPictures(_ output: String, inputIsFolder: Bool) -> Bool {
    isPictureName(output) || isFolder(output) || output.hasSuffix("/")
      || (inputIsFolder && (output as NSString).pathExtension.isEmpty)
  }

  /// FFmpeg's name of an encoder that is given by its common name.
  static func encoderName(_ name: String) -> String {
    let names = [
      "x264": "libx264", "h264": "libx264", "x265": "libx265", "hevc": "libx265",
      "svtav1": "libsvtav1", "svt-av1": "libsvtav1", "av1": "libsvtav1", "prores": "prores_ks",
      "jpeg": "mjpeg", "jpg": "mjpeg", "tif": "tiff",
    ]
    return names[name.lowercased()] ?? name
  }

  static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  /// Creates the folder for several outputs, if it is not there.
  /// - Throws: `AutochromeError` with status `cannotCreate`.
  public static func createFolder(_ path: String) throws(AutochromeError) {
    try AutochromeError.wrapping { try MediaSink.createFolder(path) }
  }

  private static func name(of input: String) -> String { (input as NSString).lastPathComponent }

  private static func join(_ folder: String, _ name: String) -> String {
    (folder as NSString).appendingPathComponent(name)
  }

  private static func path(_ name: String) -> String {
    URL(fileURLWithPath: name).standardizedFileURL.resolvingSymlinksInPath().path
  }
}
