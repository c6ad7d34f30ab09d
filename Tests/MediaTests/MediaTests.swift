import Foundation
import Imaging
import Media
import Testing

@Suite struct FileRoundTripTests {
  @Test func keepsLumaTimesAudioAndTags() throws {
    let folder = try TemporaryFolder()
    let input = folder.file("in.mkv")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=96x64:r=24:d=1 -f lavfi -i sine=d=1 -f lavfi -i sine=300:d=1 "
        + "-map 0 -map 1 -map 2 -c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p "
        + "-colorspace bt709 -color_primaries bt709 -color_trc bt709 -c:a:0 aac -c:a:1 flac "
        + "-metadata title=Try -metadata:s:a:1 language=fra", input)
    let source = try FileSource(path: input)
    #expect(source.info.streams.count == 3)
    var options = SinkOptions()
    options.encoder = "ffv1"
    let output = folder.file("out.mkv")
    let sink = try FileSink(path: output, source: source.info, options: options)
    #expect(sink.outputFormat.pictureFormat == .yuv420(8))
    try copy(source, to: sink)
    #expect(try folder.names == ["in.mkv", "out.mkv"])

    let before = try FileSource(path: input).drain()
    let after = try FileSource(path: output).drain()
    #expect(before.error == nil && after.error == nil)
    let a = before.elements.compactMap(\.frame)
    let b = after.elements.compactMap(\.frame)
    #expect(a.count == 24 && b.count == 24)
    for (x, y) in zip(a, b) {
      #expect(x.picture.luma.hasSameSamples(as: y.picture.luma))
      #expect(x.presentationTime == y.presentationTime)
      #expect(x.picture.color == y.picture.color)
    }
    let p = before.elements.flatMap(\.packets)
    let q = after.elements.flatMap(\.packets)
    for stream in [1, 2] {
      #expect(
        p.filter { $0.streamIndex == stream }.map(\.bytes)
          == q.filter { $0.streamIndex == stream }.map(\.bytes))
    }
  }
}
