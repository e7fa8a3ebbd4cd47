internal import CModelFormat

// The semantic checks of exemplars: nobody checks again when they are rehearsed.

extension ModelLoader {
  @inline(never) func checkExemplars(channels: Int, outputs: Int) throws(Failure) {
    let count = format_exemplar_count(root)
    if count > Model.mostExemplars {
      throw invalid("exemplars has \(count) entries, expected at most \(Model.mostExemplars)")
    }
    var numbers = 0
    var stored = format_exemplar()
    for index in 0..<count {
      _ = format_get_exemplar(root, index, &stored)
      let check = ExemplarCheck(loader: self, index: index, stored: stored, channels: channels, outputs: outputs)
      // Vectors may be shared: what takes time shall not be more than the file's size allows.
      numbers += check.numberCount
      if numbers > 4 * file.count { throw invalid("exemplars[\(index)] has more numbers than there is room for in the file") }
      try check.all()
    }
  }
}

/// One exemplar against the model that it is for.
private struct ExemplarCheck {
  let loader: ModelLoader
  let index: Int
  let stored: format_exemplar
  let channels: Int
  let outputs: Int

  /// Numbers that are looked at: all but the values.
  var numberCount: Int {
    stored.value_scale_count + stored.value_offset_count + stored.spike_count_count + stored.spike_channel_count
      + stored.label_count + stored.target_count
  }

  func all() throws(Failure) {
    // A model with one output is taught values, and says so where they are missing.
    let hasValues = stored.targets != nil || outputs == 1
    let isSparse = stored.spike_counts != nil
    let (steps, taught) = try checkLabels(upTo: hasValues ? 0 : outputs - 1)
    let perChannel = isSparse ? 0 : channels
    try checkCount("values", stored.value_count, product(steps, perChannel))
    try checkCount("value_scale", stored.value_scale_count, perChannel)
    try checkCount("value_offset", stored.value_offset_count, perChannel)
    try checkCount("spike_counts", stored.spike_count_count, isSparse ? steps : 0)
    try checkCount("targets", stored.target_count, hasValues ? product(taught, outputs) : 0)
    try checkFinite("value_scale", stored.value_scale, perChannel)
    try checkFinite("value_offset", stored.value_offset, perChannel)
    try checkFinite("targets", stored.targets, stored.target_count)
    try checkSpikes(steps)
    for channel in 0..<perChannel { try checkSamples(channel) }
  }

  /// That of no file if it is larger than can be counted.
  private func product(_ one: Int, _ other: Int) -> Int {
    let (result, overflows) = one.multipliedReportingOverflow(by: other)
    return overflows ? .max : result
  }

  /// Returns how many steps there are, and how many of them have a target.
  private func checkLabels(upTo last: Int) throws(Failure) -> (steps: Int, taught: Int) {
    var (steps, taught) = (0, 0)
    for place in 0..<stored.label_count {
      guard let run = stored.labels?[place] else { break }
      let (count, label) = (Int(clamping: run.steps), Int(run.label))
      try check("labels", place, ".steps", count, from: 1, to: Model.mostExemplarSteps - steps)
      try check("labels", place, ".label", label, from: -1, to: last)
      steps += count
      if label >= 0 { taught += count }
    }
    guard taught > 0 else { throw loader.invalid("exemplars[\(index)].labels has no target, expected at least one") }
    return (steps, taught)
  }

  private func checkSpikes(_ steps: Int) throws(Failure) {
    guard let counts = stored.spike_counts else { return try checkCount("spike_channels", stored.spike_channel_count, 0) }
    guard channels <= Model.mostSparseChannels else {
      throw loader.invalid(
        "exemplars[\(index)] is sparse, for \(channels) inputs, expected at most \(Model.mostSparseChannels)")
    }
    // Together they may be too many for an integer of 32 bits, and for any file then.
    var sum: Int64 = 0
    for step in 0..<steps { sum += Int64(counts[step]) }
    try checkCount("spike_channels", stored.spike_channel_count, Int(clamping: sum))
    guard let spikes = stored.spike_channels else { return }
    var place = 0
    for step in 0..<steps {
      var least = 0
      for _ in 0..<Int(counts[step]) {
        let channel = Int(spikes[place])
        // Ascending in a step.
        try check("spike_channels", place, "", channel, from: least, to: channels - 1)
        least = channel + 1
        place += 1
      }
    }
  }

  /// What the least and the largest value give.
  private func checkSamples(_ channel: Int) throws(Failure) {
    guard let scale = stored.value_scale, let offset = stored.value_offset else { return }
    let sum = abs(offset[channel]) + abs(scale[channel]) * -Float(Int8.min)
    guard !sum.isFinite else { return }
    throw loader.invalid("exemplars[\(index)].value_scale[\(channel)] is \(scale[channel]), expected finite samples")
  }

  private func check(
    _ field: StaticString, _ place: Int, _ member: StaticString, _ value: Int, from lower: Int, to upper: Int
  ) throws(Failure) {
    if value < lower || value > upper { throw outOfRange(field, place, member, value, lower, upper) }
  }

  @inline(never) private func outOfRange(
    _ field: StaticString, _ place: Int, _ member: StaticString, _ value: Int, _ lower: Int, _ upper: Int
  ) -> Failure {
    loader.invalid("exemplars[\(index)].\(field)[\(place)]\(member) is \(value), expected \(lower) to \(upper)")
  }

  @inline(never) private func checkCount(_ field: StaticString, _ count: Int, _ expected: Int) throws(Failure) {
    guard count != expected else { return }
    throw loader.invalid("exemplars[\(index)].\(field) has \(count) entries, expected \(expected)")
  }

  @inline(never) private func checkFinite(_ field: StaticString, _ values: UnsafePointer<Float>?, _ count: Int) throws(Failure) {
    guard let values else { return }
    for place in 0..<count where !values[place].isFinite {
      throw loader.invalid("exemplars[\(index)].\(field)[\(place)] is \(values[place]), expected a finite number")
    }
  }
}
