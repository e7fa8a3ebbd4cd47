/// Where the steps that a session keeps lie: in slots, each the state after one step. The step from slot i is step i of the tape.
///
/// Without learning there are two slots, used in turn. A session that learns keeps each window in a page: slot 0 of it is what the window
/// started from, step i goes from slot i to slot i + 1, and one more slot is there to list the events of the next sample when the page
/// is full, and to look ahead. Where labels come late a window stays open while later steps are made, which go to the next page: there are
/// as many as windows can be open, used in turn.
struct History {
  /// λ: steps of a page.
  let window: Int
  let pageCount: Int
  let slotCount: Int

  init(_ settings: Settings) {
    window = settings.window
    pageCount = settings.learning ? (settings.labelDelay + window - 1) / window + 1 : 1
    slotCount = settings.learning ? pageCount * (window + 2) : 2
  }

  /// Slots of a page.
  var pageSize: Int { window + 2 }
  /// Steps that there are places for.
  var stepCount: Int { slotCount - 2 }

  /// Slot 0 of a page.
  @inline(__always) func start(_ page: Int) -> Int { page * pageSize }
  func page(after page: Int) -> Int { page + 1 == pageCount ? 0 : page + 1 }
  func page(before page: Int) -> Int { page == 0 ? pageCount - 1 : page - 1 }
}
