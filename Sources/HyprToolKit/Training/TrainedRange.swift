import HyprBuilding
import HyprCore

extension LoadedModel {
  /// This model, which says how far its inputs reach in the data that it is trained on; what it said before is widened.
  func trained(on data: SequenceSet) throws -> LoadedModel {
    let fresh = try FreshModel(from: self)
    for index in 0..<data.count {
      let inputs = data.inputs(of: index)
      guard !inputs.isEmpty else { continue }
      try data.at(index) {
        try inputs.withUnsafeBufferPointer { inputs in
          try [inputs.count / inputSize].withUnsafeBufferPointer { steps in
            guard let samples = inputs.baseAddress else { return }
            try fresh.tell { builder throws(Failure) in
              try builder.widenTrainedRange(
                RecordedSequences(samples, steps, channels: builder.inputCount, builder.message))
            }
          }
        }
      }
    }
    try fresh.build(seed: 0)
    return try LoadedModel(fresh.bytes())
  }
}
