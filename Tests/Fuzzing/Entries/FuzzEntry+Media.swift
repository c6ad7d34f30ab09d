import Foundation
import Media

extension FuzzEntry {
  /// Frames in YUV4MPEG2: read one by one, and passed over.
  static let y4m = FuzzEntry("y4m") { bytes in
    try ScratchFile.with(bytes) { path in
      var options = SourceOptions()
      options.format = "y4m"
      let source = try RawVideoSource(path: path, options: options)
      // A frame takes memory by its header's account, whatever comes.
      guard source.info.width * source.info.height <= 1 << 20 else { return }
      let read = Result { while try source.next() != nil {} }
      let other = try RawVideoSource(path: path, options: options)
      _ = try other.skip(to: 1)
      _ = try other.next()
      try read.get()
    }
  }

  /// A picture's file: its structure, its tags, its samples; damage passed over and not.
  static let picture = FuzzEntry("picture") { bytes in
    guard isPicture(bytes) else { return }
    try ScratchFile.with(bytes) { path in
      for policy in [DamagePolicy.continue, .stop] {
        var options = SourceOptions()
        options.onDamage = policy
        let source = try MediaSource.open(path, options: options)
        while try source.next() != nil {}
      }
    }
  }

  /// Pictures one after the other in a stream, damage passed over.
  static let pictureStream = FuzzEntry("picture-stream") { bytes in
    try ScratchFile.with(bytes) { path in
      var options = SourceOptions()
      options.format = "image2pipe"
      options.onDamage = .continue
      let source = try MediaSource.open(path, options: options)
      while try source.next() != nil {}
    }
  }

  /// The structure of containers, in pieces of the size that the first byte tells.
  static let container = FuzzEntry("container") { bytes in
    guard let first = bytes.first else { return }
    let rest = Array(bytes.dropFirst())
    try ScratchFile.with(rest) { _ = try MediaSource.missingByteCount(of: $0) }
    var structures: [any ContainerStructure] = [
      MatroskaStructure(), OggStructure(), TransportStructure(),
    ]
    let step = Int(first) + 1
    rest.withUnsafeBytes { buffer in
      for start in stride(from: 0, to: buffer.count, by: step) {
        let piece = UnsafeRawBufferPointer(
          rebasing: buffer[start..<min(start + step, buffer.count)])
        for index in structures.indices { structures[index].follow(piece, at: Int64(start)) }
      }
    }
    _ = structures.map { $0.damage?.place }
  }

  /// Films and animations go to FFmpeg's demuxers, which are not ours to fuzz.
  private static func isPicture(_ bytes: [UInt8]) -> Bool {
    PictureKind(firstBytes: bytes).map { $0 != .gif } ?? false
  }
}
