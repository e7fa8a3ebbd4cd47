/// What only a session that learns has. In a library without learning it is nothing, which is known when that is compiled: the code
/// that would use it is not linked.
@propertyWrapper
struct OnlyLearning<Value> {
  #if HYPR_LEARNING
    var wrappedValue: Value?

    @inline(__always) init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }
  #else
    @inline(__always) var wrappedValue: Value? {
      get { nil }
      set {}
    }

    @inline(__always) init(wrappedValue: Value?) {}
  #endif
}
