internal import CSystem

/// Numbers that are trained, and what the optimizer keeps of them; `Placement` says where the elements of a tensor lie in it.
struct TrainedArray {
  /// Numbers, whole vectors.
  let count: Int
  let values: UnsafeMutablePointer<Float>
  /// Summed over the taught steps since the last update. Only in learning sessions.
  let gradients: UnsafeMutablePointer<Float>?
  /// Only with optimizers that keep them.
  let moment1, moment2: UnsafeMutablePointer<Float>?
  /// The values of the model file, if parameters are pulled back to them.
  let anchor: UnsafeMutablePointer<Float>?

  init(_ arena: inout Arena, count: Int, _ settings: Settings) {
    func numbers(_ section: MemorySection, if isKept: Bool) -> UnsafeMutablePointer<Float>? {
      settings.learning && isKept ? arena.allocate(Float.self, count, section) : nil
    }
    self.count = count
    values = arena.allocate(Float.self, count, .parameters)
    gradients = numbers(.optimizer, if: true)
    moment1 = numbers(.optimizer, if: settings.optimizer != .gradientDescent)
    moment2 = numbers(.optimizer, if: settings.optimizer == .adam || settings.optimizer == .adamW)
    anchor = numbers(.optimizer, if: settings.anchorStrength > 0)
  }

  private init(_ whole: TrainedArray, _ part: Range<Int>) {
    count = part.count
    values = whole.values + part.lowerBound
    gradients = whole.gradients.map { $0 + part.lowerBound }
    moment1 = whole.moment1.map { $0 + part.lowerBound }
    moment2 = whole.moment2.map { $0 + part.lowerBound }
    anchor = whole.anchor.map { $0 + part.lowerBound }
  }

  /// Some of the numbers.
  func part(_ range: Range<Int>) -> TrainedArray { TrainedArray(self, range) }

  func clearGradients() { gradients?.clear(count) }

  func clearMoments() {
    moment1?.clear(count)
    moment2?.clear(count)
  }
}

/// All parameters of a session: an array for each tensor of the model, in its order.
struct ParameterStore {
  let arrays: UnsafeMutableBufferPointer<TrainedArray>

  init(_ arena: inout Arena, tensors: Int) {
    arrays = UnsafeMutableBufferPointer(
      start: arena.allocate(TrainedArray.self, tensors, .scratch), count: tensors)
  }

  /// Takes the values of the model file.
  func load(_ model: Model) {
    for index in 0..<arrays.count {
      let (tensor, array) = (model.tensors[index], arrays[index])
      array.values.update(repeating: tensor.padding, count: array.count)
      tensor.placement.forEach { element, place in array.values[place] = tensor.value(element) }
      array.anchor?.update(from: array.values, count: array.count)
    }
  }

  /// Copies a tensor's values out, row-major, from element `first` on.
  func read(_ tensor: Int, _ placement: Placement, from first: Int, into target: UnsafeMutableBufferPointer<Float>) {
    let values = arrays[tensor].values
    for index in 0..<target.count { target[index] = values[placement.place(first + index)] }
  }

  func clearGradients() {
    for array in arrays { array.clearGradients() }
  }

  func clearMoments() {
    for array in arrays { array.clearMoments() }
  }
}
