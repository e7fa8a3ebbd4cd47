"""Streams that adaptation is tried on: a part that is taught, and a part that is tested."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray
from hypr._scores import Judgement
from hypr._sequences import Sequences
from hypr._training_data import TrainingData
from hypr.errors import InvalidArgumentError

_DISTURBED = 8  # streams of a group whose sensor is disturbed
_SHORTEST = 100  # steps of a piece: what comes behind a jump cannot be labelled well


@dataclass(frozen=True)
class Stream:
    """What a device would meet: with a target per step one sequence that goes on from the taught part to the tested one."""

    name: str
    taught: Sequences
    test: Sequences

    @property
    def taught_steps(self) -> int:
        """Steps of the taught part that have a target, or are of a sequence that has one."""
        taught = _is_taught(self.taught.targets)
        return int(taught.sum() if self.taught.per_step else self.taught.lengths[taught].sum())

    def windows(self, window: int, judgement: Judgement) -> int:
        """How many windows of the taught part have a target."""
        count = 0
        for span, counted in zip(self.taught.spans(), judgement.counts(self.taught.lengths)):
            if self.taught.per_step:
                mask = _is_taught(self.taught.targets[span])
            else:
                mask = np.arange(span.start, span.stop) >= span.stop - counted
            count += int(np.logical_or.reduceat(mask, np.arange(0, len(mask), window)).sum())
        return count


def streams(data: TrainingData, groups: npt.NDArray[Any] | None, *, taught: float, rounds: int,
            disturbance: float) -> list[Stream]:
    """A stream for each group, in the order in which groups come first; eight, if the sensor is to be disturbed."""
    named = [("", np.arange(len(data)))] if groups is None else [
        (str(groups[first]), np.flatnonzero(groups == groups[first]))
        for first in sorted(np.unique(groups, return_index=True)[1].tolist())]
    cut = _cut_steps if data.per_step else _cut_sequences
    made = []
    for name, chosen in named:
        part = data.take(chosen)
        if not disturbance:
            made.append(_checked(Stream(name, *cut(part, taught, rounds, False))))
            continue
        sensor = _Sensor(part.inputs)
        for variant in range(_DISTURBED):
            # Half of them the other way round, so that no single minute decides.
            taught_part, rest = cut(part, taught, rounds, variant >= _DISTURBED // 2)
            stream = _checked(Stream(f"{name} sensor {variant + 1}".strip(), taught_part, rest))
            made.append(sensor.disturbed(stream, variant, disturbance))
    return made


def _checked(stream: Stream) -> Stream:
    for part, what in ((stream.taught, "teach"), (stream.test, "test")):
        if not _is_taught(part.targets).any():
            raise InvalidArgumentError(f"there is nothing to {what} in the stream {stream.name!r}: no target in that part of its "
                                       "sequences")
    for part, what in ((stream.taught, "taught"), (stream.test, "tested")):
        if part.classes and len(np.unique(part.targets[part.targets >= 0])) == 1:
            raise InvalidArgumentError(f"what is {what} in the stream {stream.name!r} is all of one class, on which always saying "
                                       "it is right: hold out more, or recordings in which classes take turns")
    return stream


def _cut_steps(data: Sequences, taught: float, rounds: int, last: bool) -> tuple[Sequences, Sequences]:
    """The first part of every sequence, or the last one, in rounds with a piece of each that is not too short, and the rest; each
    of both is one sequence."""
    turns: list[tuple[int, slice]] = []
    rests: list[slice] = []
    for span in data.spans():
        count = int((span.stop - span.start) * taught)
        first = span.stop - count if last else span.start
        pieces = min(rounds, max(1, count // _SHORTEST))
        turns += [(turn, slice(first + count * turn // pieces, first + count * (turn + 1) // pieces)) for turn in range(pieces)]
        rests.append(slice(span.start, first) if last else slice(first + count, span.stop))
    return _joined(data, [piece for _, piece in sorted(turns, key=lambda turn: turn[0])]), _joined(data, rests)


def _joined(data: Sequences, pieces: list[slice]) -> Sequences:
    inputs = np.concatenate([data.inputs[piece] for piece in pieces])
    targets = np.concatenate([data.targets[piece] for piece in pieces])
    return Sequences(inputs, np.array([len(inputs)], np.int32), targets, True)


def _cut_sequences(data: Sequences, taught: float, rounds: int, last: bool) -> tuple[Sequences, Sequences]:
    """The first sequences of every class, or the last ones, in rounds with some of each, and the rest. Values are one class."""
    known = np.flatnonzero(_is_taught(data.targets))
    classes = data.targets[known] if data.classes else np.zeros(len(known), int)
    turns: list[tuple[int, int]] = []
    rests: list[int] = []
    for label in np.unique(classes):
        members = known[classes == label].tolist()
        count = max(1, int(len(members) * taught))
        first = len(members) - count if last else 0
        turns += [(place * rounds // count, index) for place, index in enumerate(members[first:first + count])]
        rests += members[:first] + members[first + count:]
    if not rests:
        raise InvalidArgumentError("x has one sequence of every class at most in a group: none is left to test")
    return data.take(np.array([index for _, index in sorted(turns)])), data.take(np.array(sorted(rests)))


def _is_taught(targets: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    return np.asarray(targets >= 0 if targets.dtype.kind == "i" else np.isfinite(targets).all(axis=1))


class _Sensor:
    """A sensor whose channels can be made stronger or weaker, and turned towards their neighbours.

    About the mean and in units of the standard deviation, so that channels of any unit can be mixed. Sums are made one after the
    other, as the tool makes them.
    """

    def __init__(self, inputs: FloatArray) -> None:
        values = inputs.astype(np.float64)
        if np.isin(values, (-1, 0, 1)).all():
            raise InvalidArgumentError("x has only -1, 0 and 1, which cannot be disturbed as a sensor's values: give groups, or "
                                       "disturbance=0")
        self.mean = np.cumsum(values, axis=0)[-1] / len(values)
        deviation = np.sqrt(np.cumsum(np.square(values - self.mean), axis=0)[-1] / len(values))
        self.unit = np.where(deviation > 0, deviation, 1.0)

    def disturbed(self, stream: Stream, variant: int, amount: float) -> Stream:
        """Turned to one side or the other by `amount` radians; all channels stronger or weaker by half as much, or by turns."""
        channels = range(len(self.mean))
        angle = -amount if variant & 1 else amount
        signs = [(-1) ** ((variant >> 1) + (channel if variant & 4 else 0)) for channel in channels]
        gains = self.unit * np.array([1 + sign * amount / 2 for sign in signs])
        cosine, sine = math.cos(angle), math.sin(angle)

        def turned(part: Sequences) -> Sequences:
            values = (part.inputs.astype(np.float64) - self.mean) / self.unit
            for channel in channels[:-1]:
                first, second = values[:, channel].copy(), values[:, channel + 1].copy()
                values[:, channel] = cosine * first - sine * second
                values[:, channel + 1] = sine * first + cosine * second
            return replace(part, inputs=np.ascontiguousarray(self.mean + gains * values, np.float32))

        return Stream(stream.name, turned(stream.taught), turned(stream.test))
