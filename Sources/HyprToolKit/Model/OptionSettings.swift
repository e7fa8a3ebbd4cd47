import HyprCore

/// Options of a session as people write them: `learning_rate=0.1`, `credit=window`.
package struct OptionSettings {
  private(set) var options = Options()
  private var names: Set<String> = []

  package init() {}

  /// Settings of the form `name=value`.
  package init(_ texts: [String]) throws {
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw ToolError("option \"\(text)\", expected name=value") }
      try set(String(parts[0]), String(parts[1]))
    }
  }

  /// Sets an option once.
  package mutating func set(_ name: String, _ value: String) throws {
    let name = name.replacing("-", with: "_")
    guard names.insert(name).inserted else { throw ToolError("option \(name) is given twice") }
    let number = try OptionSettings.number(value, of: name)
    let option = try OptionSettings.option(name)
    var changed = options
    try withMessage { message throws(Failure) in try changed.set(option, number, message) }
    options = changed
  }

  /// Sets an option to a value that the tool has computed.
  mutating func set(_ option: HyprCore.Option, _ value: Double) throws {
    names.insert("\(option.facts.name)")
    var changed = options
    try withMessage { message throws(Failure) in try changed.set(option, value, message) }
    options = changed
  }

  /// Whether the option was set here.
  package func contains(_ name: String) -> Bool { names.contains(name) }

  /// All options, in the core's order.
  static var all: [HyprCore.Option] {
    var options: [HyprCore.Option] = []
    while let option = HyprCore.Option(rawValue: options.count) { options.append(option) }
    return options
  }

  static func option(_ name: String) throws -> HyprCore.Option {
    guard let option = HyprCore.Option(name: name) else {
      let advice = HyprCore.Option.meant(by: name).map { "did you mean \($0.facts.name)?" }
      let known = all.map { "\($0.facts.name)" }.joined(separator: ", ")
      throw ToolError("there is no option \"\(name)\"; \(advice ?? "the options are \(known)")")
    }
    return option
  }

  /// The number of a value: one of the option's words, or a number.
  package static func number(_ value: String, of name: String) throws -> Double {
    let words = choices[name] ?? []
    if let index = words.firstIndex(of: value) { return Double(index) }
    if Double(value) == nil, let groups = sums[name] { return try sum(value, of: name, groups) }
    guard let number = Double(value) else {
      let expected = words.isEmpty ? "a number, such as 0.1" : words.joined(separator: ", ")
      let advice = name == "loss" ? ": which steps the label of a sequence teaches, always by cross-entropy" : ""
      throw ToolError("option \(name) is \"\(value)\", expected \(expected)\(advice)")
    }
    return number
  }

  /// A value as people write it.
  package static func text(_ value: Double, of name: String) -> String {
    if let words = choices[name], let index = Int(exactly: value), words.indices.contains(index) { return words[index] }
    if let groups = sums[name], let bits = Int(exactly: value), bits > 0, bits < 1 << groups.count {
      if bits == 1 << groups.count - 1 { return "all" }
      return groups.indices.filter { bits & 1 << $0 != 0 }.map { groups[$0] }.joined(separator: "+")
    }
    return String(printf: "%.9g", value)
  }

  /// A sum of words, such as `biases+readout`, or `all`.
  private static func sum(_ value: String, of name: String, _ groups: [String]) throws -> Double {
    if value == "all" { return Double(1 << groups.count - 1) }
    var bits = 0
    for word in value.split(separator: "+", omittingEmptySubsequences: false) {
      guard let bit = groups.firstIndex(of: word.trimmed) else {
        let known = groups.joined(separator: ", ")
        throw ToolError(
          "option \(name) is \"\(value)\", expected a number, all, or a sum of \(known), such as \(groups[0])+\(groups[1])")
      }
      bits |= 1 << bit
    }
    return Double(bits)
  }

  /// Words for the bits of options that are sums, in the order of hypr.h.
  private static let sums = [
    "train_mask": ["input_weights", "recurrent_weights", "biases", "neuron_parameters", "readout", "readout_tau"]
  ]

  /// Words for the values of enumerated options, in the order of their numbers in hypr.h.
  private static let choices: [String: [String]] = [
    "learning": ["off", "on"],
    "credit": ["spatial", "window", "recurrent", "filtered"],
    "learning_memory_type": ["float32", "bfloat16"],
    "loss": ["every_step", "last_steps", "sum_of_softmax"],
    "update": ["window", "sequence", "manual"],
    "reduction": ["mean", "sum", "mean_over_steps"],
    "optimizer": ["sgd", "adam", "momentum", "adamw", "nlms"],
    "schedule": ["constant", "linear", "cosine"],
  ]
}
