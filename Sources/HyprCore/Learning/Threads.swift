internal import CSystem

// Work that is split over the threads of a session (option `threads`). The end of a window and the optimizer step are split by
// neurons and parameters, which do not depend on each other: the bits are those of one thread.

extension Session {
  /// How many pieces are worth their threads: waking them takes as long as some hundred thousand multiply-adds.
  func pieces(of work: Int) -> Int { work >= 1 << 18 && pool != nil ? settings.threads : 1 }

  func run(_ job: CarryJob) {
    guard let pool, job.pieces > 1 else { return job.run(piece: 0) }
    var job = job
    system_pool_run(
      pool, { context, piece in context.assumingMemoryBound(to: CarryJob.self).pointee.run(piece: Int(piece)) }, &job)
  }

  func run(_ job: OptimizeJob) {
    guard let pool, job.pieces > 1 else { return job.run(piece: 0) }
    var job = job
    system_pool_run(
      pool, { context, piece in context.assumingMemoryBound(to: OptimizeJob.self).pointee.run(piece: Int(piece)) },
      &job)
  }
}

/// The end of a window in a layer, in blocks of neurons.
struct CarryJob {
  let kernel: (@convention(c) (UnsafePointer<kernel_layer>, UnsafePointer<kernel_carry>) -> Void)!
  let view: UnsafeMutablePointer<kernel_layer>
  let pass: kernel_carry
  let block, scratchSize, pieces: Int

  func run(piece: Int) {
    let blocks = (pass.last + block - 1) / block
    var part = pass
    part.first = blocks * piece / pieces * block
    part.last = min(pass.last, blocks * (piece + 1) / pieces * block)
    part.scratch = pass.scratch + piece * scratchSize
    withUnsafePointer(to: part) { kernel(view, $0) }
  }
}

/// An optimizer step on a run of parameters.
struct OptimizeJob {
  let kernel: (@convention(c) (UnsafePointer<kernel_update>) -> Void)!
  let update: kernel_update
  let pieces: Int

  func run(piece: Int) {
    let line = 16
    let start = update.count * piece / pieces / line * line
    let end = piece + 1 == pieces ? update.count : update.count * (piece + 1) / pieces / line * line
    var part = update
    part.count = end - start
    part.parameters = update.parameters.map { $0 + start }
    part.gradients = update.gradients.map { $0 + start }
    part.moment1 = update.moment1.map { $0 + start }
    part.moment2 = update.moment2.map { $0 + start }
    part.anchor = update.anchor.map { $0 + start }
    withUnsafePointer(to: part) { kernel($0) }
  }
}
