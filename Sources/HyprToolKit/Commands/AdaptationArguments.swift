import ArgumentParser

/// Whether and how it is measured which settings a device should learn with.
struct AdaptationArguments: ParsableArguments {
  @Flag(help: "Measure on the validation data which settings a device should learn with, and recommend them in the model.")
  var tuneAdaptation = false
  @Option(
    help: ArgumentHelp(
      "Rounds of what is taught, each with a piece of every sequence, so that classes alternate; 1: as it comes (default: 6).",
      valueName: "rounds"))
  var adaptationRounds: Int?
  @Option(
    help: ArgumentHelp(
      "How much the sensor differs in eight streams per group, in radians; 0: not at all (default: 0 with --group, else 1).",
      valueName: "amount"))
  var adaptationDisturbance: Double?
  @Option(
    help: ArgumentHelp("Memory for rehearsal that the device will give (default: 0).", valueName: "bytes"))
  var adaptationRehearsal: Int?
  @Option(
    help: ArgumentHelp(
      "For how long a device will be taught: a rate that falls does not reach 0 before (default: 300).", valueName: "seconds"))
  var adaptationSeconds: Double?
  @Flag(help: "A device will be taught without a known end: leave out profiles whose rate falls to 0.")
  var adaptationEndless = false

  /// What to try; `nil`: nothing. What cannot be tuned is refused here, before the training.
  func plan(for validation: SequenceSet?, inputSize: Int) throws -> AdaptationPlan? {
    guard tuneAdaptation else {
      let given = [
        ("rounds", adaptationRounds != nil), ("disturbance", adaptationDisturbance != nil),
        ("rehearsal", adaptationRehearsal != nil), ("seconds", adaptationSeconds != nil), ("endless", adaptationEndless),
      ]
      if let first = given.first(where: \.1) { throw ToolError("--adaptation-\(first.0) needs --tune-adaptation") }
      return nil
    }
    guard let validation else {
      throw ToolError("--tune-adaptation needs data that is kept for validation, such as --validation-split 0.3")
    }
    if let adaptationSeconds, adaptationEndless {
      throw ToolError("--adaptation-seconds \(adaptationSeconds) and --adaptation-endless contradict each other")
    }
    var plan = AdaptationPlan()
    plan.rounds = adaptationRounds ?? plan.rounds
    plan.disturbance = adaptationDisturbance
    plan.rehearsalBytes = adaptationRehearsal ?? 0
    plan.seconds = adaptationEndless ? .infinity : adaptationSeconds ?? plan.seconds
    _ = try OptionSettings(["rehearsal_bytes=\(plan.rehearsalBytes)"])
    _ = try AdaptationStream.all(validation, inputSize: inputSize, plan)
    return plan
  }
}
