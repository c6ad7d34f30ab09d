import CKernels
import COneDNN

extension PlanCompiler {
  /// Compiles a convolution as products of matrices at Winograd's points (see `winograd.h`), with
  /// channels last; false where that does not apply or is not faster.
  mutating func compileTransformed(_ kind: Convolution, _ operation: Program.Operation)
    throws(NetworkError) -> Bool
  {
    guard let map = kind.winogradMap, kind.isWorthTransforming(map),
      kind.post.activation == nil || kind.post.activation?.slope != nil,
      let filter = program.values[program.root(operation.inputs[1])].constant
    else { return false }
    let x = operation.inputs[0]
    let (points, tiles) = (Int(AC_WINOGRAD_POINTS), map.tiles)
    let (c, m) = (kind.inputChannels, kind.outputChannels)
    let engine = try DNNLEngine.shared()
    let left = try MemoryLayoutDescriptor.dense([points, tiles, c])
    let right = try any([points, c, m], dnnl_f32)
    let product = try MemoryLayoutDescriptor.dense([points, tiles, m])
    let attributes = try DNNLAttributes()
    let pd = try DNNLPrimitiveDescription {
      ac_dnnl_matmul(
        &$0, engine.handle, left.handle, right.handle, product.handle, attributes.handle)
    }
    guard let pd else { return false }

    let source = try operand(x, as: try channelsLast(type(x).shape, dnnl_f32))
    let evaluated = builder.arenaBuffer(byteCount: left.byteCount)
    builder.add(
      operation.name,
      .host(WinogradInput(map: map), inputs: [source.buffer], outputs: [evaluated], scratch: nil))

    let layout = try pd.layout(dnnl_query_weights_md)
    let packed = try weights.packed(filter.storage, layout) { () throws(NetworkError) in
      let plain = try MemoryLayoutDescriptor.dense([points, c, m])
      let evaluated = try TensorStorage(byteCount: plain.byteCount)
      ac_winograd_weights(
        filter.storage.base.assumingMemoryBound(to: Float.self), Int32(m), Int32(c),
        evaluated.base.assumingMemoryBound(to: Float.self))
      return layout.isEqual(plain) ? evaluated : try Self.converted(evaluated, plain, to: layout)
    }
    let products = builder.arenaBuffer(byteCount: product.byteCount)
    try add(
      operation.name, pd,
      [
        .init(kind: DNNL_ARG_SRC, buffer: evaluated, layout: left),
        .init(
          kind: DNNL_ARG_WEIGHTS, buffer: builder.buffer(at: .constant(packed)), layout: layout),
        .init(kind: DNNL_ARG_DST, buffer: products, layout: product),
      ])
    try addInterpolation(of: products, map, kind, operation)
    return true
  }

  /// Adds the step from the products to the result.
  private mutating func addInterpolation(
    of products: BufferID, _ map: WinogradMap, _ kind: Convolution, _ operation: Program.Operation
  ) throws(NetworkError) {
    var map = map
    map.channels = kind.outputChannels
    let y = operation.outputs[0]
    let layout = try channelsLast(type(y).shape, dnnl_f32)
    var finish = WinogradOutput(map: map, slope: kind.post.activation?.slope ?? 1)
    var inputs = [products]
    func take(_ buffer: BufferID) -> Int {
      inputs.append(buffer)
      return inputs.count - 1
    }
    if kind.hasBias { finish.bias = take(try denseBuffer(operation.inputs[2])) }
    let target: Native
    if let sum = kind.post.sum {
      // Each place is read before it is written, so that the summand's memory may be the result's.
      target = try summand(operation.inputs[sum], as: layout, of: operation)
      finish.summand = take(target.buffer)
      native[y] = target
    } else {
      target = result(y, layout)
    }
    if let scale = kind.post.scale, let shift = kind.post.shift {
      finish.scale = take(try denseBuffer(operation.inputs[scale]))
      finish.shift = take(try denseBuffer(operation.inputs[shift]))
    }
    builder.add(
      operation.name, .host(finish, inputs: inputs, outputs: [target.buffer], scratch: nil))
  }
}

extension Convolution {
  /// How the images that come in are covered by tiles; nil where the transformation does not apply: to dense 3×3
  /// kernels that give an image of the same size, and to channels in eights.
  fileprivate var winogradMap: WinogradMap? {
    let dilation = window.dilation.first ?? 1
    guard window.kernel == [3, 3], window.stride == [1, 1], groups == 1,
      window.dilation == [dilation, dilation], window.begin == window.dilation,
      window.end == window.dilation, inputChannels % 8 == 0, outputChannels % 8 == 0
    else { return nil }
    return WinogradMap(
      images: batch, height: window.input[0], width: window.input[1], channels: inputChannels,
      dilation: dilation)
  }

  /// Few channels are moved for longer than they are multiplied; tiles that are mostly outside of the
  /// image save nothing; and for few tiles what counts is that the weights, four times as large as before,
  /// come from memory. Measured with oneDNN 2.6 on one thread against its direct convolution, weights in
  /// the cache: 0.3 to 0.4 of the time from 48 to 512 channels, on AVX-512 and on AVX2 alike. Its own
  /// transformation, for AVX-512 and without dilation only, takes up to 1.6 times as long as this, and
  /// 0.9 times with 512 channels.
  fileprivate func isWorthTransforming(_ map: WinogradMap) -> Bool {
    inputChannels >= 32 && outputChannels >= 32 && map.tiles >= 8
      && 2 * batch * window.output.reduce(1, *) >= 16 * map.tiles
  }
}

extension Unary.Function {
  /// The factor on numbers below 0, for functions that are no more than that.
  fileprivate var slope: Float? {
    switch self {
    case .relu: 0
    case .leakyRelu(let slope): slope
    default: nil
    }
  }
}
