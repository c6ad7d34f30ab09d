import Foundation
import SampleFilm

let usage = """
  usage: render-sample [options] OUTPUT
    Renders the sample film as YUV4MPEG2 (y4m). OUTPUT is a file, or - for stdout.
    --size WxH       in pixels (default 640x360)
    --rate R         frames per second: 24, 29.97 or 30000/1001 (default 24)
    --frames N       frames to render; beyond its end the film starts over (default: all)
    --start N        the first frame to render (default 0)
    --shot NAME      only this shot: meadow, sea or corn
    --chroma C       gray (Cmono, default), 420 (neutral chroma), or 444 (the true colors)
    --color          the same as --chroma 444, without grain and flicker
    --grain X        strength of the grain (default 1, 0 for none)
    --flicker X      strength of the flicker (default 1, 0 for none)
    --rgb FILE       write the true colors of the first frame as a PPM picture too
    --wav FILE       write the tune as a WAV file, as long as the film
  """

do {
  guard let arguments = try Arguments(CommandLine.arguments.dropFirst()) else {
    print(usage)
    exit(0)
  }
  try render(arguments)
} catch let error as UsageError {
  FileHandle.standardError.write(Data("render-sample: \(error.message)\n\(usage)\n".utf8))
  exit(64)
} catch {
  FileHandle.standardError.write(Data("render-sample: \(error)\n".utf8))
  exit(74)
}
