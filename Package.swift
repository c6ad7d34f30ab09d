// swift-tools-version: 6.2
import PackageDescription

// Tests import what they test through `package` access, never `@testable`: they run on
// the release build.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]
let strictC: [CSetting] = [.treatAllWarnings(as: .error)]

// What `--version` prints. One C file holds it, so that a new commit recompiles that file and links anew.
let commit: [CSetting] =
  Context.gitInformation.map { git in
    let mark = git.hasUncommittedChanges ? "-dirty" : ""
    return [.define("AC_BUILD_COMMIT", to: "\"\(git.currentCommit)\(mark)\"")]
  } ?? []

let package = Package(
  name: "autochrome",
  products: [
    .executable(name: "autochrome", targets: ["autochrome"]),
    .library(name: "Autochrome", targets: ["Autochrome"]),
    // For the tests: loaded before the program, it counts what that allocates.
    .library(name: "AllocationCounter", type: .dynamic, targets: ["AllocationCounter"]),
    // The same, it lets reads of a file fail.
    .library(name: "ReadFailure", type: .dynamic, targets: ["ReadFailure"]),
    // What Tests/Fuzzing, a package of its own, runs under libFuzzer.
    .library(name: "Fuzzing", targets: ["Fuzzing"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    // C libraries of the system, and the shims that Swift cannot express.
    .systemLibrary(
      name: "CFFmpeg", pkgConfig: "libavformat",
      providers: [
        .apt([
          "libavformat-dev", "libavcodec-dev", "libavutil-dev", "libswresample-dev",
          "libswscale-dev",
        ])
      ]),
    .systemLibrary(
      name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "COneDNN", providers: [.apt(["libdnnl-dev"])]),
    .target(name: "CKernels", cSettings: strictC),
    .target(name: "CBuild", cSettings: strictC + commit),

    .target(name: "Locking", swiftSettings: strict),
    .target(name: "Blocks", dependencies: ["Locking"], swiftSettings: strict),
    .target(
      name: "Imaging", dependencies: ["Blocks", "CKernels", "Locking"], swiftSettings: strict),
    .target(name: "Quality", dependencies: ["Imaging"], swiftSettings: strict),
    .target(
      name: "NeuralNetwork",
      dependencies: [
        "Blocks", "CKernels", "COneDNN", "COpenBLAS", "Locking",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      exclude: ["ONNX/onnx.proto"],
      swiftSettings: strict),
    .target(
      name: "Colorization", dependencies: ["CKernels", "Imaging", "Locking", "NeuralNetwork"],
      swiftSettings: strict),
    .target(name: "FramePipeline", dependencies: ["Locking"], swiftSettings: strict),
    .target(name: "Media", dependencies: ["CFFmpeg", "Imaging", "Locking"], swiftSettings: strict),
    .target(
      name: "AutochromeKit",
      dependencies: [
        "CBuild", "Colorization", "FramePipeline", "Imaging", "Locking", "Media", "NeuralNetwork",
        "Quality", "SampleFilm",
        .product(name: "Yams", package: "Yams"),
      ],
      resources: [
        .copy("Resources/guidance"), .copy("Resources/models"), .copy("Resources/pipelines"),
      ],
      swiftSettings: strict),
    .target(
      name: "Measuring",
      dependencies: [
        "AutochromeKit", "Colorization", "FramePipeline", "Imaging", "Locking", "Media",
        "NeuralNetwork",
        "Quality", "SampleFilm",
      ],
      swiftSettings: strict),
    // What programs import. Only its declarations are public.
    .target(
      name: "Autochrome",
      dependencies: ["AutochromeKit", "Colorization", "Imaging", "Locking", "Media"],
      path: "Sources/AutochromeLibrary", swiftSettings: strict),
    .executableTarget(
      name: "autochrome",
      dependencies: [
        "AutochromeKit", "Colorization", "Locking", "Measuring",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    // The page in the browser. A program of its own, so that `autochrome` does not link the server.
    .target(
      name: "Review",
      dependencies: [
        "AutochromeKit", "Colorization", "Imaging", "Locking", "Media",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      resources: [.copy("Assets")],
      swiftSettings: strict),
    .executableTarget(
      name: "autochrome-review",
      dependencies: ["AutochromeKit", "Review"],
      swiftSettings: strict),

    // Programs that use the library, as docs/guide/library.md shows them.
    .executableTarget(
      name: "example-film", dependencies: ["Autochrome"], path: "Examples/film",
      swiftSettings: strict),
    .executableTarget(
      name: "example-frames", dependencies: ["Autochrome"], path: "Examples/frames",
      swiftSettings: strict),
    .executableTarget(
      name: "example-picture", dependencies: ["Autochrome"], path: "Examples/picture",
      swiftSettings: strict),

    // The film of our own that the demo shows and the tests know the colors of.
    .target(name: "SampleFilm", path: "samples/SampleFilm", swiftSettings: strict),
    .executableTarget(
      name: "render-sample", dependencies: ["SampleFilm"], path: "samples/render-sample",
      swiftSettings: strict),

    // Builds ONNX models for the tests.
    .target(
      name: "ModelFixtures",
      dependencies: ["NeuralNetwork", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
      path: "Tests/ModelFixtures", swiftSettings: strict),
    // What the tests of all modules share.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    // What reads data from outside, as functions of bytes.
    .target(
      name: "Fuzzing",
      dependencies: ["AutochromeKit", "Colorization", "Imaging", "Media", "NeuralNetwork"],
      path: "Tests/Fuzzing/Entries", swiftSettings: strict),
    .target(name: "AllocationCounter", path: "Tests/AllocationCounter", cSettings: strictC),
    .target(name: "ReadFailure", path: "Tests/ReadFailure", cSettings: strictC),
    .testTarget(name: "BlocksTests", dependencies: ["Blocks"], swiftSettings: strict),
    .testTarget(
      name: "ImagingTests", dependencies: ["Imaging", "CKernels", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "QualityTests", dependencies: ["Quality", "Imaging", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "NetworkTests",
      dependencies: [
        "ModelFixtures", "NeuralNetwork", "TestSupport",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ColorizationTests",
      dependencies: [
        "Colorization", "CKernels", "Imaging", "ModelFixtures", "NeuralNetwork", "SampleFilm",
        "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "FramePipelineTests", dependencies: ["FramePipeline", "Locking", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "FuzzingTests", dependencies: ["Fuzzing"], swiftSettings: strict),
    .testTarget(name: "SampleFilmTests", dependencies: ["SampleFilm"], swiftSettings: strict),
    .testTarget(
      name: "MediaTests", dependencies: ["Media", "Imaging", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "AutochromeTests",
      dependencies: [
        "Autochrome", "Locking", "ModelFixtures", "SampleFilm", "TestSupport", "autochrome",
        "example-film", "example-frames", "example-picture",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "AutochromeKitTests",
      dependencies: [
        "AutochromeKit", "Colorization", "Imaging", "Locking", "Measuring", "Media",
        "ModelFixtures",
        "NeuralNetwork", "Quality", "SampleFilm", "TestSupport", "autochrome", "autochrome-review",
      ],
      swiftSettings: strict),
  ]
)
