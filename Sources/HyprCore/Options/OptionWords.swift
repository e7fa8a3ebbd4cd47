// Names that are none: which option whoever wrote them most likely means.

extension Option {
  /// The option that is most likely meant: written in another way, known by that word elsewhere, with a few letters that differ, or
  /// with a name of which this is a part; nil: nothing is close.
  public static func meant(by name: UnsafePointer<CChar>) -> Option? {
    guard let name = Spelling(name), name.count > 0 else { return nil }
    var index = 0
    while let (word, option) = wordElsewhere(index) {
      if let word = Spelling(text(word)), word.distance(to: name) == 0 { return option }
      index += 1
    }
    var closest: Option?
    var least = name.count / 3
    for index in 0..<Option.count {
      guard let option = Option(rawValue: index), let known = Spelling(text(option.facts.name)) else { continue }
      let distance = known.distance(to: name)
      if distance < least || distance == least && closest == nil { (closest, least) = (option, distance) }
    }
    return closest ?? (name.count > 3 ? containing(name) : nil)
  }

  private static func containing(_ part: Spelling) -> Option? {
    for index in 0..<Option.count {
      guard let option = Option(rawValue: index), let known = Spelling(text(option.facts.name)) else { continue }
      if known.contains(part) { return option }
    }
    return nil
  }

  /// What other libraries and the literature call an option; nil past the end.
  private static func wordElsewhere(_ index: Int) -> (word: StaticString, option: Option)? {
    switch index {
    case 0: ("lr", .learningRate)
    case 1: ("rate", .learningRate)
    case 2: ("eta", .learningRate)
    case 3: ("step_size", .learningRate)
    case 4: ("optim", .optimizer)
    case 5: ("algorithm", .optimizer)
    case 6: ("momentum", .beta1)
    case 7: ("eps", .epsilon)
    case 8: ("wd", .weightDecay)
    case 9: ("l2", .weightDecay)
    case 10: ("grad_clip", .gradientClip)
    case 11: ("clip_grad", .gradientClip)
    case 12: ("max_norm", .gradientClip)
    case 13: ("max_grad_norm", .gradientClip)
    case 14: ("lambda", .window)
    case 15: ("bptt", .window)
    case 16: ("truncation", .window)
    case 17: ("criterion", .loss)
    case 18: ("warmup", .warmUpUpdates)
    case 19: ("replay", .rehearsalBytes)
    case 20: ("seed", .rehearsalSeed)
    case 21: ("workers", .threads)
    case 22: ("n_jobs", .threads)
    default: nil
    }
  }
}
