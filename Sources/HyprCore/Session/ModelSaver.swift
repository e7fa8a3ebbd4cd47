internal import CModelFormat
internal import CSystem

// The model file with a session's parameters: the loaded file, byte for byte, but for the elements of its tensors. What the file
// holds beyond this version's knowledge is kept, and nothing is allocated.

extension Session {
  /// Writes it to a file, which is replaced atomically, and only by what reads back as it was written.
  public mutating func saveModel(to path: UnsafePointer<CChar>) throws(Failure) {
    try checkPlaces()
    var replacement = system_replacement()
    system_replacement_begin(&replacement, path)
    forEachPiece { bytes, count in system_replacement_write(&replacement, bytes, count) }
    forEachPiece { bytes, count in system_replacement_check(&replacement, bytes, count) }
    let error = system_replacement_end(&replacement)
    if error != 0 { throw notWritten(path, replacement.step, error, message) }
  }

  /// Its exact size in bytes.
  public var modelSize: Int { model.pointee.file.count }

  /// Writes it to memory.
  public mutating func saveModel(_ buffer: UnsafeMutableRawBufferPointer) throws(Failure) {
    guard var place = buffer.baseAddress, buffer.count >= modelSize else {
      throw message.failure(.bufferTooSmall, "the buffer has \(buffer.count) bytes, the model takes \(modelSize)")
    }
    try checkPlaces()
    forEachPiece { bytes, count in
      place.copyMemory(from: bytes, byteCount: count)
      place += count
    }
  }

  /// That what will be written can be loaded: the file in memory is still the one that was loaded, and where the elements of
  /// tensors go there is nothing else. Loading has made sure of both; here a fault of the host, or of ours, would cost the file.
  private mutating func checkPlaces() throws(Failure) {
    let file = model.pointee.file
    guard checksum(file) == model.pointee.identity else {
      throw message.failure(.modelInvalid, "the model was changed in memory since it was loaded: its checksum does not match")
    }
    let isFree: format_visitor = { model, start, end in
      model.assumingMemoryBound(to: Model.self).pointee.isFreeOfElements(start..<max(start, end))
    }
    guard let start = file.baseAddress, format_visit_structure(start, file.count, isFree, model) else {
      throw message.failure(.modelInvalid, "the elements of a tensor lie where the file has something else")
    }
  }

  /// Its bytes, in order.
  @inline(never) private mutating func forEachPiece(_ body: (_ bytes: UnsafeRawPointer, _ count: Int) -> Void) {
    let file = model.pointee.file
    guard let start = file.baseAddress else { return }
    var position = 0
    for index in 0..<model.pointee.tensors.count {
      let place = TensorPlace(key: model.pointee.places[index])
      let tensor = model.pointee.tensors[place.tensor]
      body(start + position, place.start - position)
      forEachPiece(of: place.tensor, tensor, body)
      position = place.start + tensor.byteCount
    }
    body(start + position, file.count - position)
  }

  private mutating func forEachPiece(
    of index: Int, _ tensor: TensorDescription, _ body: (_ bytes: UnsafeRawPointer, _ count: Int) -> Void
  ) {
    var done = 0
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 256) { piece in
      while done < tensor.count {
        let count = min(piece.count, tensor.count - done)
        let part = UnsafeMutableBufferPointer(rebasing: piece[0..<count])
        network.parameters.read(index, tensor.placement, from: done, into: part)
        if let bytes = part.baseAddress { body(bytes, count * tensor.elementType.size) }
        done += count
      }
    }
  }
}

extension Model {
  /// Whether no tensor has elements in these bytes of the file.
  fileprivate func isFreeOfElements(_ bytes: Range<Int>) -> Bool {
    // The last tensor that begins before they end.
    var (first, last) = (0, tensors.count)
    while first < last {
      let middle = (first + last) / 2
      if TensorPlace(key: places[middle]).start < bytes.upperBound { first = middle + 1 } else { last = middle }
    }
    guard first > 0 else { return true }
    let place = TensorPlace(key: places[first - 1])
    return place.start + tensors[place.tensor].byteCount <= bytes.lowerBound
  }
}

/// Why a file stays as it was.
package func notWritten(
  _ path: UnsafePointer<CChar>, _ step: UnsafePointer<CChar>?, _ error: Int32, _ message: MessageBuffer
) -> Failure {
  let advice: StaticString = error == EBUSY ? "; if it is a mount point, mount the folder that it is in" : ""
  return message.failure(.inputOutput, "cannot write \(path): \(step): \(systemText(error))\(advice)")
}
