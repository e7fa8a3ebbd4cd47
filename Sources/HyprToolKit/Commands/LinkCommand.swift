import ArgumentParser

/// `hypr link`: which parts of the library some models need.
struct LinkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link",
    abstract: "Print the switches that build a library with what some models need, and no more.",
    discussion: "For example: eval \"$(hypr link model.hypr) make lib TARGET=cortex-m4f\"")

  @Argument(help: "The model files that the device will have.") var models: [String]
  @Flag(help: "The device only runs the models: leave learning out.") var inference = false
  @Flag(help: "The device rehearses, or has the guard, though no model says so.") var rehearsal = false

  func run() throws {
    print(try LinkSwitches(paths: models, learns: !inference, rehearses: rehearsal).description)
  }
}
