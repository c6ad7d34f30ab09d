import AutochromeKit
import Colorization
package import Imaging
import NeuralNetwork

/// A network that names what a picture shows: one input of R′G′B′ (1, 3, H, W), one output of logits (1, C).
///
/// Its metadata properties: `autochrome.classifier` is the form of the input, such as `(RGB*255-127)/128`;
/// `autochrome.size` is the length to which the short side of a picture is brought before its middle is cut out, as large
/// as the input is or, where the file leaves that open, with this size as its side; `autochrome.classes` names the
/// classes, one line each (see ``ClassNames``).
package struct PictureClassifier: Sendable {
  /// The file, as given.
  package let path: String
  /// What its classes are called.
  package let classes: ClassNames
  private let session: Session
  private let inputName: String
  private let outputName: String
  private let form: ChannelScale
  private let shortSide: Int
  private let side: Int

  /// How many of the best classes count, of figures that take more than the first.
  static let best = 5
  private static let sizes = 1...1024

  /// Reads the file. It runs in fp32 wherever it runs, so that all machines judge alike.
  /// - Throws: `NetworkError` if it can't be read or run, `AutochromeError` if it is no classifier.
  package init(contentsOf path: String) throws {
    let model = try Model(contentsOf: path)
    func wrong(_ problem: String) -> AutochromeError {
      AutochromeError(
        .badData,
        "The classifier '\(path)' can't be used: \(problem). See \"Classifiers\" in docs/reference.md."
      )
    }
    guard let text = model.metadata["autochrome.classifier"] else {
      throw wrong(
        "it has no property autochrome.classifier; expected what it takes, such as (RGB*255-127)/128"
      )
    }
    guard let form = ChannelScale(text, of: "RGB", channels: 3) else {
      throw wrong(
        "its property autochrome.classifier is '\(text)', expected a form such as RGB*255 or (RGB*255-127)/128"
      )
    }
    guard model.inputs.count == 1, model.outputs.count == 1, let input = model.inputs.first,
      let output = model.outputs.first
    else {
      throw wrong(
        "it has \(counted(model.inputs.count, "input")) and \(counted(model.outputs.count, "output")), expected one each"
      )
    }
    let fixed = try Self.fixedSide(of: input, wrong)
    let size = model.metadata["autochrome.size"]
    guard let shortSide = size.map({ Int($0) }) ?? fixed else {
      throw wrong(
        size == nil
          ? "neither its input '\(input.name)' nor a property autochrome.size tells how large a picture it takes"
          : "its property autochrome.size is '\(size ?? "")', expected a whole number")
    }
    let side = fixed ?? shortSide
    guard Self.sizes.contains(shortSide), Self.sizes.contains(side), side <= shortSide else {
      throw wrong(
        "it takes pictures of \(side)×\(side) out of the middle of those with a short side of \(shortSide); expected "
          + "\(Self.sizes.lowerBound)…\(Self.sizes.upperBound), and the former not larger than the latter"
      )
    }
    session = try Session(model: model, precision: .float32)
    let shape =
      try model.outputShapes(inputShapes: [input.name: [1, 3, side, side]])[output.name] ?? []
    guard shape.count == 2, shape[0] == 1, shape[1] > 1 else {
      throw wrong(
        "its output '\(output.name)' has the shape \(shape) for one picture, expected [1, C] with a logit for each of "
          + "C classes")
    }
    classes = try ClassNames(model.metadata["autochrome.classes"], count: shape[1]) {
      wrong("its property autochrome.classes \($0)")
    }
    (self.path, self.form, self.shortSide, self.side) = (path, form, shortSide, side)
    (inputName, outputName) = (input.name, output.name)
  }

  /// The height and width that the file fixes; nil if they are free.
  private static func fixedSide(
    of input: ValueInfo, _ wrong: (String) -> AutochromeError
  ) throws -> Int? {
    guard let dimensions = input.dimensions else { return nil }
    guard dimensions.count == 4, input.channels ?? 3 == 3 else {
      throw wrong("its input '\(input.name)' is not (1, 3, H, W)")
    }
    switch (dimensions[2], dimensions[3]) {
    case (.symbolic, .symbolic): return nil
    case (.fixed(let height), .fixed(let width)) where height == width: return height
    default:
      throw wrong(
        "the height and width of its input '\(input.name)' are not the same number, nor both free")
    }
  }

  /// The logits of all classes.
  /// - Throws: `NetworkError` if the network can't be run, `AutochromeError` if what it gives are no numbers.
  package func logits(of image: RGBImage) throws -> [Float] {
    let square = CenterSquare(image, shortSide: shortSide, side: side)
    let area = side * side
    let tensor = try Tensor(shape: [1, 3, side, side]) { values in
      for (channel, plane) in square.planes.enumerated() {
        let (offset, scale) = (form.offsets[channel], form.scales[channel])
        for (index, code) in plane.enumerated() {
          values[channel * area + index] = (code / 255 - offset) / scale
        }
      }
    }
    let logits = try session.run([inputName: tensor])[outputName]?.floats ?? []
    guard logits.count == classes.count, logits.allSatisfy(\.isFinite) else {
      throw AutochromeError(
        .badData,
        "The classifier '\(path)' gives no finite number for each of its \(classes.count) classes; export it again."
      )
    }
    return logits
  }

  /// The classes that it takes `image` for, the likeliest first; of equal ones, that with the lower number.
  func best(of image: RGBImage) throws -> [Int] {
    let logits = try logits(of: image)
    return Array(
      logits.indices.sorted { (-logits[$0], $0) < (-logits[$1], $1) }.prefix(Self.best))
  }
}
