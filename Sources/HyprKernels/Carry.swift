internal import CSystem

/// The dense pass over rows of the eligibility at the end of a window (`kernel_carry`). It depends on a neuron model only by the
/// number of its state variables, so models that agree in it share the code.
@inline(never) func carry<State: LaneArray>(_ state: State.Type, _ carry: kernel_carry) {
  let width = carry.width
  let count = State.size
  for index in 0..<carry.row_count {
    let row = Int(carry.rows[index])
    let eligibility = carry.eligibility + row &* count &* width
    var neuron = 0
    while neuron < width {
      let old = State(Row(eligibility + neuron), stride: width)
      if let gradient = carry.gradient, let adjoint = carry.adjoint {
        var sum = gradient.lanes(row &* width &+ neuron)
        for k in 0..<count { sum += adjoint.lanes(k &* width &+ neuron) * old[row: k] }
        gradient.store(sum, row &* width &+ neuron)
      }
      if let output = carry.output_eligibility, let transition = carry.output_transition {
        let filtered = output.lanes(row &* width &+ neuron)
        if let gradient = carry.gradient, let adjoint = carry.output_adjoint {
          gradient.store(
            gradient.lanes(row &* width &+ neuron) + adjoint.lanes(neuron) * filtered, row &* width &+ neuron)
        }
        var sum = filtered * carry.output_decay
        for m in 0..<count { sum += transition.lanes(m &* width &+ neuron) * old[row: m] }
        output.store(sum, row &* width &+ neuron)
      }
      for k in 0..<count {
        var sum = Lanes.zero
        for m in 0..<count { sum += carry.transition.lanes((k &* count &+ m) &* width &+ neuron) * old[row: m] }
        eligibility.store(sum, k &* width &+ neuron)
      }
      neuron &+= Lanes.scalarCount
    }
  }
}
