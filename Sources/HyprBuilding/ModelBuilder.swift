internal import CModelFormat
internal import CSystem
public import HyprCore

/// A network that is being described. What is not given of it is drawn when the file is built.
///
/// Lives in memory of its own, behind a pointer, and owns what it points to.
public struct ModelBuilder {
  /// What was wrong with the last failed call.
  public let message: MessageBuffer
  public let messageText: UnsafeMutablePointer<CChar>
  /// Of the tensor that was asked for last.
  let tensorName: UnsafeMutablePointer<CChar>

  /// Channels of a sample.
  public let inputCount: Int
  var input = BuilderInput()
  /// From the input up; the readout is not among them.
  var layers = List<UnsafeMutablePointer<BuilderLayer>>()
  var readout: UnsafeMutablePointer<BuilderLayer>?
  var name: UnsafeMutablePointer<CChar>?
  var timeStep: Float = 0
  var classLabels = List<UnsafeMutablePointer<CChar>>()
  var options = List<(name: UnsafeMutablePointer<CChar>, value: Double)>()
  var metadata = List<(key: UnsafeMutablePointer<CChar>, value: UnsafeMutablePointer<CChar>)>()
  /// What sessions may rehearse.
  var exemplars = List<BuilderExemplar>()
  /// What it was made from, which has exemplars of its own; nil: nothing.
  var source: UnsafeMutablePointer<Model>?
  /// The file that was built last, loaded and so checked; nil: none, or something was changed since.
  public internal(set) var built: UnsafeMutablePointer<Model>?

  /// A builder of a network with `inputs` channels.
  public static func create(
    inputs: Int, _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<ModelBuilder> {
    guard inputs >= 1 && inputs <= Model.largestCount else {
      throw message.failure(.invalidArgument, "\(inputs) inputs, expected 1 to \(Model.largestCount)")
    }
    let size = MemoryLayout<ModelBuilder>.stride
    guard let memory = system_allocate(size + Text.capacity + Model.nameCapacity) else {
      throw message.failure(.outOfMemory, "no memory for a builder")
    }
    let builder = memory.bindMemory(to: ModelBuilder.self, capacity: 1)
    let text = (memory + size).bindMemory(to: CChar.self, capacity: Text.capacity + Model.nameCapacity)
    builder.initialize(to: ModelBuilder(text, inputs))
    return builder
  }

  private init(_ text: UnsafeMutablePointer<CChar>, _ inputs: Int) {
    messageText = text
    message = MessageBuffer(text, size: Text.capacity)
    tensorName = text + Text.capacity
    inputCount = inputs
  }

  public static func free(_ builder: UnsafeMutablePointer<ModelBuilder>) {
    builder.pointee.forgetBuilt()
    builder.pointee.input.free()
    for index in 0..<builder.pointee.layers.count { BuilderLayer.free(builder.pointee.layers[index]) }
    builder.pointee.layers.free()
    if let readout = builder.pointee.readout { BuilderLayer.free(readout) }
    system_free(builder.pointee.name)
    ModelBuilder.free(&builder.pointee.classLabels)
    for index in 0..<builder.pointee.options.count { system_free(builder.pointee.options[index].name) }
    builder.pointee.options.free()
    for index in 0..<builder.pointee.metadata.count {
      system_free(builder.pointee.metadata[index].key)
      system_free(builder.pointee.metadata[index].value)
    }
    builder.pointee.metadata.free()
    builder.pointee.clearExemplars()
    builder.pointee.source?.release()
    system_free(builder)
  }

  static func free(_ texts: inout List<UnsafeMutablePointer<CChar>>) {
    for index in 0..<texts.count { system_free(texts[index]) }
    texts.free()
  }

  mutating func forgetBuilt() {
    built?.release()
    built = nil
  }

  func outOfMemory() -> Failure { message.failure(.outOfMemory, "no memory for what the builder is told") }
  func invalid(_ text: Text) -> Failure { message.failure(.invalidArgument, text) }

  func copy<Element>(_ source: UnsafeRawPointer, _ count: Int) throws(Failure) -> UnsafeMutablePointer<Element> {
    guard let copy: UnsafeMutablePointer<Element> = copied(source, count) else { throw outOfMemory() }
    return copy
  }

  func copy(_ text: UnsafePointer<CChar>) throws(Failure) -> UnsafeMutablePointer<CChar> {
    guard let copy = copied(text) else { throw outOfMemory() }
    return copy
  }

  /// Copies of C strings.
  func copies(
    _ texts: UnsafePointer<UnsafePointer<CChar>?>, _ count: Int, of what: StaticString
  ) throws(Failure) -> List<UnsafeMutablePointer<CChar>> {
    var result = List<UnsafeMutablePointer<CChar>>()
    do throws(Failure) {
      for index in 0..<count {
        guard let text = texts[index] else { throw invalid("\(what)[\(index)] is NULL") }
        guard result.hasRoom() else { throw outOfMemory() }
        result.append(try copy(text))
      }
    } catch {
      ModelBuilder.free(&result)
      throw error
    }
    return result
  }
}

// What is said of the model as a whole.
extension ModelBuilder {
  /// For people; "": none.
  public mutating func setName(_ text: UnsafePointer<CChar>) throws(Failure) {
    let copy = try copy(text)
    forgetBuilt()
    system_free(name)
    name = copy
  }

