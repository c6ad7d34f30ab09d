// Colorizes a picture in memory: reads a binary PGM (P5) of 8 bits, writes a binary PPM (P6).
//
//     picture GRAY.pgm COLOR.ppm
import Autochrome
import Foundation

/// Width, height and samples of a PGM without comments.
func readGray(_ path: String) throws -> (width: Int, height: Int, samples: Data) {
  let file = try Data(contentsOf: URL(fileURLWithPath: path))
  let parts = file.split(maxSplits: 4, omittingEmptySubsequences: true) {
    " \t\r\n".utf8.contains($0)
  }
  guard parts.count == 5, parts[0].elementsEqual("P5".utf8), parts[3].elementsEqual("255".utf8),
    let width = Int(String(decoding: parts[1], as: UTF8.self)),
    let height = Int(String(decoding: parts[2], as: UTF8.self)),
    width > 0, height > 0, file.count >= width * height
  else { throw CocoaError(.fileReadCorruptFile) }
  return (width, height, file.suffix(width * height))
}

let arguments = CommandLine.arguments
guard arguments.count == 3 else {
  FileHandle.standardError.write(Data("usage: picture GRAY.pgm COLOR.ppm\n".utf8))
  exit(64)
}

let gray = try readGray(arguments[1])
let format = VideoFormat(
  width: gray.width, height: gray.height, pixelFormat: try PixelFormat(.gray), isFullRange: true)
let frame = try VideoFrame(format: format, time: 0) { _, samples, bytesPerRow in
  for y in 0..<gray.height {
    let row = gray.samples.dropFirst(y * gray.width).prefix(gray.width)
    samples[(y * bytesPerRow)...].copyBytes(from: row)
  }
}

let colorizer = try Colorizer(options: Options(look: Look(vividness: 0.6)))
let color = try colorizer.colorize(frame, as: PixelFormat(.rgb))

var file = Data("P6 \(color.width) \(color.height) 255\n".utf8)
for y in 0..<color.height {
  for x in 0..<color.width { for plane in color.planes { file.append(UInt8(plane[x, y])) } }
}
try file.write(to: URL(fileURLWithPath: arguments[2]))
