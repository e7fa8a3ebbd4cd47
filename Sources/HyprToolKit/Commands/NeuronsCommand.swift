import ArgumentParser

/// `hypr neurons`: what the neuron models are.
struct NeuronsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "neurons",
    abstract: "List the neuron models, their parameters and constants.",
    discussion: """
      Bounds are both allowed; |x| says that they hold for the magnitude. Some depend on constants: these are for the constants' \
      defaults. Equations: docs/neuron-models.md.
      """)

  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print names only, one per line, as --layer takes them.") var names = false

  func validate() throws {
    if json && names { throw ValidationError("--json and --names, expected one of them at most") }
  }

  func run() throws {
    let models = NeuronModel.all
    if names {
      print(models.map(\.writtenName).joined(separator: "\n"))
    } else {
      print(json ? try JSON.text(models) : models.map(\.description).joined(separator: "\n\n"))
    }
  }
}
