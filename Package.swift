// swift-tools-version: 6.2
// Builds two ways from the same sources:
//   HYPR_EMBEDDED=1  Embedded Swift: the library that ships (product `hypr`, libhypr.so)
//   otherwise        full Swift: the command line tool and the tests
import Foundation
import PackageDescription

let embedded = Context.environment["HYPR_EMBEDDED"] == "1"
let directory = Context.packageDirectory

// What is left out of the library that ships (docs/building.md). The tool and the tests have all but the neuron models that HYPR_NEURONS leaves out.
func leavesOut(_ part: String) -> Bool { embedded && Context.environment[part] == "0" }

func end(_ problem: String) -> Never {
  FileHandle.standardError.write(Data("error: \(problem)\n".utf8))
  exit(1)
}

// HYPR_LEARNING=0: what only learning needs. Its functions answer MODEL_UNSUPPORTED.
let learns = !leavesOut("HYPR_LEARNING")
// HYPR_REHEARSAL=0: what is rehearsed, what is held, the guard, and the reference network that these need.
let rehearses = learns && !leavesOut("HYPR_REHEARSAL")

// Every function and jump is marked for processors that check where a call or a return may end.
#if arch(x86_64)
  let branches = ["-fcf-protection=full"]
#else
  let branches = ["-mbranch-protection=standard"]
#endif

// Traps that are one make the code smaller: where in a function it ends is not said.
let frontend = ["-function-sections", "-disable-incremental-llvm-codegen", "-mergeable-traps"].flatMap { ["-Xfrontend", $0] }
let mode: [SwiftSetting] =
  (embedded
    ? [.enableExperimentalFeature("Embedded"), .unsafeFlags(["-wmo"] + frontend + branches.flatMap { ["-Xcc", $0] })] : [])
  + (learns ? [.define("HYPR_LEARNING")] : []) + (rehearses ? [.define("HYPR_REHEARSAL")] : [])

// Small is better; in the core, what runs at every step says `@_optimize(speed)`. The loops are in the kernels.
let small: [SwiftSetting] = embedded ? [.unsafeFlags(["-Osize"], .when(configuration: .release))] : []

// HYPR_NEURONS="BRF SEAdLIF" builds a library with these neuron models only, and LI, which the readout needs. Bit i of the mask is
// the model of number i in the registry; one of each name is looked for, so that a wrong name ends the build.
func neuronMask(_ names: String) -> UInt64 {
  let folder = directory + "/Sources/HyprKernels/Neurons/"
  func text(_ file: String) -> String { (try? String(contentsOfFile: folder + file, encoding: .utf8)) ?? "" }
  let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).map(text)
  var numbers: [String: UInt64] = [:]
  for entry in text("NeuronRegistry.swift").matches(of: /case (\d+): visit\((\w+)\.self\)/) {
    let file = files.first { $0.contains("enum \(entry.2): ") }
    let name = file?.firstMatch(of: /static var name: StaticString { "(\w+)" }/)
    if let name, let number = UInt64(entry.1) { numbers[String(name.1)] = number }
  }
  return Set(names.split(separator: " ").map(String.init) + ["LI"]).reduce(0) { mask, name in
    guard let number = numbers[name] else {
      let known = numbers.keys.sorted().joined(separator: " ")
      end("HYPR_NEURONS names \(name), expected some of \(known)")
    }
    return mask | 1 << number
  }
}
let neurons: [SwiftSetting] =
  Context.environment["HYPR_NEURONS"].map {
    $0.isEmpty ? [] : [.unsafeFlags(["-Xcc", "-DHYPR_NEURON_MASK=\(neuronMask($0))ull"])]
  } ?? []

// The tests are built for debugging, but loops that are optimized take them a third of the time; what must trap traps there, too.
let hot: [SwiftSetting] = embedded ? [] : [.unsafeFlags(["-O"], .when(configuration: .debug))]

// HYPR_LEVELS="1 3" builds a library with the kernels of these CPU levels only, and a processor below the lowest is refused.
#if arch(x86_64)
  let allLevels = ["1", "3", "4"]
#else
  let allLevels = ["1"]
#endif
let levels = Set((embedded ? Context.environment["HYPR_LEVELS"] ?? "" : "").split(separator: " ").map(String.init))
if let level = levels.subtracting(allLevels).min() {
  end("HYPR_LEVELS names \(level), expected some of \(allLevels.joined(separator: " "))")
}
let builtLevels = levels.isEmpty ? allLevels : levels.sorted()
// Bit i: level i. Only a mask that is given leaves levels out: kernels.h.
let levelMask = "HYPR_LEVEL_MASK=\(builtLevels.reduce(0) { $0 | 1 << Int($1)! })"

