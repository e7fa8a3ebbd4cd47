import CModelFormat
import CModelWriter

/// A stretch of samples with what it teaches: the schema's `Exemplar`. Whether it fits the model is not checked here.
public struct ExemplarDescription: Equatable, Sendable {
  /// Steps in a row that have the same target, or none: -1.
  public struct Run: Equatable, Sendable {
    public var steps: UInt32
    public var label: Int32

    public init(_ steps: UInt32, _ label: Int32) {
      self.steps = steps
      self.label = label
    }
  }

  /// Dense, `[steps, channels]`.
  public var values: [Int8] = []
  public var valueScale: [Float] = []
  public var valueOffset: [Float] = []
  /// Sparse, `[steps]`.
  public var spikeCounts: [UInt16] = []
  public var spikeChannels: [UInt16] = []
  public var labels: [Run] = []
  /// Of targets that are values: a row for each step that has one.
  public var targets: [Float] = []
  public var startsSequence = false

  /// One that says nothing.
  public init() {}

  func add(to writer: OpaquePointer) {
    var stored = format_exemplar()
    let copies = Copies()
    (stored.values, stored.value_count) = copies.add(values)
    (stored.value_scale, stored.value_scale_count) = copies.add(valueScale)
    (stored.value_offset, stored.value_offset_count) = copies.add(valueOffset)
    (stored.spike_counts, stored.spike_count_count) = copies.add(spikeCounts)
    (stored.spike_channels, stored.spike_channel_count) = copies.add(spikeChannels)
    (stored.labels, stored.label_count) = copies.add(labels.map { format_label_run(steps: $0.steps, label: $0.label) })
    (stored.targets, stored.target_count) = copies.add(targets)
    stored.starts_sequence = startsSequence
    withExtendedLifetime(copies) { writer_add_exemplar(writer, &stored) }
  }
}

/// Arrays in memory that lives as long as this object.
private final class Copies {
  private var blocks: [UnsafeMutableRawPointer] = []

  deinit { blocks.forEach { $0.deallocate() } }

  /// nil for no elements.
  func add<Element>(_ array: [Element]) -> (UnsafePointer<Element>?, Int) {
    guard !array.isEmpty else { return (nil, 0) }
    let copy = UnsafeMutableBufferPointer<Element>.allocate(capacity: array.count)
    _ = copy.initialize(from: array)
    blocks.append(UnsafeMutableRawPointer(copy.baseAddress!))
    return (UnsafePointer(copy.baseAddress), array.count)
  }
}
