import HyprBuilding
import HyprCore

/// Which settings a device should learn with: every profile of the library, and what the model recommends by itself, learns from
/// the first part of each stream and is judged on the rest.
package final class AdaptationTuning {
  /// How one profile did.
  struct Row {
    /// What the profile sets; empty for what the model recommends by itself.
    let options: [(option: HyprCore.Option, value: Double)]
    /// Accuracies on the streams; not a number: the network's state overflowed while it learned.
    var scores: [Double] = []

    var mean: Double { scores.reduce(0, +) / Double(scores.count) }

    /// The options in a line.
    var name: String {
      if options.isEmpty { return "as the model recommends" }
      if options.contains(where: { $0.option == .learningRate && $0.value == 0 }) { return "no adaptation" }
      return options.map { "\($0.option.facts.name)=\(OptionSettings.text($0.value, of: "\($0.option.facts.name)"))" }
        .joined(separator: " ")
    }
  }

  private let model: LoadedModel
  /// What is not the device's own: what a label teaches.
  private let base: OptionSettings
  /// Where a profile says nothing, and the model was tuned before: not what was chosen then.
  private let training: [(option: HyprCore.Option, value: Double)]
  private let plan: AdaptationPlan
  private let streams: [AdaptationStream]
  private let labelling: SequenceSet.Labelling
  private let target: SequenceTarget
  /// From the safest profile, which is not to adapt, to the boldest; at the end what the model recommends.
  private(set) var rows: [Row] = []
  private(set) var chosen = 0

  /// `settings`: those of the training, of which `loss` and `loss_steps` are the device's, too.
  init(_ model: LoadedModel, _ data: SequenceSet, _ settings: OptionSettings, _ plan: AdaptationPlan) throws {
    self.model = model
    self.plan = plan
    labelling = data.labelling
    streams = try AdaptationStream.all(data, inputSize: model.inputSize, plan)
    base = try settings.loss
    training = try model.trainingOptions
    var observing = base
    try observing.set(.learning, 0)
    let observer = try RunningSession(model, observing)
    target = SequenceTarget(observer)
    var index = 0
    while let profile = adaptationProfile(index) {
      index += 1
      if let row = try row("\(profile)", window: Int(observer.option(.window))) { rows.append(row) }
    }
    rows.append(Row(options: []))
  }

  /// A profile with what depends on the streams; `nil`: it is for rehearsal, for which there is no memory, or it comes to an end
  /// that there will not be.
  private func row(_ profile: String, window own: Int) throws -> Row? {
    let isSumOfSoftmax = labelling == .sequences && target == .sumOfSoftmax
    var options: [(option: HyprCore.Option, value: Double)] = []
    var window = own
    for pair in profile.split(separator: " ") {
      let parts = pair.split(separator: "=")
      let option = try OptionSettings.option(String(parts[0]))
      let value = try OptionSettings.number(String(parts[1]), of: String(parts[0]))
      if parts[0].hasPrefix("rehearsal") && plan.rehearsalBytes == 0 { return nil }
      if option == .window {
        if isSumOfSoftmax { continue }  // that of the model holds a whole sequence
        window = Int(value)
      }
      options.append((option, value))
    }
    if options.contains(where: { $0.option == .schedule && $0.value != 0 }) {
      if plan.seconds == .infinity { return nil }
      let count = streams.reduce(0) { $0 + $1.windows(window, labelling, target) }
      options.append((.scheduleUpdates, max(1, (lifetime * Double(count) / Double(streams.count)).rounded())))
    }
    return Row(options: options)
  }

  /// How many times as long as in a stream a device is taught, at least once; as long, if the model does not know its time step.
  private var lifetime: Double {
    let taught = Double(model.timeStep) * Double(streams.reduce(0) { $0 + $1.taughtSteps }) / Double(streams.count)
    return taught > 0 ? max(1, plan.seconds / taught) : 1
  }

  /// Tries all profiles; whether that was finished: not if interrupted.
  func run() throws -> Bool {
    var bar = ProgressBar("adaptation profiles", total: rows.count * streams.count)
    defer { bar.finish() }
    var done = 0
    for stream in streams {
      for index in rows.indices {
        if Interruption.isRequested { return false }
        bar.show(done)
        rows[index].scores.append(try score(stream, rows[index]))
        done += 1
      }
    }
    chosen = AdaptationTuning.choose(rows.map(\.scores))
    return true
  }

  /// What the model says if a profile is chosen.
  private func recommended(_ row: Row) -> [(option: HyprCore.Option, value: Double)] {
    guard !row.options.isEmpty else { return [] }
    return training.filter { own in
      !base.contains("\(own.option.facts.name)") && !row.options.contains { $0.option == own.option }
    }
      + row.options
  }

  private func score(_ stream: AdaptationStream, _ row: Row) throws -> Double {
    var settings = base
    for (option, value) in recommended(row) { try settings.set(option, value) }
    try settings.set(.learning, 1)
    try settings.set(.update, UpdateRule.window.option)
    try settings.set(.rehearsalBytes, Double(plan.rehearsalBytes))
    let session = try RunningSession(model, settings)
    var score = Score(labelling, classes: model.outputSize, target)
    do {
      for (inputs, labels) in zip(stream.taught.inputs, stream.taught.labels) {
        _ = try session.learn(inputs, labels: labels, labelling)
      }
      for (inputs, labels) in zip(stream.test.inputs, stream.test.labels) {
        score.add(outputs: try session.run(inputs, fresh: labelling == .sequences), labels: labels)
      }
    } catch let error as ToolError where error.isNotFinite {
      return .nan
    }
    return score.loss.isFinite ? score.accuracy : .nan
  }

  /// The first profile that is no worse than the best one beyond noise: the standard error of their differences, at least a point
  /// of accuracy, as rounding alone brings in one stream, over the root of the number of streams. `scores`: [profiles][streams].
  package static func choose(_ scores: [[Double]]) -> Int {
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let usable = scores.indices.filter { scores[$0].allSatisfy(\.isFinite) }
    guard let best = usable.max(by: { (mean(scores[$0]), $1) < (mean(scores[$1]), $0) }) else { return 0 }
    let count = Double(scores[best].count)
    return usable.first { index in
      let lost = zip(scores[best], scores[index]).map { $0 - $1 }
      let variance = count > 1 ? lost.reduce(0) { $0 + ($1 - mean(lost)) * ($1 - mean(lost)) } / (count - 1) : 0
      return mean(lost) <= max(variance.squareRoot(), 0.01) / count.squareRoot()
    } ?? best
  }

  /// Writes the model with the chosen profile as its recommendation.
  func save(to path: String) throws {
    let fresh = try FreshModel(from: model)
    for option in [HyprCore.Option.loss, .lossSteps] where base.contains("\(option.facts.name)") {
      try fresh.tell { builder throws(Failure) in try builder.recommend(option, base.options.value(option)) }
    }
    if !rows[chosen].options.isEmpty { try model.keepTrainingOptions(in: fresh, base) }
    for (option, value) in recommended(rows[chosen]) {
      try fresh.tell { builder throws(Failure) in try builder.recommend(option, value) }
    }
    try fresh.build(seed: 0)
    try fresh.save(to: path)
  }

  /// The table, and what was chosen.
  var description: String {
    let before = rows[0].scores
    let cells = rows.enumerated().map { index, row in
      let gains = zip(row.scores, before).map { $0 - $1 }
      return [
        String(printf: "%.1f %%", 100 * row.mean), String(printf: "%+.1f", 100 * (row.mean - rows[0].mean)),
        String(printf: "%+.1f", 100 * (gains.min() ?? 0)), row.name + (index == chosen ? "  (chosen)" : ""),
      ]
    }
    let verdict =
      rows[chosen].options.contains { $0.option == .learningRate && $0.value == 0 }
      ? "no profile gains more than noise: the model recommends learning_rate=0, with which nothing changes"
      : rows[chosen].options.isEmpty
        ? "no profile gains more than what the model recommends already" : "the model recommends: \(rows[chosen].name)"
    let end = rows[chosen].options.first { $0.option == .scheduleUpdates }.map {
      """
      \nits rate reaches 0 after \(Int($0.value)) windows in which something is taught, \(lifetimeWords): for a device that is taught \
      for longer, \(model.timeStep > 0 ? "--adaptation-seconds or " : "a time step, as --time gives it, or ")--adaptation-endless
      """
    }
    return TextTable.text(
      [["accuracy", "gain", "least", "adaptation, \(counted(streams.count, "stream"))"]] + cells, rightAligned: [0, 1, 2])
      + "\nleast: the gain of the stream that gains least; where it is below 0, learning made that stream worse\n" + verdict
      + (end ?? "") + (plan.rehearsalBytes > 0 ? rehearsalWords : "")
  }

  private var rehearsalWords: String {
    """
    \nall of it with rehearsal, for which the device gives the memory: its sessions need the option \
    rehearsal_bytes=\(plan.rehearsalBytes), such as hypr stream --option rehearsal_bytes=\(plan.rehearsalBytes)
    """
  }

  private var lifetimeWords: String {
    lifetime > 1 ? String(printf: "%g seconds of labelled samples", plan.seconds) : "as many as the streams had"
  }
}

extension OptionSettings {
  /// What of these settings says what a label teaches.
  fileprivate var loss: OptionSettings {
    get throws {
      var result = OptionSettings()
      for option in [HyprCore.Option.loss, .lossSteps] where contains("\(option.facts.name)") {
        try result.set(option, options.value(option))
      }
      return result
    }
  }
}
