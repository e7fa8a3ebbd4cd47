"""What is done to the values of a channel between scale and encoding: the stages of a model's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt

from hypr._arrays import floats, number, pointer
from hypr._library import ffi
from hypr.schema import union_members

Numbers: TypeAlias = "float | npt.ArrayLike"


class Stage:
    """A stage of conditioning. Of its numbers, one is for all channels, or there is one per channel."""

    _ARRAYS: ClassVar[dict[str, tuple[str, str]]] = {}
    _NUMBERS: ClassVar[tuple[str, ...]] = ()

    def _native(self) -> tuple[Any, list[Any]]:
        """The library's struct, and what it points to."""
        stage, kept = ffi.new("hypr_conditioning *"), []
        stage.struct_size = ffi.sizeof("hypr_conditioning")
        stage.kind = 1 + union_members("ConditioningKind").index(type(self).__name__)
        for name, (field, count) in self._ARRAYS.items():
            values = floats(np.atleast_1d(np.asarray(getattr(self, name))), name, "channels")
            kept.append(values)
            setattr(stage, field, pointer(values))
            setattr(stage, count, values.size)
        for name in self._NUMBERS:
            value = getattr(self, name)
            if value is not None:
                # 0 is the library's default, which is not meant here.
                setattr(stage, name, number(value, name) or -1)
        return stage, kept

    @classmethod
    def _decoded(cls, table: dict[str, Any]) -> Stage:
        values = {name: _plain(table[field]) for name, (field, _) in cls._ARRAYS.items()}
        return cls(**values, **{name: float(table[name]) for name in cls._NUMBERS if name in table})

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and repr(self) == repr(other)

    def __hash__(self) -> int:
        return hash(repr(self))


@dataclass(frozen=True, eq=False)
class HighPass(Stage):
    """The value without its running mean: gravity, drift and offsets go.

    The mean is that of all steps of the sequence at first, so a constant is gone at once, and later that of about the last
    `time_constant` seconds. The model must know its time step (`dt`).

    Parameters
    ----------
    time_constant : float or array_like [channels]
        Seconds, above 0.
    """

    time_constant: Numbers
    _ARRAYS = {"time_constant": ("time_constants", "time_constant_count")}


@dataclass(frozen=True, eq=False)
class RunningNormalization(Stage):
    """(value - running mean) / running deviation, limited. The model must know its time step (`dt`).

    Where strength tells the classes apart it takes that away: for devices or wearers that differ in it, not for classes that do.

    Parameters
    ----------
    time_constant : float or array_like [channels]
        Seconds, above 0, of mean and deviation.
    deviation : float or array_like [channels]
        The deviation at the start of a sequence, 1e-6 to 1e6. With ``fit`` the scale makes it 1.
    largest_gain : float, optional
        1 to 1e6 [10]: the deviation that is divided by is at least `deviation` / `largest_gain`, so that silence is not amplified
        without bound.
    limit : float, optional
        Of the result's magnitude, above 0, at most 1e6 [10].
    """

    time_constant: Numbers
    deviation: Numbers = 1.0
    largest_gain: float | None = None
    limit: float | None = None
    _ARRAYS = {"time_constant": ("time_constants", "time_constant_count"), "deviation": ("deviations", "deviation_count")}
    _NUMBERS = ("largest_gain", "limit")


@dataclass(frozen=True, eq=False)
class Clip(Stage):
    """The value, not below `lower` and not above `upper`.

    Parameters
    ----------
    lower, upper : float or array_like [channels]
        lower < upper, in the unit of the value that goes in.
    """

    lower: Numbers
    upper: Numbers
    _ARRAYS = {"lower": ("lower", "lower_count"), "upper": ("upper", "upper_count")}


@dataclass(frozen=True, eq=False)
class RectifiedDifference(Stage):
    """The magnitude of the change since the step before; 0 in the first step of a sequence."""


STAGES: dict[str, type[Stage]] = {kind.__name__: kind for kind in (HighPass, RunningNormalization, Clip, RectifiedDifference)}


def decode_stage(table: dict[str, Any]) -> Stage:
    """A stage of a file that the library has loaded."""
    name, values = table["kind"]
    return STAGES[name]._decoded(values)


def _plain(values: npt.NDArray[np.float32]) -> Any:
    """One number as a number, several as a list: what reads well."""
    return float(values[0]) if values.size == 1 else [float(value) for value in values]
