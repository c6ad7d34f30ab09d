import Foundation
package import NeuralNetwork

/// A network of others, made usable: finds out what it takes and gives, feeds zeros to inputs for
/// hints, takes the distribution of the 313 bins where the network turns it into a mean of its own, and
/// adds the metadata properties.
package struct ModelImport: Sendable {
  /// What the user says; nil leaves it to recognition or to what is usual.
  package struct Options: Sendable {
    /// What the network is to be given, such as `(L-50)/100` or `RGB`.
    package var input: ColorNetworkDescription.Input?
    /// What to take from it.
    package var output: ColorNetworkDescription.Output?
    /// How often each of the 313 bins occurred in its training; without it vividness has no effect.
    package var prior: [Double]?
    /// The λ that rebalanced its training.
    package var lambda: Double?
    /// The temperature of the annealed mean that suits it.
    package var temperature: Float?
    /// The vividness that suits it.
    package var vividness: Float?
    /// The short side below which it does not know what it sees.
    package var size: Int?
    /// The only input that it takes, if it sees pictures in tiles.
    package var tile: NetworkTile?
    /// Nothing is said.
    package init() {}
  }

  /// What was recognized and done, in sentences.
  package private(set) var findings: [String] = []
  /// The file as changed.
  package private(set) var document: ModelDocument
  /// The network as changed.
  package let model: Model
  /// What it now says about itself.
  package let description: ColorNetworkDescription

  /// - Throws: `ColorizationError` naming what is not recognized and the option that helps,
  ///   `NetworkError` if the engine can't run the network.
  package init(_ document: ModelDocument, options: Options = Options()) throws {
    let name = URL(fileURLWithPath: document.source.name).lastPathComponent
    let form = try NetworkForm(document, name: name)
    self.document = document
    let output = try Self.takeOutput(form, options, name, &self.document, &findings)
    let input = try Self.takeInput(form, options, name, &self.document, &findings)
    let (stride, scale, fixed) = try Self.sizes(
      of: &self.document, input, form, tile: options.tile, name: name)
    let size = fixed == nil ? options.size ?? form.architecture?.usualSize : nil
    var properties: [String: String?] = [
      "autochrome.input": input.text, "autochrome.output": output.text,
      "autochrome.stride": "\(stride)", "autochrome.scale": "\(scale)",
      "autochrome.size": size.map { "\($0)" },
      "autochrome.tile": options.tile.map { "\($0.size)" },
      "autochrome.margin": options.tile.map { "\($0.margin)" },
      "autochrome.hue-bins": nil, "autochrome.chroma-bins": nil,
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
          "No prior was given, so vividness will have no effect; give the bins' probabilities with --prior."
        )
      }
    }
    if case .hueChroma(let bins) = output {
      properties["autochrome.hue-bins"] = "\(bins.hueCount)"
      properties["autochrome.chroma-bins"] = bins.chromas.map { "\($0)" }.joined(separator: " ")
    }
    self.document.setMetadata(properties)
    model = try self.document.model()
    description = try ColorNetworkDescription(name: name, metadata: model.metadata)
    let given =
      switch output {
      case .bins313: "313 logits"
      case .ab: "a and b"
      case .rgb: "\(output.text), from which a and b are used,"
      case .uv: "\(output.text) of BT.601, from which a and b are computed,"
      case .hueChroma(let bins):
        "the logits of \(bins.hueCount) hues and \(bins.chromas.count) chromas"
      }
    let extent: String =
      if let tile = options.tile {
        "in tiles of \(tile.size)×\(tile.size) with margins of \(tile.margin)"
      } else {
        fixed.map { "of \($0.width)×\($0.height), to which pictures are stretched" }
          ?? "at multiples of \(stride)"
      }
    findings.append(
      "Its input is \(input.text) \(extent)"
        + (size.map { ", with a short side of \($0) or more" } ?? "")
        + "; its output is \(given)"
        + (scale == 1 ? " at full size." : " at 1/\(scale) of the size."))
  }

  private static func takeOutput(
    _ form: NetworkForm, _ options: Options, _ name: String, _ document: inout ModelDocument,
    _ findings: inout [String]
  ) throws -> ColorNetworkDescription.Output {
    if let title = form.architecture?.rawValue { findings.append("This is \(title).") }
    switch (form.head, options.output) {
    case (_, let wanted?) where wanted.isTakenAsItComes:
      document.setOutput(form.output, channels: wanted.channels, renamed: "colors")
      return wanted
    case (.mean(let logits, let isPublishedOrder), let wanted) where Self.isBins(wanted):
      guard isPublishedOrder else {
        guard wanted == nil else {
          throw ColorizationError.interface(
            model: name,
            problem:
              "its 313 bins are not the published ones in the published order, so only --gives ab is possible"
          )
        }
        findings.append("Its bins are not the published ones, so its own mean (a and b) is used.")
        return .ab
      }
      document.setOutput(logits, channels: 313, renamed: "logits")
      findings.append(
        "The mean over the bins and everything after it is removed, so that temperature and vividness have an effect."
      )
      return .bins313
    case (.probabilities(let logits), let wanted) where Self.isBins(wanted):
      document.setOutput(logits, channels: 313, renamed: "logits")
      findings.append("The softmax at the end is removed, and the logits are used.")
      return .bins313
    case (.logits(let value), let wanted) where Self.isBins(wanted):
      document.setOutput(value, channels: 313, renamed: "logits")
      return .bins313
    case (.color(let value, let unit), let wanted) where Self.isColor(wanted):
      guard unit != 110, wanted == nil else {
        document.setOutput(value, channels: 2, renamed: "ab")
        return .ab
      }
      guard unit == 1 else {
        throw ColorizationError.interface(
          model: name,
          problem:
            "it ends in a tanh times \(unit), expected times 110; if its output is a and b in CIELAB units, "
            + "give --gives ab")
      }
      document.setOutput(document.scale(value, by: 110), channels: 2, renamed: "ab")
      findings.append("Its tanh is multiplied by 110, the unit of a and b.")
      return .ab
    case (.mean, _): return .ab
    case (.ab(let value), nil), (.ab(let value), .ab?):
      document.setOutput(value, channels: 2, renamed: "ab")
      return .ab
    case (.rgb(let value, let scale), nil):
      document.setOutput(value, channels: 3, renamed: "rgb")
      return .rgb(scale)
    case (.rgb(let value, _), .rgb(let scale)?), (.other(let value), .rgb(let scale)?):
      document.setOutput(value, channels: 3, renamed: "rgb")
      return .rgb(scale)
    case (.other(let value), .ab?):
      document.setOutput(value, channels: 2, renamed: "ab")
      return .ab
    case (.other(let value), .bins313?):
      document.setOutput(value, channels: 313, renamed: "logits")
      return .bins313
    case (.other(let value), nil):
      throw ColorizationError.interface(
        model: name,
        problem:
          "the meaning of its output '\(value)' is unknown; give --gives bins313 (logits of the published "
          + "bins), ab (in CIELAB units), uv (BT.601), huechroma or RGB (0…1), RGB*255 or imagenet")
    case (_, let wanted):
      throw ColorizationError.interface(
        model: name, problem: "its output can't be used as --gives \(wanted?.text ?? "") says")
    }
  }

  /// Whether the user wants the distribution, or says nothing.
  private static func isBins(_ wanted: ColorNetworkDescription.Output?) -> Bool {
    wanted == nil || wanted == .bins313
  }

  /// Whether the user wants a and b, or says nothing.
  private static func isColor(_ wanted: ColorNetworkDescription.Output?) -> Bool {
    wanted == nil || wanted == .ab
  }

  private static func takeInput(
    _ form: NetworkForm, _ options: Options, _ name: String, _ document: inout ModelDocument,
    _ findings: inout [String]
  ) throws -> ColorNetworkDescription.Input {
    if form.lightnessChannels == 3 {
      return try takePicture(form, options, name, &document)
    }
    var lightness = form.lightness
    if form.lightnessChannels == 4 {
      lightness = document.free("L")
      document.splitInput(form.lightness, lightness: lightness, zeros: 3)
      findings.append("Its input channels for color hints and their mask are set to zero.")
    } else {
      document.setInput(lightness: lightness, zeros: form.hints)
      if !form.hints.isEmpty {
        let names = form.hints.map { "'\($0.name)'" }.joined(separator: " and ")
        findings.append("Its inputs \(names) for color hints are set to zero.")
      }
    }
    if let wanted = try Self.wantedInput(options, channels: 1, form, name) { return wanted }
    if form.isNormalized { return .lightness(ChannelScale(channels: 1)) }
    guard form.architecture != nil else {
      throw ColorizationError.interface(
        model: name,
        problem:
          "the normalization of its input '\(form.lightness)' is unknown; give --input L, --input '(L-50)/50' "
          + "or --input '(L-50)/100'")
    }
    return .lightness(ChannelScale(offset: 50, scale: 100, channels: 1))
  }

  /// What the user says of the input, which has `channels`: 1 or 3.
  private static func wantedInput(
    _ options: Options, channels: Int, _ form: NetworkForm, _ name: String
  ) throws(ColorizationError) -> ColorNetworkDescription.Input? {
    guard let wanted = options.input, wanted.channels != channels else { return options.input }
    let (has, says) = channels == 1 ? ("one channel", "three") : ("three channels", "one")
    throw .interface(
      model: name,
      problem: "its input '\(form.lightness)' has \(has), but --input \(wanted.text) has \(says)")
  }

  private static func takePicture(
    _ form: NetworkForm, _ options: Options, _ name: String, _ document: inout ModelDocument
  ) throws -> ColorNetworkDescription.Input {
    document.setInput(picture: form.lightness, channels: 3)
    if let wanted = try Self.wantedInput(options, channels: 3, form, name) { return wanted }
    if let scale = form.rgb { return .gray(scale) }
    guard form.architecture == .deOldify, form.takesPlainPicture else {
      throw ColorizationError.interface(
        model: name,
        problem:
          "the scaling of its input '\(form.lightness)' is unknown; give --input RGB (0…1), --input 'RGB*255' or "
          + "--input imagenet")
    }
    return .gray(.imageNet)
  }

  /// The smallest multiple of input sizes that the network takes, input size ÷ output size, and the only size
  /// that it takes, where the file fixes one and the operators hold it to that.
  private static func sizes(
    of document: inout ModelDocument, _ input: ColorNetworkDescription.Input, _ form: NetworkForm,
    tile: NetworkTile?, name: String
  ) throws -> (stride: Int, scale: Int, fixed: WorkingGeometry.FixedSize?) {
    let model = try document.model()
    func outputSize(_ height: Int, _ width: Int) throws -> [Int] {
      let shapes = try model.outputShapes(
        inputShapes: [model.inputs[0].name: [1, input.channels, height, width]])
      return shapes[model.outputs[0].name] ?? []
    }
    /// nil where shapes don't fit each other: that is the answer, not a fault.
    func scale(_ height: Int, _ width: Int) throws -> (Int?, found: [Int]) {
      do {
        let shape = try outputSize(height, width)
        guard shape.count == 4, shape[2] > 0, height % shape[2] == 0,
          width * shape[2] == height * shape[3]
        else { return (nil, shape) }
        return (height / shape[2], shape)
      } catch let error as NetworkError where error.code == .shapeMismatch {
        return (nil, [])
      }
    }
    if let tile {
      let (inner, shape) = (tile.answerSize(scale: 1), try outputSize(tile.size, tile.size))
      guard shape.count == 4, shape[2] == shape[3], shape[2] > 0, inner % shape[2] == 0 else {
        throw ColorizationError.interface(
          model: name,
          problem:
            "for a tile of \(tile.size)×\(tile.size), its output has the shape \(shape), expected a height and width that "
            + "\(inner) is a multiple of: the tile without its margins")
      }
      document.setInput(
        picture: model.inputs[0].name, channels: input.channels, size: (tile.size, tile.size))
      return (inner / shape[2], inner / shape[2], nil)
    }
    let (height, width) = (256, 384)
    let (free, found) = try scale(height, width)
    if let free {
      for stride in [1, 2, 4, 8, 16, 32, 64, 128] where stride % free == 0 {
        let fits = [(3, 5), (5, 7), (7, 3)].allSatisfy { rows, columns in
          do { return try scale(rows * stride, columns * stride).0 == free } catch { return false }
        }
        if fits { return (stride, free, nil) }
      }
    }
    if let fixed = form.fixedSize, let scale = try scale(fixed.height, fixed.width).0 {
      document.setInput(
        picture: model.inputs[0].name, channels: input.channels,
        size: (fixed.height, fixed.width))
      return (scale, scale, fixed)
    }
    guard free != nil else {
      throw ColorizationError.interface(
        model: name,
        problem: found.isEmpty
          ? "it does not accept an input of \(width)×\(height), and declares no size that it accepts; export it with "
            + "free height and width (dynamic axes)"
          : "for an input of \(width)×\(height), its output has the shape \(found), whose height and width are not an "
            + "integer fraction of the input's"
      )
    }
    throw ColorizationError.interface(
      model: name,
      problem:
        "it accepts \(width)×\(height), but not all other multiples of 128; export it with free height and "
        + "width (dynamic axes)")
  }
}

extension ColorNetworkDescription.Output {
  /// Whether nothing in a graph shows that it gives this: what the user says is believed.
  fileprivate var isTakenAsItComes: Bool {
    switch self {
    case .uv, .hueChroma: true
    case .bins313, .ab, .rgb: false
    }
  }
}

extension NetworkForm.Architecture {
  /// The short side that those who publish it give it; nil where any serves.
  fileprivate var usualSize: Int? {
    switch self {
    case .eccv16, .siggraph17: nil
    case .ddColor: 512
    case .deOldify: 336
    }
  }
}
