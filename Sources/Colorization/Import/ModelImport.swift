import Foundation
public import Network

/// A network of others, made usable: finds out what it takes and gives, feeds zeros to inputs for
/// hints, takes the distribution of the 313 bins where the network turns it into a mean of its own, and
/// adds the metadata properties.
public struct ModelImport: Sendable {
  /// What the user says; nil leaves it to recognition or to what is usual.
  public struct Options: Sendable {
    /// What the network is to be given, such as `(L-50)/100`.
    public var input: String?
    /// What to take from it.
    public var output: ColorNetworkDescription.Output?
    /// How often each of the 313 bins occurred in its training; without it vividness has no effect.
    public var prior: [Double]?
    /// The λ that rebalanced its training.
    public var lambda: Double?
    /// The temperature of the annealed mean that suits it.
    public var temperature: Float?
    /// The vividness that suits it.
    public var vividness: Float?
    /// Nothing is said.
    public init() {}
  }

  /// What was recognized and done, in sentences.
  public private(set) var findings: [String] = []
  /// The file as changed.
  public private(set) var document: ModelDocument
  /// The network as changed.
  public let model: Model
  /// What it now says about itself.
  public let description: ColorNetworkDescription

  /// - Throws: `ColorizationError` naming what is not recognized and the option that helps,
  ///   `NetworkError` if the engine can't run the network.
  public init(_ document: ModelDocument, options: Options = Options()) throws {
    let name = URL(fileURLWithPath: document.source.name).lastPathComponent
    let form = try NetworkForm(document, name: name)
    self.document = document
    let output = try Self.takeOutput(form, options, name, &self.document, &findings)
    let input = try Self.takeInput(form, options, name, &self.document, &findings)
    let changed = try self.document.model()
    let (stride, scale) = try Self.sizes(of: changed, name: name)
    var properties: [String: String?] = [
      "autochrome.input": input, "autochrome.output": output.rawValue,
      "autochrome.stride": "\(stride)", "autochrome.scale": "\(scale)",
      "autochrome.temperature": nil, "autochrome.vividness": nil, "autochrome.lambda": nil,
      "autochrome.prior": nil,
    ]
    if output == .bins313 {
      properties["autochrome.temperature"] = "\(options.temperature ?? 0.38)"
      properties["autochrome.vividness"] = "\(options.vividness ?? 1)"
      if let prior = options.prior {
        properties["autochrome.lambda"] = "\(options.lambda ?? 0.5)"
        properties["autochrome.prior"] = prior.map { "\($0)" }.joined(separator: " ")
      } else {
        findings.append(
          "No prior was given: vividness will have no effect; --prior takes the bins' probabilities."
        )
      }
    }
    self.document.setMetadata(properties)
    model = try self.document.model()
    description = try ColorNetworkDescription(name: name, metadata: model.metadata)
    findings.append(
      "It is given \(input) at multiples of \(stride), and gives "
        + (output == .bins313 ? "313 logits" : "a and b")
        + (scale == 1 ? " at full size." : " at 1/\(scale) of the size."))
  }

