/// Where the steps that a session keeps lie: in slots, each the state after one step. The step from slot i is step i of the tape.
///
/// Without learning there are two slots, used in turn. A session that learns keeps each window in a page: the first slot of it is what
/// the window started from, then comes one for each step, and one more to list the events of the next sample when the page is full,
/// and to look ahead. Where labels come late a window stays open while later steps are made, which go to the next page: there are as
/// many as windows can be open, used in turn. With deferred learning one more, of the window whose end is being computed.
struct History {
  /// Slots of a page.
  private let pageSize: Int
  let pageCount: Int
  let slotCount: Int

  init(_ settings: Settings) {
    pageSize = settings.window + 2
    let openCount = (settings.labelDelay + settings.window - 1) / settings.window + 1
    pageCount = settings.learning ? openCount + (settings.defers ? 1 : 0) : 1
    slotCount = settings.learning ? pageCount * pageSize : 2
  }

  /// Steps that there are places for.
  var stepCount: Int { slotCount - 2 }

  /// The first slot of the page after the one that begins with a slot, and of the one before it.
  func page(after start: Int) -> Int { start + pageSize == slotCount ? 0 : start + pageSize }
  func page(before start: Int) -> Int { (start == 0 ? slotCount : start) - pageSize }
  /// That of a page, of those from the first one on.
  func page(_ index: Int, from start: Int) -> Int { (start + index * pageSize) % slotCount }
}
