import Blocks
import Testing

@Suite("Block pool") struct BlockPoolTests {
  @Test func blocksComeBack() throws {
    let pool = BlockPool(keptBytesLimit: 1 << 20)
    for _ in 0..<100 {
      let (one, other) = (
        try #require(pool.take(byteCount: 100_000)), try #require(pool.take(byteCount: 1000))
      )
      #expect(Int(bitPattern: one.base) % 64 == 0 && Int(bitPattern: other.base) % 64 == 0)
      // 64 bytes past the end are the taker's, too.
      one.base.initializeMemory(as: UInt8.self, repeating: 7, count: 100_064)
      pool.give(one)
      pool.give(other)
    }
    #expect(pool.systemAllocations == 2)
  }

  @Test func blocksInUseAreNotHandedOutTwice() throws {
    let pool = BlockPool(keptBytesLimit: 1 << 20)
    let blocks = try (0..<50).map { _ in try #require(pool.take(byteCount: 4000)) }
    #expect(Set(blocks.map(\.base)).count == 50)
    blocks.forEach(pool.give)
    let again = try (0..<50).map { _ in try #require(pool.take(byteCount: 4000)) }
    #expect(Set(again.map(\.base)) == Set(blocks.map(\.base)))
    again.forEach(pool.give)
  }

  @Test func sizesNoLongerAskedForGiveWay() throws {
    let pool = BlockPool(keptBytesLimit: 1_000_000)
    // Fills the pool with one size …
    try (0..<9).map { _ in try #require(pool.take(byteCount: 100_000)) }.forEach(pool.give)
    // … of which a new one must displace some: it is kept from its first return on.
    for _ in 0..<20 { pool.give(try #require(pool.take(byteCount: 500_000))) }
    #expect(pool.systemAllocations == 10)
    // Larger than the limit: never kept, and nothing breaks.
    for _ in 0..<3 { pool.give(try #require(pool.take(byteCount: 2_000_000))) }
    #expect(pool.systemAllocations == 13)
  }
}
