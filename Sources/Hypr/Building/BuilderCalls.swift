public import CHypr
internal import HyprBuilding
internal import HyprCore

typealias BuilderPointer = UnsafeMutablePointer<ModelBuilder>

/// Known when the library is compiled: what it rules out is not linked.
var hasBuilder: Bool {
  #if HYPR_NO_BUILDER
    false
  #else
    true
  #endif
}

private var leftOut: hypr_status { hypr_status(HYPR_ERROR_MODEL_UNSUPPORTED) }

/// Makes a builder.
@inline(__always) func createBuilder(
  _ out: UnsafeMutablePointer<OpaquePointer?>?, _ text: UnsafeMutablePointer<CChar>?, _ size: Int,
  _ make: (MessageBuffer) throws(Failure) -> BuilderPointer
) -> hypr_status {
  create(out, text, size) { message throws(Failure) in
    guard hasBuilder else {
      throw message.failure(.modelUnsupported, "this library was built without the model builder (HYPR_BUILDER=0)")
    }
    return try make(message)
  }
}

/// Runs a call on a builder.
@inline(__always) func withBuilder(
  _ builder: OpaquePointer?, _ call: (inout ModelBuilder) throws(Failure) -> Void
) -> hypr_status {
  guard hasBuilder else { return leftOut }
  guard let builder else { return invalidArgument }
  return status { () throws(Failure) in try call(&BuilderPointer(builder).pointee) }
}

extension MessageBuffer {
  /// A struct as this version knows it.
  @inline(never) func checkedContents<Struct: GrowingStruct>(
    of settings: UnsafePointer<Struct>, _ name: StaticString
  ) throws(Failure) -> Struct {
    guard isComplete(settings) else {
      throw failure(
        .invalidArgument,
        "\(name).struct_size is \(structSize(settings)), expected the size of the struct, at least \(Struct.firstSize)")
    }
    guard !hasUnknownFields(settings) else {
      throw failure(
        .invalidArgument,
        "\(name).struct_size is \(structSize(settings)), and the struct is not zero behind what this version knows")
    }
    return contents(of: settings)
  }
}

extension ModelBuilder {
  /// An argument that must not be NULL.
  func isNull(_ name: StaticString) -> Failure { message.isNull(name) }

  /// A struct as this version knows it.
  func checkedContents<Struct: GrowingStruct>(
    of settings: UnsafePointer<Struct>, _ name: StaticString
  ) throws(Failure) -> Struct { try message.checkedContents(of: settings, name) }

  /// Numbers of a struct: none if the pointer is NULL and the count 0.
  func floats(_ start: UnsafePointer<Float>?, _ count: Int, _ name: StaticString) throws(Failure) -> Floats {
    if start == nil && count != 0 { throw isNull(name) }
    return Floats(start, count)
  }

  func flag(_ value: Int32, _ name: StaticString) throws(Failure) -> Bool {
    guard value == 0 || value == 1 else {
      throw message.failure(.invalidArgument, "\(name) is \(Int(value)), expected 0 or 1")
    }
    return value == 1
  }

  /// nil: as is usual.
  func choice(_ value: Int32, _ name: StaticString) throws(Failure) -> Bool? {
    if value == -1 { return nil }
    guard value == 0 || value == 1 else {
      throw message.failure(.invalidArgument, "\(name) is \(Int(value)), expected 0, 1 or -1")
    }
    return value == 1
  }

  mutating func setTexts(
    _ texts: UnsafePointer<UnsafePointer<CChar>?>?, _ count: Int, _ name: StaticString,
    _ set: (inout ModelBuilder, UnsafePointer<UnsafePointer<CChar>?>, Int) throws(Failure) -> Void
  ) throws(Failure) {
    if let texts { return try set(&self, texts, count) }
    guard count == 0 else { throw isNull(name) }
    var none: UnsafePointer<CChar>?
    try set(&self, &none, 0)
  }
}
