/// The version of the program and the library.
public enum AutochromeVersion {
  /// Semantic version.
  public static let current = "0.1.0"
}
