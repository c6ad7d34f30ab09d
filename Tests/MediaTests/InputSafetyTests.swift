import Foundation
import Imaging
import Media
import TestSupport
import Testing

/// Nothing is opened but what was named, whatever a file says.
@Suite struct InputSafetyTests {
  private let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func write(_ text: String, _ name: String) throws -> String {
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file(name)))
    return folder.file(name)
  }

  /// A socket that listens on a port of this machine, and tells whether somebody came.
  private final class Listener {
    let descriptor: Int32
    private(set) var port = 0

    init() throws {
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
      }
      try #require(isBound && listen(descriptor, 4) == 0)
      port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(descriptor) }

    var hasVisitor: Bool {
      var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      return poll(&waiting, 1, 0) > 0
    }
  }

  private static let playlists: [(name: String, text: String)] = [
    (
      "hls",
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXTINF:0.4,\n@\n#EXT-X-ENDLIST\n"
    ),
    (
      "dash",
      "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
        + "mediaPresentationDuration=\"PT0.4S\" profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\">"
        + "<Period><AdaptationSet mimeType=\"video/mp4\"><Representation id=\"1\" bandwidth=\"1000\">"
        + "<BaseURL>@</BaseURL></Representation></AdaptationSet></Period></MPD>"
    ),
    ("concat", "ffconcat version 1.0\nfile '@'\n"),
    (
      "sdp",
      "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 18799 RTP/AVP 96\n"
        + "a=rtpmap:96 H264/90000\n"
    ),
  ]

  @Test(arguments: ["hls", "dash", "concat", "sdp"], [false, true])
  func aPlaylistOpensNothing(kind: String, isFormatGiven: Bool) throws {
    let listener = try Listener()
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -c:v mpeg2video", folder.file("seg.ts"))
    let text = try #require(Self.playlists.first { $0.name == kind }).text
    var options = SourceOptions()
    if isFormatGiven { options.format = kind }
    // A guard: what waits for the network here is stopped, and has no such error.
    let interruption = MediaInterruption()
    options.interruption = interruption
    let watchdog = Thread {
      Thread.sleep(forTimeInterval: 60)
      interruption.request()
    }
    watchdog.start()
    for target in [
      "seg.ts", folder.file("seg.ts"), "file://" + folder.file("seg.ts"),
      "http://127.0.0.1:\(listener.port)/seg.ts",
    ] {
      for name in ["film.mkv", "film.m3u8"] {
        let path = try write(text.replacing("@", with: target), name)
        let error = #expect(throws: MediaError.self, "\(target)") {
          try MediaSource.open(path, options: options)
        }
        #expect(error?.code == .notMedia, "\(target): \(error?.description ?? "")")
        // From version 7 on, FFmpeg itself takes no file of another extension for HLS.
        if kind != "hls" || name == "film.m3u8" {
          #expect(error?.message.contains("only the files that you name are opened") == true)
        }
        #expect(!listener.hasVisitor, "\(target)")
      }
    }
  }

  @Test func aPlaylistInAPipeOpensNothing() throws {
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -c:v mpeg2video", folder.file("seg.ts"))
    for playlist in Self.playlists where playlist.name != "sdp" {
      let text = playlist.text.replacing("@", with: folder.file("seg.ts"))
      let path = try write(text, "list")
      let fifo = folder.file("fifo-\(playlist.name)")
      #expect(mkfifo(fifo, 0o600) == 0)
      let feeder = Process()
      feeder.executableURL = URL(fileURLWithPath: "/bin/sh")
      feeder.arguments = ["-c", "cat '\(path)' > '\(fifo)'"]
      try feeder.run()
      let error = #expect(throws: MediaError.self) { try MediaSource.open(fifo) }
      #expect(error?.code == .notMedia, "\(error?.description ?? "")")
      feeder.waitUntilExit()
    }
  }

  @Test(arguments: ["image2", "rtsp", "rtp"])
  func formatsThatOpenFilesThemselvesAreRefused(format: String) throws {
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48 -frames:v 1", folder.file("1.png"))
    var options = SourceOptions()
    options.format = format
    let error = #expect(throws: MediaError.self) {
      try MediaSource.open(folder.file("1.png"), options: options)
    }
    #expect(
      error?.code == .notMedia && error?.message.contains("only the files that you name") == true)
  }

  @Test(arguments: [
    "http://127.0.0.1:1/film.mkv", "https://127.0.0.1:1/*.png", "concat:a.ts|b.ts", "file:film.mkv",
    "subfile,,start,0,end,0,,:film.mkv", "pipe:0", "crypto:film.mkv", "rtmp://127.0.0.1/x",
    "nosuch://host/x",
  ])
  func addressesAreNoFilms(address: String) throws {
    let error = #expect(throws: MediaError.self) { try MediaSource.open(address) }
    #expect(error?.code == .notMedia && error?.message.contains("is an address") == true)
    #expect(error?.message.contains(address) == true)
  }

  @Test func namesWithColonsAreFilms() throws {
    let missing = #expect(throws: MediaError.self) {
      try MediaSource.open(folder.file("Reel 1: the end.mkv"))
    }
    #expect(missing?.code == .noSuchFile)
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=25:d=0.2 -c:v ffv1 -f matroska", folder.file("x"))
    try FileManager.default.moveItem(atPath: folder.file("x"), toPath: folder.file("concat:a"))
    #expect(try MediaSource.open(folder.file("concat:a")).frames().count == 5)
  }

  /// A QuickTime film whose data reference names another file.
  @Test func aReferenceMovieOpensNothing() throws {
    let path = folder.file("film.mov")
    try ffmpeg(
      words: "-f lavfi -i testsrc2=s=64x48:r=25:d=0.4 -c:v mjpeg -movflags +faststart", path)
    var data = try Data(contentsOf: URL(fileURLWithPath: path))
    // The entry of `dref` is `alis` or `url ` with flag 1, "in this file"; it is 12 bytes long. In its
    // place comes an alias record with a path, and each box around grows by its length.
    let place = try #require(data.range(of: Data("dref".utf8)))
    let entry = place.upperBound + 8
    var alias = Data(count: 150)
    let other = Data(folder.file("other.mov").utf8)
    alias.append(contentsOf: [0, 2, 0, UInt8(other.count)] + other)
    if other.count % 2 == 1 { alias.append(0) }
    alias.append(contentsOf: [0xFF, 0xFF, 0, 0])
    // The parts of the record at known places stay empty; the path follows at 150.
    var box = Data([0, 0, 0, 0]) + Data("alis".utf8) + Data([0, 0, 0, 0]) + alias
    box[2] = UInt8(box.count >> 8)
    box[3] = UInt8(box.count & 255)
    let growth = box.count - 12
    data.replaceSubrange(entry..<entry + 12, with: box)
    for name in ["moov", "trak", "mdia", "minf", "dinf", "dref"] {
      let at = try #require(data.range(of: Data(name.utf8))).lowerBound - 4
      let size = data[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } + growth
      for index in 0..<4 { data[at + index] = UInt8(size >> (24 - 8 * index) & 255) }
    }
    try data.write(to: URL(fileURLWithPath: path))
    let error = #expect(throws: MediaError.self) { try MediaSource.open(path) }
    #expect(error?.code == .unsupported, "\(error?.description ?? "")")
    #expect(error?.message.contains("other files") == true)
  }

  // MARK: Sizes that headers claim

  @Test func picturesInPipesHaveALimit() throws {
    func big(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
    let filler = [UInt8](repeating: 0, count: 4000)
    let png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    let pictures: [(String, [UInt8])] = [
      ("P6", Array("P6 1000000 1000000 255\n".utf8)), ("P5", Array("P5\n40000 40000\n255\n".utf8)),
      ("P6 wide", Array("P6 16000 12000 65535\n".utf8)),
      ("P4", Array("P4 1000000 1000000\n".utf8)),
      (
        "PAM",
        Array(
          "P7\nWIDTH 900000\nHEIGHT 900000\nDEPTH 4\nMAXVAL 65535\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
            .utf8)
      ),
      ("PNG", png + big(0x7FFF_FFFF) + Array("IDAT".utf8)),
      ("BMP", Array("BM".utf8) + [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]),
      ("DPX", Array("SDPX".utf8) + big(0) + Array("V1.0\0\0\0\0".utf8) + big(0xFFFF_FFF0)),
      ("WebP", Array("RIFF".utf8) + [0xF0, 0xFF, 0xFF, 0xFF] + Array("WEBP".utf8)),
    ]
    var options = SourceOptions()
    options.format = "image2pipe"
    for (name, head) in pictures {
      let path = folder.file("pictures")
      try Data(head + filler).write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: MediaError.self, "\(name)") {
        try MediaSource.open(path, options: options)
      }
      #expect(error?.code == .unsupported, "\(name): \(error?.description ?? "")")
      #expect(error?.message.contains("512 MiB") == true, "\(name)")
    }
    let frames = try write("YUV4MPEG2 W16000 H16000 F25:1 C444p16\nFRAME\n", "huge.y4m")
    let error = #expect(throws: MediaError.self) { try MediaSource.open(frames) }
    #expect(error?.code == .unsupported && error?.message.contains("512 MiB") == true)
  }

  // MARK: Films sent as text

  @Test func y4mWithWindowsLineEndsIsReadWhereItIsWhole() throws {
    let plain = folder.file("in.y4m")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48:r=25 -frames:v 3 -pix_fmt yuv420p", plain)
    let frames = try MediaSource.open(plain).frames()
    let data = try Data(contentsOf: URL(fileURLWithPath: plain))
    let header = try #require(data.firstIndex(of: 0x0A))
    let payload = 64 * 48 * 3 / 2
    for end in ["\n", "\r\n"] {
      var changed = data[..<header] + Data("\r\n".utf8)
      for index in 0..<3 {
        let start = header + 1 + index * (payload + 6) + 6
        changed += Data(("FRAME" + end).utf8) + data[start..<start + payload]
      }
      let path = folder.file("crlf.y4m")
      try changed.write(to: URL(fileURLWithPath: path))
      let read = try MediaSource.open(path).frames()
      #expect(read.count == 3)
      for (x, y) in zip(frames, read) {
        #expect(x.picture.planes.map(\.samples) == y.picture.planes.map(\.samples))
      }
    }
    // Line feeds within the pictures were changed, too.
    var text = Data()
    var noisy = data
    for index in stride(from: header + 20, to: data.count, by: 97) { noisy[index] = 0x0A }
    for index in 0..<3 {
      noisy.replaceSubrange(
        header + 1 + index * (payload + 6)..<header + 7 + index * (payload + 6),
        with: Data("FRAME\n".utf8))
    }
    for byte in noisy { text.append(contentsOf: byte == 0x0A ? [0x0D, 0x0A] : [byte]) }
    try text.write(to: URL(fileURLWithPath: folder.file("text.y4m")))
    let (elements, error) = try MediaSource.open(folder.file("text.y4m")).drain()
    #expect(elements.isEmpty && error?.code == .corrupt)
    #expect(error?.message.contains("as text") == true, "\(error?.description ?? "")")
  }

  @Test func picturesAndStreamsThatWereSentAsTextSaySo() throws {
    try ffmpeg(words: "-f lavfi -i testsrc2=s=64x48 -frames:v 1", folder.file("in.png"))
    let png = try Data(contentsOf: URL(fileURLWithPath: folder.file("in.png")))
    let added = png.reduce(into: Data()) {
      $0.append(contentsOf: $1 == 0x0A ? [0x0D, 0x0A] : [$1])
    }
    let removed = Data(Array(png).split(separator: 0x0D, omittingEmptySubsequences: false).joined())
    let header = Data("YUV4MPEG2 W64 H48 F25:1 C420jpeg\n".utf8)
    let wide = Data([0xFF, 0xFE]) + header.reduce(into: Data()) { $0.append(contentsOf: [$1, 0]) }
    for (index, data) in [added, removed, wide, Data([0xEF, 0xBB, 0xBF]) + header].enumerated() {
      let path = folder.file("text\(index).bin")
      try data.write(to: URL(fileURLWithPath: path))
      let error = #expect(throws: MediaError.self) { try MediaSource.open(path) }
      #expect(error?.code == .corrupt, "\(index): \(error?.description ?? "")")
      #expect(error?.message.contains("as binary data") == true)
    }
  }

  @Test func anMP4WithItsIndexAtTheEndCannotComeThroughAPipe() throws {
    let input = folder.file("in.mp4")
    try ffmpeg(words: "-f lavfi -i testsrc2=s=320x240:r=25:d=2 -c:v mpeg4 -q:v 2", input)
    let fifo = folder.file("fifo")
    #expect(mkfifo(fifo, 0o600) == 0)
    let feeder = Process()
    feeder.executableURL = URL(fileURLWithPath: "/bin/sh")
    feeder.arguments = ["-c", "cat '\(input)' > '\(fifo)' 2>/dev/null"]
    try feeder.run()
    let error = #expect(throws: MediaError.self) { try MediaSource.open(fifo) }
    #expect(error?.code == .unsupported && error?.message.contains("faststart") == true)
    feeder.waitUntilExit()
  }
}
