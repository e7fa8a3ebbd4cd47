internal import CModelFormat
internal import CSystem
public import HyprCore

// Stretches of a stream for sessions to rehearse: taken in as floats, kept as the file has them.
extension ModelBuilder {
  /// What the steps of a stretch shall give.
  public enum ExemplarTargets {
    /// [steps]: a class, or negative, none.
    case labels(UnsafePointer<Int32>)
    /// [steps][outputs]; a step of NaN has none.
    case values(UnsafePointer<Float>)
  }

  /// Adds a stretch of raw samples, `inputs` [steps][channels].
  public mutating func addExemplar(
    _ inputs: UnsafePointer<Float>, steps: Int, _ targets: ExemplarTargets, startsSequence: Bool
  ) throws(Failure) {
    guard let readout else {
      throw message.failure(.wrongState, "the model has no readout, expected one before exemplars, whose targets are for it")
    }
    guard steps >= 1 && steps <= Model.mostExemplarSteps else {
      throw invalid("an exemplar has \(size: steps) steps, expected 1 to \(Model.mostExemplarSteps)")
    }
    var stored = format_exemplar()
    stored.starts_sequence = startsSequence
    try count(targets, steps, outputs: readout.pointee.size, &stored)
    try countSamples(inputs, steps, &stored)
    guard exemplars.hasRoom(), let made = ExemplarRoom(stored) else { throw outOfMemory() }
    fillTargets(made, targets, steps, outputs: readout.pointee.size)
    if made.stored.spike_counts != nil {
      fillSpikes(made, inputs, steps)
    } else {
      for channel in 0..<inputCount { quantize(made, inputs + channel, steps, channel) }
    }
    forgetBuilt()
    exemplars.append(BuilderExemplar(made))
  }

  /// Takes all of them away.
  public mutating func clearExemplars() {
    forgetBuilt()
    for index in 0..<exemplars.count { exemplars[index].free() }
    exemplars.free()
  }

  /// Those of a model, which stays where it is as long as the builder.
  mutating func takeExemplars(_ model: UnsafeMutablePointer<Model>) throws(Failure) {
    model.retain()
    source = model
    var stored = format_exemplar()
    for index in 0..<model.pointee.exemplarCount {
      guard exemplars.hasRoom() else { throw outOfMemory() }
      _ = format_get_exemplar(model.pointee.root, index, &stored)
      exemplars.append(BuilderExemplar(in: stored))
    }
  }
}

// Targets.
extension ModelBuilder {
  /// -1: none; with values 0.
  private func label(_ targets: ExemplarTargets, _ step: Int, outputs: Int) -> Int32 {
    switch targets {
    case .labels(let labels): max(-1, labels[step])
    case .values(let values): values[step * outputs].isNaN ? -1 : 0
    }
  }

  /// Checks the targets, and counts what is stored of them.
  private func count(
    _ targets: ExemplarTargets, _ steps: Int, outputs: Int, _ stored: inout format_exemplar
  ) throws(Failure) {
    var (taught, before) = (0, Int32.min)
    for step in 0..<steps {
      let label = label(targets, step, outputs: outputs)
      switch targets {
      case .labels: if label >= 0 { try checkLabel(Int(label), step, outputs: outputs) }
      case .values(let values): try checkValues(values + step * outputs, step, outputs: outputs)
      }
      if label != before { stored.label_count += 1 }
      if label >= 0 { taught += 1 }
      before = label
    }
    guard taught > 0 else { throw invalid("an exemplar has no target in \(steps) steps, expected one at least") }
    if case .values = targets { stored.target_count = taught * outputs }
  }

  private func checkLabel(_ label: Int, _ step: Int, outputs: Int) throws(Failure) {
    guard outputs > 1 else { throw invalid("labels are for two outputs or more, and the model has one: expected values") }
    guard label < outputs else {
      throw invalid("labels[\(step)] is \(label), expected 0 to \(outputs - 1), as classes count from 0; negative: no label")
    }
  }