  private static func takeOutput(
    _ form: NetworkForm, _ options: Options, _ name: String, _ document: inout ModelDocument,
    _ findings: inout [String]
  ) throws -> ColorNetworkDescription.Output {
    if let title = form.title { findings.append("This is \(title).") }
    switch (form.head, options.output) {
    case (.mean(let logits, let isPublishedOrder), let wanted) where wanted != .ab:
      guard isPublishedOrder else {
        guard wanted == nil else {
          throw ColorizationError.interface(
            model: name,
            problem: "its 313 bins are not the published ones in their order, so that only "
              + "--gives ab serves")
        }
        findings.append("Its bins are not the published ones: its own mean, a and b, is taken.")
        return .ab
      }
      document.setOutput(logits, channels: 313, renamed: "logits")
      findings.append(
        "The mean over the bins and what follows are cut off, so that temperature and vividness "
          + "have their effect.")
      return .bins313
    case (.probabilities(let logits), let wanted) where wanted != .ab:
      document.setOutput(logits, channels: 313, renamed: "logits")
      findings.append("The softmax at the end is cut off: logits are taken.")
      return .bins313
    case (.logits(let value), let wanted) where wanted != .ab:
      document.setOutput(value, channels: 313, renamed: "logits")
      return .bins313
    case (.color(let value, let unit), let wanted) where wanted != .bins313:
      guard unit != 110, wanted == nil else {
        document.setOutput(value, channels: 2, renamed: "ab")
        return .ab
      }
      guard unit == 1 else {
        throw ColorizationError.interface(
          model: name,
          problem: "a tanh times \(unit) ends it, expected times 110; if these are a and b in "
            + "CIELAB units, say --gives ab")
      }
      document.setOutput(document.scale(value, by: 110), channels: 2, renamed: "ab")
      findings.append("Its tanh is multiplied by 110, the unit of a and b.")
      return .ab
    case (.mean, _): return .ab
    case (.other(let value), .ab?):
      document.setOutput(value, channels: 2, renamed: "ab")
      return .ab
    case (.other(let value), .bins313?):
      document.setOutput(value, channels: 313, renamed: "logits")
      return .bins313
    case (.other(let value), nil):
      throw ColorizationError.interface(
        model: name,
        problem: "what its output '\(value)' means is not recognized; say --gives bins313 (logits "
          + "of the published bins) or ab (in CIELAB units)")
    case (_, let wanted):
      throw ColorizationError.interface(
        model: name, problem: "it does not give what --gives \(wanted?.rawValue ?? "") asks for")
    }
  }

  private static func takeInput(
    _ form: NetworkForm, _ options: Options, _ name: String, _ document: inout ModelDocument,
    _ findings: inout [String]
  ) throws -> String {
    var lightness = form.lightness
    if form.lightnessChannels == 4 {
      lightness = document.free("L")
      document.splitInput(form.lightness, lightness: lightness, zeros: 3)
      findings.append("Its channels for hints of color and their mask read zeros.")
    } else {
      document.setInput(lightness: lightness, zeros: form.hints)
      if !form.hints.isEmpty {
        let names = form.hints.map { "'\($0.name)'" }.joined(separator: " and ")
        findings.append("Its inputs \(names), for hints of color, read zeros.")
      }
    }
    if let wanted = options.input { return wanted }
    if form.isNormalized { return "L" }
    guard form.title != nil else {
      throw ColorizationError.interface(
        model: name,
        problem: "how its input '\(form.lightness)' is normalized is not recognized; say "
          + "--input L, --input '(L-50)/50' or --input '(L-50)/100'")
    }
    return "(L-50)/100"
  }

  /// The smallest multiple of input sizes that the network takes, and input size ÷ output size.
  private static func sizes(of model: Model, name: String) throws -> (stride: Int, scale: Int) {
    let input = model.inputs[0].name
    let output = model.outputs[0].name
    func outputSize(_ height: Int, _ width: Int) throws -> [Int] {
      let shapes = try model.outputShapes(inputShapes: [input: [1, 1, height, width]])
      return shapes[output] ?? []
    }
    let (height, width) = (256, 384)
    let shape = try outputSize(height, width)
    guard shape.count == 4, shape[2] > 0, height % shape[2] == 0,
      width * shape[2] == height * shape[3]
    else {
      throw ColorizationError.interface(
        model: name,
        problem:
          "for an input of \(width)×\(height) its output has the shape \(shape), which is no "
          + "whole part of it")
    }
    let scale = height / shape[2]
    for stride in [1, 2, 4, 8, 16, 32, 64, 128] where stride % scale == 0 {
      let fits = [(3, 5), (5, 7), (7, 3)].allSatisfy { rows, columns in
        // Shapes that don't fit each other are the answer, not a fault.
        do {
          let shape = try outputSize(rows * stride, columns * stride)
          return shape.count == 4 && shape[2] * scale == rows * stride
            && shape[3] * scale == columns * stride
        } catch { return false }
      }
      if fits { return (stride, scale) }
    }
    throw ColorizationError.interface(
      model: name,
      problem: "it takes \(width)×\(height) but not other multiples of 128; export it with free "
        + "height and width (dynamic axes)")
  }
}
