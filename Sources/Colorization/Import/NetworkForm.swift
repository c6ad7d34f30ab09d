import Foundation
import Imaging
import NeuralNetwork

/// What the graph of a network of others tells about its use. The forms of Zhang, Isola, Efros 2016
/// (ECCV16) and Zhang, Zhu et al. 2017 (SIGGRAPH17) are known, as PyTorch exports the published code
/// (github.com/richzhang/colorization), and so are DDColor (Kang et al. 2023, github.com/piddnad/DDColor) and
/// DeOldify (github.com/jantic/DeOldify).
struct NetworkForm {
  /// How the network ends.
  enum Head {
    /// Softmax over 313 bins, their mean, and perhaps enlargement: `logits` comes before. The bins are
    /// those of `ColorBins`, in their order, or not.
    case mean(logits: String, isPublishedOrder: Bool)
    /// Softmax over 313 bins.
    case probabilities(logits: String)
    /// A convolution to 313 channels.
    case logits(String)
    /// Tanh to two channels, times `unit`.
    case color(String, unit: Float)
    /// A convolution to a and b in CIELAB units, of maps and the picture itself.
    case ab(String)
    /// R′, G′, B′ of sRGB: a sigmoid of three channels, with the graph's own scale behind it.
    case rgb(String, ChannelScale)
    /// Something else.
    case other(String)
  }

  /// A known architecture.
  enum Architecture: String {
    case eccv16 = "ECCV16, of Zhang, Isola, Efros 2016"
    case siggraph17 = "SIGGRAPH17, of Zhang, Zhu et al. 2017"
    case ddColor = "DDColor, of Kang et al. 2023"
    case deOldify = "DeOldify, of Antic 2018"
  }

  /// The architecture, if it is a known one.
  let architecture: Architecture?
  let lightness: String
  /// 1, 3 where it is a picture in R′G′B′, 4 where hints and their mask come with it.
  let lightnessChannels: Int
  /// What the picture in R′G′B′ must be for the network behind the graph's own scaling to get it normalized
  /// as ImageNet's; nil where it is not brought to that, or none is taken.
  let rgb: ChannelScale?
  /// Whether the graph itself does not scale the picture.
  let takesPlainPicture: Bool
  /// The height and width that the file fixes, if it does.
  let fixedSize: WorkingGeometry.FixedSize?
  /// The other inputs.
  let hints: [(name: String, channels: Int)]
  /// Whether the graph itself brings L\* into the range that the network learnt.
  let isNormalized: Bool
  let head: Head
  /// What the graph gives.
  let output: String

  /// - Throws: `ColorizationError.interface` if the inputs are not those of a colorizer.
  init(_ document: ModelDocument, name: String) throws {
    let source = document.source
    guard let output = source.outputs.first else {
      throw ColorizationError.interface(model: name, problem: "it has no output")
    }
    let inputs = try source.inputs.map { input in
      (name: input.name, channels: try Self.channels(of: input, in: document, name: name))
    }
    switch inputs.map(\.channels) {
    case [1], [3], [4], [1, 2, 1]: break
    case let channels:
      throw ColorizationError.interface(
        model: name,
        problem:
          "its inputs have \(channels) channels; expected L alone (1), R′G′B′ (3), L with hints and their mask (4), or "
          + "these as separate inputs (1, 2, 1)")
    }
    self.output = output.name
    lightness = inputs[0].name
    lightnessChannels = inputs[0].channels
    hints = Array(inputs.dropFirst())
    isNormalized = Self.isNormalized(lightness, in: document)
    let scaling = GraphScaling(from: lightness, in: document)
    let isPicture = lightnessChannels == 3
    takesPlainPicture = isPicture && scaling.isPlain
    fixedSize = Self.fixedSize(of: source.inputs[0])
    rgb = isPicture ? scaling.pictureNormalized(as: .imageNet) : nil
    head =
      isPicture
      ? Self.pictureHead(of: output.name, picture: scaling.value, in: document)
      : Self.head(of: output.name, in: document)

    let deconvolutions = source.operators["ConvTranspose", default: 0]
    let first = Self.firstConvolution(from: lightness, in: document)
    switch head {
    case .mean, .probabilities, .logits:
      architecture = first == [64, 1, 3, 3] && deconvolutions == 1 ? .eccv16 : nil
    case .color:
      architecture = first == [64, 4, 3, 3] && deconvolutions == 3 ? .siggraph17 : nil
    case .ab: architecture = rgb != nil ? .ddColor : nil
    case .rgb: architecture = first.map { Array($0.dropFirst()) } == [3, 7, 7] ? .deOldify : nil
    case .other: architecture = nil
    }
  }

  private static func fixedSize(of input: ValueInfo) -> WorkingGeometry.FixedSize? {
    guard let dimensions = input.dimensions, dimensions.count == 4,
      case .fixed(let height) = dimensions[2], case .fixed(let width) = dimensions[3]
    else { return nil }
    return WorkingGeometry.FixedSize(width: width, height: height)
  }

