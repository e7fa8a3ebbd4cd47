import ArgumentParser

/// `hypr verify`: whether a model can be loaded.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a model file: exit status 0 if it can be loaded, otherwise 1 and the reason.")

  @Argument(help: "The model file.") var model: String

  func run() throws {
    _ = try LoadedModel(path: model)
    print("\(model): valid")
  }
}
