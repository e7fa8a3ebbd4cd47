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

/// The sessions of the other threads.
struct BatchWorkers {
  let sessions: UnsafeMutablePointer<Session>
  let count: Int
  /// One per thread: those of the workers, then that of the session itself.
  let shares: UnsafeMutablePointer<BatchShare>

  init(_ arena: inout Arena, _ model: UnsafeMutablePointer<Model>, _ settings: Settings) {
    count = settings.threads - 1
    sessions = arena.allocate(Session.self, count, .scratch)
    shares = arena.allocate(BatchShare.self, settings.threads, .scratch)
    for index in 0..<count {
      let worker = Session(&arena, model, settings.ofWorker, ownsMemory: false)
      if !arena.isMeasuring { (sessions + index).initialize(to: worker) }
    }
  }

  func begin() {
    for index in 0..<count { sessions[index].begin() }
  }
}

private struct BatchWork {
  let batch: Batch
  let workers: BatchWorkers
  let session: UnsafeMutablePointer<Session>
  let progress: UnsafeMutablePointer<Progress>
  /// Whether the host's thread learns all shares.
  let isAlone: Bool

  /// The host's thread, piece 0, learns the last share: the session is left as the last sequence leaves it.
  func run(piece: Int) {
    let share = workers.shares + (piece == 0 ? workers.count : piece - 1)
    let learner = piece == 0 ? session : workers.sessions + (piece - 1)
    var pace = Pace(progress, asks: piece == 0 || isAlone)
    do throws(Failure) {
      try learner.pointee.learn(batch, share.pointee.sequences, from: share.pointee.firstStep, &pace)
    } catch {
      share.pointee.failure = error
      // What a worker was taught is gathered; the session's own windows stay open.
      if piece != 0 { learner.pointee.closeWindows() }
    }
    pace.report()
  }
}

extension Session {
  mutating func learnInThreads(_ batch: Batch, _ workers: BatchWorkers) throws(Failure) {
    guard let pool = learner?.pointee.resources.pool else { return }
    split(batch, into: workers.shares)
    for index in 0..<workers.count { workers.sessions[index].takeParameters(of: self) }
    withUnsafeMutablePointer(to: &self) { session in
      let progress = session.pointee.beginSteps().progress
      var work = BatchWork(
        batch: batch, workers: workers, session: session, progress: progress, isAlone: !pool.hasThreads)
      system_pool_run(
        pool.memory, { context, piece in context.assumingMemoryBound(to: BatchWork.self).pointee.run(piece: Int(piece)) },
        &work,
        progress.pointee.callback == nil
          ? nil : { $0.assumingMemoryBound(to: BatchWork.self).pointee.progress.ask() })
    }
    for index in 0..<workers.count { gather(workers.sessions + index) }
    for index in 0...workers.count {
      guard let failure = workers.shares[index].failure, failure != .stopped else { continue }
      throw index == workers.count
        ? failure : message.failure(failure, "\(whole: workers.sessions[index].messageText)")
    }
    if system_progress_stops(progress.pointee.call) { throw stopped() }
  }

  /// Runs of sequences with about as many steps each.
  private mutating func split(_ batch: Batch, into shares: UnsafeMutablePointer<BatchShare>) {
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
    network.parameters.copyValues(of: session.network.parameters)
    network.derive()
    network.parameters.clearGradients()
    clearStatistics()
    if let learner, let host = session.learner { learner.pointee.beginBatch(of: host.pointee) }
  }

  /// Adds what a worker found.
  private mutating func gather(_ worker: UnsafeMutablePointer<Session>) {
    let (own, other) = (network.parameters.arrays, worker.pointee.network.parameters.arrays)
    for index in 0..<own.count {
      guard let sums = own[index].gradients, let found = other[index].gradients else { continue }
      for element in 0..<own[index].count { sums[element] += found[element] }
    }
    statistics.pointee.add(worker.pointee.statistics.pointee)
    if let learner, let found = worker.pointee.learner { learner.pointee.add(found.pointee) }
  }
}

extension Learner {
  fileprivate mutating func beginBatch(of host: borrowing Learner) {
    progress = LearningProgress()
    progress.windows = host.progress.windows
    for index in 0..<tensors.count { resources.frozen[index] = host.resources.frozen[index] }
    for label in 0..<targets.outputs { classWeights[label] = host.classWeights[label] }
  }

  fileprivate mutating func add(_ worker: borrowing Learner) {
    progress.gathered.add(worker.progress.gathered)
    progress.batchLoss += worker.progress.batchLoss
    progress.batchWeight += worker.progress.batchWeight
    progress.statistics.add(worker.progress.statistics)
    classes.add(worker.classes)
    values.add(worker.values)
  }
}
