import HyprBuilding
import HyprCore

/// A model in the making: the core's builder, freed with this object.
package final class FreshModel {
  private let builder: UnsafeMutablePointer<ModelBuilder>

  /// A model with so many channels per sample.
  package init(inputs: Int) throws {
    builder = try withMessage { message throws(Failure) in try ModelBuilder.create(inputs: inputs, message) }
  }

  /// Takes over a builder.
  init(_ builder: UnsafeMutablePointer<ModelBuilder>) { self.builder = builder }

  /// A model that has all that another one has.
  init(from model: LoadedModel) throws {
    builder = try withMessage { message throws(Failure) in try ModelBuilder.create(from: model.pointer, message) }
  }

  deinit { ModelBuilder.free(builder) }

  /// Runs a call on the builder; a failure becomes an error with the core's words.
  @discardableResult func tell<Result>(_ call: (inout ModelBuilder) throws(Failure) -> Result) throws -> Result {
    do {
      return try call(&builder.pointee)
    } catch {
      throw ToolError(String(cString: builder.pointee.messageText))
    }
  }

  /// Runs a call with an array of C strings.
  func tell(
    _ texts: [String],
    _ call: (inout ModelBuilder, UnsafePointer<UnsafePointer<CChar>?>, Int) throws(Failure) -> Void
  ) throws {
    let copies = texts.map { text in
      let bytes = text.utf8CString
      let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
      _ = copy.initialize(from: bytes)
      return copy
    }
    defer { copies.forEach { $0.deallocate() } }
    let pointers = copies.map { UnsafePointer($0.baseAddress) }
    try pointers.withUnsafeBufferPointer { pointers in
      guard let start = pointers.baseAddress, !texts.isEmpty else { return }
      try tell { builder throws(Failure) in try call(&builder, start, texts.count) }
    }
  }

  /// Draws what was not given, and makes and checks the file.
  package func build(seed: UInt64) throws {
    try tell { builder throws(Failure) in _ = try builder.build(seed: seed) }
  }

  /// The file that was built.
  package func bytes() throws -> [UInt8] {
    try tell { builder throws(Failure) in
      let file = try builder.builtFile()
      return [UInt8](file)
    }
  }

  /// Writes the file that was built, or leaves what was there.
  func save(to path: String) throws {
    try tell { builder throws(Failure) in try builder.saveFile(to: path) }
  }

  /// Of the file that was built.
  var parameterCount: Int { builder.pointee.built?.pointee.parameterCount ?? 0 }
}
