extension Stretch {
  /// Whether it is one that a recorder could have written, in at most `room` bytes, of which there are enough for the header: nothing
  /// outside of it is read when it is played.
  func isSound(room: Int) -> Bool {
    guard header.isKnown, header.steps > 0, header.steps <= shape.longest, header.runs > 0, header.runs <= header.steps,
      header.rows <= header.steps, header.isDense || header.events <= Int(header.steps) * shape.columns,
      header.label <= shape.outputs, header.bytes == size, size <= room
    else { return false }
    return hasSoundTargets() && hasSoundInputs()
  }

  private func hasSoundTargets() -> Bool {
    var (steps, rows) = (0, 0)
    for index in 0..<Int(header.runs) {
      let run = run(index)
      guard run.steps > 0, run.steps <= header.steps, run.target >= Run.error, Int(run.target) < shape.outputs else { return false }
      steps += Int(run.steps)
      if Run.hasRow(run.target) { rows += Int(run.steps) }
    }
    guard steps == Int(header.steps), rows == Int(header.rows) else { return false }
    for place in 0..<rows * shape.outputs
    where !row(0).loadUnaligned(fromByteOffset: 4 * place, as: Float.self).isFinite { return false }
    return true
  }

  private func hasSoundInputs() -> Bool {
    if !header.isBinary {
      let largest = Float(Stretch.largest(bits: Int(header.bits)))
      for column in 0..<shape.columns where !(scale(column) >= 0 && (scale(column) * largest).isFinite) { return false }
    }
    if header.isDense { return true }
    var event = 0
    for step in 0..<Int(header.steps) {
      let end = event + count(step)
      guard end <= Int(header.events) else { return false }
      var previous = -1
      while event < end {
        guard column(event) > previous, column(event) < shape.columns else { return false }
        previous = column(event)
        event += 1
      }
    }
    return event == Int(header.events)
  }
}
