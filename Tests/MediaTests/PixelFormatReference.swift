import Foundation
import Imaging
import TestSupport

/// What the bytes of FFmpeg's pixel formats mean, written down from their names alone: neither the
/// module under test nor FFmpeg's descriptors are asked.
struct PixelFormatReference {
  /// How bytes become samples.
  enum Layout {
    /// Planes of words, one after the other; each holds the components named, in turn; −1 is filler.
    case words([[Int]])
    /// One plane of words; the components named repeat, and stand for a run of luma samples.
    case runs([Int])
    /// One word per pixel; fields from the top bit down: component and number of bits, −1 is filler.
    case fields([(component: Int, bits: Int)])
    /// One bit per pixel, the leftmost in the top bit; the code of a set bit.
    case mono(set: Int)
    /// Two pixels per byte, the left one on top; fields as above.
    case nibbles([(component: Int, bits: Int)])
    case floats([[Int]])
    case xyz
    /// The components of the 2 × 2 cell, row by row.
    case mosaic([Int])
    case palette
  }

  let name: String
  var layout: Layout
  /// What the program makes of it.
  var format: PixelFormat
  var isBigEndian = false
  /// Bytes of a word.
  var wordBytes = 1
  /// Bits below the value.
  var shift = 0
  /// Bits of a value in its word.
  var depth = 8

  /// Nil for hardware surfaces and names that are not known here.
  init?(_ name: String) {
    self.name = name
    isBigEndian = name.hasSuffix("be")
    let stem = String(name.hasSuffix("be") || name.hasSuffix("le") ? name.dropLast(2) : name[...])
    layout = .palette
    format = .rgb(8)
    if stem == "pal8" { return }
    guard
      planarYUV(stem) || planarRGB(stem) || gray(stem) || semiPlanar(stem) || packed(stem)
        || fields(stem) || mosaic(stem)
    else { return nil }
  }

  private mutating func set(_ layout: Layout, _ format: PixelFormat, depth: Int, bytes: Int) {
    (self.layout, self.format, self.depth, wordBytes) = (layout, format, depth, bytes)
  }

  /// log2 of the chroma steps of a name such as 420.
  private static let steps = [
    "420": (1, 1), "422": (1, 0), "444": (0, 0), "440": (0, 1), "410": (2, 2), "411": (2, 0),
  ]

  private mutating func planarYUV(_ stem: String) -> Bool {
    guard let match = stem.wholeMatch(of: /yuv(j|a)?(\d{3})p(\d+)?/),
      let step = Self.steps[String(match.2)]
    else { return false }
    let depth = match.3.flatMap { Int($0) } ?? 8
    let hasAlpha = match.1 == "a"
    let format = PixelFormat(
      model: .yuv, bitDepth: depth, chromaShiftX: step.0, chromaShiftY: step.1, hasAlpha: hasAlpha)
    set(
      .words((0..<format.planeCount).map { [$0] }), format, depth: depth, bytes: depth > 8 ? 2 : 1)
    return true
  }

  private mutating func planarRGB(_ stem: String) -> Bool {
    guard let match = stem.wholeMatch(of: /gbr(a)?p(\d+|f32)?/) else { return false }
    let planes = match.1 == nil ? [[1], [2], [0]] : [[1], [2], [0], [3]]
    if match.2 == "f32" {
      set(
        .floats(planes), PixelFormat(model: .rgb, bitDepth: 16, hasAlpha: match.1 != nil),
        depth: 32,
        bytes: 4)
    } else {
      let depth = match.2.flatMap { Int($0) } ?? 8
      set(
        .words(planes), PixelFormat(model: .rgb, bitDepth: depth, hasAlpha: match.1 != nil),
        depth: depth, bytes: depth > 8 ? 2 : 1)
    }
    return true
  }

  private mutating func gray(_ stem: String) -> Bool {
    if stem == "monow" || stem == "monob" {
      set(.mono(set: stem == "monob" ? 255 : 0), .gray(8), depth: 1, bytes: 1)
      return true
    }
    guard let match = stem.wholeMatch(of: /(gray|ya)(\d+|f32)?/) else { return false }
    let components = match.1 == "ya" ? [0, 1] : [0]
    let alpha = match.1 == "ya"
    if match.2 == "f32" {
      set(
        .floats([components]), PixelFormat(model: .gray, bitDepth: 16, hasAlpha: alpha), depth: 32,
        bytes: 4)
    } else {
      let depth = match.2.flatMap { Int($0) } ?? 8
      set(
        .words([components]), PixelFormat(model: .gray, bitDepth: depth, hasAlpha: alpha),
        depth: depth, bytes: depth > 8 ? 2 : 1)
    }
    return true
  }

