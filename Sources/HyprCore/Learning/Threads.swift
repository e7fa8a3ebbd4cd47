internal import CSystem

// Work that is split over the threads of a session (option `threads`). The end of a window and the optimizer step are split by
// neurons and parameters, which do not depend on each other: the bits are those of one thread.

/// The threads of a session.
struct ThreadPool {
  let memory: UnsafeMutablePointer<system_pool>
  /// That of the host is one of them.
  let count: Int

  init(_ arena: inout Arena, threads: Int) {
    memory = arena.allocate(system_pool.self, 1, .scratch)
    count = threads
  }

  /// Whether the threads run now.
  func start() -> Bool { system_pool_start(memory, Int32(truncatingIfNeeded: count)) == 0 }
  func stop() { system_pool_stop(memory) }
  /// Not after fork(), in the child: it does all pieces alone.
  var hasThreads: Bool { system_pool_has_threads(memory) }
}

/// So much work is worth waking threads, which takes as long as some hundred thousand multiply-adds.
private let leastWork = 1 << 18

/// The end of a window for some neurons of a layer.
struct CarryPieces {
  let kernel: @convention(c) (UnsafePointer<kernel_layer>, UnsafePointer<kernel_carry>) -> Void
  let view: UnsafeMutablePointer<kernel_layer>
  let pass: kernel_carry
  let block, scratchSize, expandedSize: Int
  private var count = 1

  init(
    kernel: @escaping @convention(c) (UnsafePointer<kernel_layer>, UnsafePointer<kernel_carry>) -> Void,
    view: UnsafeMutablePointer<kernel_layer>, pass: kernel_carry, block: Int, scratchSize: Int, expandedSize: Int
  ) {
    (self.kernel, self.view, self.pass) = (kernel, view, pass)
    (self.block, self.scratchSize, self.expandedSize) = (block, scratchSize, expandedSize)
  }

  /// In threads if that is worth it.
  @_optimize(speed) mutating func run(_ pool: ThreadPool?, work: Int) {
    guard let pool, work >= leastWork else {
      withUnsafePointer(to: pass) { kernel(view, $0) }
      return
    }
    count = pool.count
    system_pool_run(
      pool.memory, { $0.assumingMemoryBound(to: CarryPieces.self).pointee.run(piece: Int($1)) }, &self, nil)
  }

  @_optimize(speed) private func run(piece: Int) {
    let blocks = (pass.last - pass.first + block - 1) / block
    var part = pass
    part.first = pass.first + blocks * piece / count * block
    part.last = min(pass.last, pass.first + blocks * (piece + 1) / count * block)
    part.scratch = pass.scratch + piece * scratchSize
    part.expanded = pass.expanded.map { $0 + piece * expandedSize }
    kernel(view, &part)
  }
}

/// An optimizer step on a run of parameters.
struct OptimizePieces {
  let kernel: @convention(c) (UnsafePointer<kernel_update>) -> Bool
  let update: kernel_update
  let count: Int
  /// One per thread: whether a parameter of its piece is another number than before.
  let changes: UnsafeMutablePointer<Bool>

  /// In threads if that is worth it. Returns whether a parameter is another number than before.
  static func run(
    _ kernels: UnsafePointer<kernel_table>, _ update: UnsafePointer<kernel_update>, _ pool: ThreadPool?
  ) -> Bool {
    guard let pool, update.pointee.count >= leastWork else { return kernels.pointee.optimize(update) }
    // Of a size that is known when compiling: any other may be allocated.
    return withUnsafeTemporaryAllocation(of: Bool.self, capacity: SYSTEM_THREADS_MAXIMUM) { changes in
      guard let start = changes.baseAddress else { return false }
      var pieces = OptimizePieces(
        kernel: kernels.pointee.optimize, update: update.pointee, count: pool.count, changes: start)
      system_pool_run(
        pool.memory, { $0.assumingMemoryBound(to: OptimizePieces.self).pointee.run(piece: Int($1)) }, &pieces, nil)
      for piece in 0..<pool.count where start[piece] { return true }
      return false
    }
  }

  @_optimize(speed) private func run(piece: Int) {
    let line = 16
    let start = update.count * piece / count / line * line
    let end = piece + 1 == count ? update.count : update.count * (piece + 1) / count / line * line
    var part = update
    part.count = end - start
    part.values = update.values + start
    part.next_values = update.next_values + start
    part.gradients = update.gradients + start
    part.moment1 = update.moment1.map { $0 + start * update.moment_size }
    part.moment2 = update.moment2.map { $0 + start * update.moment_size }
    part.anchor = update.anchor.map { $0 + start }
    changes[piece] = kernel(&part)
  }
}
