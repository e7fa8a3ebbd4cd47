// Of the command line tool: no library that ships has it.
#if !hasFeature(Embedded)
  extension Session {
    /// What a session of a model file takes on another platform, whose vectors have so many `lanes`: rows are padded to a multiple.
    public static func memory(
      of file: UnsafeRawBufferPointer, _ options: Options?, on platform: Platform, lanes: Int, _ message: MessageBuffer
    ) throws(Failure) -> MemoryReport {
      var kernels = kernelTable()
      kernels.lanes = lanes
      let model = try Model.load(file, message, kernels: kernels)
      defer { model.release() }
      let settings = settings(model, options)
      try check(settings, model, message)
      // Only measured: nothing is computed with rows of that width.
      var arena = Arena(measuring: (), for: platform)
      _ = arena.allocate(Session.self, 1, .scratch)
      _ = Session(&arena, model, settings, ownsMemory: false)
      guard !arena.overflowed else { throw message.failure(.outOfMemory, "a session takes more bytes than can be addressed") }
      return MemoryReport(arena)
    }
  }
#endif
