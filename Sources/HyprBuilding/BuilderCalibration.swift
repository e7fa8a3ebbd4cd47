internal import CSystem
public import HyprCore

// A fresh network is often nearly silent on data that its weights were not drawn for, and what never spikes cannot learn.
extension ModelBuilder {
  /// Steps of the recording that a layer is tried on.
  private static var mostSteps: Int { 8192 }

  /// Scales what each spiking layer gets, from the input up, so that its neurons spike `rate` times per step on the samples: of the
  /// first layer the input, of others the input weights. What was not given is then given: as the seed draws it, and scaled.
  /// `scalesGiven`: also layers whose input weights were given.
  public mutating func calibrate(
    _ recording: Recording, rate: Double, seed: UInt64, scalesGiven: Bool
  ) throws(Failure) {
    guard rate > 0 && rate <= 0.5 else {
      throw invalid("rate is \(rate), expected above 0 and at most 0.5 spikes per neuron and step")
    }
    guard recording.varies else {
      throw invalid("all \(recording.total) samples are the same, expected some that change")
    }
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
    _ scaled: UnsafeMutablePointer<ModelBuilder>, _ index: Int, _ recording: Recording, _ pieces: List<Recording.Piece>,
    _ rate: Double, balances: Bool, scalesRecurrent: Bool
  ) throws(Failure) {
    let layer = scaled.pointee.layers[index]
    let trial = try LayerTrial(scaled, upTo: index, message)
    defer { trial.free() }
    guard let neurons: UnsafeMutablePointer<Double> = allocated(layer.pointee.size) else { throw outOfMemory() }
    defer { system_free(neurons) }
    neurons.initialize(repeating: 1, count: layer.pointee.size)
    var gain = LayerGain(neurons: neurons)
    let search = LayerCalibration(trial: trial, layer: layer, recording: recording, pieces: pieces, target: rate)
    let reached = search.reach(&gain, scalesRecurrent: scalesRecurrent)
    guard search.isReached(reached) else {
      throw message.failure(
        .wrongState,
        "layer\(index) spikes at best \(Float(reached)) times per neuron and step, however its input weights are scaled, expected \(rate)")
    }
    if balances { try search.balance(&gain, scalesRecurrent: scalesRecurrent) }
    if index == 0 && scaled.pointee.scaleIsGain {
      // With larger inputs weights stay as large as learning rates expect them.
      try scaled.pointee.multiplyInputScale(by: Float(gain.input))
      gain.input = 1
    }
    let (input, recurrent) = (layer.pointee.tensors[BuilderLayer.weight], layer.pointee.tensors[BuilderLayer.recurrentWeight])
    if let weights = input.given { gain.scale(input, isRecurrent: false, into: weights) }
    if let weights = recurrent.given { gain.scale(recurrent, isRecurrent: true, into: weights) }
  }

  /// Moves what was drawn, and what was scaled.
  private func take(
    from drawn: UnsafeMutablePointer<BuilderLayer>, to layer: UnsafeMutablePointer<BuilderLayer>, _ takesGiven: Bool
  ) {
    for slot in 0..<layer.pointee.tensorCount where layer.pointee.tensors[slot].isPresent {
      let (source, target) = (drawn.pointee.tensors + slot, layer.pointee.tensors + slot)
      let isScaled = takesGiven && slot <= BuilderLayer.recurrentWeight
      guard target.pointee.given == nil || target.pointee.density < 1 || isScaled, let values = source.pointee.given else { continue }
      system_free(target.pointee.given)
      (target.pointee.source, source.pointee.source) = (.given(values), .usual)
      guard let rows = source.pointee.stored else { continue }
      target.pointee.stored?.free()
      (target.pointee.stored, source.pointee.stored) = (rows, nil)
      target.pointee.density = 1
    }
  }
}
