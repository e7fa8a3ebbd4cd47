internal import CSystem

/// Option values that a host has set. What is not set is for the model file or the table of defaults to say.
public struct Options {
  /// One place per option; not a number, which no option can be: it is not set.
  typealias Values = InlineArray<47, Double>

  private var values = Values(repeating: .nan)

  public init() {}

  /// Sets a value, or says why it cannot be.
  public mutating func set(_ option: Option, _ value: Double, _ message: MessageBuffer) throws(Failure) {
    guard option.allows(value) else { throw message.failure(.invalidArgument, option.problem(with: value)) }
    values[option.rawValue] = value
  }

  /// The value that was set, or the default.
  public func value(_ option: Option) -> Double {
    values[option.rawValue].isNaN ? option.facts.standard : values[option.rawValue]
  }

  /// The value that was set; nil: none was.
  func given(_ option: Option) -> Double? { values[option.rawValue].isNaN ? nil : values[option.rawValue] }

  /// Sets a value that is allowed.
  mutating func set(_ option: Option, _ value: Double) { values[option.rawValue] = value }

  /// Takes what is not set from `other`.
  mutating func complete(by other: Options) {
    for index in 0..<Option.count where values[index].isNaN { values[index] = other.values[index] }
  }
}

extension Option {
  package func allows(_ value: Double) -> Bool {
    let facts = facts
    return value >= facts.lower && value <= facts.upper && !(facts.whole && value != value.rounded(.towardZero))
  }

  /// Why a value is not allowed. Not what tells whether it is: texts are large.
  package func problem(with value: Double) -> Text {
    let facts = facts
    guard value >= facts.lower && value <= facts.upper else {
      return "option \(facts.name) is \(value), expected \(facts.lower) to \(facts.upper)"
    }
    return "option \(facts.name) is \(value), expected a whole number"
  }
}

/// Which paths of the loss reach a layer (algorithm: docs/learning.md).
enum Credit: Int { case spatial, window, recurrent, filtered }
enum Update: Int { case window, sequence, manual }
enum Reduction: Int { case mean, sum, meanOverSteps }
/// What one label for a whole sequence teaches.
enum SequenceLoss: Int { case everyStep, lastSteps, sumOfSoftmax }
enum Optimizer: Int {
  case gradientDescent, adam, momentum, adamW, normalizedLeastMeanSquares

  /// Whether the moments of another one are of the same quantities.
  func hasMoments(of other: Optimizer) -> Bool { self == other || isAdam && other.isAdam }
  var hasMoments: Bool { isAdam || self == .momentum }
  var isAdam: Bool { self == .adam || self == .adamW }
}
/// How moments and eligibility are kept.
enum LearningMemoryType: Int {
  case float32, bfloat16

  /// Bytes of a number.
  var size: Int { self == .float32 ? 4 : 2 }
}
enum Schedule: Int { case constant, linear, cosine }

/// Groups of tensors, numbered by their bit in the option train_mask and in the order of the learning rate factors.
enum TensorGroup: Int {
  case inputWeights, recurrentWeights, biases, neuronParameters, readout, readoutTau

  var bit: Int { 1 << rawValue }
  /// The option with this group's factor on the learning rate.
  var rate: Option { Option(rawValue: Option.rateInputWeights.rawValue + rawValue) ?? .rateReadoutTau }
}

