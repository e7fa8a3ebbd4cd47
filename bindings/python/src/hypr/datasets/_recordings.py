"""The rows of a table: what its columns are for, and stretches of one recording each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, IntArray
from hypr.datasets._times import TimeUnit, named_unit, time_step, unit_words
from hypr.datasets.dataset import Split
from hypr.errors import InvalidArgumentError

_FRACTION = re.compile(r"([+-]?)(\d*)\.(\d*)")


@dataclass(frozen=True)
class Roles:
    """What columns are for."""

    label: str | None
    time: str | None
    group: str | None
    channels: tuple[str, ...] | None
    time_unit: TimeUnit | None
    gap: float | None

    @property
    def used_time_unit(self) -> TimeUnit:
        """What numbers of the time count: what was given, or what the column's name says, or seconds."""
        return self.time_unit or named_unit(self.time or "") or "s"

    def columns(self, header: Sequence[str], file: str) -> Columns:
        places: dict[str, int] = {}
        repeated = {name for column, name in enumerate(header) if places.setdefault(name, column) != column}

        def place(name: str, what: str) -> int:
            if name not in places:
                raise InvalidArgumentError(f'{file} has no column "{name}"{what}; its columns are {", ".join(header)}')
            if name in repeated:
                raise InvalidArgumentError(f'{file} has two columns "{name}"')
            return places[name]

        label, time, group = (None if name is None else place(name, f" for the {what}") for name, what in (
            (self.label, "label"), (self.time, "time"), (self.group, "group")))
        taken = [column for column in (label, time, group) if column is not None]
        if self.channels is not None:
            channels = [place(name, "") for name in self.channels]
        else:
            channels = [column for column in range(len(header)) if column not in taken]
            for column in channels:
                if not header[column]:
                    raise InvalidArgumentError(f"{file}: column {column + 1} has no name, such as row numbers of a table; "
                                               "channels names the columns to use")
                place(header[column], "")
        used: set[int] = set()
        for column in channels + taken:
            if column in used:
                raise InvalidArgumentError(f'{file}: column "{header[column]}" has two roles, expected one of channel, label, '
                                           "time and group")
            used.add(column)
        if not channels:
            raise InvalidArgumentError(f"{file} has no columns for channels beside label, time and group")
        return Columns(channels, label, time, group)


@dataclass(frozen=True)
class Columns:
    channels: list[int]
    label: int | None
    time: int | None
    group: int | None


Stretch: TypeAlias = tuple[int, int, int]
"""First row, the row behind the last one, and the group."""