  private static func channels(of input: ValueInfo, in document: ModelDocument, name: String)
    throws -> Int
  {
    guard input.elementType == nil || input.elementType == .float32 else {
      throw ColorizationError.interface(
        model: name,
        problem: "its input '\(input.name)' is of type \(input.elementType?.name ?? "?"), expected "
          + "fp32")
    }
    if let dimensions = input.dimensions {
      guard dimensions.count == 4 else {
        throw ColorizationError.interface(
          model: name,
          problem: "its input '\(input.name)' has \(dimensions.count) axes, expected n, c, h, w")
      }
      if let channels = input.channels { return channels }
    }
    // Not told: what the first convolution reads, if nothing comes between.
    return firstConvolution(from: input.name, in: document).map { $0[1] } ?? 1
  }

  /// The shape of the weights of the first convolution that an input reaches.
  private static func firstConvolution(from input: String, in document: ModelDocument) -> [Int]? {
    var front = [input]
    var seen = Set(front)
    while let value = front.first {
      front.removeFirst()
      for step in document.consumers(of: value) {
        if step.op == "Conv", step.inputs.count > 1 {
          return document.constantShape(step.inputs[1])
        }
        for output in step.outputs where seen.insert(output).inserted { front.append(output) }
      }
    }
    return nil
  }

  /// Whether a number is taken from the input or it is divided by one, zero apart: the graph's own
  /// normalization.
  private static func isNormalized(_ input: String, in document: ModelDocument) -> Bool {
    document.consumers(of: input).contains { step in
      guard ["Sub", "Add", "Div", "Mul"].contains(step.op),
        let factor = scalar(step, besides: input, in: document)
      else { return false }
      return factor != 0
    }
  }

  /// The number that an operator joins to a value.
  private static func scalar(_ step: ModelDocument.Step, besides value: String, in d: ModelDocument)
    -> Float?
  {
    guard step.inputs.count == 2, let other = step.inputs.first(where: { $0 != value }),
      let numbers = d.constant(other), numbers.count == 1
    else { return nil }
    return numbers[0]
  }

  private static func head(of output: String, in document: ModelDocument) -> Head {
    var value = output
    var factor: Float = 1
    // From the end back to what gives the numbers their meaning.
    while let step = document.producer(of: value), let source = step.inputs.first {
      switch step.op {
      case "Identity", "Resize", "Upsample", "Cast":
        value = source
      case "Mul", "Div":
        let input = step.inputs.first { document.constantShape($0) == nil } ?? source
        guard let number = scalar(step, besides: input, in: document) else { return .other(output) }
        factor *= step.op == "Mul" ? number : 1 / number
        value = input
      case "Tanh":
        guard convolutionOutputs(source, in: document) == 2 else { return .other(output) }
        return .color(output, unit: factor)
      case "Softmax":
        guard convolutionOutputs(source, in: document) == 313, isOverChannels(step) else {
          return .other(output)
        }
        return .probabilities(logits: source)
      case "Conv":
        return convolutionHead(step, factor: factor, output: output, in: document)
      default: return .other(output)
      }
    }
    return .other(output)
  }

  /// How a network ends that is given the picture in R′G′B′ and has it scaled as `picture`.
  private static func pictureHead(of output: String, picture: String, in document: ModelDocument)
    -> Head
  {
    let ending = GraphScaling(before: output, in: document)
    guard let step = document.producer(of: ending.value) else { return .other(output) }
    switch step.op {
    case "Sigmoid":
      guard convolutionOutputs(step.inputs[0], in: document) == 3,
        let scale = ending.sigmoidPicture(normalizedAs: .imageNet)
      else { return .other(output) }
      return .rgb(output, scale)
    case "Conv":
      // DDColor's last convolution sees its maps and the picture that it was given.
      guard ending.isPlain, convolutionOutputs(ending.value, in: document) == 2,
        let joined = document.producer(of: step.inputs[0]), joined.op == "Concat",
        joined.inputs.contains(picture)
      else { return .other(output) }
      return .ab(output)
    default: return .other(output)
    }
  }

  private static func convolutionHead(
    _ step: ModelDocument.Step, factor: Float, output: String, in document: ModelDocument
  ) -> Head {
    guard step.inputs.count > 1, let shape = document.constantShape(step.inputs[1]) else {
      return .other(output)
    }
    if shape[0] == 313, let value = step.outputs.first { return .logits(value) }
    guard shape == [2, 313, 1, 1], let softmax = document.producer(of: step.inputs[0]),
      softmax.op == "Softmax", isOverChannels(softmax),
      convolutionOutputs(softmax.inputs[0], in: document) == 313
    else { return .other(output) }
    // The weights are the bins' centers, in the unit that what follows undoes.
    let weights = document.constant(step.inputs[1]) ?? []
    let isPublished =
      weights.count == 626 && step.inputs.count == 2
      && ColorBins.centers.enumerated().allSatisfy { bin, center in
        abs(weights[bin] * factor - center.x) < 0.5
          && abs(weights[313 + bin] * factor - center.y) < 0.5
      }
    return .mean(logits: softmax.inputs[0], isPublishedOrder: isPublished)
  }

  /// How many channels the convolution has that computes a value; nil if none does.
  private static func convolutionOutputs(_ value: String, in document: ModelDocument) -> Int? {
    guard let step = document.producer(of: value), step.op == "Conv", step.inputs.count > 1 else {
      return nil
    }
    return document.constantShape(step.inputs[1])?.first
  }

  private static func isOverChannels(_ softmax: ModelDocument.Step) -> Bool {
    [1, -3].contains(softmax.integers["axis"] ?? -1)
  }
}
