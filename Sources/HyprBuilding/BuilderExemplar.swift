internal import CModelFormat
internal import CSystem
internal import HyprCore

/// An exemplar in the form that the writer takes.
struct BuilderExemplar {
  /// What it has: in memory of its own, or in the file of a model that the builder keeps.
  let stored: format_exemplar
  private let memory: UnsafeMutableRawPointer?

  init(in file: format_exemplar) {
    stored = file
    memory = nil
  }

  init(_ room: ExemplarRoom) {
    stored = room.stored
    memory = room.memory
  }

  func free() { system_free(memory) }

  /// As sessions read it.
  func exemplar(channels: Int, outputs: Int) -> Exemplar {
    Exemplar(stored, channelCount: channels, outputCount: outputs)
  }
}

/// A block of memory in which an exemplar is made.
struct ExemplarRoom {
  let memory: UnsafeMutableRawPointer
  /// Its pointers are those below, or nil where there is nothing.
  let stored: format_exemplar
  let valueScale, valueOffset, targets: UnsafeMutablePointer<Float>
  let labels: UnsafeMutablePointer<format_label_run>
  let spikeCounts, spikeChannels: UnsafeMutablePointer<UInt16>
  let values: UnsafeMutablePointer<Int8>

  /// Memory for as much as `counts` says, whose pointers are not looked at; nil: there is none.
  init?(_ counts: format_exemplar) {
    let floatCount = counts.value_scale_count + counts.value_offset_count + counts.target_count
    let spikeCount = counts.spike_count_count + counts.spike_channel_count
    let runBytes = counts.label_count * MemoryLayout<format_label_run>.stride
    guard let memory = system_allocate(4 * floatCount + runBytes + 2 * spikeCount + counts.value_count) else { return nil }
    self.memory = memory
    // One behind the other, the widest elements first.
    valueScale = memory.bindMemory(to: Float.self, capacity: floatCount)
    valueOffset = valueScale + counts.value_scale_count
    targets = valueOffset + counts.value_offset_count
    let runs = memory + 4 * floatCount
    labels = runs.bindMemory(to: format_label_run.self, capacity: counts.label_count)
    spikeCounts = (runs + runBytes).bindMemory(to: UInt16.self, capacity: spikeCount)
    spikeChannels = spikeCounts + counts.spike_count_count
    values = (runs + runBytes + 2 * spikeCount).bindMemory(to: Int8.self, capacity: counts.value_count)
    var stored = counts
    stored.value_scale = counts.value_scale_count > 0 ? UnsafePointer(valueScale) : nil
    stored.value_offset = counts.value_offset_count > 0 ? UnsafePointer(valueOffset) : nil
    stored.targets = counts.target_count > 0 ? UnsafePointer(targets) : nil
    stored.labels = counts.label_count > 0 ? UnsafePointer(labels) : nil
    stored.spike_counts = counts.spike_count_count > 0 ? UnsafePointer(spikeCounts) : nil
    stored.spike_channels = counts.spike_channel_count > 0 ? UnsafePointer(spikeChannels) : nil
    stored.values = counts.value_count > 0 ? UnsafePointer(values) : nil
    self.stored = stored
  }
}
