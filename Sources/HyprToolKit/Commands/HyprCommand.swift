import ArgumentParser
import CHypr

/// The command line tool `hypr`.
package struct HyprCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "hypr",
    abstract: "Makes, trains and examines .hypr models: recurrent spiking networks that learn online.",
    version: "\(HYPR_VERSION_MAJOR).\(HYPR_VERSION_MINOR).\(HYPR_VERSION_PATCH)",
    subcommands: [
      CreateCommand.self, NeuronsCommand.self, InfoCommand.self, VerifyCommand.self, TrainCommand.self,
      EvaluateCommand.self, CheckCommand.self, StreamCommand.self, ReportCommand.self, QuantizeCommand.self, LinkCommand.self,
    ])

  package init() {}
}
