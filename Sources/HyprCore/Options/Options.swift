internal import CSystem

/// Option values that a host has set. What is not set is for the model file or the table of defaults to say.
public struct Options {
  private var values = InlineArray<14, Double>(repeating: 0)
  private var isSet = InlineArray<14, Bool>(repeating: false)

  public init() {}

  /// Sets a value, or says why it cannot be.
  public mutating func set(_ option: Option, _ value: Double, _ message: MessageBuffer) throws(Failure) {
    if let problem = option.problem(with: value) { throw message.failure(.invalidArgument, problem) }
    values[option.rawValue] = value
    isSet[option.rawValue] = true
  }

  /// The value that was set, or the default.
  public func value(_ option: Option) -> Double {
    isSet[option.rawValue] ? values[option.rawValue] : option.facts.standard
  }

  /// These options, with what is not set taken from `other`.
  func completed(by other: Options) -> Options {
    var result = self
    for index in 0..<Option.count where !isSet[index] && other.isSet[index] {
      result.values[index] = other.values[index]
      result.isSet[index] = true
    }
    return result
  }
}

extension Option {
  /// Why a value is not allowed; nil if it is.
  func problem(with value: Double) -> Text? {
    let facts = facts
    if !(value >= facts.lower && value <= facts.upper) {
      return "option \(facts.name) is \(value), expected \(facts.lower) to \(facts.upper)"
    }
    if facts.whole && value != value.rounded(.towardZero) {
      return "option \(facts.name) is \(value), expected a whole number"
    }
    return nil
  }
}

/// Which paths of the loss reach a layer (algorithm: docs/learning.md).
enum Credit: Int { case spatial, window }
enum Update: Int { case window, sequence, manual }
enum Reduction: Int { case mean, sum }
enum Optimizer: Int { case gradientDescent, adam }
enum Schedule: Int { case constant, linear, cosine }

/// Groups of tensors, the bits of the option train_mask.
struct TensorGroup: OptionSet {
  let rawValue: Int

  static var inputWeights: TensorGroup { .init(rawValue: 1) }
  static var recurrentWeights: TensorGroup { .init(rawValue: 2) }
  static var biases: TensorGroup { .init(rawValue: 4) }
  static var neuronParameters: TensorGroup { .init(rawValue: 8) }
  static var readout: TensorGroup { .init(rawValue: 16) }
  static var readoutTau: TensorGroup { .init(rawValue: 32) }
}

/// The options of a session with their types.
struct Settings {
  let options: Options
  let learning: Bool
  /// λ: steps per window.
  let window: Int
  let credit: Credit
  let update: Update
  let reduction: Reduction
  let trained: TensorGroup
  let optimizer: Optimizer
  let learningRate, beta1, beta2, epsilon, gradientClip: Double
  let schedule: Schedule
  let scheduleUpdates: Double

  /// Every value was checked against its bounds when it was set, so that each number has its case.
  init(_ options: Options) {
    func number(_ option: Option) -> Int { Int(options.value(option)) }
    self.options = options
    learning = number(.learning) == 1
    window = number(.window)
    credit = Credit(rawValue: number(.credit)) ?? .window
    update = Update(rawValue: number(.update)) ?? .window
    reduction = Reduction(rawValue: number(.reduction)) ?? .mean
    trained = TensorGroup(rawValue: number(.trainMask))
    optimizer = Optimizer(rawValue: number(.optimizer)) ?? .adam
    learningRate = options.value(.learningRate)
    beta1 = options.value(.beta1)
    beta2 = options.value(.beta2)
    epsilon = options.value(.epsilon)
    gradientClip = options.value(.gradientClip)
    schedule = Schedule(rawValue: number(.schedule)) ?? .constant
    scheduleUpdates = options.value(.scheduleUpdates)
  }
}

/// Options with a place for the reason of a failed call, in memory of their own.
public struct OptionsObject {
  public private(set) var options = Options()
  public let message: MessageBuffer
  public let messageText: UnsafeMutablePointer<CChar>

  private init(_ messageText: UnsafeMutablePointer<CChar>) {
    self.messageText = messageText
    message = MessageBuffer(messageText, size: Text.capacity)
  }

  public static func create() throws(Failure) -> UnsafeMutablePointer<OptionsObject> {
    var measure = Arena(measuring: ())
    _ = (measure.allocate(OptionsObject.self, 1, .scratch), measure.allocate(CChar.self, Text.capacity, .scratch))
    guard let memory = system_allocate(measure.used) else { throw .outOfMemory }
    var arena = Arena(memory)
    let object = arena.allocate(OptionsObject.self, 1, .scratch)
    object.initialize(to: OptionsObject(arena.allocate(CChar.self, Text.capacity, .scratch)))
    return object
  }

  public static func free(_ options: UnsafeMutablePointer<OptionsObject>) { system_free(options) }

  public mutating func set(_ option: Option, _ value: Double) throws(Failure) { try options.set(option, value, message) }
}
