import Foundation
import SampleFilm

/// Makes everything that the command line asks for.
func render(_ arguments: Arguments) throws {
  guard let rate = arguments.rate else { throw UsageError(message: "no frame rate") }
  let film = SampleFilm(
    width: arguments.width, height: arguments.height, frameRate: rate.value,
    options: arguments.options)
  let frames = arguments.frames ?? film.frameCount
  if let path = arguments.ppm {
    try write(ppm(film.render(frame: arguments.start)), to: path)
  }
  if let path = arguments.wav {
    try write(wav(SampleFilm.tune(seconds: Double(frames) / rate.value)), to: path)
  }
  guard !arguments.output.isEmpty else { return }

  let output = try open(arguments.output)
  let tag =
    switch arguments.chroma {
    case .gray: "mono"
    case .neutral: "420mpeg2"
    case .truth: "444"
    }
  let header =
    "YUV4MPEG2 W\(film.width) H\(film.height) F\(rate.numerator):\(rate.denominator) Ip A1:1 "
    + "C\(tag) XCOLORRANGE=LIMITED\n"
  try output.write(contentsOf: Data(header.utf8))
  let chromaCount = (film.width + 1) / 2 * ((film.height + 1) / 2) * 2
  let neutral = Data(repeating: 128, count: chromaCount)
  for number in arguments.start..<arguments.start + frames {
    let frame = film.render(frame: number)
    var data = Data("FRAME\n".utf8)
    switch arguments.chroma {
    case .gray: data += frame.luma
    case .neutral: data += frame.luma + neutral
    case .truth: data += yuv444(frame)
    }
    try output.write(contentsOf: data)
  }
  try output.close()
}

private func open(_ path: String) throws -> FileHandle {
  if path == "-" {
    // A reader that goes away is an error to report, not a signal to die of.
    signal(SIGPIPE, SIG_IGN)
    return .standardOutput
  }
  try write(Data(), to: path)
  return try FileHandle(forWritingTo: URL(fileURLWithPath: path))
}

private func write(_ data: Data, to path: String) throws {
  try data.write(to: URL(fileURLWithPath: path))
}

/// The true colors as BT.709 Y′CbCr, limited range, 4:4:4, plane after plane (ITU-R BT.709, item 3).
private func yuv444(_ frame: SampleFrame) -> Data {
  let count = frame.width * frame.height
  let luma = frame.trueLuma
  var planes = Data(count: count * 3)
  for place in 0..<count {
    let red = Double(frame.rgb[place * 3])
    let blue = Double(frame.rgb[place * 3 + 2])
    let gray =
      0.2126 * red + 0.7152 * Double(frame.rgb[place * 3 + 1]) + 0.0722 * blue
    planes[place] = luma[place]
    planes[count + place] = code((blue - gray) / 1.8556)
    planes[2 * count + place] = code((red - gray) / 1.5748)
  }
  return planes

  func code(_ difference: Double) -> UInt8 {
    UInt8((128 + difference * 224 / 255).rounded())
  }
}

private func ppm(_ frame: SampleFrame) -> Data {
  Data("P6\n\(frame.width) \(frame.height)\n255\n".utf8) + frame.rgb
}

/// PCM in a RIFF file: the 44 bytes of its plain header, then the samples.
private func wav(_ samples: [Int16]) -> Data {
  let bytes = UInt32(samples.count * 2)
  let rate = UInt32(SampleFilm.sampleRate)
  var data = Data("RIFF".utf8)
  func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { data.append(contentsOf: $0) }
  }
  append(36 + bytes)
  data += Data("WAVEfmt ".utf8)
  append(UInt32(16))
  append(UInt16(1))
  append(UInt16(2))
  append(rate)
  append(rate * 4)
  append(UInt16(4))
  append(UInt16(16))
  data += Data("data".utf8)
  append(bytes)
  samples.forEach { append($0) }
  return data
}
