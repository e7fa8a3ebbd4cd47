internal import CSystem
public import HyprCore

// A fresh network is often nearly silent on data that its weights were not drawn for, and what never spikes cannot learn.
extension ModelBuilder {
  /// Steps of the recording that a layer is tried on.
  private static var mostSteps: Int { 8192 }

  /// Makes layers as slow as suits the samples, and scales what each spiking layer gets, from the input up, so that its neurons
  /// spike `rate` times per step on them: of the first layer the input, of others the input weights. What was not given is then
  /// given: as the seed draws it, and scaled. `scalesGiven`: also layers whose input weights were given.
  public mutating func calibrate(
    _ recording: RecordedSequences, rate: Double, seed: UInt64, scalesGiven: Bool
  ) throws(Failure) {
    guard rate > 0 && rate <= 0.5 else {
      throw invalid("rate is \(rate), expected above 0 and at most 0.5 spikes per neuron and step")
    }
    guard recording.varies else {
      throw invalid("all \(recording.total) samples are the same, expected some that change")
    }
    var suited = List<Int>()
    defer { suited.free() }
    do throws(Failure) {
      try suitLayers(recording, &suited)
      try scaleLayers(recording, rate, seed, scalesGiven: scalesGiven)
    } catch {
      for index in 0..<suited.count { layers[suited[index]].pointee.makeTimeScalesUsual() }
      throw error
    }
  }

  /// Tells which layers it changed.
  private func suitLayers(_ recording: RecordedSequences, _ suited: inout List<Int>) throws(Failure) {
    let scales = try timeScales(of: recording)
    for index in 0..<layers.count {
      guard suited.hasRoom() else { throw outOfMemory() }
      if layers[index].pointee.suit(scales) { suited.append(index) }
    }
  }

  private mutating func scaleLayers(
    _ recording: RecordedSequences, _ rate: Double, _ seed: UInt64, scalesGiven: Bool
  ) throws(Failure) {
    let model = try make(seed: seed)
    defer { model.release() }
    let scaled = try ModelBuilder.create(from: model, message)
    defer { ModelBuilder.free(scaled) }
    guard var pieces = recording.pieces(most: ModelBuilder.mostSteps) else { throw outOfMemory() }
    defer { pieces.free() }
    for index in 0..<layers.count where layers[index].pointee.facts.spiking {
      let own = layers[index].pointee.tensors
      let isDrawn = own[BuilderLayer.weight].given == nil
      let recurrent = own[BuilderLayer.recurrentWeight]
      guard isDrawn || scalesGiven else { continue }
      try calibrate(
        scaled, index, recording, pieces, rate, balances: isDrawn,
        scalesRecurrent: recurrent.isPresent && (recurrent.given == nil || scalesGiven))
    }
    forgetBuilt()
    swap(&input, &scaled.pointee.input)
    for index in 0..<layers.count { take(from: scaled.pointee.layers[index], to: layers[index], scalesGiven) }
    if let readout, let drawn = scaled.pointee.readout { take(from: drawn, to: readout, false) }
  }

  /// One layer of a builder in which every tensor is given; those below it are done.
  private func calibrate(
    _ scaled: UnsafeMutablePointer<ModelBuilder>, _ index: Int, _ recording: RecordedSequences,
    _ pieces: List<RecordedSequences.Piece>, _ rate: Double, balances: Bool, scalesRecurrent: Bool
  ) throws(Failure) {
    let layer = scaled.pointee.layers[index]
    let model = try lowerPart(of: scaled, upTo: index)
    defer { model.release() }
    let trial = try LayerTrial(model, index, message)
    defer { trial.free() }
    let size = layer.pointee.size
    guard let neurons: UnsafeMutablePointer<Double> = allocated(2 * size) else { throw outOfMemory() }
    defer { system_free(neurons) }
    neurons.initialize(repeating: 1, count: 2 * size)
    var gain = LayerGain(neurons: neurons)
    let search = LayerCalibration(trial: trial, layer: layer, recording: recording, pieces: pieces, target: rate)
    let reached = search.reach(&gain, scalesRecurrent: scalesRecurrent)
    guard search.isReached(reached) else {
      throw message.failure(
        .wrongState,
        """
          layer\(index) spikes at best \(Float(reached)) times per neuron and step, however its input weights are scaled, \
          expected \(rate)
          """)
    }
    if balances { search.balance(&gain, scalesRecurrent: scalesRecurrent, neurons + size) }
    if index == 0 && scaled.pointee.scaleIsGain {
      // With larger inputs weights stay as large as learning rates expect them.
      try passOn(scaled) { scaled throws(Failure) in try scaled.pointee.multiplyInputScale(by: Float(gain.input)) }
      gain.input = 1
    }
    let (input, recurrent) = (layer.pointee.tensors[BuilderLayer.weight], layer.pointee.tensors[BuilderLayer.recurrentWeight])
    if let weights = input.given { gain.scale(input, isRecurrent: false, into: weights) }
    if let weights = recurrent.given { gain.scale(recurrent, isRecurrent: true, into: weights) }
  }

  /// A model with the layers of `builder` up to one of them, and a readout: one output, as what it gives does not matter.
  private func lowerPart(
    of builder: UnsafeMutablePointer<ModelBuilder>, upTo layer: Int
  ) throws(Failure) -> UnsafeMutablePointer<Model> {
    let whole = try passOn(builder) { builder throws(Failure) in try builder.pointee.make(seed: 0) }
    defer { whole.release() }
    let lower = try ModelBuilder.create(from: whole, message)
    defer { ModelBuilder.free(lower) }
    return try passOn(lower) { lower throws(Failure) in
      while lower.pointee.readout != nil || lower.pointee.layers.count > layer + 1 { try lower.pointee.removeTop() }
      try lower.pointee.setReadout(outputs: 1, hasBias: false, tau: nil)
      return try lower.pointee.make(seed: 0)
    }
  }

  /// Moves what was drawn, and what was scaled.
  private func take(
    from drawn: UnsafeMutablePointer<BuilderLayer>, to layer: UnsafeMutablePointer<BuilderLayer>, _ takesGiven: Bool
  ) {
    for slot in 0..<layer.pointee.tensorCount where layer.pointee.tensors[slot].isPresent {
      let (source, target) = (drawn.pointee.tensors + slot, layer.pointee.tensors + slot)
      let isScaled = takesGiven && slot <= BuilderLayer.recurrentWeight
      guard target.pointee.given == nil || target.pointee.density < 1 || isScaled, let values = source.pointee.given
      else { continue }
      system_free(target.pointee.given)
      (target.pointee.source, source.pointee.source) = (.given(values), .usual(times: 1))
      guard let rows = source.pointee.stored else { continue }
      target.pointee.stored?.free()
      (target.pointee.stored, source.pointee.stored) = (rows, nil)
      target.pointee.density = 1
    }
  }

  /// Runs a call on another builder; if it fails, this one says why.
  func passOn<Answer>(
    _ other: UnsafeMutablePointer<ModelBuilder>, _ call: (UnsafeMutablePointer<ModelBuilder>) throws(Failure) -> Answer
  ) throws(Failure) -> Answer {
    do throws(Failure) {
      return try call(other)
    } catch {
      throw message.failure(error, "\(whole: other.pointee.messageText)")
    }
  }
}