/// The options of a session with their types.
struct Settings {
  let options: Options
  /// λ: steps per window.
  let window: Int
  let threads: Int
  let credit: Credit
  let trainMask: Int
  /// Steps after which a step can still be taught.
  let labelDelay: Int
  let optimizer: Optimizer
  let learningRate, anchorStrength: Double
  let warmUpUpdates: Double
  /// Bytes for stretches of the stream; 0: nothing is rehearsed.
  let rehearsalBytes: Int
  /// Steps that are rehearsed after a window, those of a stretch, and its first ones that only bring the state up to it.
  let rehearsalSteps, rehearsalStretch, rehearsalLeadIn: Int
  let holdUntaught: Float
  #if HYPR_LEARNING
    let learning: Bool
    let update: Update
    let reduction: Reduction
    let labelSmoothing: Float
    let sequenceLoss: SequenceLoss
    let lossSteps: Int
    /// Whether the end of a window is computed in pieces while the next one is filled.
    let defers: Bool
    let learningMemoryType: LearningMemoryType
    let spikeRatePenalty, spikeRateLower, spikeRateUpper: Float
    let beta1, beta2, epsilon, gradientClip, valueClip, weightDecay: Double
    let schedule: Schedule
    let scheduleUpdates: Double
    /// Of the gradient; 0: as the number of classes suggests.
    let rehearsalShare: Double
    /// Windows that are followed by rehearsal, from one in which something was taught on.
    let rehearsalWindows: Int
    /// Of an input that is kept.
    let rehearsalBits: Int
    let rehearsalSeed: UInt64
    /// Labelled steps; 0: nothing is guarded.
    let guardHorizon: Double
    let guardAnswers: Bool
    let guardMargin: Double
  #else
    /// Known when the library is compiled: what learning alone needs is not linked.
    var learning: Bool { false }
    var defers: Bool { false }
    var learningMemoryType: LearningMemoryType { .float32 }
  #endif

  /// Every value was checked against its bounds when it was set, so that each number has its case.
  init(_ options: Options) {
    func number(_ option: Option) -> Int { Int(options.value(option)) }
    self.options = options
    window = number(.window)
    threads = number(.threads)
    credit = Credit(rawValue: number(.credit)) ?? .window
    trainMask = number(.trainMask)
    labelDelay = number(.labelDelay)
    optimizer = Optimizer(rawValue: number(.optimizer)) ?? .adam
    learningRate = options.value(.learningRate)
    anchorStrength = options.value(.anchorStrength)
    warmUpUpdates = options.value(.warmUpUpdates)
    rehearsalBytes = number(.rehearsalBytes)
    rehearsalSteps = number(.rehearsalSteps)
    rehearsalStretch = number(.rehearsalStretch)
    rehearsalLeadIn = number(.rehearsalLeadIn)
    holdUntaught = Float(options.value(.holdUntaught))
    #if HYPR_LEARNING
      learning = number(.learning) == 1
      update = Update(rawValue: number(.update)) ?? .window
      reduction = Reduction(rawValue: number(.reduction)) ?? .mean
      labelSmoothing = Float(options.value(.labelSmoothing))
      sequenceLoss = SequenceLoss(rawValue: number(.loss)) ?? .everyStep
      lossSteps = number(.lossSteps)
      defers = number(.learning) == 1 && number(.deferred) == 1
      learningMemoryType = LearningMemoryType(rawValue: number(.learningMemoryType)) ?? .float32
      spikeRatePenalty = Float(options.value(.spikeRatePenalty))
      spikeRateLower = Float(options.value(.spikeRateLower))
      spikeRateUpper = Float(options.value(.spikeRateUpper))
      beta1 = options.value(.beta1)
      beta2 = options.value(.beta2)
      epsilon = options.value(.epsilon)
      gradientClip = options.value(.gradientClip)
      valueClip = options.value(.valueClip)
      weightDecay = options.value(.weightDecay)
      schedule = Schedule(rawValue: number(.schedule)) ?? .constant
      scheduleUpdates = options.value(.scheduleUpdates)
      rehearsalShare = options.value(.rehearsalShare)
      rehearsalWindows = number(.rehearsalWindows)
      rehearsalBits = number(.rehearsalBits)
      rehearsalSeed = UInt64(options.value(.rehearsalSeed))
      guardHorizon = options.value(.guardHorizon)
      guardAnswers = number(.guardAnswer) == 1
      guardMargin = options.value(.guardMargin)
    #endif
  }

  /// Of what is rounded when a model is saved; 0: to the nearest.
  var roundingSeed: UInt64 { UInt64(options.value(.roundingSeed)) }

