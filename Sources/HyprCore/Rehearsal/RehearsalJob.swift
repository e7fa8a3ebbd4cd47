internal import CSystem

/// What is rehearsed after a window of the stream: steps of the second stream, which are one window of it, or several where the state
/// becomes fresh on the way. `Rehearsal` advances it.
struct RehearsalJob {
  let besideStream: Bool
  /// Targets of the stream's window.
  let taught: Double
  /// Steps that are still to be made, those since the last end of a window among them.
  var left: Int
  /// Since the last end of a window.
  var steps = 0
  /// The end of their window.
  var window: WindowJob?
  /// About how many multiply-adds were done.
  var done = 0

  init(besideStream: Bool, taught: Double, steps: Int) { (self.besideStream, self.taught, left) = (besideStream, taught, steps) }
}
