internal import CSystem

// The model file with a session's parameters: the loaded file, byte for byte, but for the elements of its tensors. What the file
// holds beyond this version's knowledge is kept, and nothing is allocated.

extension Session {
  /// Writes it to a file, which is replaced atomically.
  public func saveModel(to path: UnsafePointer<CChar>) throws(Failure) {
    var replacement = system_replacement()
    system_replacement_begin(&replacement, path)
    forEachPiece { bytes, count in system_replacement_write(&replacement, bytes, count) }
    let error = system_replacement_end(&replacement)
    if error != 0 { throw message.failure(.inputOutput, "cannot write \(path): \(systemText(error))") }
  }

  /// Its exact size in bytes.
  public var modelSize: Int { model.pointee.file.count }

  /// Writes it to memory.
  public func saveModel(_ buffer: UnsafeMutableRawBufferPointer) throws(Failure) {
    guard var place = buffer.baseAddress, buffer.count >= modelSize else {
      throw message.failure(.bufferTooSmall, "the buffer has \(buffer.count) bytes, the model takes \(modelSize)")
    }
    forEachPiece { bytes, count in
      place.copyMemory(from: bytes, byteCount: count)
      place += count
    }
  }

  /// Its bytes, in order.
  @inline(never) private func forEachPiece(_ body: (_ bytes: UnsafeRawPointer, _ count: Int) -> Void) {
    let file = model.pointee.file
    guard let start = file.baseAddress else { return }
    var position = 0
    while let index = nextTensor(from: position) {
      let tensor = model.pointee.tensors[index]
      let place = tensor.data - start
      body(start + position, place - position)
      forEachPiece(of: index, tensor, body)
      position = place + tensor.byteCount
    }
    body(start + position, file.count - position)
  }

  /// The first tensor in the file that does not lie before `position`.
  private func nextTensor(from position: Int) -> Int? {
    let model = model.pointee
    guard let start = model.file.baseAddress else { return nil }
    var next: Int?
    for index in 0..<model.tensors.count where model.tensors[index].data - start >= position {
      if next.map({ model.tensors[index].data < model.tensors[$0].data }) ?? true { next = index }
    }
    return next
  }

  private func forEachPiece(
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
