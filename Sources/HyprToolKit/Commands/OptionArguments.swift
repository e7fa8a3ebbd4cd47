import ArgumentParser

/// Options of the library for a session that learns.
struct OptionArguments: ParsableArguments {
  @Option(
    name: .customLong("option"), parsing: .singleValue,
    help: ArgumentHelp("An option of the library, such as beta2=0.99; may be repeated.", valueName: "name=value"))
  var options: [String] = []
  @Option(name: [.customLong("learning-rate"), .customLong("lr")], help: "Short for --option learning_rate=...")
  var learningRate: String?
  @Option(help: "Steps per window; short for --option window=...") var window: String?
  @Option(help: "spatial, window, recurrent or filtered; short for --option credit=...") var credit: String?
  @Option(help: "sgd, adam, momentum, adamw or nlms; short for --option optimizer=...") var optimizer: String?
  @Option(help: "Longest gradient; short for --option gradient_clip=...") var gradientClip: String?
  @Option(help: "constant, linear or cosine, down to 0 at the end; short for --option schedule=...")
  var schedule: String?

  func settings() throws -> OptionSettings {
    var settings = try OptionSettings(options)
    let shorts = [
      ("learning_rate", learningRate), ("window", window), ("credit", credit), ("optimizer", optimizer),
      ("gradient_clip", gradientClip), ("schedule", schedule),
    ]
    for (name, value) in shorts {
      if let value { try settings.set(name, value) }
    }
    return settings
  }
}
