package import CModelFormat
internal import CSystem

/// What is done to the values of a channel between scale and encoding: stages, one after the other, with a state that a sequence begins
/// anew. Costs a few operations per channel, stage and step.
package struct Conditioning {
  private enum Stage {
    case highPass(RunningMean)
    case runningNormalization(RunningNormalization)
    case clip(Clip)
    case rectifiedDifference(RectifiedDifference)
  }

  /// So large are the values at most that go in: what comes out is finite then, whatever the stages.
  static let largestValue: Float = 1e30
  /// Of what each stage keeps, if not more: at most twice as much goes out of a stage as goes in.
  static let range = -1e33...1e33
  /// Beyond it, 1 / step is below every rate that moves anything, or as good as.
  private static let mostSteps = Double(1 << 52)

  private let stages: UnsafeMutableBufferPointer<Stage>
  private let channels: Int
  /// Steps of the sequence, of each channel: those that a session has more than the one that it was taken from begin later.
  private let steps: ChannelState

  /// Lays one out, in memory that is to be cleared before the first step. `stage` gives the stages, which were checked. (In a place of
  /// its own, as what a step touches shall be small.)
  @inline(never) static func place(
    _ arena: inout Arena, channels: Int, timeStep: Float, count: Int, _ stage: (Int) -> format_conditioning
  ) -> UnsafeMutablePointer<Conditioning> {
    // It comes first: its address is that of the block, if that is its own.
    let place = arena.allocate(Conditioning.self, 1, .scratch)
    let made = Conditioning(&arena, channels: channels, timeStep: timeStep, count: count, stage)
    if !arena.isMeasuring { place.initialize(to: made) }
    return place
  }

  private init(_ arena: inout Arena, channels: Int, timeStep: Float, count: Int, _ stage: (Int) -> format_conditioning) {
    self.channels = channels
    steps = ChannelState(&arena, channels: channels)
    stages = UnsafeMutableBufferPointer(start: arena.allocate(Stage.self, count, .scratch), count: count)
    for index in 0..<count {
      let description = stage(index)
      let made: Stage =
        switch description.kind {
        case FORMAT_CONDITIONING_HIGH_PASS:
          .highPass(RunningMean(&arena, description, channels: channels, timeStep: timeStep))
        case FORMAT_CONDITIONING_RUNNING_NORMALIZATION:
          .runningNormalization(RunningNormalization(&arena, description, channels: channels, timeStep: timeStep))
        case FORMAT_CONDITIONING_CLIP: .clip(Clip(description))
        default: .rectifiedDifference(RectifiedDifference(&arena, channels: channels))
        }
      if !arena.isMeasuring { stages.initializeElement(at: index, to: made) }
    }
  }

  /// What becomes of a channel's value in the next step, each channel once. Only `commit` makes it count, unless the step is of a
  /// sequence apart.
  @_optimize(speed) @inline(never) func value(_ value: Float, _ channel: Int, apart: Bool) -> Float {
    let step = min(steps.value(channel, apart: apart) + 1, Conditioning.mostSteps)
    steps.set(channel, step)
    var result = Double(value)
    for stage in stages {
      switch stage {
      case .highPass(let mean): result -= mean.update(result, channel, step: step, apart: apart).after
      case .runningNormalization(let normalization):
        result = normalization.value(result, channel, step: step, apart: apart)
      case .clip(let clip): result = clip.value(result, channel)
      case .rectifiedDifference(let difference): result = difference.value(result, channel, step: step, apart: apart)
      }
    }
    return Float(result)
  }

  @_optimize(speed) @inline(never) func commit() {
    steps.commit()
    for stage in stages {
      switch stage {
      case .highPass(let mean): mean.commit()
      case .runningNormalization(let normalization): normalization.commit()
      case .clip: break
      case .rectifiedDifference(let difference): difference.commit()
      }
    }
  }

  /// The next sample is the first of a sequence: of the session's, or of one apart.
  @inline(never) func clear(apart: Bool) {
    for channel in 0..<channels {
      steps.clear(channel, apart: apart)
      for stage in stages {
        switch stage {
        case .highPass(let mean): mean.clear(channel, apart: apart)
        case .runningNormalization(let normalization): normalization.clear(channel, apart: apart)
        case .clip: break
        case .rectifiedDifference(let difference): difference.clear(channel, apart: apart)
        }
      }
    }
  }

  /// Goes on where another one is, of the same stages and with as many channels at most.
  @inline(never) func take(_ other: Conditioning) {
    clear(apart: false)
    steps.take(other.steps)
    for index in 0..<stages.count {
      switch (stages[index], other.stages[index]) {
      case (.highPass(let own), .highPass(let from)): own.take(from)
      case (.runningNormalization(let own), .runningNormalization(let from)): own.take(from)
      case (.rectifiedDifference(let own), .rectifiedDifference(let from)): own.take(from)
      default: break
      }
    }
  }

  @inline(never) func walkState(_ stream: inout StateStream) {
    steps.walkState(&stream, in: 0...Conditioning.mostSteps)
    for stage in stages {
      switch stage {
      case .highPass(let mean): mean.walkState(&stream)
      case .runningNormalization(let normalization): normalization.walkState(&stream)
      case .clip: break
      case .rectifiedDifference(let difference): difference.walkState(&stream)
      }
    }
  }
}

// ---- Without a session

extension Conditioning {
  /// One by itself, of stages that were checked; nil: no memory. To be freed by `free`.
  package static func create(
    channels: Int, timeStep: Float, count: Int, _ stage: (Int) -> format_conditioning
  ) -> UnsafeMutablePointer<Conditioning>? {
    var measure = Arena(measuring: ())
    _ = place(&measure, channels: channels, timeStep: timeStep, count: count, stage)
    guard !measure.overflowed, let memory = system_allocate(measure.used) else { return nil }
    var arena = Arena(memory)
    return place(&arena, channels: channels, timeStep: timeStep, count: count, stage)
  }

  package static func free(_ conditioning: UnsafeMutablePointer<Conditioning>) { system_free(conditioning) }

  /// The next sample is the first of a sequence.
  package func begin() { clear(apart: true) }

  /// What becomes of a channel's value in the next step, each channel once; nil: it is too large, or no finite number.
  package func next(_ value: Float, _ channel: Int) -> Float? {
    value.magnitude <= Conditioning.largestValue ? self.value(value, channel, apart: true) : nil
  }
}
