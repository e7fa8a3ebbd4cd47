internal import CModelFormat
internal import CSystem

extension Model {
  /// Highest format_version that this reader knows.
  package static let formatVersion = 2
  /// The first one whose files may have stages of conditioning.
  package static let conditioningVersion = 2
  package static let mostConditioning = 8
  /// Beyond any network that fits a file of 2 GiB, and small enough for 32-bit row numbers.
  package static let largestCount = 1 << 24
  package static let mostLayers = 1000
  package static let nameCapacity = 64

  /// Loads a model from a file.
  public static func load(
    path: UnsafePointer<CChar>, _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<Model> {
    var descriptor: Int32 = -1
    var size = 0
    func check(_ error: Int32) throws(Failure) {
      if error == 0 { return }
      throw message.failure(error == ENOENT ? .notFound : .inputOutput, "cannot read \(path): \(systemText(error))")
    }
    try check(system_file_open(path, &descriptor, &size))
    defer { system_file_close(descriptor) }
    // What is no model is not read, however large it is.
    var head: UInt64 = 0
    let headSize = min(size, FORMAT_HEAD_SIZE)
    try check(system_file_read(descriptor, 0, &head, headSize))
    try ModelLoader.checkHead(&head, size: size, message)
    let data = try allocate(size, message)
    do throws(Failure) {
      try check(system_file_read(descriptor, 0, data, size))
    } catch {
      system_free(data)
      throw error
    }
    return try adopt(UnsafeRawBufferPointer(start: data, count: size), message)
  }

  private static func allocate(_ size: Int, _ message: MessageBuffer) throws(Failure) -> UnsafeMutableRawPointer {
    guard let memory = system_allocate(size) else {
      throw message.failure(.outOfMemory, "no memory for a model file of \(size) bytes")
    }
    return memory
  }

  /// Loads a model from memory, which is copied.
  public static func load(
    _ bytes: UnsafeRawBufferPointer, _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<Model> {
    try load(bytes, message, kernels: kernelTable())
  }

  /// The same with the kernels of a given CPU level.
  static func load(
    _ bytes: UnsafeRawBufferPointer, _ message: MessageBuffer, kernels: kernel_table
  ) throws(Failure) -> UnsafeMutablePointer<Model> {
    try ModelLoader.checkHead(bytes.baseAddress, size: bytes.count, message)
    let copy = try allocate(bytes.count, message)
    if let start = bytes.baseAddress { copy.copyMemory(from: start, byteCount: bytes.count) }
    return try adopt(UnsafeRawBufferPointer(start: copy, count: bytes.count), message, kernels: kernels)
  }

  /// Takes the bytes over: they are freed with the model, or here if they are no valid model.
  package static func adopt(
    _ file: UnsafeRawBufferPointer, _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<Model> {
    try adopt(file, message, kernels: kernelTable())
  }

  private static func adopt(
    _ file: UnsafeRawBufferPointer, _ message: MessageBuffer, kernels: kernel_table
  ) throws(Failure) -> UnsafeMutablePointer<Model> {
    do throws(Failure) {
      let loader = try ModelLoader(file, message, kernels)
      try loader.checkStructure()
      return try loader.model(in: nil)
    } catch {
      system_free(UnsafeMutableRawPointer(mutating: file.baseAddress))
      throw error
    }
  }

  /// A model of bytes that stay where they are, such as in flash, in the caller's memory: nothing is allocated or copied.
  public static func load(
    inPlace bytes: UnsafeRawBufferPointer, in memory: UnsafeMutableRawBufferPointer, _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<Model> {
    let loader = try ModelLoader(inPlace: bytes, message)
    let (size, block) = (try loader.memorySize(), try Arena.check(memory, message))
    guard memory.count >= size else {
      throw message.failure(.bufferTooSmall, "memory has \(memory.count) bytes, the model takes \(size)")
    }
    // What the model is made of comes later.
    try loader.checkStructure(block.assumingMemoryBound(to: UInt64.self))
    return try loader.model(in: block)
  }

  /// The memory that this takes.
  public static func memorySize(inPlace bytes: UnsafeRawBufferPointer, _ message: MessageBuffer) throws(Failure) -> Int {
    try ModelLoader(inPlace: bytes, message).memorySize()
  }
}

/// The system's text for an errno value.
package func systemText(_ error: Int32) -> Text {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
    guard let start = buffer.baseAddress else { return "unknown error" }
    system_error_text(error, start, buffer.count)
    return "\(start)"
  }
}

/// Reads a verified file and checks what it means. The file is never trusted: sizes, shapes, numbers and names are compared
/// with what the neuron models allow before anything is computed from them.
struct ModelLoader {
  let file: UnsafeRawBufferPointer
  let root: OpaquePointer
  let message: MessageBuffer
  let kernels: kernel_table
  let hiddenCount: Int
  /// References to objects in the file.
  private let objectCount: Int

  init(_ file: UnsafeRawBufferPointer, _ message: MessageBuffer, _ kernels: kernel_table) throws(Failure) {
    try ModelLoader.checkHead(file.baseAddress, size: file.count, message)
    guard kernels.level > 0 else {
      throw message.failure(
        .modelUnsupported, "this library needs a processor of level x86-64-v\(Int(kernel_lowest_level())) or higher")
    }
    guard let root = format_open(file.baseAddress, file.count) else {
      throw message.failure(
        .modelInvalid, "the file of \(file.count) bytes is damaged or cut short: the FlatBuffers verifier rejects it")
    }
    self.file = file
    self.root = root
    self.message = message
    self.kernels = kernels
    hiddenCount = format_layer_count(root)
    var fault = format_fault()
    objectCount = file.baseAddress.map { format_object_count($0, file.count, &fault) } ?? 0
    if fault.kind != FORMAT_FAULT_NONE { throw failure(fault) }
  }

  /// The same of a file that is not copied to where it must lie.
  init(inPlace file: UnsafeRawBufferPointer, _ message: MessageBuffer) throws(Failure) {
    let remainder = UInt(bitPattern: file.baseAddress) % UInt(FORMAT_ALIGNMENT)
    guard remainder == 0 else {
      throw message.failure(
        .invalidArgument,
        "data is \(Int(remainder)) bytes past a multiple of \(Int(FORMAT_ALIGNMENT)), expected an array that is aligned to it")
    }
    try self.init(file, message, kernelTable())
  }

  /// What can be seen before anything is read or copied: only the first FORMAT_HEAD_SIZE bytes are looked at.
  static func checkHead(_ head: UnsafeRawPointer?, size: Int, _ message: MessageBuffer) throws(Failure) {
    guard let head, format_has_identifier(head, size) else { throw noModel(head, size, message) }
    guard size < SYSTEM_FILE_MAXIMUM else {
      throw message.failure(.modelInvalid, "the file has \(size) bytes, expected less than 2 GiB")
    }
    let root = Int(clamping: format_root_offset(head))
    guard root >= FORMAT_HEAD_SIZE && root < size else {
      throw message.failure(
        .modelInvalid, "the root is at byte \(root) of the file, expected \(FORMAT_HEAD_SIZE) to \(size - 1)")
    }
  }

  /// What else it is, of what people give for a model.
  private static func noModel(_ head: UnsafeRawPointer?, _ size: Int, _ message: MessageBuffer) -> Failure {
    guard let head, size > 0 else { return message.failure(.modelInvalid, "not a .hypr file: it is empty") }
    if size >= FORMAT_HEAD_SIZE && head.loadUnaligned(as: UInt64.self) << 16 == 0x5950_4D55_4E93 << 16 {
      return message.failure(.modelInvalid, "not a .hypr file but a NumPy array (.npy): data, expected a model")
    }
    return message.failure(.modelInvalid, "not a .hypr file: bytes 4 to 7 are not the identifier \"HYPR\"")
  }

  private var structureSize: Int { objectCount * MemoryLayout<UInt64>.stride }

  /// What the verifier does not see. Saving writes tensors back to their places in the file, so nothing else may lie there.
  func checkStructure(_ keys: UnsafeMutablePointer<UInt64>) throws(Failure) {
    guard let start = file.baseAddress else { return }
    var fault = format_fault()
    format_check(start, file.count, keys, objectCount, &fault)
    if fault.kind != FORMAT_FAULT_NONE { throw failure(fault) }
  }

  /// The same in memory that is given back.
  func checkStructure() throws(Failure) {
    guard let keys = system_allocate(structureSize) else {
      throw message.failure(.outOfMemory, "no memory to check a model file of \(file.count) bytes")
    }
    defer { system_free(keys) }
    try checkStructure(keys.assumingMemoryBound(to: UInt64.self))
  }

  @inline(never) private func failure(_ fault: format_fault) -> Failure {
    withUnsafeBytes(of: fault.place) { place in
      withUnsafeBytes(of: fault.other) { other in
        let place = place.assumingMemoryBound(to: CChar.self).baseAddress
        let other = other.assumingMemoryBound(to: CChar.self).baseAddress
        switch fault.kind {
        case FORMAT_FAULT_SHARED:
          return invalid("\(place) and \(other) share bytes of the file, expected each to have its own")
        case FORMAT_FAULT_OUTSIDE:
          return invalid("\(place) is damaged: it reaches out of the file or of its table")
        case FORMAT_FAULT_TEXT:
          return invalid("\(place) is no UTF-8: byte \(fault.position) is \(Int(fault.byte)), which begins no character")
        default:
          return invalid("\(place) is referred to more often than a file of \(file.count) bytes has room for")
        }
      }
    }
  }

  @inline(__always) func invalid(_ text: @autoclosure () -> Text) -> Failure { message.failure(.modelInvalid, text()) }
  @inline(__always) func unsupported(_ text: @autoclosure () -> Text) -> Failure { message.failure(.modelUnsupported, text()) }

  /// Of a model's block, which serves to check the structure before.
  func memorySize() throws(Failure) -> Int {
    var measure = Arena(measuring: ())
    _ = try layOut(&measure)
    return max(measure.used, structureSize)
  }

  private func layOut(_ arena: inout Arena) throws(Failure) -> Storage {
    try checkHeader()
    var tensorCount = 0
    var constantCount = 0
    for layer in 0...hiddenCount {
      let facts = try neuron(of: layer).facts
      tensorCount += TensorReader.mostProjections + Int(facts.parameter_count)
      constantCount += max(1, Int(facts.constant_count))
    }
    return Storage(
      &arena, layers: hiddenCount + 1, tensors: tensorCount, constants: constantCount, try CompressedRowsSize(self))
  }

  /// The checked model, in the caller's block of memory, or in an allocated one.
  func model(in block: UnsafeMutableRawPointer?) throws(Failure) -> UnsafeMutablePointer<Model> {
    let size = try memorySize()
    guard let memory = block ?? system_allocate(size) else {
      throw message.failure(.outOfMemory, "no memory for a model of \(size) bytes")
    }
    do throws(Failure) {
      var arena = Arena(memory)
      let storage = try layOut(&arena)
      try fill(storage, ownsMemory: block == nil)
      return storage.model
    } catch {
      if block == nil { system_free(memory) }
      throw error
    }
  }

  /// The pieces of a model's block.
  private struct Storage {
    let model: UnsafeMutablePointer<Model>
    let kernels: UnsafeMutablePointer<kernel_table>
    let layers: UnsafeMutablePointer<LayerDescription>
    let projections: UnsafeMutablePointer<ProjectionDescription>
    let tensors: UnsafeMutablePointer<TensorDescription>
    let names: UnsafeMutablePointer<CChar>
    let constants: UnsafeMutablePointer<Float>
    let rows: CompressedRowsStorage
    let places: UnsafeMutablePointer<UInt64>

    init(_ arena: inout Arena, layers: Int, tensors: Int, constants: Int, _ rows: CompressedRowsSize) {
      // The model comes first: its address is that of the block, and frees it.
      model = arena.allocate(Model.self, 1, .scratch)
      kernels = arena.allocate(kernel_table.self, 1, .scratch)
      self.layers = arena.allocate(LayerDescription.self, layers, .scratch)
      projections = arena.allocate(
        ProjectionDescription.self, layers, rows: TensorReader.mostProjections, .scratch)
      self.tensors = arena.allocate(TensorDescription.self, tensors, .scratch)
      names = arena.allocate(CChar.self, tensors * Model.nameCapacity, .scratch)
      self.constants = arena.allocate(Float.self, constants, .parameters)
      self.rows = CompressedRowsStorage(&arena, offsets: rows.offsets, elements: rows.elements)
      // Of elements and of scales.
      places = arena.allocate(UInt64.self, tensors, rows: 2, .scratch)
    }
  }

  private func fill(_ storage: Storage, ownsMemory: Bool) throws(Failure) {
    storage.kernels.initialize(to: kernels)
    var tensors = TensorReader(
      loader: self, tensors: storage.tensors, names: storage.names, projections: storage.projections, rows: storage.rows)
    var constants = storage.constants
    for layer in 0...hiddenCount {
      let inputs = layer == 0 ? nil : Optional((storage.layers + (layer - 1)).pointee.size)
      try readConstants(layer, into: constants)
      (storage.layers + layer).initialize(to: try tensors.layer(layer, inputs: inputs, constants: constants))
      constants += max(1, Int((storage.layers + layer).pointee.neuron.constant_count))
    }
    try finish(storage, tensorCount: tensors.count, ownsMemory: ownsMemory)
  }

  /// What is known when all tensors are. Not in the frame of what reads them.
  @inline(never) private func finish(_ storage: Storage, tensorCount: Int, ownsMemory: Bool) throws(Failure) {
    let encoding = try readEncoding()
    let inputSize = try checkInput(columns: storage.layers.pointee.inputCount, encoding)
    let outputSize = (storage.layers + hiddenCount).pointee.size
    try checkLabels(outputSize)
    try checkExemplars(channels: inputSize, outputs: outputSize)
    var placeCount = 0
    func add(_ start: UnsafeRawPointer?, of tensor: Int, isOfScales: Bool) {
      guard let start, let base = file.baseAddress else { return }
      storage.places[placeCount] = TensorPlace(tensor, at: start - base, isOfScales: isOfScales).key
      placeCount += 1
    }
    for index in 0..<tensorCount {
      add(storage.tensors[index].data, of: index, isOfScales: false)
      add(storage.tensors[index].scales.baseAddress.map { UnsafeRawPointer($0) }, of: index, isOfScales: true)
    }
    format_sort(storage.places, placeCount)
    storage.model.initialize(
      to: Model(
        ownsMemory: ownsMemory, kernels: UnsafePointer(storage.kernels), file: file, root: root,
        layers: UnsafeBufferPointer(start: storage.layers, count: hiddenCount + 1),
        tensors: UnsafeBufferPointer(start: storage.tensors, count: tensorCount),
        places: UnsafeBufferPointer(start: storage.places, count: placeCount), inputSize: inputSize, encoding: encoding,
        recommended: try readOptions(),
        identity: checksum(file)))
  }
}
