// Which tensors a session trains.

extension Session {
  /// Freezes one tensor, or lets it be trained again. What was gathered for it until then is dropped.
  public mutating func setTrained(_ index: Int, _ trained: Bool) throws(Failure) {
    let learner = try requireLearning()
    let tensors = model.pointee.tensors
    guard index >= 0 && index < tensors.count else {
      throw message.failure(.notFound, "index is \(size: index), expected below the tensor count \(tensors.count)")
    }
    if trained && !learner.pointee.resources.trainable[index] {
      throw message.failure(
        .invalidArgument,
        "\(tensors[index].name) cannot be trained: the model file or the options of this session freeze it")
    }
    guard learner.pointee.resources.frozen[index] == trained else { return }
    // What is pending was begun with it as it was.
    settle()
    learner.pointee.resources.frozen[index] = !trained
    network.parameters.arrays[index].clearGradients()
  }
}
