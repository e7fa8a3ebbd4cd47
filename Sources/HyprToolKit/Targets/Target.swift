import HyprCore

/// A microcontroller that the library is built for, and what a network takes there: estimated from measurements in an emulator, of
/// which TargetFigures.swift has the results.
struct Target {
  /// What a firmware took whose library has the neuron models LI, BRF and SEAdLIF.
  struct Firmware {
    /// Bytes of code and constants of the whole program, without a model file.
    let flash: Int
    /// Bytes, at the deepest: of loading a model, creating a session, a step.
    let stack: Int
  }

  /// Instructions, fitted to networks of several sizes and two neuron models; the readout's outputs count as neurons.
  struct Cost {
    let step, stepPerNeuron: Double
    let learningPerNeuron: Double
    let window, windowPerNeuron, windowPerParameter: Double
  }

  /// As `make lib TARGET=` has it.
  let name: String
  let running: Firmware
  let learning: Firmware
  let cost: Cost

  /// platform.h
  static let platform = Platform(alignment: 8, wordSize: 4)
  /// Numbers in a vector: lanes.h.
  static let lanes = 2
  /// Of which milliseconds are told, at an instruction per cycle.
  static let megahertz = 168
  /// With the option `deferred`, how much longer than the mean the longest step is.
  static let deferredWorst = 2.0

  static func named(_ name: String) throws -> Target {
    guard let target = all.first(where: { $0.name == name }) else {
      throw ToolError("there is no target \(name), expected one of \(all.map(\.name).joined(separator: ", "))")
    }
    return target
  }
}

extension Target.Cost {
  /// Instructions of a step, and of the longest one. `window`: 0 if the session does not learn.
  func instructions(neurons: Int, parameters: Int, window: Int, isDeferred: Bool) -> (mean: Double, worst: Double) {
    let (neurons, parameters) = (Double(neurons), Double(parameters))
    let alone = step + stepPerNeuron * neurons
    guard window > 0 else { return (alone, alone) }
    let end = self.window + windowPerNeuron * neurons + windowPerParameter * parameters
    let lesson = learningPerNeuron * neurons + end / Double(window)
    let mean = alone + lesson
    // The step that closes a window learns from all of its steps.
    return (mean, isDeferred ? mean * Target.deferredWorst : alone + lesson * Double(window))
  }
}
