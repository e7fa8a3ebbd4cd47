"""Labelled sequences to train on, in memory or read when they are needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, IntArray, array_of, floats
from hypr._sequences import (
    Sequences,
    check_finite,
    checked_targets,
    checked_weights,
    recording_alone,
    target_parts,
    targets_alone,
)
from hypr.errors import SizeMismatchError
from hypr.model import Model


@dataclass(frozen=True)
class TrainingData:
    """Sequences of a source, and their targets.

    Attributes
    ----------
    source : sequence of array_like [steps, channels]
        A list, or anything else with a length whose elements are made when they are asked for: no more than a batch of them
        is held. Each is read when the training begins, those to train on twice, all once more if there is a run folder, and once in
        every epoch.
    chosen : ndarray of int, [sequences]
        Which of the source's these are.
    channels : int
    lengths, targets, per_step, weights
        As in ``Sequences``.
    """

    source: Sequence[Any]
    chosen: npt.NDArray[np.intp]
    channels: int
    lengths: IntArray
    targets: npt.NDArray[Any]
    per_step: bool
    weights: npt.NDArray[np.float64] | None = None

    @classmethod
    def of(cls, x: Any, y: Any, model: Model, sample_weight: npt.ArrayLike | None = None) -> TrainingData:
        """From what a user gives, checked against the model."""
        if recording_alone(x):
            x, y = [floats(array_of(x, "x"), "x", "steps", model.input_size)], targets_alone(y)
        source: Sequence[Any] = x
        if isinstance(x, (list, tuple)):
            source = [floats(part, f"x[{index}]", "steps", model.input_size) for index, part in enumerate(x)]
        elif not _is_lazy(x):
            source = list(floats(x, "x", "sequences", "steps", model.input_size))
        if not len(source):
            raise SizeMismatchError("x has no sequences")
        lengths = np.empty(len(source), np.int32)
        for index in range(len(source)):
            part = floats(source[index], f"x[{index}]", "steps", model.input_size)
            lengths[index] = len(part)
            if not len(part):
                raise SizeMismatchError(f"x[{index}] has no steps")
            check_finite(part, index)
        targets, per_step = checked_targets(y, lengths, model.output_size)
        return cls(source, np.arange(len(source)), model.input_size, lengths, targets, per_step,
                   checked_weights(sample_weight, len(source)))

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def steps(self) -> int:
        """Of all sequences together."""
        return int(self.lengths.sum(dtype=np.int64))

    @property
    def classes(self) -> bool:
        """Whether targets are classes."""
        return self.targets.dtype.kind == "i"

    @property
    def has_targets(self) -> bool:
        """Whether anything can be taught: a target, of a sequence whose weight is not 0."""
        taught = self.targets >= 0 if self.classes else np.isfinite(self.targets).all(axis=1)
        if self.weights is not None:
            taught = taught & (np.repeat(self.weights, self.lengths) if self.per_step else self.weights).astype(bool)
        return bool(taught.any())

    def subset(self, chosen: npt.NDArray[np.intp]) -> TrainingData:
        """Some of the sequences, in this order; none is read."""
        targets = target_parts(self.targets, self.lengths, chosen, self.per_step)
        return TrainingData(self.source, self.chosen[chosen], self.channels, self.lengths[chosen], targets, self.per_step,
                            self._weights(chosen))

    def take(self, chosen: npt.NDArray[np.intp]) -> Sequences:
        """Some of the sequences in memory, in this order."""
        targets = target_parts(self.targets, self.lengths, chosen, self.per_step)
        return Sequences(np.concatenate([self._read(index) for index in chosen]), self.lengths[chosen], targets, self.per_step,
                         self._weights(chosen))

    def batches(self, size: int) -> Iterator[Sequences]:
        """All of them in order, so many at a time."""
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))

    def digest(self) -> str:
        """Equal for equal data, wherever it is."""
        hashed = sha256(repr(((self.steps, self.channels), self.targets.dtype.str, self.targets.shape)).encode())
        for index in range(len(self)):
            hashed.update(np.ascontiguousarray(self._read(index)).data)
        hashed.update(self.lengths.data)
        hashed.update(np.ascontiguousarray(self.targets).data)
        if self.weights is not None:
            hashed.update(np.ascontiguousarray(self.weights).data)
        return hashed.hexdigest()

    def _weights(self, chosen: npt.NDArray[np.intp]) -> npt.NDArray[np.float64] | None:
        return None if self.weights is None else self.weights[chosen]

    def _read(self, index: int | np.intp) -> FloatArray:
        place = int(self.chosen[index])
        part = floats(self.source[place], f"x[{place}]", "steps", self.channels)
        if len(part) != self.lengths[index]:
            raise SizeMismatchError(f"x[{place}] has {len(part)} steps now, and had {self.lengths[index]} before")
        return part


def _is_lazy(x: Any) -> bool:
    """Whether x is a sequence that makes its elements when they are asked for, not an array of some library."""
    return hasattr(x, "__len__") and hasattr(x, "__getitem__") and not hasattr(x, "__array__")
