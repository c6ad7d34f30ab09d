import COneDNN

/// How fast one core multiplies matrices: what the time of a network is to be held against.
package enum ArithmeticCeiling {
  /// Operations (multiplications and additions) a second of oneDNN's product of 1024×512 and 512×512
  /// numbers, as a 1×1 convolution, on one thread: the fastest of `rounds`.
  package static func operationsPerSecond(
    _ precision: Precision, rounds: Int = 30
  ) throws(NetworkError) -> Double {
    let (pixels, channels) = (1024, 512)
    let (data, weights) =
      switch precision {
      case .float32: (dnnl_f32, dnnl_f32)
      case .bfloat16: (dnnl_bf16, dnnl_bf16)
      case .int8: (dnnl_u8, dnnl_s8)
      }
    let (wantedData, wantedWeights) = (
      try MemoryLayoutDescriptor([1, channels, 32, 32], data, strides: nil),
      try MemoryLayoutDescriptor([channels, channels, 1, 1], weights, strides: nil)
    )
    let engine = try DNNLEngine.shared()
    let attributes = try DNNLAttributes()
    return try OpenMP.with(threads: 1) { () throws(NetworkError) in
      let description = try DNNLPrimitiveDescription { pd in
        ac_dnnl_convolution(
          &pd, engine.handle, dnnl_convolution_direct, wantedData.handle, wantedWeights.handle, nil,
          wantedData.handle, [1, 1], [0, 0], [0, 0], [0, 0], attributes.handle, nil)
      }
      guard let description else {
        throw NetworkError(
          .backEnd, "oneDNN does not support matrix multiplication in \(precision.rawValue)")
      }
      let layouts = [
        (DNNL_ARG_SRC, try description.layout(dnnl_query_src_md)),
        (DNNL_ARG_WEIGHTS, try description.layout(dnnl_query_weights_md)),
        (DNNL_ARG_DST, try description.layout(dnnl_query_dst_md)),
        (DNNL_ARG_SCRATCHPAD, try description.layout(dnnl_query_scratchpad_md)),
      ]
      let primitive = try DNNLPrimitive(description)
      let runner = try PrimitiveRunner()
      var arguments: [dnnl_exec_arg_t] = []
      var blocks: [TensorStorage] = []
      for (kind, layout) in layouts {
        let byteCount = max(layout.byteCount, 64)
        let block = try TensorStorage(byteCount: byteCount)
        block.base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        blocks.append(block)
        arguments.append(
          dnnl_exec_arg_t(arg: Int32(kind), memory: try runner.memory(layout, at: block.base)))
      }
      let clock = ContinuousClock()
      var best = Duration.seconds(3600)
      for _ in 0..<rounds {
        let start = clock.now
        try runner.run(primitive, arguments)
        best = min(best, clock.now - start)
      }
      withExtendedLifetime(blocks) {}
      return Double(2 * pixels * channels * channels) / (best / .seconds(1))
    }
  }
}