  private mutating func semiPlanar(_ stem: String) -> Bool {
    func yuv(_ depth: Int, _ name: String) -> PixelFormat {
      let step = Self.steps[name] ?? (0, 0)
      return PixelFormat(
        model: .yuv, bitDepth: depth, chromaShiftX: step.0, chromaShiftY: step.1)
    }
    let known = [
      "nv12": ("420", [1, 2], 8), "nv21": ("420", [2, 1], 8), "nv16": ("422", [1, 2], 8),
      "nv24": ("444", [1, 2], 8), "nv42": ("444", [2, 1], 8), "nv20": ("422", [1, 2], 10),
    ]
    if let (step, chroma, depth) = known[stem] {
      set(.words([[0], chroma]), yuv(depth, step), depth: depth, bytes: depth > 8 ? 2 : 1)
      return true
    }
    guard let match = stem.wholeMatch(of: /p(\d)(\d\d)/), let depth = Int(match.2) else {
      return false
    }
    let step = ["0": "420", "2": "422", "4": "444"][String(match.1)] ?? ""
    set(.words([[0], [1, 2]]), yuv(depth, step), depth: depth, bytes: 2)
    shift = 16 - depth
    return true
  }

  private mutating func packed(_ stem: String) -> Bool {
    let rgba = Array("rgba0")
    if let match = stem.wholeMatch(of: /rgb(a)?f(16|32)/) {
      set(
        .floats([match.1 == nil ? [0, 1, 2] : [0, 1, 2, 3]]),
        PixelFormat(model: .rgb, bitDepth: 16, hasAlpha: match.1 != nil),
        depth: match.2 == "16" ? 16 : 32,
        bytes: match.2 == "16" ? 2 : 4)
      return true
    }
    if let match = stem.wholeMatch(of: /([argb0]{3,4})(24|48|64)?/),
      Set(match.1).isSuperset(of: "rgb")
    {
      let depth = match.2 == "48" || match.2 == "64" ? 16 : 8
      let components = match.1.map { letter in
        letter == "0" ? -1 : rgba.firstIndex(of: letter) ?? -1
      }
      set(
        .words([components]),
        PixelFormat(model: .rgb, bitDepth: depth, hasAlpha: match.1.contains("a")), depth: depth,
        bytes: depth / 8)
      return true
    }
    func yuv(_ depth: Int, _ shiftX: Int) -> PixelFormat {
      PixelFormat(model: .yuv, bitDepth: depth, chromaShiftX: shiftX)
    }
    switch stem {
    case "yuyv422": set(.runs([0, 1, 0, 2]), yuv(8, 1), depth: 8, bytes: 1)
    case "uyvy422": set(.runs([1, 0, 2, 0]), yuv(8, 1), depth: 8, bytes: 1)
    case "yvyu422": set(.runs([0, 2, 0, 1]), yuv(8, 1), depth: 8, bytes: 1)
    case "uyyvyy411": set(.runs([1, 0, 0, 2, 0, 0]), yuv(8, 2), depth: 8, bytes: 1)
    case "y210":
      set(.runs([0, 1, 0, 2]), yuv(10, 1), depth: 10, bytes: 2)
      shift = 6
    case "y212":
      set(.runs([0, 1, 0, 2]), yuv(12, 1), depth: 12, bytes: 2)
      shift = 4
    case "vuya", "vuyx":
      set(
        .words([[2, 1, 0, stem == "vuya" ? 3 : -1]]),
        PixelFormat(model: .yuv, bitDepth: 8, hasAlpha: stem == "vuya"), depth: 8, bytes: 1)
    case "xv36":
      set(.words([[1, 0, 2, -1]]), yuv(12, 0), depth: 12, bytes: 2)
      shift = 4
    case "ayuv64":
      set(
        .words([[3, 0, 1, 2]]), PixelFormat(model: .yuv, bitDepth: 16, hasAlpha: true), depth: 16,
        bytes: 2)
    case "xyz12":
      set(.xyz, .rgb(16), depth: 12, bytes: 2)
      shift = 4
    default: return false
    }
    return true
  }

