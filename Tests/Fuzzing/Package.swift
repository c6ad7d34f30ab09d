// swift-tools-version: 6.2
import PackageDescription

// A package of its own: the program exists only under libFuzzer, which has the `main` function. `make fuzz` builds it.
let package = Package(
  name: "fuzzing",
  dependencies: [.package(name: "autochrome", path: "../..")],
  targets: [
    .target(
      name: "FuzzDriver", dependencies: [.product(name: "Fuzzing", package: "autochrome")],
      path: "driver",
      swiftSettings: [
        .swiftLanguageMode(.v6), .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
      ]),
    .executableTarget(name: "fuzz", dependencies: ["FuzzDriver"], path: "fuzz"),
  ]
)
