import Media

/// A count with what is counted, as messages of all modules have it: `1 frame`, `2 frames`.
package func counted(_ count: Int, _ noun: String) -> String { Media.counted(count, noun) }