  /// Seconds between two samples.
  public mutating func setTimeStep(_ seconds: Float) throws(Failure) {
    guard seconds >= 0 && seconds.isFinite else {
      throw invalid("time_step is \(seconds), expected a finite number of seconds, 0 or more")
    }
    forgetBuilt()
    timeStep = seconds
  }

  /// One per output, or none.
  public mutating func setClassLabels(
    _ labels: UnsafePointer<UnsafePointer<CChar>?>, _ count: Int
  ) throws(Failure) {
    guard let readout else {
      throw message.failure(.wrongState, "the model has no readout yet, whose outputs have the names: add it before")
    }
    guard count == 0 || count == readout.pointee.size else {
      throw message.failure(.sizeMismatch, "\(size: count) labels, expected \(readout.pointee.size), one per output")
    }
    let copies = try copies(labels, count, of: "labels")
    forgetBuilt()
    ModelBuilder.free(&classLabels)
    classLabels = copies
  }

  /// A learning option that the file recommends to sessions.
  public mutating func recommend(_ option: Option, _ value: Double) throws(Failure) {
    guard !option.isOfHost else {
      throw invalid("option \(option.facts.name) is never taken from a file")
    }
    guard option.allows(value) else { throw invalid(option.problem(with: value)) }
    try recommend(option.facts.name.utf8Text, value)
  }

  /// An option by a name that perhaps only other versions know.
  mutating func recommend(_ name: UnsafePointer<CChar>, _ value: Double) throws(Failure) {
    var place = 0
    while place < options.count && !equal(options[place].name, name) { place += 1 }
    if place == options.count {
      guard options.hasRoom() else { throw outOfMemory() }
      options.append((try copy(name), value))
    }
    forgetBuilt()
    options[place].value = value
  }

  /// Free text about the model; the value replaces an earlier one of the same key.
  public mutating func setMetadata(
    _ key: UnsafePointer<CChar>, _ value: UnsafePointer<CChar>
  ) throws(Failure) {
    var place = 0
    while place < metadata.count && !equal(metadata[place].key, key) { place += 1 }
    let copiedValue = try copy(value)
    if place < metadata.count {
      system_free(metadata[place].value)
      metadata[place].value = copiedValue
    } else {
      guard metadata.hasRoom(), let copiedKey = copied(key) else {
        system_free(copiedValue)
        throw outOfMemory()
      }
      metadata.append((copiedKey, copiedValue))
    }
    forgetBuilt()
  }
}

extension StaticString {
  var utf8Text: UnsafePointer<CChar> { UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self) }
}
