import HyprBuilding
import HyprCore

/// What is learned from, and what is kept for validation.
struct TrainingData {
  let training: SequenceSet
  let validation: SequenceSet?
  /// How the two were told apart; `nil`: they are other files, or there is no validation.
  let splitWords: String?
}

extension LoadedModel {
  /// This model with what a recording knows and it does not: names of the channels and classes, and the time step.
  func named(after recording: Recording) throws -> LoadedModel {
    let labels = recording.classNames
    let needsClasses = classNames.allSatisfy(\.isEmpty) && labels.contains { Int($0).map { $0 < 0 || $0 >= outputSize } ?? true }
    let needsChannels = channelNames.isEmpty
    let needsTimeStep = timeStep == 0 && recording.timeStep > 0
    guard needsClasses || needsChannels || needsTimeStep else { return self }
    guard !needsClasses || labels.count == outputSize else {
      throw ToolError(
        "\(recording.name) has \(counted(labels.count, "class", "classes")) (\(labels.joined(separator: ", "))), the model "
          + counted(outputSize, "output")
          + " without names; hypr create --csv makes one that fits")
    }
    let fresh = try FreshModel(from: self)
    if needsClasses {
      try fresh.tell(labels) { builder, names, count throws(Failure) in try builder.setClassLabels(names, count) }
    }
    if needsChannels {
      try fresh.tell(recording.channels) { builder, names, count throws(Failure) in try builder.setInputNames(names, count) }
    }
    if needsTimeStep { try fresh.tell { builder throws(Failure) in try builder.setTimeStep(Float(recording.timeStep)) } }
    try fresh.build(seed: 0)
    return try LoadedModel(fresh.bytes())
  }
}