  private func checkValues(_ values: UnsafePointer<Float>, _ step: Int, outputs: Int) throws(Failure) {
    for output in 0..<outputs where !(values[0].isNaN ? values[output].isNaN : values[output].isFinite) {
      throw message.failure(
        .notFinite,
        "values[\(step)][\(output)] is \(values[output]), expected a finite number, or NaN for all outputs of a step")
    }
  }

  private func fillTargets(_ made: ExemplarRoom, _ targets: ExemplarTargets, _ steps: Int, outputs: Int) {
    var (run, row) = (-1, 0)
    for step in 0..<steps {
      let label = label(targets, step, outputs: outputs)
      if run < 0 || made.labels[run].label != label {
        run += 1
        made.labels[run] = format_label_run(steps: 0, label: label)
      }
      made.labels[run].steps += 1
      guard case .values(let values) = targets, label >= 0 else { continue }
      (made.targets + row * outputs).update(from: values + step * outputs, count: outputs)
      row += 1
    }
  }
}

// Samples.
extension ModelBuilder {
  /// Checks the samples, and decides how they are stored.
  private func countSamples(
    _ inputs: UnsafePointer<Float>, _ steps: Int, _ stored: inout format_exemplar
  ) throws(Failure) {
    var (spikes, isBinary) = (0, inputCount <= Model.mostSparseChannels)
    for index in 0..<steps * inputCount {
      guard inputs[index].isFinite else {
        throw message.failure(
          .notFinite,
          "inputs[\(index / inputCount)][\(index % inputCount)] is \(inputs[index]), expected a finite number")
      }
      if inputs[index] == 1 { spikes += 1 } else if inputs[index] != 0 { isBinary = false }
    }
    if isBinary && 2 * (steps + spikes) < steps * inputCount + 8 * inputCount {
      (stored.spike_count_count, stored.spike_channel_count) = (steps, spikes)
    } else {
      stored.value_count = steps * inputCount
      (stored.value_scale_count, stored.value_offset_count) = (inputCount, inputCount)
    }
  }

  private func fillSpikes(_ made: ExemplarRoom, _ inputs: UnsafePointer<Float>, _ steps: Int) {
    var place = 0
    for step in 0..<steps {
      let start = place
      for channel in 0..<inputCount where inputs[step * inputCount + channel] == 1 {
        made.spikeChannels[place] = UInt16(truncatingIfNeeded: channel)
        place += 1
      }
      // One less than there are at 65536 channels that are all 1: then the dense form is the smaller one.
      made.spikeCounts[step] = UInt16(truncatingIfNeeded: place - start)
    }
  }

  /// One channel as whole numbers from -127 to 127, or by half a step more. Zero stays zero if samples lie on both sides of it:
  /// where nothing comes, nothing shall come.
  private func quantize(_ made: ExemplarRoom, _ samples: UnsafePointer<Float>, _ steps: Int, _ channel: Int) {
    var (least, most) = (Double(samples[0]), Double(samples[0]))
    for step in 0..<steps {
      least = min(least, Double(samples[step * inputCount]))
      most = max(most, Double(samples[step * inputCount]))
    }
    let scale = Float((most - least) / 254)
    var offset = Float((least + most) / 2)
    if least <= 0 && most >= 0 { offset = scale == 0 ? 0 : scale * Float(rounded(Double(offset) / Double(scale))) }
    made.valueScale[channel] = scale
    made.valueOffset[channel] = offset
    for step in 0..<steps {
      let level = scale == 0 ? 0 : rounded((Double(samples[step * inputCount]) - Double(offset)) / Double(scale))
      made.values[step * inputCount + channel] = Int8(clamping: level)
    }
  }

  /// To the nearest whole number. Without the C library's function; the value is small.
  private func rounded(_ value: Double) -> Int {
    value < 0 ? -Int(0.5 - value) : Int(value + 0.5)
  }
}