// The kernels are compiled once per CPU level of x86-64, from the same folder (the others are links to it); the best is chosen when
// a model is loaded. The first module is there always: it has what neuron models say of themselves.
func kernels(_ name: String, _ level: String? = nil, _ flags: [String] = []) -> Target {
  let level: [SwiftSetting] = level.map { [.define($0), .unsafeFlags(flags.flatMap { ["-Xcc", $0] })] } ?? []
  return .target(
    name: name, dependencies: ["CSystem"],
    swiftSettings: mode + hot + neurons + [.unsafeFlags(["-Xcc", "-D\(levelMask)"])] + level)
}
var kernelTargets = [kernels("HyprKernels")]
if builtLevels.contains("3") { kernelTargets.append(kernels("HyprKernelsV3", "HYPR_V3", ["-march=x86-64-v3"])) }
if builtLevels.contains("4") {
  kernelTargets.append(kernels("HyprKernelsV4", "HYPR_V4", ["-march=x86-64-v4", "-mprefer-vector-width=512"]))
}
let kernelNames = kernelTargets.map { Target.Dependency(stringLiteral: $0.name) }

let hardened = ["-fstack-protector-strong", "-fstack-clash-protection"] + (embedded ? branches : [])
let fortified = ["-D_FORTIFY_SOURCE=2", "-fno-asynchronous-unwind-tables"]

// No C++ run-time library is needed with these flags (docs/building.md).
let freestandingCxx: [CXXSetting] = [
  .unsafeFlags([
    "-DNDEBUG", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics",
    "-fvisibility=hidden", "-fvisibility-inlines-hidden",
  ] + hardened),
  .unsafeFlags(["-Oz"] + fortified, .when(configuration: .release)),
]

// HYPR_BUILDER=0 leaves out what builds models: its functions answer MODEL_UNSUPPORTED, and the linker drops the rest.
let parts: [SwiftSetting] = leavesOut("HYPR_BUILDER") ? [.define("HYPR_NO_BUILDER")] : []

// Only the empty anchor target carries the link flags: on any other they would break the test bundles.
// build/libc is what .ci/link-libc makes. Without start files there is nothing to start, and every input says what it is safe for.
let libraryLink: [LinkerSetting] = [
  .unsafeFlags([
    "-L\(directory)/build/libc", "-Xclang-linker", "-nostartfiles",
    "-Xlinker", "--version-script=\(directory)/include/hypr.map",
    "-Xlinker", "-soname", "-Xlinker", "libhypr.so.0",
    "-Xlinker", "-z", "-Xlinker", "defs", "-Xlinker", "-z", "-Xlinker", "now",
    "-Xlinker", "--gc-sections", "-Xlinker", "--icf=all", "-use-ld=lld",
  ]),
  .linkedLibrary("m"), .linkedLibrary("pthread"),
]

var products: [Product] = []
var dependencies: [Package.Dependency] = []
var targets: [Target] =
  [
    .systemLibrary(name: "CHypr", path: "include"),
    .target(
      name: "CSystem", exclude: ["bare_metal"],
      cSettings: [
        .unsafeFlags(["-D\(levelMask)"] + hardened),
        .unsafeFlags(["-Os"] + fortified, .when(configuration: .release)),
      ]),
    .target(name: "CModelFormat", dependencies: ["CSystem"], cxxSettings: freestandingCxx),
    .target(
      name: "CModelWriter", dependencies: ["CSystem", "CModelFormat"],
      cxxSettings: freestandingCxx + [.headerSearchPath("../CModelFormat")]
        + (embedded ? [.define("WRITER_WITHOUT_CXX_LIBRARY")] : [])),
    .target(
      name: "HyprCore", dependencies: ["CSystem", "CModelFormat"] + kernelNames,
      exclude: learns ? [] : ["Learning", "Rehearsal", "Teaching"], swiftSettings: mode + small),
    .target(
      name: "HyprBuilding", dependencies: ["CSystem", "CModelFormat", "CModelWriter", "HyprCore"],
      swiftSettings: mode + small),
    .target(
      name: "Hypr", dependencies: ["CHypr", "CSystem", "HyprCore", "HyprBuilding"],
      exclude: [learns ? "LearningLeftOut.swift" : "Teaching"], swiftSettings: mode + small + parts),
  ] + kernelTargets

if embedded {
  products.append(.library(name: "hypr", type: .dynamic, targets: ["HyprLibrary"]))
  targets.append(
    .target(name: "HyprLibrary", dependencies: ["Hypr"], swiftSettings: mode, linkerSettings: libraryLink))
} else {
  products.append(.executable(name: "hypr", targets: ["HyprTool"]))
  // Exact: its bytes are in the tool, and the same sources shall make the same tool next year.
  dependencies.append(.package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"))
  targets += [
    .target(name: "HyprModelWriter", dependencies: ["CModelFormat", "CModelWriter", "CSystem"]),
    .target(
      name: "HyprToolKit",
      dependencies: [
        "CHypr", "CModelFormat", "HyprCore", "HyprBuilding",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(name: "HyprTool", dependencies: ["CSystem", "HyprToolKit"]),
    .testTarget(
      name: "HyprTests",
      dependencies: ["CHypr", "CSystem", "Hypr", "HyprCore", "HyprBuilding", "HyprModelWriter", "HyprToolKit"]
        + kernelNames,
      path: "Tests/swift"),
  ]
}

let package = Package(
  name: "hypr",
  products: products,
  dependencies: dependencies,
  targets: targets,
  cxxLanguageStandard: .cxx17)