  /// Codes of less than 8 bits become 8, those of 10 stay.
  private mutating func fields(_ stem: String) -> Bool {
    let rgb332 = [(0, 3), (1, 3), (2, 2)]
    let bgr233 = [(2, 2), (1, 3), (0, 3)]
    let rgb121 = [(0, 1), (1, 2), (2, 1)]
    let bgr121 = [(2, 1), (1, 2), (0, 1)]
    let known: [String: (fields: [(Int, Int)], bytes: Int)] = [
      "rgb8": (rgb332, 1), "bgr8": (bgr233, 1),
      "rgb4_byte": ([(-1, 4)] + rgb121, 1), "bgr4_byte": ([(-1, 4)] + bgr121, 1),
      "rgb565": ([(0, 5), (1, 6), (2, 5)], 2), "bgr565": ([(2, 5), (1, 6), (0, 5)], 2),
      "rgb555": ([(-1, 1), (0, 5), (1, 5), (2, 5)], 2),
      "bgr555": ([(-1, 1), (2, 5), (1, 5), (0, 5)], 2),
      "rgb444": ([(-1, 4), (0, 4), (1, 4), (2, 4)], 2),
      "bgr444": ([(-1, 4), (2, 4), (1, 4), (0, 4)], 2),
      "x2rgb10": ([(-1, 2), (0, 10), (1, 10), (2, 10)], 4),
      "x2bgr10": ([(-1, 2), (2, 10), (1, 10), (0, 10)], 4),
      "xv30": ([(-1, 2), (2, 10), (0, 10), (1, 10)], 4),
    ]
    if stem == "rgb4" || stem == "bgr4" {
      set(.nibbles(stem == "rgb4" ? rgb121 : bgr121), .rgb(8), depth: 8, bytes: 1)
      return true
    }
    guard let (list, bytes) = known[stem] else { return false }
    let depth = stem.hasSuffix("10") || stem == "xv30" ? 10 : 8
    let format = stem == "xv30" ? PixelFormat(model: .yuv, bitDepth: 10) : .rgb(depth)
    set(.fields(list.map { ($0.0, $0.1) }), format, depth: depth, bytes: bytes)
    return true
  }

  private mutating func mosaic(_ stem: String) -> Bool {
    guard let match = stem.wholeMatch(of: /bayer_([rgb]{4})(8|16)/) else { return false }
    let cell = match.1.map { $0 == "r" ? 0 : $0 == "g" ? 1 : 2 }
    let depth = Int(match.2) ?? 8
    set(.mosaic(cell), .rgb(depth), depth: depth, bytes: depth / 8)
    return true
  }
}

// MARK: Bytes

extension PixelFormatReference {
  /// Samples of one row of a plane that holds `components`.
  private func samplesPerRow(_ components: [Int], width: Int) -> Int {
    let isChroma = format.model == .yuv && !components.contains(0)
    return (isChroma ? chromaWidth(width) : width) * components.count
  }

  private func rows(_ components: [Int], height: Int) -> Int {
    format.model == .yuv && !components.contains(0) && !components.contains(3)
      ? format.planeSize(1, width: 1, height: height).height : height
  }

  private func chromaWidth(_ width: Int) -> Int {
    format.planeSize(1, width: width, height: 1).width
  }

  /// Bytes of one picture without padding.
  func byteCount(width: Int, height: Int) -> Int {
    switch layout {
    case .words(let planes), .floats(let planes):
      planes.map { components in
        rowBytes(components, width: width) * rows(components, height: height)
      }.reduce(0, +)
    case .runs(let run):
      (width + lumaPerRun(run) - 1) / lumaPerRun(run) * run.count * wordBytes * height
    case .fields, .mosaic: width * wordBytes * height
    case .mono: (width + 7) / 8 * height
    case .nibbles: (width + 1) / 2 * height
    case .xyz: width * 6 * height
    case .palette: width * height + 1024
    }
  }

  private func rowBytes(_ components: [Int], width: Int) -> Int {
    // Alpha is as large as luma.
    components == [3]
      ? width * wordBytes : samplesPerRow(components, width: width) * wordBytes
  }

  private func lumaPerRun(_ run: [Int]) -> Int { run.filter { $0 == 0 }.count }

