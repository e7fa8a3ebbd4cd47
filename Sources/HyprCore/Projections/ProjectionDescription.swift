/// Where the events of a projection come from.
enum ProjectionSource: Equatable {
  /// The constant one of a bias.
  case one
  /// The input of the network.
  case input
  /// The outputs of a layer.
  case layer(Int)
}

/// Weights from the outputs of a source to the neurons of a layer: one per pair of neurons and gate, all of them or those that a file
/// stores.
///
/// In memory each gate is a matrix of its own, presynaptic neuron by presynaptic neuron, so that an event reads one contiguous piece.
struct ProjectionDescription {
  /// Of each gate; four are the most.
  typealias Currents = InlineArray<4, Int>

  let source: ProjectionSource
  /// Outputs of the source.
  let sourceSize: Int
  /// Steps from an output of the source to its effect: 0, or 1 for the layer's own outputs.
  let delay: Int
  /// The input current of the layer that each gate adds to, in the order of the gates in the tensor.
  let currents: Currents
  let gateCount: Int
  /// Which weights there are; nil: all.
  let rows: CompressedRows?
  /// The tensor of the weights, an index of `Model.tensors`.
  let tensor: Int

  /// Where the matrix of a gate begins in the tensor's array; those of compressed rows are one.
  func place(ofGate gate: Int, width: Int) -> Int { rows == nil ? gate * sourceSize * width : 0 }
}
