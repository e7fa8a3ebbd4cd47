internal import CSystem

/// How often each neuron of a hidden layer spiked since the last clear.
struct SpikeCounts {
  let size: Int
  /// [N]; none for layers without spikes.
  private let counts: UnsafeMutablePointer<UInt64>?
  private let events: UnsafePointer<kernel_source>?

  init(_ arena: inout Arena, _ layer: LayerDescription, events: EventSource?) {
    size = layer.size
    counts = layer.neuron.spiking ? arena.allocate(UInt64.self, layer.size, .scratch) : nil
    self.events = counts == nil ? nil : events.map { UnsafePointer($0.view) }
  }

  /// Counts the spikes that stand in a slot.
  @_optimize(speed) @inline(__always) func count(_ slot: Int) {
    guard let counts, let events else { return }
    let spikes = events.pointee.indices + slot &* size
    for index in 0..<events.pointee.counts[slot] { counts[Int(spikes[index])] &+= 1 }
  }

  func clear() {
    if let counts { counts.update(repeating: 0, count: size) }
  }

  func add(_ other: SpikeCounts) {
    guard let counts, let found = other.counts else { return }
    for neuron in 0..<size { counts[neuron] += found[neuron] }
  }

  /// Becomes what another session counted, of a layer with as many neurons at most.
  func take(_ other: SpikeCounts) {
    guard let counts, let found = other.counts else { return }
    clear()
    counts.update(from: found, count: other.size)
  }

  func walkState(_ stream: inout StateStream) {
    guard let counts else { return }
    for neuron in 0..<size { counts[neuron] = stream.count(counts[neuron]) }
  }

  /// What the counts say about so many steps.
  func activity(steps: UInt64) -> LayerActivity {
    var activity = LayerActivity(neurons: size)
    guard let counts, steps > 0 else { return activity }
    var sum = 0.0
    for neuron in 0..<size {
      sum += Double(counts[neuron])
      activity.silent += counts[neuron] == 0 ? 1 : 0
      activity.saturated += counts[neuron] > steps / 2 ? 1 : 0
    }
    activity.spikeRate = sum / (Double(steps) * Double(size))
    return activity
  }
}

/// How busy the neurons of a hidden layer were.
public struct LayerActivity {
  public let neurons: Int
  /// Those that never spiked, and those that spiked in more than half of the steps: these mark no moment any more, as silence is their
  /// exception.
  public fileprivate(set) var silent = 0
  public fileprivate(set) var saturated = 0
  /// Spikes per neuron and step.
  public fileprivate(set) var spikeRate = 0.0

  fileprivate init(neurons: Int) { self.neurons = neurons }
}
