"""Signals in the middle of a long call into the library, such as Ctrl-C: Python runs its handlers in the main thread, between two
of its own instructions, of which there are none meanwhile."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

from hypr._library import ffi, lib

# What handlers raised in the calls that are at work. Only the main thread has handlers; one that makes a call nests it.
_raised: list[BaseException] = []


def _keep(kind: type[BaseException], error: BaseException, traceback: TracebackType) -> None:
    _raised.append(error.with_traceback(traceback))


@ffi.def_extern(error=1, onerror=_keep)  # type: ignore[untyped-decorator]
def see_signals(watch: Any) -> int:
    """Python runs handlers where a function begins: here. What they raise stops the call."""
    return 0


_see = ffi.addressof(lib, "watch_signals")
_WATCH = ffi.typeof("signal_watch *")


def call(function: Any, session: Any, *arguments: Any) -> int:
    """The status of a function that makes many steps on a session. What a signal handler raises stops it between two steps, and is
    raised here, with the attribute `steps_done`."""
    if threading.get_ident() != threading.main_thread().ident:
        return int(function(session, *arguments))
    watch = ffi.new(_WATCH)
    depth = len(_raised)
    try:
        lib.hypr_session_set_progress(session, _see, watch)
        status = int(function(session, *arguments))
    finally:
        lib.hypr_session_set_progress(session, ffi.NULL, ffi.NULL)
    if len(_raised) > depth:
        error = _raised.pop()
        error.steps_done = int(watch.steps)  # type: ignore[attr-defined]
        raise error
    return status
