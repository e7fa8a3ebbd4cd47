// swift-tools-version: 6.2
// Builds two ways from the same sources:
//   HYPR_EMBEDDED=1  Embedded Swift: the library that ships (product `hypr`, libhypr.so)
//   otherwise        full Swift: the command line tool and the tests
import PackageDescription

let embedded = Context.environment["HYPR_EMBEDDED"] == "1"
let directory = Context.packageDirectory

let mode: [SwiftSetting] =
  embedded
  ? [.enableExperimentalFeature("Embedded"), .unsafeFlags(["-wmo", "-Xfrontend", "-function-sections"])]
  : []

// Nothing outside of the kernels is hot: small is better there.
let small: [SwiftSetting] = embedded ? [.unsafeFlags(["-Osize"], .when(configuration: .release))] : []

// No C++ run-time library is needed with these flags (docs/building.md).
let freestandingCxx: [CXXSetting] = [
  .unsafeFlags([
    "-DNDEBUG", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics",
    "-fvisibility=hidden", "-fvisibility-inlines-hidden",
  ]),
  .unsafeFlags(["-Oz", "-fno-asynchronous-unwind-tables"], .when(configuration: .release)),
]

// Only the empty anchor target carries the link flags: on any other they would break the test bundles.
let libraryLink: [LinkerSetting] = [
  .unsafeFlags([
    "-Xlinker", "--version-script=\(directory)/include/hypr.map",
    "-Xlinker", "-soname", "-Xlinker", "libhypr.so.1",
    "-Xlinker", "-z", "-Xlinker", "defs",
    "-Xlinker", "--gc-sections", "-use-ld=lld",
  ]),
  .linkedLibrary("m"),
]

var products: [Product] = []
var dependencies: [Package.Dependency] = []
var targets: [Target] = [
  .systemLibrary(name: "CHypr", path: "include"),
  .target(name: "CSystem"),
  .target(name: "CModelFormat", cxxSettings: freestandingCxx),
  .target(name: "HyprKernels", dependencies: ["CSystem"], swiftSettings: mode),
  .target(name: "HyprCore", dependencies: ["CSystem", "CModelFormat", "HyprKernels"], swiftSettings: mode + small),
  .target(name: "Hypr", dependencies: ["CHypr", "HyprCore"], swiftSettings: mode + small),
]

if embedded {
  products.append(.library(name: "hypr", type: .dynamic, targets: ["HyprLibrary"]))
  targets.append(
    .target(name: "HyprLibrary", dependencies: ["Hypr"], swiftSettings: mode, linkerSettings: libraryLink))
} else {
  products.append(.executable(name: "hypr", targets: ["HyprTool"]))
  dependencies.append(.package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"))
  targets += [
    .target(name: "CModelWriter", cxxSettings: freestandingCxx + [.headerSearchPath("../CModelFormat")]),
    .target(name: "HyprModelWriter", dependencies: ["CModelWriter"]),
    .target(
      name: "HyprToolKit",
      dependencies: [
        "CHypr", "CModelFormat", "HyprCore", "HyprModelWriter",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(name: "HyprTool", dependencies: ["HyprToolKit"]),
    .testTarget(
      name: "HyprTests",
      dependencies: ["CHypr", "CSystem", "Hypr", "HyprCore", "HyprKernels", "HyprModelWriter", "HyprToolKit"],
      path: "Tests/swift"),
  ]
}

let package = Package(
  name: "hypr",
  products: products,
  dependencies: dependencies,
  targets: targets,
  cxxLanguageStandard: .cxx17)
