import CHypr
import HyprModelWriter
import Testing

/// Something that makes a valid model file invalid, and what the loader says about it.
struct ModelFault: CustomTestStringConvertible, Sendable {
  let message: String
  var unsupported = false
  let make: @Sendable (inout ModelDescription) -> Void
  var testDescription: String { message }

  func expectIsNamed() throws {
    var description = LoaderTests.valid()
    make(&description)
    let bytes = try description.serialized()
    let failure = try #require(throws: CallFailure.self) { _ = try TestModel(bytes: bytes) }
    #expect(failure.message.contains(message), "got: \(failure.message)")
    #expect(failure.status == (unsupported ? HYPR_ERROR_MODEL_UNSUPPORTED : HYPR_ERROR_MODEL_INVALID))
  }
}
