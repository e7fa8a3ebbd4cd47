"""A hypr_session and who works with it."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from hypr._library import failure, ffi, lib, made
from hypr._signals import call
from hypr.errors import InvalidArgumentError, WrongStateError
from hypr.model import Model
from hypr.options import NativeOptions


class SessionHandle:
    """Owns a hypr_session, and hands it to one thread at a time.

    The handle lies in a list of one. A call takes it out and puts it back, so a second thread, or a call after ``close``,
    finds the list empty: a check that costs less than a lock, as every step makes it. The library releases the GIL.
    """

    def __init__(self, model: Model, options: NativeOptions, memory: Any | None) -> None:
        self._model = model
        self._memory = memory
        if memory is None:
            handle = made("hypr_session", lib.hypr_session_create, model._handle, options.handle)
        else:
            self._memory = block = ffi.from_buffer("char[]", memory, require_writable=True)
            handle = made("hypr_session", lib.hypr_session_create_in, model._handle, options.handle, block, len(block))
        self._owner: Any = ffi.gc(handle, _free_in(self._memory))
        self._idle = [self._owner]
        self.input_size: int = model.input_size
        self.output_size: int = model.output_size

    @property
    def model(self) -> Model:
        """The model that the session was made from."""
        return self._model

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._owner is None

    def close(self) -> None:
        """Frees the session's memory now; it can't be used any more. Also the end of a ``with`` block."""
        if self._owner is not None:
            self._take()
            ffi.release(self._owner)
            self._owner = None

    def _take(self) -> Any:
        try:
            return self._idle.pop()
        except IndexError:
            raise self._unavailable() from None
        except BaseException:
            self._put_back()
            raise

    def _put_back(self) -> None:
        """A signal handler raised after the handle was taken, and before that was known."""
        self._idle[:] = [self._owner]

    def _unavailable(self) -> WrongStateError:
        if self._owner is None:
            return WrongStateError("the session is closed, by close() or by the end of its with block: make another one")
        return WrongStateError("the session is at work in another thread, or in the call that a signal handler interrupted; it "
                               "may be used by one thread at a time")

    def _call(self, function: Any, *arguments: Any) -> None:
        """A function of the library on this session; raises what it says."""
        handle = self._take()
        try:
            status = function(handle, *arguments)
            if status:
                raise self._failure(status, handle)
        except OverflowError:  # cffi: a number that does not fit the C type
            raise InvalidArgumentError(f"a number is out of its range: {', '.join(_numbers(arguments))}") from None
        finally:
            self._idle.append(handle)

    def _make_steps(self, function: Any, *arguments: Any) -> None:
        """The same for a function that makes many steps, and may take long."""
        self._call(partial(call, function), *arguments)

    def _value(self, function: Any, *arguments: Any) -> Any:
        """The same for a function that cannot fail and returns a value."""
        handle = self._take()
        try:
            return function(handle, *arguments)
        finally:
            self._idle.append(handle)

    @staticmethod
    def _failure(status: int, handle: Any) -> Exception:
        return failure(status, lib.hypr_session_message(handle))


def _free_in(block: Any) -> Any:
    """Frees a session, and keeps the memory that it lives in until then."""

    def free(session: Any) -> None:
        lib.hypr_session_free(session)
        del keep[:]

    keep = [block]
    return free


def _numbers(arguments: tuple[Any, ...]) -> list[str]:
    return [str(value) for value in arguments if isinstance(value, (int, np.integer))]
