import FoundationEssentials
import HyprCore

/// What a model takes on a microcontroller.
struct TargetEstimate: Encodable {
  struct Session: Encodable {
    /// Bytes of code and constants, without the model file.
    let flash: Int
    /// Bytes of the session.
    let session: Int
    /// Bytes, at the deepest.
    let stack: Int
    let instructionsPerStep: Int
    let instructionsOfWorstStep: Int
    let millisecondsPerStep: Double
    let millisecondsOfWorstStep: Double
  }

  let target: String
  let megahertz: Int
  /// Bytes of flash for the model file, which is used where it lies.
  let modelFile: Int
  let running: Session
  let learning: Session

  /// `neurons`: of all layers, with the readout's.
  init(_ target: Target, path: String, settings: OptionSettings, neurons: Int, parameters: Int) throws {
    let file = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    self.target = target.name
    megahertz = Target.megahertz
    modelFile = file.count
    let model = try LoadedModel(file)
    func session(_ firmware: Target.Firmware, learns: Bool) throws -> Session {
      var settings = settings
      try settings.set(.learning, learns ? 1 : 0)
      let here = try RunningSession(model, settings)
      let (mean, worst) = target.cost.instructions(
        neurons: neurons, parameters: parameters, window: learns ? Int(here.option(.window)) : 0,
        isDeferred: here.option(.deferred) == 1)
      func milliseconds(_ instructions: Double) -> Double { instructions / Double(Target.megahertz) / 1000 }
      return Session(
        flash: firmware.flash, session: try TargetEstimate.bytes(file, settings), stack: firmware.stack,
        instructionsPerStep: Int(mean), instructionsOfWorstStep: Int(worst), millisecondsPerStep: milliseconds(mean),
        millisecondsOfWorstStep: milliseconds(worst))
    }
    running = try session(target.running, learns: false)
    learning = try session(target.learning, learns: true)
  }

  private static func bytes(_ file: [UInt8], _ settings: OptionSettings) throws -> Int {
    try file.withUnsafeBytes { file in
      try withMessage { message throws(Failure) in
        try HyprCore.Session.memorySize(of: file, settings.options, on: Target.platform, lanes: Target.lanes, message)
      }
    }
  }

  var description: String {
    func row(_ name: String, _ value: (Session) -> String) -> [String] { ["  " + name, value(running), value(learning)] }
    let rows = [
      ["on \(target), estimated", "running", "learning"],
      row("flash: program, bytes") { "\($0.flash)" },
      row("flash: model file") { _ in "\(modelFile)" },
      row("RAM: session") { "\($0.session)" },
      row("RAM: stack") { "\($0.stack)" },
      row("instructions of a step") { "\($0.instructionsPerStep)" },
      row("of the longest step") { "\($0.instructionsOfWorstStep)" },
      row("ms of a step at \(megahertz) MHz") { String(printf: "%.3f", $0.millisecondsPerStep) },
      row("of the longest step") { String(printf: "%.3f", $0.millisecondsOfWorstStep) },
    ]
    return TextTable.text(rows, rightAligned: [1, 2])
  }
}
