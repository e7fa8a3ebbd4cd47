import HyprBuilding
import HyprCore

// What a model recommends governs devices. If it was tuned for them, the model's metadata says what it recommended for training
// before: `learning_rate=0.01 window=100`, in the order of the options. Another training goes by that.

extension LoadedModel {
  /// The entry of the metadata.
  private static let key = "training_options"

  private var trainingText: String? {
    let model = pointer.pointee
    return (0..<model.metadataCount).first { text(model.metadataKey($0)) == LoadedModel.key }
      .map { text(model.metadataValue($0)) ?? "" }
  }

  /// What a training has to set so that a recommendation for devices does not govern it; none if there is no such recommendation.
  var trainingOptions: [(option: HyprCore.Option, value: Double)] {
    get throws {
      guard let written = trainingText else { return [] }
      var values: [HyprCore.Option: Double] = [:]
      for part in written.split(separator: " ") {
        let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
        guard pair.count == 2, let value = Double(pair[1]) else {
          throw ToolError("the metadata entry \(LoadedModel.key) of the model has \"\(part)\", expected option=number")
        }
        values[try OptionSettings.option(pair[0])] = value
      }
      return OptionSettings.all.compactMap { option in
        // Where a schedule ends is the trainer's to say.
        guard pointer.pointee.recommendation(for: option) != nil || values[option] != nil,
          option != .scheduleUpdates || values[option] != nil
        else { return nil }
        return (option, values[option] ?? option.facts.standard)
      }
    }
  }

  /// Writes down what is recommended now, with what a label teaches, unless an earlier tuning did: before `fresh`, a builder of
  /// this model, recommends something for devices.
  func keepTrainingOptions(in fresh: FreshModel, _ loss: OptionSettings) throws {
    guard trainingText == nil else { return }
    let pairs = OptionSettings.all.compactMap { option -> String? in
      let told = loss.contains("\(option.facts.name)") ? loss.options.value(option) : nil
      return (told ?? pointer.pointee.recommendation(for: option)).map { "\(option.facts.name)=\($0)" }
    }
    try fresh.tell { builder throws(Failure) in try builder.setMetadata(LoadedModel.key, pairs.joined(separator: " ")) }
  }
}

extension OptionSettings {
  /// These, completed by what training a model that was tuned for devices has to set.
  func training(_ model: LoadedModel) throws -> OptionSettings {
    var result = self
    for (option, value) in try model.trainingOptions where !contains("\(option.facts.name)") { try result.set(option, value) }
    return result
  }
}
