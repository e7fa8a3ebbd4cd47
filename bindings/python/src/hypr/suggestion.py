"""A network that suits a recording, with the reasons in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hypr._arrays import pointer
from hypr._library import failure, ffi, lib, text
from hypr._sequences import checked_targets, join, recording_alone, targets_alone
from hypr.builder import ModelBuilder
from hypr.errors import InvalidArgumentError
from hypr.model import Model

_MESSAGE_SIZE, _REASONS_SIZE = 512, 4096


@dataclass(frozen=True)
class Suggestion:
    """What ``suggest`` proposes; printed, the reasons.

    Attributes
    ----------
    builder : ModelBuilder
        Fitted to the samples and calibrated: ``builder.build()`` gives the network of the seed.
    reasons : tuple of str
        What was chosen and why, and where something else serves better.
    update : {"window", "sequence"}
        For ``hypr.Trainer``: when parameters are updated. Learning rate and window are recommended by the model.
    """

    builder: ModelBuilder
    reasons: tuple[str, ...]
    update: str

    @property
    def model(self) -> Model:
        """The network, untrained."""
        return self.builder.build()

    def __str__(self) -> str:
        return "\n".join(self.reasons)


def suggest(x: Any, y: Any = None, *, dt: float = 0.0, outputs: int | None = None, names: Iterable[str] | None = None,
            labels: Iterable[str] | None = None, rate: float = 0.05, seed: int | np.random.Generator = 0) -> Suggestion:
    """Looks at sampling rate, autocorrelation, offsets, lengths and classes, and makes a network that suits them.

    docs/choosing.md has the rules and what they rest on.

    Parameters
    ----------
    x : array_like [sequences, steps, channels] or [steps, channels], or a list of arrays [steps, channels]
        Raw samples that the network will learn from: what it is to be tested on is not among them.
    y : array_like, or a list of arrays, optional
        As for ``Trainer.fit``: classes are whole numbers, one for each sequence or step, negative: none.
    dt : float
        Seconds between two samples. Without it there is no high-pass.
    outputs : int, optional
        By default as many as `labels`, or as `y` has classes or values.
    names, labels : iterable of str, optional
        Of the channels, and of the classes.
    rate : float
        Spikes per neuron and step that the network is calibrated to.
    seed : int or numpy.random.Generator
        Of the weights.

    Examples
    --------
    >>> suggestion = hypr.suggest(x, y, dt=0.01)
    >>> print(suggestion)
    >>> trainer = hypr.Trainer(suggestion.model, epochs=15, update=suggestion.update)
    """
    class_names = None if labels is None else list(labels)
    inputs, lengths = join(x, None)
    if y is not None and recording_alone(x):
        y = targets_alone(y)
    count = outputs or (len(class_names) if class_names else 0)
    recording = ffi.new("hypr_recording *", {"struct_size": ffi.sizeof("hypr_recording"), "time_step": dt})
    steps = ffi.from_buffer("size_t[]", np.ascontiguousarray(lengths, np.uintp))
    recording.inputs, recording.steps = pointer(inputs), steps
    recording.sequences, recording.channels = len(lengths), inputs.shape[1]
    per_step = False
    if y is not None:
        targets, per_step = checked_targets(y, lengths, count or None)
        if targets.dtype.kind == "i":
            kept = ffi.from_buffer("int32_t[]", np.ascontiguousarray(targets))
            setattr(recording, "labels" if per_step else "sequence_labels", kept)
        else:
            count = targets.shape[1]
            if not outputs and count == 1 and (targets == np.round(targets)).all():
                raise InvalidArgumentError("y has whole numbers of a floating-point type, expected classes, y.astype(int), or with "
                                           "outputs=1 values")
    elif not count:
        raise InvalidArgumentError("y and outputs are not given, expected one of them")
    recording.outputs = count
    handle, reasons = ffi.new("hypr_builder **"), ffi.new("char[]", _REASONS_SIZE)
    message = ffi.new("char[]", _MESSAGE_SIZE)
    status = lib.hypr_builder_create_suggested(recording, handle, reasons, _REASONS_SIZE, message, _MESSAGE_SIZE)
    if status:
        raise failure(status, message)
    builder = ModelBuilder._adopt(ffi.gc(handle[0], lib.hypr_builder_free))
    if names is not None:
        builder.input(names=names)
    if class_names is not None:
        builder.labels(class_names)
    builder.calibrate(x, rate, seed)
    return Suggestion(builder, tuple(text(reasons).split("\n")), "window" if per_step else "sequence")
