"""Labelled sequences for training: many of any lengths, one after the other in flat arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, IntArray, array_of, floats, no_classes, shape_text
from hypr._arrays import labels as class_labels
from hypr.errors import InvalidArgumentError, NotFiniteError, SizeMismatchError
from hypr.session import Session


@dataclass(frozen=True)
class Sequences:
    """Inputs, and targets of one of four kinds.

    Attributes
    ----------
    inputs : ndarray of float32, [total, channels]
        All sequences one after the other.
    lengths : ndarray of int32, [sequences]
    targets : ndarray
        int32 classes, negative: none, or float32 values, NaN: none; [total] or [sequences], values also [..., outputs].
    per_step : bool
        Whether there is a target for every step, or one for each sequence.
    weights : ndarray of float64, [sequences], optional
        Factors on the loss of each sequence, 0 or above.
    """

    inputs: FloatArray
    lengths: IntArray
    targets: npt.NDArray[Any]
    per_step: bool
    weights: npt.NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def classes(self) -> bool:
        """Whether targets are classes."""
        return self.targets.dtype.kind == "i"

    def take(self, chosen: npt.NDArray[np.intp]) -> Sequences:
        """Some of the sequences, in this order."""
        ends = np.cumsum(self.lengths, dtype=np.intp)
        spans = [slice(ends[index] - self.lengths[index], ends[index]) for index in chosen]
        targets = target_parts(self.targets, self.lengths, chosen, self.per_step)
        return Sequences(np.concatenate([self.inputs[span] for span in spans]), self.lengths[chosen], targets, self.per_step,
                         None if self.weights is None else self.weights[chosen])

    def spans(self) -> Iterable[slice]:
        """Where each sequence lies."""
        start = 0
        for length in self.lengths.tolist():
            yield slice(start, start + length)
            start += length


def target_parts(targets: npt.NDArray[Any], lengths: IntArray, chosen: npt.NDArray[np.intp],
                 per_step: bool) -> npt.NDArray[Any]:
    """The targets of some of the sequences."""
    if not per_step:
        return np.asarray(targets[chosen])
    ends = np.cumsum(lengths, dtype=np.intp)
    return np.concatenate([targets[ends[index] - lengths[index]:ends[index]] for index in chosen])


def checked_weights(weights: npt.ArrayLike | None, count: int) -> npt.NDArray[np.float64] | None:
    """What a user gives as weights of the sequences."""
    if weights is None:
        return None
    checked = np.asarray(weights, np.float64)
    if checked.shape != (count,):
        raise SizeMismatchError(f"sample_weight has the shape {shape_text(checked.shape)}, expected [{count}]")
    if not np.isfinite(checked).all() or (checked < 0).any():
        raise InvalidArgumentError("sample_weight has a number that is negative or not finite")
    if not checked.any():
        raise InvalidArgumentError("sample_weight has only weights of zero")
    return checked


def checked_targets(y: Any, lengths: IntArray, outputs: int | None) -> tuple[npt.NDArray[Any], bool]:
    """What a user gives as targets: classes (int32) or values (float32) of as many outputs (None: any), and whether they are per
    step."""
    targets, per_step = _targets(y, lengths)
    if outputs is None:
        if targets.dtype.kind == "f" and targets.ndim == 2 and not per_step and targets.shape[1] > 1 and (
                lengths == targets.shape[1]).all():
            raise InvalidArgumentError(
                f"y has the shape {shape_text(targets.shape)}, a number for each step: give values of every step as y[..., None], "
                f"or classes as whole numbers, y.astype(int)")
        outputs = int(targets.max(initial=-1)) + 1 if targets.dtype.kind == "i" else int(targets.shape[1]) if targets.ndim > 1 else 1
    if targets.dtype.kind == "f":
        targets = targets[:, None] if targets.ndim == 1 else targets
        if targets.shape[1:] != (outputs,):
            raise SizeMismatchError(f"y has {shape_text(targets.shape[1:])} values per target, expected [{outputs}], one for "
                                    f"each output{_class_advice(targets, lengths, outputs)}")
        if not per_step and outputs > 1 and (lengths == outputs).all() and _may_be_classes(targets, outputs):
            raise InvalidArgumentError(
                f"y has the shape {shape_text(targets.shape)} and whole numbers of a floating-point type, which may be a class "
                f"per step, or a value per output: give classes as y.astype(int), or values of every step, "
                f"[{len(lengths)}, {outputs}, {outputs}]")
        if np.isinf(targets).any():
            raise NotFiniteError("y has infinite values")
    elif outputs == 1:
        raise InvalidArgumentError("y has whole numbers, which are classes; these need two outputs at least, and the model has one: "
                                   "give values, such as y.astype(float)")
    elif targets.max(initial=-1) >= outputs:
        begins_at_one = targets[targets >= 0].min() == 1 and targets.max() == outputs
        raise InvalidArgumentError(
            f"y has the class {targets.max()}, expected 0 to {outputs - 1}, as classes count from 0 and the model has {outputs} "
            f"outputs{': give y - 1' if begins_at_one else ''}")
    return targets, per_step


def recording_alone(x: Any) -> bool:
    """Whether x is one recording [steps, channels], such as a table, and not several; TypeError if it is neither."""
    if x is None or isinstance(x, (str, bytes, Mapping)):
        raise TypeError(f"x is {x!r:.60}, expected samples: an array [sequences, steps, channels] or [steps, channels], or a list "
                        "of arrays [steps, channels]; numpy.load and hypr.datasets read files")
    if isinstance(x, (list, tuple)):
        return bool(x) and np.ndim(array_of(x[0], "x[0]")) == 1
    return hasattr(x, "__array__") and np.ndim(array_of(x, "x")) == 2


def targets_alone(y: Any) -> Any:
    """The targets of one recording as those of a list of one: a class or values for each of its steps, or one for all of it."""
    array = array_of(y, "y")
    if array.ndim == 0 or len(array) == 1:
        return y
    return [array[:, None] if array.ndim == 1 and array.dtype.kind == "f" else array]


def join(x: Any, channels: int | None) -> tuple[FloatArray, IntArray]:
    """[sequences, steps, channels], a list of [steps, channels], or one such, as [total, channels] and lengths; `channels` None: as
    many as the first sequence has."""
    if recording_alone(x):
        x = [array_of(x, "x")]
    if channels is None:
        first = array_of(x[0], "x[0]") if len(x) else np.empty((0, 0))
        if first.ndim != 2:
            raise SizeMismatchError(f"x[0] has the shape {shape_text(first.shape)}, expected [steps, channels]")
        channels = int(first.shape[1])
    if isinstance(x, np.ndarray) or hasattr(x, "__array__"):
        parts = list(floats(x, "x", "sequences", "steps", channels))
    else:
        parts = [floats(part, f"x[{index}]", "steps", channels) for index, part in enumerate(x)]
    lengths = np.array([len(part) for part in parts], np.int32)
    if not parts or not lengths.all():
        raise SizeMismatchError("x has no sequences" if not parts else f"x[{lengths.argmin()}] has no steps")
    inputs = np.concatenate(parts)
    for index, part in enumerate(parts):
        check_finite(part, index)
    return inputs, lengths


def check_finite(part: FloatArray, index: int) -> None:
    """Raises NotFiniteError for a number of a sequence [steps, channels] that is none; `index` is that of the sequence."""
    if not np.isfinite(part).all():
        step, channel = np.argwhere(~np.isfinite(part))[0].tolist()
        raise NotFiniteError(f"x[{index}] is {part[step, channel]} at step {step}, channel {channel}, expected finite numbers: "
                             "leave missing values out, or fill them, before")


def run_all(session: Session, inputs: FloatArray, lengths: IntArray) -> FloatArray:
    """The outputs [total, outputs] of sequences, each from a fresh state."""
    outputs = np.empty((len(inputs), session.output_size), np.float32)
    start = 0
    for length in lengths.tolist():
        session.reset()
        session.run(inputs[start:start + length], outputs[start:start + length])
        start += length
    return outputs


def _may_be_classes(values: npt.NDArray[Any], outputs: int) -> bool:
    """Whether floating-point numbers may be classes: whole ones, -1 for none, or missing."""
    known = values[~np.isnan(values)]
    return bool(((known == np.round(known)) & (known >= -1) & (known < outputs)).all())


def _class_advice(targets: npt.NDArray[Any], lengths: IntArray, outputs: int) -> str:
    """What is meant by floating-point numbers that are not one for each output."""
    given = targets.shape[1]
    if given != 1 and (lengths != given).any():
        return ""
    if outputs == 1:
        return ": give y[..., None]"
    return ("; classes are integers: give "
            + ("numpy.nan_to_num(y, nan=-1).astype(int)" if np.isnan(targets).any() else "y.astype(int)"))


def _targets(y: Any, lengths: IntArray) -> tuple[npt.NDArray[Any], bool]:
    """Classes (int32) or values (float32), and whether they are per step."""
    steps = int(lengths.sum(dtype=np.int64))
    if y is None:
        raise TypeError("y is None, expected classes, whole numbers, or values, floating-point numbers")
    if isinstance(y, (list, tuple)) and len(y) and _is_per_step(y, lengths):
        if len(y) != len(lengths):
            raise SizeMismatchError(f"y has {len(y)} sequences, x has {len(lengths)}")
        parts = [array_of(part, f"y[{index}]") for index, part in enumerate(y)]
        for index, (part, length) in enumerate(zip(parts, lengths.tolist())):
            if len(part) != length:
                raise SizeMismatchError(f"y[{index}] has {len(part)} steps, x[{index}] has {length}")
        return _typed(np.concatenate(parts)), True
    array = array_of(y, "y")
    if array.ndim == 0 or len(array) != len(lengths):
        raise SizeMismatchError(f"y has the shape {shape_text(array.shape)}, x has {len(lengths)} sequences")
    if array.ndim == (2 if array.dtype.kind in "iub" else 3):
        if array.shape[1] * len(lengths) != steps or (lengths != array.shape[1]).any():
            raise SizeMismatchError(f"y has the shape {shape_text(array.shape)}, its steps are not those of x"
                                    f"{_shape_advice(array)}")
        return _typed(array.reshape(-1, *array.shape[2:])), True
    return _typed(array), False


def _shape_advice(classes: npt.NDArray[Any]) -> str:
    """How an array of two dimensions would be a class for each sequence."""
    if classes.ndim != 2:
        return ""
    if classes.shape[1] == 1:
        return ": give y[:, 0]"
    is_one_hot = ((classes == 0) | (classes == 1)).all() and (classes.sum(axis=1) == 1).all()
    return ": of one-hot labels give y.argmax(axis=1)" if is_one_hot else ""


def _is_per_step(y: Sequence[Any], lengths: IntArray) -> bool:
    """A list of [steps] classes or [steps, outputs] values; a list of numbers or of value vectors is one target each."""
    first = array_of(y[0], "y[0]")
    if first.ndim == 1 and first.dtype.kind == "f" and len(y) == len(lengths) and len(set(map(len, y))) > 1:
        raise no_classes(first, "y[0]")
    return first.ndim == (1 if first.dtype.kind in "iub" else 2)


def _typed(targets: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if targets.dtype.kind in "iub":
        return class_labels(targets, "y", *targets.shape) if targets.ndim == 1 else _refuse(targets)
    if targets.dtype.kind == "f" and targets.ndim <= 2:
        return np.ascontiguousarray(targets, np.float32)
    return _refuse(targets)


def _refuse(targets: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if targets.dtype.kind not in "iubf":
        raise no_classes(targets, "y")
    raise TypeError(f"y has the type {targets.dtype} and the shape {shape_text(targets.shape)} per target, expected whole "
                    "numbers (classes) or floating-point numbers (values)")
