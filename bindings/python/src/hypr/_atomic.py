"""Calls that do all of what they are for, or nothing: who refuses a number must not have learned half of it. Ctrl-C is no refusal:
what was learned until then stays."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

from hypr.session import Session

Method = TypeVar("Method", bound=Callable[..., Any])


def all_or_nothing(method: Method) -> Method:
    """A method that leaves the attributes of its object as they were if it raises.

    It replaces what attributes hold, and does not change it in place. Sessions are not attributes: a method checks before it makes
    a step, or works within ``put_back``.
    """

    @wraps(method)
    def guarded(self: Any, *arguments: Any, **named: Any) -> Any:
        before = vars(self).copy()
        try:
            return method(self, *arguments, **named)
        except Exception:
            vars(self).clear()
            vars(self).update(before)
            raise

    return guarded  # type: ignore[return-value]


@contextmanager
def put_back(session: Session) -> Generator[None, None, None]:
    """Gives the session its state back, bit for bit, if what is done with it raises. Costs a copy of the state."""
    state = session.save_state()
    try:
        yield
    except Exception:
        session.load_state(state)
        raise
