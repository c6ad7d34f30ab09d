import AutochromeKit
import Colorization
import Foundation
import Imaging
import Media

extension FuzzEntry {
  /// A pipeline file, through all checks of settings, to a report and back.
  static let pipeline = FuzzEntry("pipeline") { bytes in
    _ = try SettingsLayer(yaml: String(decoding: bytes, as: UTF8.self), file: "fuzz.yaml")
    try ScratchFile.with(bytes) { path in
      let settings = try Settings(pipeline: path, suggested: "film", options: SettingsLayer())
      let report = try JSONEncoder().encode(settings)
      guard try JSONDecoder().decode(Settings.self, from: report) == settings else {
        fatalError("Settings do not come back as they went into a report.")
      }
    }
  }

  /// A shots file as the page in the browser reads it.
  static let shots = FuzzEntry("shots") { bytes in
    let document = try ShotsDocument(
      text: String(decoding: bytes, as: UTF8.self), path: "fuzz.shots.yaml")
    for shot in document.shots.indices.prefix(4) {
      _ = try document.excerpt(of: shot, with: ShotEdit())
    }
  }

  /// A change that a page asks for, in JSON, of the shots file that follows it after a zero byte. What comes out is a
  /// shots file in which the change has been made.
  static let shotEdit = FuzzEntry("shot-edit") { bytes in
    let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else { return }
    let edit = try JSONDecoder().decode(ShotEdit.self, from: Data(parts[0]))
    let document = try ShotsDocument(
      text: String(decoding: parts[1], as: UTF8.self), path: "fuzz.shots.yaml")
    let index = document.shots.count / 2
    _ = edit.pictures
    _ = try document.excerpt(of: index, with: edit)
    let edited = try document.edited(index, by: edit)
    guard edited.shots.count == document.shots.count else {
      fatalError("A change of shot \(index + 1) has changed the number of shots.")
    }
    _ = try edited.addingCut(at: 7, seconds: 0.28, in: index)
    _ = try edited.movingCut(of: index, to: 9, seconds: 0.36)
    _ = try edited.removingCut(of: index)
  }

  /// A list of cuts.
  static let cuts = FuzzEntry("cuts") { bytes in
    try ScratchFile.with(bytes) { _ = try ShotList(cuts: $0) }
  }

  /// The plan in a job's folder, held against itself.
  static let plan = FuzzEntry("plan") { bytes in
    let plan = try JSONDecoder().decode(FilmPlan.self, from: Data(bytes))
    guard try plan.differences(from: plan).isEmpty else {
      fatalError("A plan differs from itself.")
    }
  }

  /// What a segment of a job tells at its end.
  static let trailer = FuzzEntry("trailer") { bytes in
    let trailer = try SegmentTrailer(Data(bytes), segment: "000001.segment")
    _ = try trailer.encoded()
  }

  /// How likely each color is, for a network that does not say: text, or NumPy's form.
  static let prior = FuzzEntry("prior") { bytes in
    try ScratchFile.with(bytes) { _ = try BinPrior(contentsOf: $0) }
  }

  /// What stands on a command line: places in a film, sizes, names, values of settings.
  static let arguments = FuzzEntry("arguments") { bytes in
    let text = FileNameText.text(of: bytes)
    guard FileNameText.bytes(of: text) == bytes else {
      fatalError("The bytes of a name do not come back.")
    }
    if let position = TimePosition(text) {
      guard TimePosition(position.description) == position else {
        fatalError("'\(position)' is not read as it was written.")
      }
      _ = try position.position.seconds(
        rate: Rational(30000, 1001), firstTimecode: Timecode("00:59:59;28"))
    }
    _ = KeyFrames(text)
    _ = PrintableText(text).description
    _ = PrintableText(json: text).description
    _ = ("<p>\(text)</p>" as Markup).description
    _ = PathParts.stem(of: text) + PathParts.folder(of: text) + PathParts.fileExtension(of: text)
    _ = MediaName.isPicturePattern(text)
    _ = MediaName.pattern(text, matches: "frame000001.png")
    _ = MediaName.pattern("frame%06d.png", matches: text)
    _ = MediaName.numbered(text)
    _ = MediaName.inNaturalOrder([text, "frame 10.png", String(text.reversed())])
    _ = ColorNetworkDescription.prior(text)
    for read in [
      { _ = try Settings.parseSize(text, option: "--size") },
      { _ = try HueWeights(option: text.split(separator: " ").map(String.init)) },
      { _ = try EncoderOptions(text.split(separator: " ").map(String.init)) },
    ] as [() throws -> Void] {
      do { try read() } catch { _ = "\(error)" }
    }
  }
}
