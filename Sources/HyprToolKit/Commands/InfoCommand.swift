import ArgumentParser

/// `hypr info`: what is in a model.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Tell what is in a model, and how much memory a session of it takes.")

  @Argument(help: "The model file.") var model: String
  @Flag(help: "Print JSON.") var json = false
  @Option(
    name: .customLong("option"), parsing: .singleValue,
    help: ArgumentHelp(
      "An option that the sessions shall have, such as window=50; may be repeated.", valueName: "name=value"))
  var options: [String] = []
  @Option(
    help: ArgumentHelp(
      "Estimate flash, memory, stack and time on a microcontroller too: \(Target.all.map(\.name).joined(separator: ", ")).",
      valueName: "name"))
  var target: String?

  func run() throws {
    let settings = try OptionSettings(options)
    if settings.contains("learning") { throw ToolError("option learning: both kinds of session are shown anyway") }
    let report = try ModelReport(path: model, settings: settings, target: target.map(Target.named))
    print(json ? try JSON.text(report) : report.description)
  }
}
