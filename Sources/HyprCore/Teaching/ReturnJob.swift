internal import CSystem

/// Goes back to the reference's parameters if learning has made things worse for long enough. State and traces go on, and so does the
/// schedule; what was gathered is dropped, and what would go on moving the parameters. It advances in ranges of parameters.
struct ReturnJob {
  /// The next number of a tensor; behind the last one, the next layer whose derived values are computed.
  private var (tensor, start, layer) = (0, 0, 0)
  /// About how many multiply-adds were done.
  private(set) var done = 0

  /// Whether it is due.
  func begin(_ learner: borrowing Learner) -> Bool {
    guard let comparison = learner.resources.comparison, learner.reference != nil else { return false }
    return comparison.pointee.decide()
  }

  /// Does about `work` multiply-adds more, at least one piece. False: everything is done.
  mutating func advance(_ learner: inout Learner, _ network: borrowing Network, work: Int) -> Bool {
    guard let comparison = learner.resources.comparison, let reference = learner.reference else { return false }
    let arrays = network.parameters.arrays
    if tensor < arrays.count {
      let array = arrays[tensor]
      let count = min(array.count - start, max(work / 16, 1) * 16)
      (array.nextValues + start).copy(from: reference.pointee.network.parameters.arrays[tensor].values + start, count: count)
      array.gradients.map { ($0 + start).clear(count) }
      array.moment1.map { ($0 + start).clear(count) }
      done += count
      start += count
      if start >= array.count { (tensor, start) = (tensor + 1, 0) }
      return true
    }
    network.layers[layer].deriveNext(network.kernels, network.parameters)
    layer += 1
    if layer < network.layers.count { return true }
    learner.progress.gathered = GatheredTargets()
    learner.progress.hasUpdate = network.parameters.areApart
    comparison.pointee.noteReturn()
    return false
  }
}
