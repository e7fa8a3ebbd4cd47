/// What may be lost by a stream that teaches some of the classes only.
enum ForgottenClasses {
  /// In words; `nil`: all classes were taught, or none, or they are rehearsed.
  static func words(taught: Set<Int32>, _ model: LoadedModel, _ session: RunningSession) -> String? {
    guard !taught.isEmpty, taught.count < model.outputSize, session.option(.rehearsalBytes) == 0 else { return nil }
    let names = taught.sorted().map { model.label(of: Int($0)) }.joined(separator: ", ")
    return "taught \(taught.count) of \(model.outputSize) classes: \(names); the others may be forgotten: rehearsal"
      + " (--option rehearsal_bytes=65536) holds them"
  }
}
