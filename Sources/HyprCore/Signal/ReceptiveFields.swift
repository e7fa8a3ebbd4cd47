internal import CModelFormat
internal import CSystem

/// How strongly a value excites each of several fields (population coding); the schema's table of that name.
struct ReceptiveFields {
  /// K
  let count: Int
  private let centers, widths: UnsafePointer<Float>?
  /// From the fields of a channel to those of the next one; 0: they are the same.
  private let centerStride, widthStride: Int
  private let hasOneWidth: Bool
  private let cutoff: Double
  private let channels: Int
  /// [channels K]; nil: the output is graded.
  private let sums: ChannelState?

  init(_ arena: inout Arena, _ encoding: format_encoding, channels: Int) {
    count = Int(clamping: encoding.fields)
    (centers, widths) = (encoding.centers, encoding.widths)
    centerStride = encoding.center_count == count ? 0 : count
    hasOneWidth = encoding.width_count == 1
    widthStride = encoding.width_count == count || hasOneWidth ? 0 : count
    cutoff = Double(encoding.cutoff)
    self.channels = channels
    sums = encoding.output == 1 ? ChannelState(&arena, channels: channels * count) : nil
  }

  /// What a field gives. Only `commit` makes it count.
  @_optimize(speed) func output(_ value: Float, _ channel: Int, _ field: Int, apart: Bool) -> Float {
    guard let centers, let widths else { return 0 }
    let width = Double(widths[hasOneWidth ? 0 : channel * widthStride + field])
    let distance = (Double(value) - Double(centers[channel * centerStride + field])) / width
    var activation = system_exp_double(-distance * distance / 2)
    if activation < cutoff { activation = 0 }
    guard let sums else { return Float(activation) }
    let place = channel * count + field
    let sum = sums.value(place, apart: apart) + activation
    sums.set(place, sum >= 1 ? sum - 1 : sum)
    return sum >= 1 ? 1 : 0
  }

  @_optimize(speed) func commit() { sums?.commit() }

  func clear(apart: Bool) {
    guard let sums else { return }
    for place in 0..<channels * count { sums.clear(place, apart: apart) }
  }

  func take(_ other: ReceptiveFields) {
    clear(apart: false)
    if let sums, let from = other.sums { sums.take(from) }
  }

  func walkState(_ stream: inout StateStream) { sums?.walkState(&stream, in: 0...1) }
}
