// Of the command line tool: no library that ships has it.
#if !hasFeature(Embedded)
  /// What decides about memory on a platform that is not this one.
  public struct OtherPlatform: Sendable {
    /// Numbers in a vector: rows are padded to a multiple.
    public let lanes: Int
    /// Of pieces of memory, bytes; a power of 2.
    public let alignment: Int

    public init(lanes: Int, alignment: Int) { (self.lanes, self.alignment) = (lanes, alignment) }
  }

  extension Session {
    /// What a session of a model file takes there. Pointers count as large as here, so that it is a few hundred bytes less.
    public static func memory(
      of file: UnsafeRawBufferPointer, _ options: Options?, on platform: OtherPlatform, _ message: MessageBuffer
    ) throws(Failure) -> MemoryReport {
      var kernels = kernelTable()
      kernels.lanes = platform.lanes
      let model = try Model.load(file, message, kernels: kernels)
      defer { model.release() }
      let settings = settings(model, options)
      try check(settings, model, message)
      // Only measured: nothing is computed with rows of that width.
      var arena = Arena(measuring: (), alignment: platform.alignment)
      _ = arena.allocate(Session.self, 1, .scratch)
      _ = Session(&arena, model, settings, ownsMemory: false)
      guard !arena.overflowed else { throw message.failure(.outOfMemory, "a session takes more bytes than can be addressed") }
      return MemoryReport(arena)
    }
  }
#endif
