// Of the command line tool: no library that ships has it.
#if !hasFeature(Embedded)
  extension Session {
    /// Bytes that a session of a model file takes on another platform, whose vectors have so many `lanes`.
    public static func memorySize(
      of file: UnsafeRawBufferPointer, _ options: Options?, on platform: Platform, lanes: Int, _ message: MessageBuffer
    ) throws(Failure) -> Int {
      var kernels = kernelTable()
      let ownLanes = kernels.lanes
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
      guard settings.learning else { return arena.used }
      // What the kernels ask for is for vectors as they are here.
      let scratch = carryScratch(model.pointee, settings)
      return arena.used - settings.threads * MemoryLayout<Float>.size * (scratch - scratch * lanes / ownLanes)
    }

    /// Numbers, of the layer that needs most.
    private static func carryScratch(_ model: Model, _ settings: Settings) -> Int {
      (0..<model.layers.count).reduce(0) { most, index in
        let layer = model.layers[index]
        let carriesOutput = settings.carriesOutput(of: index, among: model.layers)
        return max(
          most,
          withUnsafePointer(to: layer.neuron) {
            model.kernels.pointee.carry_scratch($0, settings.longestWindow, carriesOutput, layer.hasCompressedRows)
          })
      }
    }
  }
#endif
