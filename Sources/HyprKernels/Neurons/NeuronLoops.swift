internal import CSystem

/// What `step` leaves for `backward`: rows of the tape.
struct StepRecord<Model: NeuronModel> {
  var comparisons: Model.Comparisons
  var tape: Model.Tape

  @inline(__always) static var size: Int { Model.Comparisons.size &+ Model.Tape.size }

  @inline(__always) init(repeating value: Lanes) {
    comparisons = Model.Comparisons(repeating: value)
    tape = Model.Tape(repeating: value)
  }

  @inline(__always) init(_ base: Row, stride: Int) {
    comparisons = Model.Comparisons(base, stride: stride)
    tape = Model.Tape(base + Model.Comparisons.size &* stride, stride: stride)
  }

  @inline(__always) func store(_ base: MutableRow, stride: Int) {
    comparisons.store(base, stride: stride)
    tape.store(base + Model.Comparisons.size &* stride, stride: stride)
  }
}

/// The loops over neurons and steps, specialised for each neuron model.
enum NeuronLoops<Model: NeuronModel> {
  static func step(_ layer: kernel_layer, _ step: kernel_step) -> Bool {
    let width = layer.width
    gatherCurrents(layer, step)
    let constants = Model.Constants(layer.constants)
    let slot = Model.State.size &* width
    let old = layer.states + step.from &* slot
    let new = layer.states + step.to &* slot
    let outputs = layer.outputs + step.to &* width
    let tape = layer.tape.map { $0 + step.record &* StepRecord<Model>.size &* width }
    var poison = Lanes.zero
    var neuron = 0
    while neuron < width {
      var state = Model.State(Row(old + neuron), stride: width)
      let derived = Model.Derived(Row(layer.derived + neuron), stride: width)
      var record = StepRecord<Model>(repeating: .zero)
      let output = Model.step(
        &state, currents: Model.Currents(Row(layer.current + neuron), stride: width), derived, constants,
        distances: &record.comparisons, tape: &record.tape)
      state.store(new + neuron, stride: width)
      outputs.store(output, neuron)
      if let tape { record.store(tape + neuron, stride: width) }
      poison += state.poison
      neuron &+= Lanes.scalarCount
    }
    if let tape, Model.spiking {
      layer.surrogate.replaceDistances(tape, count: Model.Comparisons.size &* width)
    }
    return poison == .zero
  }

  /// I = W x + V z' + b: inputs add to the first currents, recurrent events and the bias to the last.
  private static func gatherCurrents(_ layer: kernel_layer, _ step: kernel_step) {
    let (width, currents, gates) = (layer.width, Model.Currents.size, Model.gateCount)
    var neuron = 0
    while neuron < currents &* width {
      layer.current.store(.zero, neuron)
      neuron &+= Lanes.scalarCount
    }
    var inputs = 0
    if currents > gates {
      while inputs < step.event_count && step.indices[inputs] < step.input_count { inputs &+= 1 }
      gather(layer.current, gates &* width, step.weights, step.indices, step.values, inputs)
    }
    gather(
      layer.current + (currents &- gates) &* width, gates &* width, step.weights, step.indices + inputs,
      step.values + inputs, step.event_count &- inputs)
    if let synapses = layer.synapses {
      gatherSynapses(
        layer.current + (currents &- gates) &* width, width, synapses, gates: gates, step.indices + step.event_count,
        step.values + step.event_count, step.synapse_event_count)
    }
  }

  static func sweep(_ layer: kernel_layer, _ sweep: kernel_sweep) {
    let width = layer.width
    let constants = Model.Constants(layer.constants)
    let slot = Model.State.size &* width
    guard let tape = layer.tape else { return }
    var neuron = 0
    while neuron < width {
      let derived = Model.Derived(Row(layer.derived + neuron), stride: width)
      var adjoint = Model.State(Row(sweep.adjoint + neuron), stride: width)
      var gradient = Model.Parameters(Row(sweep.parameter_gradient + neuron), stride: width)
      var after = Model.State(Row(layer.states + sweep.last &* slot + neuron), stride: width)
      var step = sweep.last
      while step > sweep.first {
        let output = layer.outputs.lanes(step &* width &+ neuron)
        step &-= 1
        let before = Model.State(Row(layer.states + step &* slot + neuron), stride: width)
        let record = StepRecord<Model>(Row(tape + step &* StepRecord<Model>.size &* width + neuron), stride: width)
        let outputAdjoint = sweep.output_adjoint.lanes(step &* width &+ neuron)
        let currentAdjoint: Model.Currents = Model.backward(
          &adjoint, outputAdjoint: outputAdjoint, before: before, after: after, output: output,
          surrogates: record.comparisons, record.tape, derived, constants, gradient: &gradient)
        currentAdjoint.store(
          sweep.current_adjoint + (step &* Model.Currents.size &* width &+ neuron), stride: width)
        if sweep.instantaneous { adjoint = .init(repeating: .zero) }
        after = before
      }
      adjoint.store(sweep.adjoint + neuron, stride: width)
      gradient.store(sweep.parameter_gradient + neuron, stride: width)
      neuron &+= Lanes.scalarCount
    }
  }
}
