import Foundation
import SwiftProtobuf

/// Runs models against recorded inputs and outputs in ONNX's own test layout: a folder with
/// `model.onnx` and `test_data_set_N/input_M.pb`, `output_M.pb`, each one tensor.
package struct ModelVerifier: Sendable {
  /// How far one output is from what is recorded.
  package struct OutputReport: Sendable, Equatable {
    /// The output's name.
    package let name: String
    /// The data set's folder.
    package let dataSet: String
    /// The recorded shape.
    package let shape: [Int]
    /// The smallest recorded number; 0 if there is none.
    package let expectedMinimum: Double
    /// The largest recorded number; 0 if there is none.
    package let expectedMaximum: Double
    /// Largest difference.
    package let maximumAbsoluteError: Double
    /// Largest difference divided by the recorded number's magnitude.
    package let maximumRelativeError: Double
    /// Row-major index of the number that is furthest beyond its tolerance, with both values.
    package let worstIndex: Int
    package let expected: Double
    package let actual: Double
    /// How many numbers are beyond their tolerance.
    package let failures: Int
    /// Why the tensors can't be compared at all; nil when they can.
    package let mismatch: String?
  }

  /// What became of a folder.
  package enum Verdict: Sendable, Equatable {
    case passed
    /// The results differ or the model failed to run; the text says where and by how much.
    case failed(String)
    /// The model uses something that the engine does not support; the text names it.
    case refused(String)
  }

  /// The result of one folder.
  package struct Report: Sendable, Equatable {
    package let folder: String
    package let verdict: Verdict
    package let outputs: [OutputReport]
  }

  /// The back end under test.
  package let backend: Backend
  /// Its number format.
  package let precision: Precision
  /// A number may differ by `absolute` × the largest recorded magnitude (at least 1e-7) plus
  /// `relative` × its own magnitude.
  package let relativeTolerance: Double
  package let absoluteTolerance: Double

  /// The tolerances default to ONNX's own relative 1e-3 with 1e-5 of the range for fp32, to what eight
  /// bits of mantissa can give for bf16, and to 10 % of the range for int8.
  package init(
    backend: Backend = .oneDNN, precision: Precision = .float32, relativeTolerance: Double? = nil,
    absoluteTolerance: Double? = nil
  ) {
    self.backend = backend
    self.precision = precision
    let tolerances: (relative: Double, absolute: Double) =
      switch precision {
      case .float32: (1e-3, 1e-5)
      case .bfloat16: (2e-2, 2e-2)
      case .int8: (2e-2, 1e-1)
      }
    self.relativeTolerance = relativeTolerance ?? tolerances.relative
    self.absoluteTolerance = absoluteTolerance ?? tolerances.absolute
  }

  /// Runs every data set in the folder. With `savedIn`, what the engine found is written there as
  /// `test_data_set_N/output_M.pb`.
  package func verify(folder: String, savedIn: String? = nil) -> Report {
    var outputs: [OutputReport] = []
    do throws(NetworkError) {
      let model = try Model(contentsOf: folder + "/model.onnx")
      let session = try Session(model: model, backend: backend, precision: precision)
      let sets = try entries(of: folder, prefix: "test_data_set_")
      guard !sets.isEmpty else {
        throw NetworkError(.unreadable, file: folder, "the folder holds no test_data_set_0")
      }
      for set in sets {
        outputs += try run(
          session, set: set, in: folder + "/" + set, savedIn: savedIn.map { $0 + "/" + set })
      }
    } catch {
      let verdict: Verdict =
        error.code == .unsupported ? .refused(error.description) : .failed(error.description)
      return Report(folder: folder, verdict: verdict, outputs: outputs)
    }
    guard let bad = outputs.first(where: { $0.mismatch != nil || $0.failures > 0 }) else {
      return Report(folder: folder, verdict: .passed, outputs: outputs)
    }
    let reason =
      bad.mismatch
      ?? "\(bad.failures) numbers differ, the worst at \(bad.worstIndex): expected \(bad.expected), found \(bad.actual)"
    return Report(
      folder: folder, verdict: .failed("\(bad.dataSet), output \"\(bad.name)\": \(reason)"),
      outputs: outputs)
  }

  private func run(
    _ session: Session, set: String, in folder: String, savedIn: String?
  ) throws(NetworkError) -> [OutputReport] {
    let inputs = try tensors(in: folder, prefix: "input_", names: session.model.inputs.map(\.name))
    let expected = try tensors(
      in: folder, prefix: "output_", names: session.model.outputs.map(\.name))
    let results = try session.run(inputs)
    var reports: [OutputReport] = []
    for (index, output) in session.model.outputs.enumerated() {
      guard let wanted = expected[output.name], let found = results[output.name] else {
        throw NetworkError(
          .unreadable, file: folder, at: "output \"\(output.name)\"",
          "the test data does not contain it")
      }
      if let savedIn { try save(found, name: output.name, as: "output_\(index).pb", in: savedIn) }
      reports.append(compare(found, with: wanted, name: output.name, dataSet: set))
    }
    return reports
  }

  /// Compares two tensors under the verifier's tolerances.
  package func compare(
    _ actual: Tensor, with expected: Tensor, name: String, dataSet: String = ""
  ) -> OutputReport {
    guard actual.shape == expected.shape, actual.elementType == expected.elementType else {
      return OutputReport(
        name: name, dataSet: dataSet, shape: expected.shape, expectedMinimum: 0, expectedMaximum: 0,
        maximumAbsoluteError: .infinity,
        maximumRelativeError: .infinity, worstIndex: 0, expected: 0, actual: 0,
        failures: max(expected.count, 1),
        mismatch:
          "expected \(expected.elementType.name) \(expected.shape), found \(actual.elementType.name) \(actual.shape)"
      )
    }
    let isFloat: Bool
    switch expected.elementType {
    case .float32, .float16, .bfloat16, .float64: isFloat = true
    default: isFloat = false
    }
    let (x, y) = (numbers(actual), numbers(expected))
    let range = y.reduce(0) { $1.isFinite ? max($0, abs($1)) : $0 }
    let floor = isFloat ? max(1e-7, absoluteTolerance * range) : 0
    var (absolute, relative, excess) = (0.0, 0.0, -Double.infinity)
    var (worst, failures) = (0, 0)
    for index in y.indices {
      let same = x[index] == y[index] || (x[index].isNaN && y[index].isNaN)
      var difference = same ? 0 : abs(x[index] - y[index])
      if difference.isNaN { difference = .infinity }
      let allowed = isFloat && y[index].isFinite ? floor + relativeTolerance * abs(y[index]) : 0
      absolute = max(absolute, difference)
      if difference > 0 { relative = max(relative, difference / abs(y[index])) }
      if difference > allowed { failures += 1 }
      if difference - allowed > excess { (excess, worst) = (difference - allowed, index) }
    }
    return OutputReport(
      name: name, dataSet: dataSet, shape: expected.shape,
      expectedMinimum: y.filter { !$0.isNaN }.min() ?? 0,
      expectedMaximum: y.filter { !$0.isNaN }.max() ?? 0, maximumAbsoluteError: absolute,
      maximumRelativeError: relative, worstIndex: worst,
      expected: y.isEmpty ? 0 : y[worst], actual: x.isEmpty ? 0 : x[worst], failures: failures,
      mismatch: nil)
  }

  private func numbers(_ tensor: Tensor) -> [Double] {
    (0..<tensor.count).map {
      HostConversion.double(HostConversion.load(tensor.storage.base, $0, tensor.elementType))
    }
  }

  // MARK: Files

  private func save(_ tensor: Tensor, name: String, as file: String, in folder: String)
    throws(NetworkError)
  {
    var proto = Onnx_TensorProto()
    proto.name = name
    proto.dims = tensor.shape.map(Int64.init)
    proto.dataType = tensor.elementType.rawValue
    proto.rawData = tensor.withUnsafeBytes { Data($0) }
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      try (proto.serializedBytes() as Data).write(to: URL(fileURLWithPath: folder + "/" + file))
    } catch {
      throw NetworkError(
        .unreadable, file: folder + "/" + file, "the result can't be written (\(error))")
    }
  }

  /// The names in a folder that start with `prefix`, in the order of the numbers that follow it.
  private func entries(of folder: String, prefix: String) throws(NetworkError) -> [String] {
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
      throw NetworkError(
        .unreadable, file: folder, "the folder can't be read: \(error.localizedDescription)")
    }
    func number(_ name: String) -> Int {
      Int(name.dropFirst(prefix.count).prefix { $0.isNumber }) ?? .max
    }
    return names.filter { $0.hasPrefix(prefix) }.sorted { (number($0), $0) < (number($1), $1) }
  }

  /// The tensors of a data set by the model's names: by their own name where the model knows it, else
  /// by position.
  private func tensors(in folder: String, prefix: String, names: [String]) throws(NetworkError)
    -> [String: Tensor]
  {
    var found: [String: Tensor] = [:]
    for (index, file) in try entries(of: folder, prefix: prefix).enumerated() {
      let path = folder + "/" + file
      let proto: Onnx_TensorProto
      do {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        // An optional input that is left out is recorded as an empty file.
        if data.isEmpty { continue }
        proto = try Onnx_TensorProto(serializedBytes: data)
      } catch {
        throw NetworkError(.unreadable, file: path, "it is not a readable tensor (\(error))")
      }
      let name: String
      if names.contains(proto.name) {
        name = proto.name
      } else {
        guard index < names.count else {
          throw NetworkError(
            .invalidInput, file: path, "the model has only \(names.count) of these")
        }
        name = names[index]
      }
      do { found[name] = try TensorReader.tensor(proto, kind: "tensor") } catch {
        throw error.inFile(path)
      }
    }
    return found
  }
}