  /// Those of a session that learns some sequences of a batch for another one, in a thread of its own.
  var ofWorker: Settings {
    var options = options
    options.set(.threads, 1)
    options.set(.labelDelay, 0)
    options.set(.deferred, 0)
    options.set(.update, Double(Update.manual.rawValue))
    options.set(.optimizer, Double(Optimizer.gradientDescent.rawValue))
    options.set(.anchorStrength, 0)
    return Settings(options)
  }

  #if HYPR_REHEARSAL
    var rehearses: Bool { learning && rehearsalBytes > 0 && rehearsalSteps > 0 }
    var guards: Bool { learning && guardHorizon > 0 }
  #else
    var rehearses: Bool { false }
    var guards: Bool { false }
  #endif
  /// Whether what is not taught is held, in a network with so many outputs.
  func holdsUntaught(outputs: Int) -> Bool { rehearses && holdUntaught > 0 && outputs > 1 }
  /// Whether the network as it was loaded runs beside the one that learns.
  func needsReference(outputs: Int) -> Bool { guards || holdsUntaught(outputs: outputs) }

  /// Those of that network.
  var ofReference: Settings {
    var options = options
    options.set(.learning, 0)
    return Settings(options)
  }

  /// Steps of the longest window whose end is computed.
  var longestWindow: Int { rehearses ? max(window, rehearsalSteps) : window }

  /// Those of the network that rehearses beside the one of the stream, with the same parameters: each time one window.
  var ofRehearsal: Settings {
    var options = options
    options.set(.window, Double(rehearsalSteps))
    options.set(.labelDelay, 0)
    options.set(.deferred, 0)
    return Settings(options)
  }

  /// The factor on the learning rate of a group; 0 if the mask leaves it out.
  func rateFactor(_ group: TensorGroup) -> Double { trainMask & group.bit == 0 ? 0 : options.value(group.rate) }
}

/// Options with a place for the reason of a failed call, in memory of their own.
public struct OptionsObject {
  public private(set) var options = Options()
  public let message: MessageBuffer
  public let messageText: UnsafeMutablePointer<CChar>

  private let ownsMemory: Bool

  private init(_ messageText: UnsafeMutablePointer<CChar>, ownsMemory: Bool) {
    self.messageText = messageText
    self.ownsMemory = ownsMemory
    message = MessageBuffer(messageText, size: Text.capacity)
  }

  /// In memory of their own.
  public static func create(_ message: MessageBuffer) throws(Failure) -> UnsafeMutablePointer<OptionsObject> {
    guard let memory = system_allocate(memorySize) else {
      throw message.failure(.outOfMemory, "no memory for options of \(memorySize) bytes")
    }
    return build(memory, ownsMemory: true)
  }

  /// In the caller's memory.
  public static func create(
    in memory: UnsafeMutableRawBufferPointer, _ message: MessageBuffer
  ) throws(Failure) -> UnsafeMutablePointer<OptionsObject> {
    let start = try Arena.check(memory, message)
    guard memory.count >= memorySize else {
      throw message.failure(.bufferTooSmall, "memory has \(memory.count) bytes, options take \(memorySize)")
    }
    return build(start, ownsMemory: false)
  }

  public static var memorySize: Int {
    var measure = Arena(measuring: ())
    _ = layOut(&measure)
    return measure.used
  }

  private static func layOut(
    _ arena: inout Arena
  ) -> (object: UnsafeMutablePointer<OptionsObject>, text: UnsafeMutablePointer<CChar>) {
    (arena.allocate(OptionsObject.self, 1, .scratch), arena.allocate(CChar.self, Text.capacity, .scratch))
  }

  private static func build(_ memory: UnsafeMutableRawPointer, ownsMemory: Bool) -> UnsafeMutablePointer<OptionsObject> {
    var arena = Arena(memory)
    let (object, text) = layOut(&arena)
    object.initialize(to: OptionsObject(text, ownsMemory: ownsMemory))
    return object
  }

  public static func free(_ options: UnsafeMutablePointer<OptionsObject>) {
    if options.pointee.ownsMemory { system_free(options) }
  }

  public mutating func set(_ option: Option, _ value: Double) throws(Failure) {
    try options.set(option, value, message)
  }
}
