"""What every reader gives: sequences with labels, in a training and a test part, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, IntArray, floats
from hypr._arrays import labels as class_labels
from hypr._words import counted
from hypr.errors import NotFoundError, SizeMismatchError


class MissingDataError(NotFoundError, FileNotFoundError):
    """The files of a data set are not there; the message says what to install or download, and where to put it."""


@dataclass(frozen=True)
class Split:
    """Sequences and what they are.

    Attributes
    ----------
    sequences : sequence of ndarray of float32, [steps, channels]
        Of any lengths. A list, or for events something that makes them when they are asked for: ``list(sequences)``,
        ``sequences[2:5]`` and ``for x in sequences`` work with both.
    labels : ndarray of int32 [sequences], or list of ndarray of int32 [steps]
        One class per sequence, or one per step, where a negative one is none.
    groups : ndarray of int32 [sequences], optional
        Who or what each sequence is of, such as the speaker or the wearer.
    """

    sequences: Sequence[FloatArray]
    labels: IntArray | list[IntArray]
    groups: IntArray | None = None

    def __post_init__(self) -> None:
        for what, values in (("labels", self.labels), ("groups", self.groups)):
            if values is not None and len(values) != len(self.sequences):
                raise SizeMismatchError(f"{what} has {len(values)} entries, expected {len(self.sequences)}")

    @classmethod
    def of(cls, sequences: Sequence[npt.ArrayLike], labels: npt.ArrayLike | Sequence[npt.ArrayLike],
           groups: npt.ArrayLike | None = None) -> Split:
        """Checks and converts: sequences [steps, channels] of the same channels, labels per sequence or per step.

        Raises
        ------
        SizeMismatchError
            An array does not fit; the message names it.
        """
        converted = [floats(x, f"sequences[{index}]", "steps", "channels") for index, x in enumerate(sequences)]
        for index, x in enumerate(converted):
            if x.shape[1] != converted[0].shape[1]:
                raise SizeMismatchError(f"sequences[{index}] has {x.shape[1]} channels, expected {converted[0].shape[1]}")
        per_step = len(labels) > 0 and np.ndim(labels[0]) == 1  # type: ignore[arg-type, index]
        targets: IntArray | list[IntArray]
        if per_step:
            rows = list(labels)  # type: ignore[arg-type]
            targets = [class_labels(row, f"labels[{index}]", len(x)) for index, (row, x) in enumerate(zip(rows, converted))]
            if len(rows) != len(converted):
                raise SizeMismatchError(f"labels has {len(rows)} entries, expected {len(converted)}")
        else:
            targets = class_labels(np.asarray(labels), "labels", len(converted))
        return cls(converted, targets, None if groups is None else class_labels(groups, "groups", len(converted)))

    def __len__(self) -> int:
        return len(self.sequences)

    @property
    def per_step(self) -> bool:
        """Whether there is a label per step."""
        return isinstance(self.labels, list)

    @property
    def lengths(self) -> IntArray:
        """Steps of every sequence, [sequences]."""
        return np.array([len(x) for x in self.sequences], np.int32)

    def subset(self, indices: slice | Sequence[int] | npt.NDArray[np.bool_ | np.integer[Any]]) -> Split:
        """Only these sequences: whole numbers, a mask, or a slice."""
        chosen = np.arange(len(self))[indices]
        labels = [self.labels[i] for i in chosen] if isinstance(self.labels, list) else self.labels[chosen]
        return Split([self.sequences[i] for i in chosen], labels, None if self.groups is None else self.groups[chosen])

    def sample(self, count: int, seed: int = 0) -> Split:
        """`count` sequences by chance, or all if there are no more, in their order."""
        if count >= len(self):
            return self
        return self.subset(np.sort(np.random.default_rng(seed).choice(len(self), count, replace=False)))

    def map(self, function: Callable[[FloatArray], FloatArray]) -> Split:
        """A function of a sequence for each, such as an encoder; it may not change the number of steps of per-step labels."""
        return Split.of([function(x) for x in self.sequences], self.labels, self.groups)

    def statistics(self) -> tuple[FloatArray, FloatArray]:
        """Mean and standard deviation over all steps, each [channels]; 1 instead of a deviation of 0.

        >>> mean, deviation = data.train.statistics()
        >>> hypr.ModelBuilder(inputs=len(mean)).input(scale=1 / deviation, offset=mean)
        """
        steps = float(self.lengths.sum())
        mean = sum(x.sum(axis=0, dtype=np.float64) for x in self.sequences) / steps
        variance = sum(((x - mean) ** 2).sum(axis=0, dtype=np.float64) for x in self.sequences) / steps
        deviation = np.sqrt(variance)
        return np.asarray(mean, np.float32), np.where(deviation > 0, deviation, 1).astype(np.float32)

    def __repr__(self) -> str:
        kind = "step" if self.per_step else "sequence"
        return f"<{counted(len(self), 'sequence')}, a label per {kind}>"


@dataclass(frozen=True)
class Dataset:
    """Sequences to learn from and to test on.

    Attributes
    ----------
    name : str
    train, test : Split
    classes : tuple of str
        Names of the classes.
    channels : tuple of str
        Names of the channels; () if they have none.
    time_step : float
        Seconds between two samples; 0: they are not samples in time, or it is not known.
    source : str
        Where it comes from.
    licence : str
        Of the data, as their authors or distributors say.
    """

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...]
    channels: tuple[str, ...] = ()
    time_step: float = 0.0
    source: str = ""
    licence: str = ""

    @property
    def channel_count(self) -> int:
        """Channels of one sample."""
        return int(self.train.sequences[0].shape[1])

    def map(self, function: Callable[[FloatArray], FloatArray], channels: Sequence[str] | None = None) -> Dataset:
        """A function of a sequence for each of both parts.

        Parameters
        ----------
        function : callable
            Of float32 [steps, channels].
        channels : sequence of str, optional
            Names of what it gives; not given: those before if their number is the same, or else none.
        """
        train, test = self.train.map(function), self.test.map(function)
        count = train.sequences[0].shape[1] if len(train) else 0
        names = tuple(channels) if channels is not None else self.channels if count == len(self.channels) else ()
        return replace(self, train=train, test=test, channels=names)

    def sample(self, train: int, test: int, seed: int = 0) -> Dataset:
        """Some sequences of both parts by chance, or all if there are no more."""
        return replace(self, train=self.train.sample(train, seed), test=self.test.sample(test, seed + 1))

    def __repr__(self) -> str:
        return (f"<Dataset {self.name!r}: {counted(len(self.train), 'sequence')} to learn from, {len(self.test)} to test on, "
                f"{counted(len(self.classes), 'class', 'classes')}>")


def locate(folder: str | Path, names: Sequence[str], advice: str) -> list[Path]:
    """Files in a folder, each perhaps with .gz appended; MissingDataError with the advice if one is not there."""
    found = []
    for name in names:
        plain = Path(folder) / name
        path = next((path for path in (plain, plain.with_name(f"{name}.gz")) if path.is_file()), None)
        if path is None:
            raise MissingDataError(f"there is no file {str(plain)!r}. {advice}")
        found.append(path)
    return found
