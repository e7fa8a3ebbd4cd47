/// Sizes of a layer in memory.
struct LayerShape {
  /// Neurons, and the same in whole vectors: the length of every row.
  let size, width: Int
  /// State variables of a neuron.
  let states: Int
  /// Numbers of a vector.
  let lanes: Int
}

/// A count of numbers with what fills the last vector.
func wholeVectors(_ count: Int, _ lanes: Int) -> Int { (count + lanes - 1) / lanes * lanes }
