"""What a session keeps of its stream, to rehearse it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hypr._arrays import floats, pointer, whole_number
from hypr._arrays import labels as class_labels
from hypr._library import constants, ffi, lib
from hypr.errors import InvalidArgumentError
from hypr.session._learning import Learning

Kept = int | Literal["all", "no_class"]


@dataclass(frozen=True)
class RehearsalReport:
    """What is known of the stretches of a class, or of all.

    Attributes
    ----------
    stretches : int
        Kept now.
    offered_stretches : int
        Of the stream or by ``add``, since the memory was empty.
    taught_steps : int
        Rehearsed since the last ``clear_statistics``, as the following.
    correct_steps : int
        Those taught a class, the largest output being of that class.
    mean_loss : float
        Of the targets, without weights; 0 if there are none.
    """

    stretches: int
    offered_stretches: int
    taught_steps: int
    correct_steps: int
    mean_loss: float

    @property
    def accuracy(self) -> float:
        """Share of the rehearsed steps that were right before they had an effect; NaN if there were none."""
        return self.correct_steps / self.taught_steps if self.taught_steps else float("nan")


class Rehearsal:
    """The memory of a session with the option `rehearsal_bytes`: stretches of its stream, which are learned again beside what comes
    later. ``len(session.rehearsal)`` is how many there are.

    Stretches go by the class that most of their steps were taught; "all" stands for all of them, and "no_class" for those that
    were taught values or errors. WrongStateError: the session rehearses nothing.
    """

    def __init__(self, session: Rehearsing) -> None:
        self._session = session

    def __len__(self) -> int:
        return self.count()

    def __bool__(self) -> bool:
        return True

    def count(self, label: Kept = "all") -> int:
        """Stretches of a class that are kept now; 0 also where there is no such class, or the session rehearses nothing."""
        return int(self._session._value(lib.hypr_session_rehearsal_count, _label(label)))

    def report(self, label: Kept = "all") -> RehearsalReport:
        """How much is still known of a class: a loss that rises is forgetting while it happens."""
        values = ffi.new("hypr_rehearsal *", {"struct_size": ffi.sizeof("hypr_rehearsal")})
        self._session._call(lib.hypr_session_rehearsal, _label(label), values)
        return RehearsalReport(**{name: getattr(values, name) for name in RehearsalReport.__dataclass_fields__})

    @property
    def by_class(self) -> dict[int, RehearsalReport]:
        """The same of every class of which there was a stretch."""
        reports = {label: self.report(label) for label in range(self._session.output_size)}
        return {label: report for label, report in reports.items() if report.offered_stretches or report.taught_steps}

    def add(self, x: npt.ArrayLike, y: npt.ArrayLike, starts_sequence: bool = False) -> None:
        """Offers a stretch that the stream did not bring, such as one that was recorded before.

        Parameters
        ----------
        x : array_like, [steps, input_size]
            At most as many steps as the option `rehearsal_stretch` says.
        y : array_like of int, [steps], or of float, [steps, output_size]
            Classes, negative: no target; or values, a step of NaN has no target.
        starts_sequence : bool
            Whether it begins from a fresh state. Otherwise its first `rehearsal_lead_in` steps teach nothing.

        Raises
        ------
        InvalidArgumentError
            There is no target that teaches, there are too many steps, or a label is no class.
        """
        inputs = floats(x, "x", "steps", self._session.input_size)
        labels = values = ffi.NULL
        if np.ndim(y) == 1:
            targets = class_labels(y, "y", len(inputs))
            labels = ffi.from_buffer("int32_t[]", targets)
        else:
            rows = floats(y, "y", len(inputs), self._session.output_size)
            values = pointer(rows)
        self._session._call(lib.hypr_session_rehearsal_add, pointer(inputs), len(inputs), labels, values, bool(starts_sequence))

    def clear(self) -> None:
        """Forgets all stretches."""
        self._session._call(lib.hypr_session_rehearsal_clear)

    def __repr__(self) -> str:
        return f"<hypr.session.Rehearsal: {len(self)} stretches>"


class Rehearsing(Learning):
    """A session that may keep something of its stream."""

    @property
    def rehearsal(self) -> Rehearsal:
        """What is kept of the stream with the option `rehearsal_bytes`."""
        return Rehearsal(self)

    def rehearse(self, windows: int) -> None:
        """Rehearses by itself, as long as a device has nothing else to do: so many times `rehearsal_steps` steps, all classes in
        turn, each time with an update, while the learning rate falls to 0. Other Python threads run meanwhile.

        WrongStateError: the session rehearses nothing, or updates do not follow every window. Ctrl-C ends it as it ends ``learn``.
        """
        windows = whole_number(windows, "windows")
        if windows < 0:
            raise InvalidArgumentError(f"windows is {windows}, expected 0 or more")
        self._make_steps(lib.hypr_session_rehearse, windows)


def _label(label: Any) -> int:
    if isinstance(label, str):
        known = constants("REHEARSAL")
        if label not in ("all", "no_class"):
            raise InvalidArgumentError(f"label is {label!r}, expected a class, 'all' or 'no_class'")
        return known[label]
    number = whole_number(label, "label")
    if number < 0:
        raise InvalidArgumentError(f"label is {number}, expected a class, 'all' or 'no_class'")
    return number