@dataclass
class Recording:
    """The rows of a table."""

    name: str
    channels: list[str]
    values: FloatArray
    label_texts: list[str]
    label_places: list[str]  # where each of them appears first, for errors
    labels: IntArray  # among label_texts; -1: none
    groups: list[str]
    row_groups: IntArray
    time_step: float = 0.0
    stretches: list[Stretch] = field(default_factory=list)
    time_words: tuple[str, bool] = ("", False)  # of unit_words

    def timed(self, times: npt.NDArray[np.float64] | None, roles: Roles, dates: bool) -> None:
        """Cuts by times, and says what their unit was taken for; `dates`: they need none."""
        self.cut(times, roles)
        if roles.time is not None and not dates:
            self.time_words = unit_words(roles.time, roles.time_unit, self.time_step)

    def cut(self, times: npt.NDArray[np.float64] | None, roles: Roles) -> None:
        """Finds the stretches: a new one begins where the group changes, where time goes back, and after a gap."""
        rows = len(self.values)
        ends = np.zeros(rows, bool)
        if self.groups:
            ends[1:] = self.row_groups[1:] != self.row_groups[:-1]
            if ends.sum() > rows // 2:
                raise InvalidArgumentError(f'{self.name}: the group "{roles.group}" changes {ends.sum()} times in {rows} rows; '
                                           "sort them by group and time")
        if times is not None:
            self.time_step = time_step(times, ends, self.name)
            difference = np.diff(times, prepend=times[:1])
            gap = (3 * self.time_step if roles.gap is None else roles.gap) * 1.001
            ends |= difference < 0
            if gap > 0:
                ends |= difference > gap
        bounds = [0, *np.flatnonzero(ends).tolist(), rows]
        self.stretches = [(start, end, int(self.row_groups[start]) if self.groups else 0)
                          for start, end in zip(bounds, bounds[1:])]

    @property
    def time_like_channel(self) -> str | None:
        """A channel with the name of a time, or that never falls and mostly rises, as time does; None: none."""
        for name in self.channels:
            if name.lower() in ("time", "timestamp", "datetime", "date"):
                return name
        changes = np.diff(self.values, axis=0)
        if len(changes) < 19:
            return None
        rising = (changes >= 0).all(axis=0) & ((changes > 0).sum(axis=0) > len(self.values) // 2)
        return self.channels[int(rising.argmax())] if rising.any() else None

    def classes(self, names: Sequence[str]) -> IntArray:
        """The classes of the rows; -1: none."""
        numbers = [class_index(text, names, place) for text, place in zip(self.label_texts, self.label_places)]
        return np.array([*numbers, -1], np.int32)[self.labels]

    def parts(self, kept: npt.NDArray[np.bool_]) -> tuple[list[Stretch], list[Stretch]]:
        """The stretches of the rows that are not kept, and of those that are."""
        parts: tuple[list[Stretch], list[Stretch]] = ([], [])
        changes = np.flatnonzero(kept[1:] != kept[:-1]) + 1
        for start, end, group in self.stretches:
            bounds = [start, *changes[(changes > start) & (changes < end)].tolist(), end]
            for first, last in zip(bounds, bounds[1:]):
                parts[int(kept[first])].append((first, last, group))
        return parts

    def split(self, stretches: list[Stretch], labels: IntArray) -> Split:
        return Split([self.values[start:end] for start, end, _ in stretches], [labels[start:end] for start, end, _ in stretches],
                     np.array([group for _, _, group in stretches], np.int32) if self.groups else None)


def pieces(stretches: list[Stretch], steps: int) -> list[Stretch]:
    """Stretches in pieces of at most `steps` rows, as equal as can be."""
    if steps == 0:
        return stretches
    pieces = []
    for start, end, group in stretches:
        rows = end - start
        count = -(-rows // steps)
        pieces += [(start + rows * i // count, start + rows * (i + 1) // count, group) for i in range(count)]
    return pieces


# ---- Labels

def ordered_classes(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels in the order of classes: numbers by value, else by the code of their letters."""
    if all(re.fullmatch(r"[+-]?\d+", label) for label in labels):
        return tuple(sorted(labels, key=int))
    return tuple(sorted(labels))


def class_index(label: str, names: Sequence[str], place: str) -> int:
    """By its name, or else by its number, unless that could be taken for a name."""
    if label in names:
        return list(names).index(label)
    if re.fullmatch(r"\d+", label) and int(label) < len(names) and not all(re.fullmatch(r"[+-]?\d+", name) for name in names):
        return int(label)
    raise InvalidArgumentError(f'{place}: the label is "{label}", expected {", ".join(names)}, or nothing for no label')


def plain(label: str, place: str) -> str:
    """A label as it is compared: whole numbers without a fraction. Refuses other fractions."""
    match = _FRACTION.fullmatch(label)
    if match is None or not match[2] + match[3]:
        return label
    if not match[2] or match[3].strip("0"):
        raise InvalidArgumentError(f"{place} is {label}, expected a class: a whole number or a name")
    return match[1] + match[2]


def interned(texts: Sequence[str], known: dict[str, int]) -> list[int]:
    """Numbers in the order in which texts appear; -1 for empty ones."""
    return [known.setdefault(text, len(known)) if text else -1 for text in texts]
