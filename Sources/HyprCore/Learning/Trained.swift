// Which tensors a session trains.

extension Session {
  /// Whether the model file allows it, its group has a learning rate, and the host has not frozen it.
  func isTrained(_ index: Int) -> Bool { isTrainable(model.pointee.tensors[index]) && !(frozen?[index] ?? false) }

  /// Freezes one tensor, or lets it be trained again. What was gathered for it until then is dropped.
  public func setTrained(_ index: Int, _ trained: Bool) throws(Failure) {
    try requireLearning()
    let tensors = model.pointee.tensors
    guard index >= 0 && index < tensors.count, let frozen else {
      let found: Text = index < 0 ? "too large" : "\(index)"
      throw message.failure(.notFound, "index is \(found), expected below the tensor count \(tensors.count)")
    }
    if trained && !isTrainable(tensors[index]) {
      throw message.failure(
        .invalidArgument,
        "\(tensors[index].name) cannot be trained: the model file or the options of this session freeze it")
    }
    guard frozen[index] == trained else { return }
    frozen[index] = !trained
    parameters.clearGradients(of: tensors[index])
  }

  private func isTrainable(_ tensor: TensorDescription) -> Bool {
    tensor.trainable && settings.rateFactor(tensor.group) > 0
  }
}
