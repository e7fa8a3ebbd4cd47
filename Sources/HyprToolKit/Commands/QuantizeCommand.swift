import ArgumentParser

extension WeightType: ExpressibleByArgument {}

/// `hypr quantize`: the same network with its weights in fewer bytes.
struct QuantizeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quantize",
    abstract: "Store the weights of a model as int8 or float16: a smaller file of the same network, rounded.",
    discussion: "Neuron parameters, biases and time constants stay float32. What was rounded once stays so, with float32 too.")

  @Argument(help: "The model file.") var model: String
  @Argument(help: "The file to write.") var output: String
  @Option(help: "How weights are stored: a byte each and a scale for each row, two bytes, or four.") var type: WeightType
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Only these, such as layer0.recurrent_weight; the others stay as they are.", valueName: "name"))
  var tensors: [String] = []
  @Flag(help: "Replace the file if it exists.") var force = false

  func run() throws {
    let loaded = try LoadedModel(path: model)
    let file = try OutputFile(output, force: force)
    let fresh = try FreshModel(from: loaded)
    try fresh.store(tensors, as: type)
    try fresh.build(seed: 0)
    try fresh.save(to: file.path)
    print("\(output): \(try fresh.bytes().count) bytes, \(loaded.fileSize) in \(model)")
  }
}
