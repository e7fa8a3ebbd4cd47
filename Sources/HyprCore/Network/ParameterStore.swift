internal import CSystem

/// All parameters of a session: an array for each tensor of the model, in its order; and what is computed from them.
struct ParameterStore {
  let arrays: UnsafeMutableBufferPointer<TrainedArray>
  /// One for each layer: the derived values of its neurons, [derived][width].
  let derived: UnsafeMutableBufferPointer<UpdatedValues>
  /// Whether an update leaves those in use as they are, for `turn` to change them all at once.
  let areApart: Bool

  init(_ arena: inout Arena, tensors: Int, layers: Int, apart: Bool) {
    arrays = UnsafeMutableBufferPointer(
      start: arena.allocate(TrainedArray.self, tensors, .scratch), count: tensors)
    derived = UnsafeMutableBufferPointer(
      start: arena.allocate(UpdatedValues.self, layers, .scratch), count: layers)
    areApart = apart
  }

  /// What the last update has written is in use from now on. Who reads parameters must be told (`Network.readParameters`).
  @_optimize(speed) func turn() {
    for index in 0..<arrays.count { arrays[index].turn() }
    for index in 0..<derived.count { derived[index].turn() }
  }

  /// Takes the values of the model file.
  func load(_ model: Model) {
    for index in 0..<arrays.count {
      let (tensor, array) = (model.tensors[index], arrays[index])
      array.values.update(repeating: tensor.padding, count: array.count)
      tensor.placement.forEach { element, place in array.values[place] = tensor.value(element) }
      array.anchor?.copy(from: array.values, count: array.count)
    }
  }

  /// Takes the values of another session's or network's parameters.
  func copyValues(of other: ParameterStore) {
    for index in 0..<arrays.count { arrays[index].values.copy(from: other.arrays[index].values, count: arrays[index].count) }
  }

  func clearGradients() {
    for array in arrays { array.clearGradients() }
  }

  func clearMoments() {
    for array in arrays { array.clearMoments() }
  }
}
