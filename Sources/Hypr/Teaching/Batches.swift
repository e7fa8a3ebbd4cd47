public import CHypr
internal import HyprCore

@c @implementation public func hypr_session_learn(
  _ session: OpaquePointer?, _ batch: UnsafePointer<hypr_batch>?, _ outputs: UnsafeMutablePointer<Float>?,
  _ mean_loss: UnsafeMutablePointer<Double>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard let batch else { return session.pointee.nullProblem("batch") }
  if let problem = session.pointee.structProblem("batch", batch) { return problem }
  if hasUnknownFields(batch) {
    return session.pointee.refuse(
      .invalidArgument,
      "batch.struct_size is \(structSize(batch)), and the struct is not zero behind what this version knows")
  }
  let given = contents(of: batch)
  let kinds = (given.labels == nil ? 0 : 1) + (given.sequence_labels == nil ? 0 : 1) + (given.values == nil ? 0 : 1)
  guard kinds == 1 else {
    return session.pointee.refuse(
      .invalidArgument, "batch has \(kinds) of labels, sequence_labels and values, expected one that is not NULL")
  }
  return learn(session, given, outputs, mean_loss)
}

// The short forms for classes.

@c @implementation public func hypr_session_learn_sequence(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: Int, _ labels: UnsafePointer<Int32>?,
  _ outputs: UnsafeMutablePointer<Float>?, _ mean_loss: UnsafeMutablePointer<Double>?
) -> hypr_status {
  var steps = steps
  return hypr_session_learn_batch(session, inputs, &steps, 1, labels, outputs, mean_loss)
}

@c @implementation public func hypr_session_learn_batch(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int,
  _ labels: UnsafePointer<Int32>?, _ outputs: UnsafeMutablePointer<Float>?, _ mean_loss: UnsafeMutablePointer<Double>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard labels != nil else { return session.pointee.nullProblem("labels") }
  var batch = hypr_batch()
  (batch.inputs, batch.steps, batch.sequences, batch.labels) = (inputs, steps, sequences, labels)
  return learn(session, batch, outputs, mean_loss)
}

@c @implementation public func hypr_session_learn_labelled(
  _ session: OpaquePointer?, _ inputs: UnsafePointer<Float>?, _ steps: UnsafePointer<Int>?, _ sequences: Int,
  _ labels: UnsafePointer<Int32>?, _ outputs: UnsafeMutablePointer<Float>?, _ mean_loss: UnsafeMutablePointer<Double>?
) -> hypr_status {
  guard let session = session?.idleSession else { return unavailable(session) }
  guard labels != nil else { return session.pointee.nullProblem("labels") }
  var batch = hypr_batch()
  (batch.inputs, batch.steps, batch.sequences, batch.sequence_labels) = (inputs, steps, sequences, labels)
  return learn(session, batch, outputs, mean_loss)
}

extension hypr_batch {
  fileprivate var targets: Batch.Targets? {
    if let labels { return .labels(labels) }
    if let sequence_labels { return .sequenceLabels(sequence_labels) }
    return values.map { .values($0) }
  }
}

private func learn(
  _ session: SessionPointer, _ batch: hypr_batch, _ outputs: UnsafeMutablePointer<Float>?,
  _ mean_loss: UnsafeMutablePointer<Double>?
) -> hypr_status {
  guard let inputs = batch.inputs else { return session.pointee.nullProblem("inputs") }
  guard let targets = batch.targets else { return session.pointee.nullProblem("labels") }
  guard let steps = batch.steps else { return session.pointee.nullProblem("steps") }
  let sequences = batch.sequences
  guard sequences >= 0 && sequences <= Int.max / MemoryLayout<Int>.size else {
    return session.pointee.refuse(.invalidArgument, "sequences is too large")
  }
  return status { () throws(Failure) in
    let lengths = UnsafeBufferPointer(start: steps, count: sequences)
    let loss = try session.pointee.learn(
      Batch(samples: inputs, steps: lengths, targets: targets, weights: batch.weights, outputs: outputs))
    mean_loss?.pointee = loss
  }
}
