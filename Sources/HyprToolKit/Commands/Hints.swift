import ArgumentParser
import Glibc

extension HyprCommand {
  /// Runs the tool; a command line that is refused gets a hint beside the reason, where it is known what was meant.
  package static func start() -> Never {
    let arguments = Array(CommandLine.arguments.dropFirst())
    do {
      var command = try parseAsRoot(arguments)
      try command.run()
      exit()
    } catch {
      // A command that was parsed has its own words.
      guard exitCode(for: error) == .validationFailure, let hint = hint(for: arguments) else { exit(withError: error) }
      StandardError.write("\(fullMessage(for: error))\nHint: \(hint)\n")
      Glibc.exit(exitCode(for: error).rawValue)
    }
  }

  /// What somebody who typed these arguments most likely meant; `nil`: nobody knows.
  package static func hint(for arguments: [String]) -> String? {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    guard let first = arguments.first, !first.hasPrefix("-") else { return nil }
    guard names.contains(first) else {
      let near = names.min { $0.spellingDistance(to: first) < $1.spellingDistance(to: first) }
      return near.flatMap { $0.spellingDistance(to: first) <= 2 ? "did you mean hypr \($0)?" : nil }
    }
    let options = Set(arguments.dropFirst().filter { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "=" }) })
    if first == "stream", let option = ["--csv", "--inputs"].first(where: options.contains) {
      return "stream reads standard input, as from a device: in place of \(option) FILE say < FILE"
    }
    let ofCreate = [
      "--high-pass", "--running-normalization", "--rectified-difference", "--clip", "--encoding", "--fit", "--layer", "--calibrate",
    ]
    if first != "create", let option = ofCreate.first(where: options.contains) {
      return "\(option) belongs to hypr create: it makes the model, and what is done to its inputs is in there"
    }
    if first != "train", let option = ["--tune-adaptation", "--validation-split", "--exemplars"].first(where: options.contains) {
      return "\(option) belongs to hypr train"
    }
    return nil
  }
}
