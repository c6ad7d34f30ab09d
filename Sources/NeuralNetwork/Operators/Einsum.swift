import COpenBLAS
import Foundation

/// Einstein's sum of one array, or of the products of two: an array's axes carry letters, those that the
/// output does not name are summed over. As products of matrices: the letters that both arrays and the
/// output have number the products, those of one array and the output are rows or columns, the others are
/// summed.
struct Einsum: Operator {
  /// An array brought into the order that the products need; nil where it lies so already.
  private let arranged: [Strided?]
  private let batch: Int
  private let rows: Int
  private let columns: Int
  private let depth: Int
  private let inputs: [TensorType]
  /// From (batch, rows, columns) to the output's order; nil where that is it.
  private let ending: Strided?
  private let output: TensorType

  var outputs: [TensorType] { [output] }
  var floatingPointOperations: Int {
    output.elementType == .float32 ? 2 * batch * rows * columns * depth : 0
  }

  /// Elements of the arrays as the products see them, and of the products.
  private var sizes: [Int] {
    [batch * rows * depth, batch * depth * columns, batch * rows * columns]
  }

  func scratchByteCount(threads: Int) -> Int {
    // One input stands beside a column of ones.
    let needed = [arranged[0] != nil, inputs.count == 1 || arranged[1] != nil, ending != nil]
    return zip(sizes, needed).reduce(0) { $0 + ($1.1 ? $1.0 : 0) } * output.elementType.byteCount
  }

  func run(_ memory: OperatorMemory) {
    if output.elementType == .float32 {
      run(memory, Float.self) { a, b, y in
        cblas_sgemm(
          CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(depth), 1,
          a,
          Int32(depth), b, Int32(columns), 0, y, Int32(columns))
      }
    } else {
      run(memory, Double.self) { a, b, y in
        cblas_dgemm(
          CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(rows), Int32(columns), Int32(depth), 1,
          a,
          Int32(depth), b, Int32(columns), 0, y, Int32(columns))
      }
    }
  }

  private func run<T: BinaryFloatingPoint>(
    _ memory: OperatorMemory, _: T.Type,
    _ multiply: (UnsafePointer<T>, UnsafePointer<T>, UnsafeMutablePointer<T>) -> Void
  ) {
    guard output.count > 0 else { return }
    guard depth > 0 else {
      memory.output(as: T.self).update(repeating: 0, count: output.count)
      return
    }
    var free = memory.scratch(as: T.self)
    func take(_ count: Int) -> UnsafeMutablePointer<T> {
      defer { free += count }
      return free
    }
    var operands: [UnsafePointer<T>] = []
    for index in 0..<2 {
      guard index < inputs.count else {
        let ones = take(sizes[index])
        ones.update(repeating: 1, count: sizes[index])
        operands.append(UnsafePointer(ones))
        continue
      }
      guard let order = arranged[index] else {
        operands.append(memory.input(index, as: T.self))
        continue
      }
      let copy = take(sizes[index])
      order.copy(from: memory.inputs[index], to: copy)
      operands.append(UnsafePointer(copy))
    }
    let y = ending == nil ? memory.output(as: T.self) : take(sizes[2])
    for product in 0..<batch {
      multiply(
        operands[0] + product * rows * depth, operands[1] + product * depth * columns,
        y + product * rows * columns)
    }
    ending?.copy(from: y, to: memory.outputs[0])
  }
}

extension Einsum {
  static func lower(_ context: NodeContext) throws(NetworkError) -> Lowered {
    try context.allow(["equation"])
    let equation = try context.string("equation", default: "")
    var inputs: [TensorType] = []
    for index in context.operands.indices { inputs.append(try context.type(index)) }
    guard (1...2).contains(inputs.count) else {
      throw context.fail(.unsupported, "\(inputs.count) inputs are not supported, only one or two")
    }
    let type = inputs[0].elementType
    guard type == .float32 || type == .float64, inputs.allSatisfy({ $0.elementType == type }) else {
      throw context.fail(
        .unsupported,
        "inputs of the types \(inputs.map(\.elementType.name)) are not supported, only of one of "
          + "float and double")
    }
    let letters = try Letters(equation, inputs, context)
    return .operation(
      try Einsum(letters, inputs, context), operands: Array(inputs.indices))
  }

