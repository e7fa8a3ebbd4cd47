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
  /// See `kernel_step_loop`.
  static func step(_ layer: UnsafePointer<kernel_layer>, from: Int, to: Int, records: Bool) -> Bool {
    let width = layer.pointee.width
    gatherCurrents(layer, from: from, to: to)
    let constants = Model.Constants(layer.pointee.constants)
    let (currents, derivedRows) = (Row(layer.pointee.currents), Row(layer.pointee.derived))
    let slot = Model.State.size &* width
    let old = layer.pointee.states + from &* slot
    let new = layer.pointee.states + to &* slot
    let outputs = layer.pointee.outputs + to &* width
    #if HYPR_LEARNING
      let tape = records ? layer.pointee.tape.map { $0 + from &* StepRecord<Model>.size &* width } : nil
    #else
      let tape: MutableRow? = nil
    #endif
    var poison = Lanes.zero
    var neuron = 0
    while neuron < width {
      var state = Model.State(Row(old + neuron), stride: width)
      let derived = Model.Derived(derivedRows + neuron, stride: width)
      var record = StepRecord<Model>(repeating: .zero)
      let output = Model.step(
        &state, currents: Model.Currents(currents + neuron, stride: width), derived, constants,
        distances: &record.comparisons, tape: &record.tape)
      state.store(new + neuron, stride: width)
      outputs.store(output, neuron)
      if let tape { record.store(tape + neuron, stride: width) }
      poison += state.poison
      neuron &+= Lanes.scalarCount
    }
    if let tape, Model.spiking {
      layer.pointee.surrogate.replaceDistances(tape, count: Model.Comparisons.size &* width)
    }
    if let events = layer.pointee.events { listEvents(Row(outputs), events, slot: to) }
    return poison == .zero
  }

  /// See `kernel_sweep_loop`.
  static func sweep(_ layer: UnsafePointer<kernel_layer>, _ pass: UnsafePointer<kernel_sweep>) {
    let (layer, pass) = (layer.pointee, pass.pointee)
    guard let tape = layer.tape else { return }
    let (width, neuron) = (layer.width, pass.first_neuron)
    let slot = Model.State.size &* width
    let constants = Model.Constants(layer.constants)
    let derived = Model.Derived(Row(layer.derived + neuron), stride: width)
    var after = Model.State(Row(layer.states + pass.last &* slot + neuron), stride: width)
    var step = pass.last
    while step > pass.first {
      let output = layer.outputs.lanes(step &* width &+ neuron)
      step &-= 1
      let before = Model.State(Row(layer.states + step &* slot + neuron), stride: width)
      let record = StepRecord<Model>(Row(tape + step &* StepRecord<Model>.size &* width + neuron), stride: width)
      // Only the first adjoint is driven by the loss.
      var outputAdjoint = pass.output_adjoint.map { $0.lanes(step &* pass.output_stride) } ?? .zero
      var (place, sums) = (pass.adjoint, pass.gradient)
      var target = pass.currents + step &* pass.step_stride
      for _ in 0..<pass.count {
        var adjoint = Model.State(Row(place), stride: pass.adjoint_stride)
        var gradient = Model.Parameters(Row(sums), stride: pass.gradient_stride)
        let currents: Model.Currents = Model.backward(
          &adjoint, outputAdjoint: outputAdjoint, before: before, after: after, output: output,
          surrogates: record.comparisons, record.tape, derived, constants, gradient: &gradient)
        currents.store(target, stride: pass.current_stride)
        if pass.instantaneous { adjoint = .init(repeating: .zero) }
        adjoint.store(place, stride: pass.adjoint_stride)
        gradient.store(sums, stride: pass.gradient_stride)
        outputAdjoint = .zero
        place += pass.adjoint_spacing
        sums += pass.gradient_spacing
        target += pass.current_spacing
      }
      after = before
    }
  }
}
