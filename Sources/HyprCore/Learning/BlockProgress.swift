internal import CSystem

// The end of a window for one block of neurons, where that is more than shall be done at a time: sweeps, and some rows of one matrix of
// weights after the other. Rows do not touch each other's bytes.

/// How far a block of neurons is.
struct BlockProgress {
  /// Of `kernel_carry`; KERNEL_CARRY_ALL: nothing was done yet.
  fileprivate var part = Int32(KERNEL_CARRY_ALL)
  /// Of a part that is rows: the matrix.
  fileprivate var matrix = 0
  /// The next of its rows, or of the steps of a sweep.
  fileprivate var position = 0

  var isBegun: Bool { part != Int32(KERNEL_CARRY_ALL) }
}

extension WindowJob {
  /// Does about `work` multiply-adds more of the block at `position`, at least a part.
  @_optimize(speed) @inline(never) mutating func carryInParts(
    _ layer: UnsafePointer<Layer>, _ learner: borrowing Learner, work: Int
  ) {
    let (shape, view) = (layer.pointee.shape, layer.pointee.windowView)
    let neurons = position..<min(position + 2 * shape.lanes, shape.width)
    var pass = carryPass(layer, learner, neurons)
    let end = done + min(work, .max - done)
    if !block.isBegun {
      block.part = Int32(pass.carries_outputs ? KERNEL_CARRY_SWEEP_OUTPUTS : KERNEL_CARRY_SWEEP_STATES)
      done += WindowJob.beginningWork
    }
    repeat {
      pass.part = block.part
      let isSweep = pass.part == Int32(KERNEL_CARRY_SWEEP_OUTPUTS) || pass.part == Int32(KERNEL_CARRY_SWEEP_STATES)
      let (count, each) = isSweep ? (steps, workOfSweep(neurons, shape, pass.part)) : rowsOfMatrix(view, neurons, shape)
      pass.matrix = block.matrix
      pass.begin = block.position
      pass.end = block.position + min(max((end - done) / each, 1), count - block.position)
      layer.pointee.description.loops.carry(view, &pass)
      done += (pass.end - pass.begin) * each
      block.position = pass.end
      guard pass.end == count else { continue }
      (block.matrix, block.position) = (block.matrix + 1, 0)
      if isSweep || block.matrix > view.pointee.projection_count {
        block = BlockProgress(after: pass.part)
        if !block.isBegun { position = neurons.upperBound }
      }
    } while done < end && block.isBegun
  }

  /// Of a step.
  private func workOfSweep(_ neurons: Range<Int>, _ shape: LayerShape, _ part: Int32) -> Int {
    let adjoints = part == Int32(KERNEL_CARRY_SWEEP_OUTPUTS) ? 1 : 1 + shape.states
    return WindowJob.sweepWork * shape.states * adjoints * neurons.count
  }

  /// Rows of the matrix at work, and about how many multiply-adds each takes; behind the last one those of the neurons' parameters.
  @_optimize(speed) private func rowsOfMatrix(
    _ view: UnsafeMutablePointer<kernel_layer>, _ neurons: Range<Int>, _ shape: LayerShape
  ) -> (count: Int, work: Int) {
    guard block.matrix < view.pointee.projection_count else {
      return (1, 1 + view.pointee.parameter_count * shape.states * neurons.count)
    }
    let matrix = view.pointee.projections + block.matrix
    guard let groups = matrix.pointee.events else { return (1, 1) }
    let size = matrix.pointee.source.pointee.size
    let events = Int(groups.pointee.offsets[size])
    if let compressed = matrix.pointee.compressed {
      let count = min(neurons.upperBound, shape.size) - neurons.lowerBound
      let weights = Int(compressed.pointee.row_offsets[neurons.lowerBound + count] - compressed.pointee.row_offsets[neurons.lowerBound])
      // A weight takes about as long as ten in a row, and has the events of one presynaptic neuron.
      return (count, 1 + (10 * shape.states + (1 + shape.states) * events / size) * weights / count)
    }
    let count = groups.pointee.active_count + groups.pointee.fresh_count
    guard count > 0 else { return (1, 1) }
    return (count, shape.states * neurons.count + (1 + shape.states) * neurons.count * events / count)
  }
}

extension BlockProgress {
  fileprivate init(after part: Int32) {
    switch Int(part) {
    case KERNEL_CARRY_SWEEP_OUTPUTS: self.part = Int32(KERNEL_CARRY_OUTPUT_ROWS)
    case KERNEL_CARRY_OUTPUT_ROWS: self.part = Int32(KERNEL_CARRY_SWEEP_STATES)
    case KERNEL_CARRY_SWEEP_STATES: self.part = Int32(KERNEL_CARRY_STATE_ROWS)
    default: self.part = Int32(KERNEL_CARRY_ALL)
    }
  }
}
