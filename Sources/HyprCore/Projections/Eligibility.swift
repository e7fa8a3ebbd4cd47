internal import CSystem

/// The eligibility of some rows of parameters, ∂s/∂(each of them) at the start of the window, and perhaps that of the outputs that are
/// carried into the window: with recurrent credit those of the step before it (e_z), with filtered credit all, as the readout
/// remembers them (ε̄). Owns the layout of both.
struct Eligibility {
  /// Of the states; `kernel_eligibility` has the layout.
  let states: kernel_eligibility
  /// Of the outputs, [rows][width]; nil: not carried.
  let outputs: KeptNumbers?
  private let numbers: KeptNumbers

  /// `elements`: how many there are, if they do not fill rows; then one after the other, [elements][k] and [elements].
  init(
    _ arena: inout Arena, rows: Int, states: Int, width: Int, elements: Int? = nil, lanes: Int, _ type: LearningMemoryType,
    carriesOutput: Bool
  ) {
    let (rows, width) = elements.map { (1, $0) } ?? (rows, width)
    numbers = KeptNumbers(&arena, type, width, rows: rows, planes: states, .traces)
    self.states = kernel_eligibility(
      values: numbers.start, element_size: type.size, rows: rows, states: states, width: width, block: elements == nil ? 2 * lanes : 1)
    outputs = carriesOutput ? KeptNumbers(&arena, type, width, rows: rows, .traces) : nil
  }

  private var count: Int { states.rows * states.width }

  /// That of one parameter.
  struct Element {
    /// The first of k numbers, and how far apart they are.
    let first: KeptNumbers
    let stride: Int
    /// That of the output; nil: not carried.
    let output: KeptNumbers?
  }

  /// The block of a neuron, the first one of a block.
  private func block(_ neuron: Int) -> KeptNumbers { numbers + neuron * states.rows * states.states }

  /// That of a neuron in a row.
  func element(row: Int, neuron: Int) -> Element {
    let start = neuron / states.block * states.block
    let neurons = kernel_eligibility_neurons(states, start)
    return Element(
      first: block(start) + (row * states.states * neurons + neuron - start), stride: neurons,
      output: outputs.map { $0 + (row * states.width + neuron) })
  }

  func clear() {
    numbers.clear(count * states.states)
    clearOutputs()
  }

  func clearOutputs() { outputs?.clear(count) }

  /// Makes zeros of a row.
  func clear(row: Int) {
    var start = 0
    while start < states.width {
      let count = kernel_eligibility_neurons(states, start) * states.states
      (block(start) + row * count).clear(count)
      start += states.block
    }
  }

  /// Whether nothing has overflown.
  func isFinite(_ kernels: UnsafePointer<kernel_table>) -> Bool {
    numbers.isFinite(count * states.states, kernels) && outputs?.isFinite(count, kernels) ?? true
  }

  /// Row by row and without padding, so that the bytes depend neither on the blocks nor on the vectors of the machine.
  func walkState(_ stream: inout StateStream, size: Int) {
    for row in 0..<states.rows * states.states {
      var start = 0
      while start < size {
        let neurons = kernel_eligibility_neurons(states, start)
        stream.numbers(block(start) + row * neurons, min(neurons, size - start))
        start += states.block
      }
    }
    if let outputs { stream.rows(outputs, states.rows, size: size, width: states.width) { _ in true } }
  }
}
