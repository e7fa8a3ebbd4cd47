internal import CSystem

/// λ for a model whose host leaves it to hypr (option `window` 0).
///
/// The pass over eligibility and parameters at the end of a window costs the same for every λ, so that its share of a step falls with
/// 1/λ: the longer the better, as long as what a window keeps of its steps stays in a core's second-level cache. It depends on the
/// model alone, not on the machine: the same model learns the same everywhere.
func automaticWindow(_ model: Model) -> Int {
  let historySize = 1 << 20
  var floats = 0
  for layer in model.layers {
    // States, outputs, tape and ∂L/∂I of a step, and its events: an index and a value each, grouped and not, of one in ten.
    let rows = layer.stateCount + 1 + Int(layer.neuron.tape_count) + layer.currentCount
    var presynapticCount = 0
    for projection in layer.projections { presynapticCount += projection.sourceSize }
    floats += rows * layer.size + 4 * presynapticCount / 10
  }
  return min(max(historySize / (4 * floats), 10), 256)
}
