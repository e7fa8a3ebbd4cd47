internal import CSystem
internal import HyprCore

/// A network up to one of its layers, run over samples to see how often the layer's neurons spike.
struct LayerTrial {
  private let session: UnsafeMutablePointer<Session>
  private let layer: Int
  let size: Int
  /// Of the session, flat, in its order.
  private let parameters: UnsafeMutablePointer<Float>
  private let outputs: UnsafeMutablePointer<Float>
  /// Spikes of each neuron in the last run.
  let counts: UnsafeMutablePointer<Int>
  private let inputWeight: Int
  private let recurrentWeight: Int?

  /// `layer` is the top one of the model.
  init(_ model: UnsafeMutablePointer<Model>, _ layer: Int, _ message: MessageBuffer) throws(Failure) {
    self.layer = layer
    size = model.pointee.layerSize(layer)
    guard let place = LayerTrial.offset(of: "layer\(layer).input_weight", model) else {
      throw message.failure(.modelInvalid, "layer \(layer) has no input weights")
    }
    inputWeight = place
    recurrentWeight = LayerTrial.offset(of: "layer\(layer).recurrent_weight", model)
    session = try Session.create(model, nil, message)
    let memory: (UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Float>?, UnsafeMutablePointer<Int>?) = (
      allocated(model.pointee.parameterCount), allocated(size), allocated(size)
    )
    guard let parameters = memory.0, let outputs = memory.1, let counts = memory.2 else {
      system_free(memory.0)
      system_free(memory.1)
      system_free(memory.2)
      Session.free(session)
      throw message.failure(.outOfMemory, "no memory to try how often layer \(layer) spikes")
    }
    (self.parameters, self.outputs, self.counts) = (parameters, outputs, counts)
    session.pointee.readParameters(into: parameters)
  }

  private static func offset(of name: Text, _ model: UnsafeMutablePointer<Model>) -> Int? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Model.nameCapacity) { buffer in
      guard let start = buffer.baseAddress else { return nil }
      name.copy(to: start, size: buffer.count)
      return model.pointee.findTensor(start).flatMap { model.pointee.tensor($0)?.offset }
    }
  }

  func free() {
    Session.free(session)
    system_free(parameters)
    system_free(outputs)
    system_free(counts)
  }

  /// Spikes per neuron and step with scaled weights; 1 if the network cannot run with them, as they are too large.
  func rate(
    _ gain: LayerGain, of place: UnsafeMutablePointer<BuilderLayer>, _ recording: RecordedSequences,
    _ pieces: List<RecordedSequences.Piece>
  ) -> Double {
    gain.scale(place.pointee.tensors[BuilderLayer.weight], isRecurrent: false, into: parameters + inputWeight)
    if let recurrentWeight {
      gain.scale(place.pointee.tensors[BuilderLayer.recurrentWeight], isRecurrent: true, into: parameters + recurrentWeight)
    }
    counts.update(repeating: 0, count: size)
    var steps = 0
    do throws(Failure) {
      try session.pointee.writeParameters(from: parameters)
      for index in 0..<pieces.count {
        session.pointee.reset()
        for step in pieces[index].start..<pieces[index].start + pieces[index].count {
          try session.pointee.step(recording.sample(step), into: nil)
          session.pointee.readOutputs(layer, into: outputs)
          for neuron in 0..<size where outputs[neuron] != 0 { counts[neuron] += 1 }
        }
        steps += pieces[index].count
      }
    } catch {
      return 1
    }
    var spikes = 0
    for neuron in 0..<size { spikes += counts[neuron] }
    return Double(spikes) / (Double(size) * Double(steps))
  }
}

/// Factors on the weights onto a layer.
struct LayerGain {
  /// On all of the input weights, and on the recurrent ones.
  var input = 1.0
  var recurrent = 1.0
  /// On the input weights of each neuron.
  let neurons: UnsafeMutablePointer<Double>

  /// The scaled elements of a tensor that is given.
  func scale(_ tensor: BuilderTensor, isRecurrent: Bool, into target: UnsafeMutablePointer<Float>) {
    guard let values = tensor.given else { return }
    for row in 0..<tensor.rows {
      let factor = isRecurrent ? recurrent : input * neurons[row]
      for element in tensor.elements(ofRow: row) { target[element] = Float(Double(values[element]) * factor) }
    }
  }
}

extension BuilderTensor {
  /// Where the elements of a row of a weight lie.
  func elements(ofRow row: Int) -> Range<Int> {
    if let stored { return Int(stored.offsets[row])..<Int(stored.offsets[row + 1]) }
    let width = columns ?? 1
    return row * width..<(row + 1) * width
  }
}
