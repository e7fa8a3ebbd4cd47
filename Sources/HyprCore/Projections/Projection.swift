internal import CSystem

/// The running part of a projection: its weights, and what learning keeps of them.
struct Projection {
  let description: ProjectionDescription
  /// The matrix of each gate as kernels see it at the end of a window.
  let gates: UnsafeMutablePointer<kernel_projection>
  let weights: TrainedArray
  /// Only in learning sessions.
  @OnlyLearning private(set) var learning: ProjectionLearning?

  /// `gates` gets the matrices as steps see them, `windowGates`, perhaps the same, as the end of a window does; `taken`: a bit for each
  /// current that has a projection already.
  init(
    _ arena: inout Arena, _ description: ProjectionDescription, _ weights: TrainedArray, _ source: EventSource,
    into gates: UnsafeMutablePointer<kernel_projection>, _ windowGates: UnsafeMutablePointer<kernel_projection>, layer: LayerShape,
    _ taken: inout Int, _ type: LearningMemoryType, carriesOutput: Bool?
  ) {
    self.description = description
    self.gates = windowGates
    self.weights = weights
    let learning = carriesOutput.map {
      ProjectionLearning(&arena, description, layer, type, carriesOutput: $0)
    }
    self.learning = learning
    for gate in 0..<description.gateCount {
      let current = description.currents[gate]
      let rows = description.rows.map {
        arena.place($0.view(gate: gate, size: layer.size, sourceSize: description.sourceSize))
      }
      if arena.isMeasuring { continue }
      let eligibility = learning?.gate(gate)
      let matrix = description.place(ofGate: gate, width: layer.width)
      let seen = kernel_projection(
        source: source.view, delay: description.delay, current: current, begins: taken & 1 << current == 0,
        compressed: rows.map { UnsafePointer($0) }, weights: weights.values + matrix,
        gradient: weights.gradients.map { $0 + matrix }, eligibility: eligibility?.states ?? kernel_eligibility(),
        output_eligibility: eligibility?.outputs?.start, is_active: learning?.isActive, events: nil)
      (gates + gate).initialize(to: seen)
      (windowGates + gate).initialize(to: seen)
      taken |= 1 << current
    }
  }
}

/// What learning adds to a projection.
struct ProjectionLearning {
  /// One per gate; of compressed rows one for all.
  private let eligibilities: UnsafeMutableBufferPointer<Eligibility>
  /// One flag per presynaptic neuron: whether it had an event since the traces were cleared. What the others have counts as zero.
  let isActive: UnsafeMutablePointer<Bool>
  private let sourceSize: Int
  private let isCompressed: Bool

  init(_ arena: inout Arena, _ description: ProjectionDescription, _ layer: LayerShape, _ type: LearningMemoryType, carriesOutput: Bool) {
    sourceSize = description.sourceSize
    isCompressed = description.rows != nil
    let count = isCompressed ? 1 : description.gateCount
    let memory = arena.allocate(Eligibility.self, count, .scratch)
    eligibilities = UnsafeMutableBufferPointer(start: memory, count: count)
    for gate in 0..<count {
      let eligibility = Eligibility(
        &arena, rows: sourceSize, states: layer.states, width: layer.width, elements: description.rows?.count,
        lanes: layer.lanes, type, carriesOutput: carriesOutput)
      if !arena.isMeasuring { (memory + gate).initialize(to: eligibility) }
    }
    isActive = arena.allocate(Bool.self, sourceSize, .traces)
  }

  func gate(_ gate: Int) -> Eligibility {
    isCompressed ? eligibilities[0] : eligibilities[gate]
  }

  /// That of one weight.
  func element(of connection: Connection, _ element: Int) -> Eligibility.Element {
    isCompressed
      ? eligibilities[0].element(row: 0, neuron: element)
      : eligibilities[connection.gate].element(row: connection.presynaptic, neuron: connection.neuron)
  }

  /// What neurons without events hold counts as zero: only what has no such flags is overwritten.
  func clear() {
    if isCompressed { eligibilities[0].clear() }
    clearOutputs()
    isActive.update(repeating: false, count: sourceSize)
  }

  /// Overwrites everything, as some of it is not finite.
  func erase() {
    for eligibility in eligibilities { eligibility.clear() }
    isActive.update(repeating: false, count: sourceSize)
  }

  /// Makes zeros of what counts as zero.
  func eraseInactive() {
    if isCompressed { return }
    for presynaptic in 0..<sourceSize where !isActive[presynaptic] {
      for eligibility in eligibilities { eligibility.clear(row: presynaptic) }
    }
  }

  func clearOutputs() {
    for eligibility in eligibilities { eligibility.clearOutputs() }
  }

  func isFinite(_ kernels: UnsafePointer<kernel_table>) -> Bool {
    for eligibility in eligibilities where !eligibility.isFinite(kernels) { return false }
    return true
  }

  func walkState(_ stream: inout StateStream, size: Int) {
    for eligibility in eligibilities {
      eligibility.walkState(&stream, size: isCompressed ? eligibility.states.width : size)
    }
    stream.flags(isActive, sourceSize)
  }
}