  /// A picture of random codes, all of them allowed.
  func randomBytes(width: Int, height: Int, seed: UInt64) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    let count = byteCount(width: width, height: height)
    switch layout {
    case .floats:
      // A few lie outside of 0…1.
      return (0..<(count / wordBytes)).flatMap { _ -> [UInt8] in
        let value = Float(random.next() >> 40) / Float(1 << 24) * 1.25 - 0.125
        return bytes(
          of: wordBytes == 2 ? UInt32(Float16(value).bitPattern) : value.bitPattern,
          count: wordBytes)
      }
    case .words, .runs, .xyz:
      return (0..<(count / wordBytes)).flatMap { _ in
        bytes(of: UInt32(random.next() >> (64 - depth)) << shift, count: wordBytes)
      }
    default:
      return (0..<count).map { _ in UInt8(random.next() >> 56) }
    }
  }

  private func bytes(of word: UInt32, count: Int) -> [UInt8] {
    let little = (0..<count).map { UInt8(word >> (8 * UInt32($0)) & 255) }
    return isBigEndian ? little.reversed() : little
  }

  private func word(_ bytes: [UInt8], at offset: Int) -> UInt32 {
    let list = bytes[offset..<(offset + wordBytes)]
    return (isBigEndian ? Array(list) : list.reversed()).reduce(0) { $0 << 8 | UInt32($1) }
  }

  // MARK: Samples

  /// The planes that the program must make of `bytes`; for a mosaic, what it knows of each site.
  func planes(_ bytes: [UInt8], width: Int, height: Int) -> [[Int]] {
    var planes = [[Int]](repeating: [], count: format.planeCount)
    func add(_ component: Int, _ code: Int) {
      if planes.indices.contains(component) { planes[component].append(code) }
    }
    switch layout {
    case .words(let list), .floats(let list):
      var offset = 0
      for components in list {
        for _ in 0..<rows(components, height: height) {
          for index in 0..<(rowBytes(components, width: width) / wordBytes) {
            let word = word(bytes, at: offset)
            offset += wordBytes
            add(components[index % components.count], code(word))
          }
        }
      }
    case .runs(let run):
      var offset = 0
      for _ in 0..<height {
        var luma = 0
        for _ in 0..<((width + lumaPerRun(run) - 1) / lumaPerRun(run)) {
          for component in run {
            // The last run may reach beyond the row.
            if component != 0 || luma < width { add(component, code(word(bytes, at: offset))) }
            if component == 0 { luma += 1 }
            offset += wordBytes
          }
        }
      }
    case .fields(let fields):
      for pixel in 0..<(width * height) {
        split(word(bytes, at: pixel * wordBytes), fields, bits: 8 * wordBytes, add)
      }
    case .nibbles(let fields):
      for y in 0..<height {
        for x in 0..<width {
          let byte = bytes[y * ((width + 1) / 2) + x / 2]
          split(UInt32(x % 2 == 0 ? byte >> 4 : byte & 15), fields, bits: 4, add)
        }
      }
    case .mono(let set):
      for y in 0..<height {
        for x in 0..<width {
          let bit = bytes[y * ((width + 7) / 8) + x / 8] >> (7 - x % 8) & 1
          add(0, bit == 1 ? set : 255 - set)
        }
      }
    case .xyz:
      for pixel in 0..<(width * height) {
        let xyz = (0..<3).map { pow(Double(word(bytes, at: pixel * 6 + 2 * $0) >> 4) / 4095, 2.6) }
        // IEC 61966-2-1, linear sRGB of CIE XYZ.
        let linear = [
          3.2406 * xyz[0] - 1.5372 * xyz[1] - 0.4986 * xyz[2],
          -0.9689 * xyz[0] + 1.8758 * xyz[1] + 0.0415 * xyz[2],
          0.0557 * xyz[0] - 0.2040 * xyz[1] + 1.0570 * xyz[2],
        ]
        for (component, value) in linear.enumerated() {
          add(component, Int((pow(min(max(value, 0), 1), 1 / 2.2) * 65535).rounded()))
        }
      }
    case .palette:
      for pixel in 0..<(width * height) {
        let entry = width * height + 4 * Int(bytes[pixel])
        for component in 0..<3 { add(component, Int(bytes[entry + 2 - component])) }
      }
    case .mosaic(let cell):
      for pixel in 0..<(width * height) {
        let component = cell[pixel / width % 2 * 2 + pixel % width % 2]
        for plane in 0..<3 {
          add(plane, plane == component ? Int(word(bytes, at: pixel * wordBytes)) : -1)
        }
      }
    }
    return planes
  }

  private func code(_ word: UInt32) -> Int {
    if case .floats = layout {
      let value =
        wordBytes == 2 ? Float(Float16(bitPattern: UInt16(word))) : Float(bitPattern: word)
      return Int((min(max(Double(value), 0), 1) * 65535).rounded())
    }
    return Int(word >> shift) & ((1 << depth) - 1)
  }

  private func split(
    _ word: UInt32, _ fields: [(component: Int, bits: Int)], bits: Int, _ add: (Int, Int) -> Void
  ) {
    var low = bits
    for field in fields {
      low -= field.bits
      let largest = (1 << field.bits) - 1
      let code = Int(word >> low) & largest
      add(
        field.component,
        field.bits < 8 ? Int((Double(code) * 255 / Double(largest)).rounded()) : code)
    }
  }
}
