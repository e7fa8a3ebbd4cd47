// What another session keeps goes on here, where there may be more inputs and outputs, and other options.

extension Rehearsal {
  /// Takes the other's stretches, as far as they find room, in the place of the own ones. What is no class stays behind if there are more
  /// outputs: nothing is known of theirs.
  mutating func take(_ other: borrowing Rehearsal) {
    forget()
    let memory = other.player.memory
    let keepsRows = memory.shape.outputs == player.memory.shape.outputs
    var offset = 0
    while offset < memory.used {
      let stretch = memory.stretch(at: offset)
      dropRecorded(startsSequence: stretch.header.startsSequence)
      var cursor = StretchCursor()
      // Of one that is longer than those here the first part.
      for _ in 0..<min(Int(stretch.header.steps), player.memory.shape.longest) {
        cursor.list(stretch, into: network.input.events, slot: 1)
        let target = cursor.target(stretch)
        let hasRow = Stretch.Run.hasRow(target)
        record(
          network.input.events, slot: 1, target: hasRow && !keepsRows ? Stretch.Run.none : target,
          row: hasRow && keepsRows ? cursor.row(stretch) : nil)
        cursor.advance(stretch)
      }
      endStretch(startsSequence: false)
      offset += Int(stretch.header.bytes)
    }
    player.memory.takeOffered(memory)
    gauge.take(other.gauge)
    takeProgress(of: other)
  }
}

extension RehearsalMemory {
  /// There were as many as there were in the other session.
  fileprivate func takeOffered(_ other: RehearsalMemory) {
    for label in 0..<other.shape.outputs { setOffered(max(other.offered(label), count(label)), label) }
    setOffered(max(other.offered(other.shape.outputs), count(shape.outputs)), shape.outputs)
  }
}
