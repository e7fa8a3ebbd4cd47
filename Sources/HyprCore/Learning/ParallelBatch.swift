internal import CSystem

// The sequences of a batch in several threads, when the parameters stay until its end: each thread beside the host's has a session of
// its own (a worker) with its own state, traces and gradient, and this session gathers what they find. The gradient is summed in the
// order of the sequences: the same bits every time, but not those of another number of threads.

/// A run of sequences, and how learning it ended.
struct BatchShare {
  var sequences = 0..<0
  var firstStep = 0
  var failure: Failure?
}

private struct BatchJob {
  let batch: Batch
  /// One per thread: those of the workers, then that of the session itself.
  let shares: UnsafeMutablePointer<BatchShare>
  let workers, session: UnsafeMutablePointer<Session>
  let threads: Int

  /// The host's thread, piece 0, learns the last share: the session is left as the last sequence leaves it.
  func run(piece: Int) {
    let share = shares + (piece == 0 ? threads - 1 : piece - 1)
    let learner = piece == 0 ? session : workers + (piece - 1)
    do throws(Failure) {
      try learner.pointee.learn(batch, share.pointee.sequences, from: share.pointee.firstStep)
    } catch {
      share.pointee.failure = error
    }
  }
}

extension Session {
  mutating func learnInThreads(_ batch: Batch) throws(Failure) {
    guard let pool, let workers, let shares else { return }
    split(batch, into: shares)
    for index in 0..<settings.threads - 1 { workers[index].takeParameters(of: self) }
    let threads = settings.threads
    withUnsafeMutablePointer(to: &self) { session in
      var job = BatchJob(batch: batch, shares: shares, workers: workers, session: session, threads: threads)
      system_pool_run(
        pool, { context, piece in context.assumingMemoryBound(to: BatchJob.self).pointee.run(piece: Int(piece)) }, &job)
    }
    for index in 0..<threads - 1 { gather(workers + index) }
    for index in 0..<threads {
      guard let failure = shares[index].failure else { continue }
      throw index == threads - 1 ? failure : message.failure(failure, "\(whole: workers[index].messageText)")
    }
  }

  /// Runs of sequences with about as many steps each.
  private func split(_ batch: Batch, into shares: UnsafeMutablePointer<BatchShare>) {
    var total = 0
    for count in batch.steps { total += count }
    var (sequence, start) = (0, 0)
    for index in 0..<settings.threads {
      let (first, firstStep) = (sequence, start)
      // In two parts, so that the product cannot overflow.
      let end = total / settings.threads * (index + 1) + total % settings.threads * (index + 1) / settings.threads
      let isLast = index == settings.threads - 1
      while sequence < batch.steps.count - (isLast ? 0 : 1) && (isLast || start < end) {
        start += batch.steps[sequence]
        sequence += 1
      }
      shares[index] = BatchShare(sequences: first..<sequence, firstStep: firstStep)
    }
  }

  /// Makes a worker ready for a batch.
  private mutating func takeParameters(of session: borrowing Session) {
    for index in 0..<parameters.blocks.count {
      let (own, other) = (parameters.blocks[index], session.parameters.blocks[index])
      own.values.update(from: other.values, count: own.count)
    }
    deriveAll()
    parameters.clearGradients()
    clearStatistics()
    guard let learner, let other = session.learner else { return }
    // A batch that failed may have left a window open.
    learner.pointee.steps = 0
    slot = 0
    learner.pointee.gatheredWeight = 0
    learner.pointee.batchLoss = 0
    learner.pointee.batchWeight = 0
    learner.pointee.classWeights.update(from: other.pointee.classWeights, count: readout.description.size)
  }

  /// Adds what a worker found.
  private mutating func gather(_ worker: UnsafeMutablePointer<Session>) {
    for index in 0..<parameters.blocks.count {
      let block = parameters.blocks[index]
      guard let own = block.gradients, let other = worker.pointee.parameters.blocks[index].gradients else { continue }
      for element in 0..<block.count { own[element] += other[element] }
    }
    statistics.add(worker.pointee.statistics)
    guard let learner, let other = worker.pointee.learner else { return }
    learner.pointee.gatheredWeight += other.pointee.gatheredWeight
    learner.pointee.batchLoss += other.pointee.batchLoss
    learner.pointee.batchWeight += other.pointee.batchWeight
  }
}

extension Statistics {
  fileprivate mutating func add(_ other: Statistics) {
    steps += other.steps
    taughtSteps += other.taughtSteps
    correctSteps += other.correctSteps
    weight += other.weight
    lossSum += other.lossSum
    for layer in 0..<spikes.count { spikes[layer] += other.spikes[layer] }
  }
}
