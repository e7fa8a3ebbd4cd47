import CHypr
import HyprModelWriter
import Testing

@testable import HyprCore

/// A model in memory that is no longer what was loaded does not reach the user's file.
@Suite struct ModelSaverTests {
  private let session: TestSession
  private let model: Model

  init() throws {
    session = try TestSession(TestModel(LoaderTests.valid()))
    model = UnsafeMutablePointer<Model>(session.model.handle).pointee
  }

  private func saved() throws -> [UInt8] {
    var size = 0
    try session.check(hypr_session_model_size(session.handle, &size))
    var bytes = [UInt8](repeating: 0, count: size)
    try session.check(hypr_session_save_model_buffer(session.handle, &bytes, size))
    return bytes
  }

  private func expectRefused(_ message: String) throws {
    let failure = try #require(throws: CallFailure.self) { _ = try saved() }
    #expect(failure.status == HYPR_ERROR_MODEL_INVALID)
    #expect(failure.message.contains(message), "got: \(failure.message)")
    // Nor does it take the place of a file: the folder of this path does not exist, so it would be another failure.
    #expect(hypr_session_save_model(session.handle, "no such folder/model.hypr") == HYPR_ERROR_MODEL_INVALID)
  }

  @Test func bytesThatTheHostHasOverwritten() throws {
    let whole = try saved()
    let file = UnsafeMutableRawBufferPointer(mutating: model.file)
    for place in stride(from: 0, to: file.count, by: 61) {
      file[place] ^= 0x10
      try expectRefused("the model was changed in memory since it was loaded")
      file[place] ^= 0x10
    }
    #expect(try saved() == whole)
  }

  /// What only a fault of the loader could do.
  @Test func elementsInTheStructure() throws {
    let whole = try saved()
    let places = UnsafeMutableBufferPointer(mutating: model.places)
    // Before the elements is their number; behind them, at the least, the end of the file.
    for index in places.indices {
      let place = TensorPlace(key: places[index])
      places[index] = TensorPlace(place.tensor, at: place.start - 1, isOfScales: place.isOfScales).key
      try expectRefused("the elements of a tensor lie where the file has something else")
      places[index] = place.key
    }
    #expect(try saved() == whole)
  }

  @Test func placesAreInTheOrderOfTheFile() {
    let places = model.places.map { TensorPlace(key: $0) }
    #expect(Set(places.map(\.tensor)) == Set(0..<model.tensors.count))
    for (place, next) in zip(places, places.dropFirst()) {
      #expect(place.start + model.tensors[place.tensor].byteCount(at: place) <= next.start)
    }
  }
}
