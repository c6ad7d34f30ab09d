import Media

/// What an output is by its name.
enum JobOutputs {
  /// Whether `output` is a folder or a pattern of single pictures, or one picture.
  static func isPictures(_ output: String, inputIsFolder: Bool) -> Bool {
    MediaName.isPicture(output) || FileSystem.isFolder(output) || output.hasSuffix("/")
      || MediaName.isPicturePattern(output)
      || (inputIsFolder && PathParts.fileExtension(of: output).isEmpty)
  }

  /// FFmpeg's name of an encoder that is given by its common name.
  static func encoderName(_ name: String) -> String {
    let names = [
      "x264": "libx264", "h264": "libx264", "x265": "libx265", "hevc": "libx265",
      "svtav1": "libsvtav1", "svt-av1": "libsvtav1", "av1": "libsvtav1", "prores": "prores_ks",
      "dnxhr": "dnxhd",
      "jpeg": "mjpeg", "jpg": "mjpeg", "tif": "tiff",
    ]
    return names[name.lowercased()] ?? name
  }
}
