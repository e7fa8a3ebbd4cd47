internal import CSystem

extension Session {
  /// Writes the model with this session's parameters: the loaded file, byte for byte, but for the elements of its tensors.
  /// What the file holds beyond this version's knowledge is kept, and nothing is allocated.
  public func saveModel(to path: UnsafePointer<CChar>) throws(Failure) {
    let model = model.pointee
    guard let start = model.file.baseAddress else { return }
    var replacement = system_replacement()
    system_replacement_begin(&replacement, path)
    var position = 0
    while let index = nextTensor(from: position) {
      let tensor = model.tensors[index]
      let place = tensor.data - start
      system_replacement_write(&replacement, start + position, place - position)
      write(index, tensor, &replacement)
      position = place + tensor.count * 4
    }
    system_replacement_write(&replacement, start + position, model.file.count - position)
    let error = system_replacement_end(&replacement)
    if error != 0 { throw message.failure(.inputOutput, "cannot write \(path): \(systemText(error))") }
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

  private func write(_ index: Int, _ tensor: TensorDescription, _ file: inout system_replacement) {
    var done = 0
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 256) { piece in
      while done < tensor.count {
        let count = min(piece.count, tensor.count - done)
        let part = UnsafeMutableBufferPointer(rebasing: piece[0..<count])
        network.parameters.read(index, tensor.placement, from: done, into: part)
        if let bytes = part.baseAddress { system_replacement_write(&file, bytes, count * 4) }
        done += count
      }
    }
  }
}