  private init(_ letters: Letters, _ inputs: [TensorType], _ context: NodeContext)
    throws(NetworkError)
  {
    func extents(_ list: [Letters.Letter]) -> [Int] { list.map { letters.extents[$0] ?? 1 } }
    func count(_ list: [Letters.Letter]) -> Int { extents(list).reduce(1, *) }
    let (left, right) = (letters.inputs[0], letters.inputs.count > 1 ? letters.inputs[1] : [])
    let named = letters.output
    let shared = named.filter { left.contains($0) && right.contains($0) }
    let rows = named.filter { left.contains($0) && !right.contains($0) }
    let columns = named.filter { right.contains($0) && !left.contains($0) }
    var summed: [Letters.Letter] = []
    for letter in left + right where !named.contains(letter) && !summed.contains(letter) {
      summed.append(letter)
    }
    let type = inputs[0].elementType
    let orders = [shared + rows + summed, shared + summed + columns]
    var arranged: [Strided?] = []
    for (index, input) in inputs.enumerated() {
      let order = orders[index]
      // Letters that an array lacks are repeated, those that it has twice run along the diagonal.
      let steps = StridedWalk.dense(input.shape)
      let strides = order.map { letter in
        zip(letters.inputs[index], zip(input.shape, steps)).reduce(0) { sum, axis in
          axis.0 == letter && axis.1.0 != 1 ? sum + axis.1.1 : sum
        }
      }
      let wanted = try TensorType(type, extents(order))
      let isInOrder =
        wanted.count == input.count
        && zip(wanted.shape, zip(strides, StridedWalk.dense(wanted.shape))).allSatisfy {
          $0 == 1 || $1.0 == $1.1
        }
      arranged.append(
        isInOrder ? nil : Strided(output: wanted, offset: 0, strides: strides))
    }
    self.inputs = inputs
    self.arranged = arranged.count == 1 ? arranged + [nil] : arranged
    batch = count(shared)
    self.rows = count(rows)
    self.columns = count(columns)
    depth = count(summed)
    output = try TensorType(type, extents(named))
    let products = shared + rows + columns
    let dense = StridedWalk.dense(extents(products))
    ending =
      products == named
      ? nil
      : Strided(
        output: output, offset: 0,
        strides: named.map { letter in products.firstIndex(of: letter).map { dense[$0] } ?? 0 })
    for size in sizes { _ = try TensorType(type, [size]) }
    guard [self.rows, self.columns, depth].allSatisfy({ $0 <= Int(Int32.max) }) else {
      throw context.fail(
        .unsupported, "the extents \(letters.extents.values.sorted()) are too large")
    }
  }
}

/// An equation such as `bqc,bchw->bqhw`, with the axes that an ellipsis stands for as letters of their own.
private struct Letters {
  enum Letter: Hashable {
    case named(Character)
    /// An axis of the ellipsis, counted from its last.
    case hidden(Int)
  }

  var inputs: [[Letter]] = []
  var output: [Letter] = []
  var extents: [Letter: Int] = [:]

  init(_ equation: String, _ types: [TensorType], _ context: NodeContext) throws(NetworkError) {
    let plain = String(equation.filter { $0 != " " })
    let sides = plain.components(separatedBy: "->")
    let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let malformed = context.fail(
      .malformed, "the equation '\(equation)' does not fit \(types.map(\.shape))")
    guard sides.count <= 2, terms.count == types.count else { throw malformed }
    var hidden = 0
    for (term, type) in zip(terms, types) {
      let named = Self.named(term)
      let isOpen = named.contains(nil)
      let count = type.rank - (named.count - (isOpen ? 1 : 0))
      guard count >= 0, isOpen || count == 0, named.filter({ $0 == nil }).count <= 1 else {
        throw malformed
      }
      let list = Self.letters(named, hidden: count)
      hidden = max(hidden, count)
      for (letter, extent) in zip(list, type.shape) {
        let known = extents[letter, default: 1]
        guard known == extent || known == 1 || extent == 1 else { throw malformed }
        extents[letter] = known == 1 ? extent : known
      }
      inputs.append(list)
    }
    if sides.count == 2 {
      let named = Self.named(sides[1])
      output = Self.letters(named, hidden: hidden)
      guard Set(output).count == output.count, output.allSatisfy({ extents[$0] != nil }) else {
        throw malformed
      }
    } else {
      // Without an arrow: the ellipsis, then the letters that occur once, in the alphabet's order.
      let all = inputs.flatMap { $0 }
      let once = Set(all).filter { letter in all.filter { $0 == letter }.count == 1 }
      let named = once.compactMap { letter -> Character? in
        if case .named(let character) = letter { character } else { nil }
      }
      output = (0..<hidden).reversed().map { .hidden($0) } + named.sorted().map { .named($0) }
    }
    guard
      inputs.flatMap({ $0 }).allSatisfy({ letter in
        if case .named(let character) = letter {
          character.isASCII && character.isLetter
        } else {
          true
        }
      })
    else { throw malformed }
  }

  /// The letters of a term; nil stands for the ellipsis.
  private static func named(_ term: String) -> [Character?] {
    var list: [Character?] = []
    var rest = Substring(term)
    while let next = rest.first {
      if rest.hasPrefix("...") {
        list.append(nil)
        rest = rest.dropFirst(3)
      } else {
        list.append(next)
        rest = rest.dropFirst()
      }
    }
    return list
  }

  private static func letters(_ named: [Character?], hidden: Int) -> [Letter] {
    named.flatMap { letter -> [Letter] in
      if let letter { [.named(letter)] } else { (0..<hidden).reversed().map { .hidden($0) } }
    }
  }
}
