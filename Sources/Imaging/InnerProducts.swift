import CKernels

extension FloatImage {
  /// Places that are compared at a time: their products stay in the cache.
  private static let placesAtATime = 16

  /// Compares some places with all places of another image: hands on the inner products of their vectors, which
  /// hold one value of each channel.
  /// - Parameters:
  ///   - places: of this image.
  ///   - others: with as many channels as this image.
  ///   - body: is given the index in `places` and `others.area` products, which it may overwrite.
  package func forEachInnerProducts(
    of places: [Int], with others: FloatImage,
    _ body: (_ index: Int, _ products: UnsafeMutablePointer<Float>) -> Void
  ) {
    precondition(
      others.channels == channels, "\(channels) channels are compared with \(others.channels)")
    let (values, count, block) = (channel(0), others.area, Self.placesAtATime)
    var vectors = [Float](repeating: 0, count: block * channels)
    var products = [Float](repeating: 0, count: block * count)
    products.withUnsafeMutableBufferPointer { buffer in
      guard let products = buffer.baseAddress else { return }
      for start in stride(from: 0, to: places.count, by: block) {
        let end = min(start + block, places.count)
        for index in start..<end {
          for channel in 0..<channels {
            vectors[(index - start) * channels + channel] = values[channel * area + places[index]]
          }
        }
        ac_inner_products(
          others.channel(0), Int64(count), Int32(channels), Int32(count), vectors,
          Int32(end - start), products, Int64(count))
        for index in start..<end { body(index, products + (index - start) * count) }
      }
    }
    withExtendedLifetime((self, others)) {}
  }
}
