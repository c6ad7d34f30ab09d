import Foundation
import Imaging
import Media
import Testing

@Suite struct PathTests {
  @Test(arguments: [
    ("", "", "", ""), ("*", "", "*", ""), ("?", "", "?", ""), ("-", "", "-", ""),
    (".", "", ".", ""),
    ("..", "", "..", ""), ("/", "/", "/", ""), ("//", "/", "/", ""), ("a", "", "a", ""),
    ("/a", "/", "a", ""), ("a/", "", "a", ""), ("a/b", "a", "b", ""), ("a//b//", "a", "b", ""),
    ("/a/b.c.png", "/a", "b.c.png", "png"), (".hidden", "", ".hidden", ""),
    ("é.tif", "", "é.tif", "tif"),
    ("x.d/film", "x.d", "film", ""), ("film.", "", "film.", ""),
    ("a/%06d.PNG", "a", "%06d.PNG", "PNG"),
    ("a/.x.mkv", "a", ".x.mkv", "mkv"), ("…", "", "…", ""), ("🎞", "", "🎞", ""),
  ])
  func partsOfEveryPath(path: String, folder: String, name: String, ending: String) {
    #expect(PathParts.folder(of: path) == folder)
    #expect(PathParts.name(of: path) == name)
    #expect(PathParts.fileExtension(of: path) == ending)
    let stem = PathParts.stem(of: path)
    #expect(ending.isEmpty ? name.hasPrefix(stem) : stem + "." + ending == name)
  }

  @Test func joinsWithOneSlash() {
    #expect(PathParts.join("a", "b") == "a/b")
    #expect(PathParts.join("a/", "b") == "a/b")
    #expect(PathParts.join("/", "b") == "/b")
    #expect(PathParts.join("", "b") == "b")
  }
}
