"""What two models must have in common for an average of their parameters to be a network."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import zip_longest
from typing import Any

import numpy as np

from hypr.description import ModelDescription, Tensor
from hypr.errors import StateMismatchError
from hypr.model import Model
from hypr.model_file import decode


class StructureMismatchError(StateMismatchError):
    """A model has another structure than the fleet's; the message names the first thing in which they differ."""


class Structure:
    """All of a model but the values of its parameters, its texts, exemplars and recommendations: inputs and what is done to them,
    layers, their neuron models and constants, names and shapes of all tensors, and which elements of sparse ones there are.

    Attributes
    ----------
    text : str
        One fact per line.
    fingerprint : str
        Sixteen hexadecimal digits of the text's SHA-256.
    """

    def __init__(self, model: Model) -> None:
        self.text = "\n".join(_facts(decode(model.data)))
        self.fingerprint = sha256(self.text.encode()).hexdigest()[:16]

    def check(self, text: str, whose: str) -> None:
        """Raises StructureMismatchError if another structure's text is not the same; `whose` it is stands in the message."""
        for own, other in zip_longest(self.text.splitlines(), text.splitlines()):
            if own != other:
                raise StructureMismatchError(f"another structure: {whose} has {other or 'nothing more'!r}, expected "
                                             f"{own or 'nothing more'!r}")


def _facts(model: ModelDescription) -> Iterator[str]:
    yield f"time step {model.time_step:g} s"
    if model.input is not None:
        yield f"input of {model.input.size} channels"
        for name in ("scale", "offset"):
            values = getattr(model.input, name)
            yield f"input {name} " + ("none" if values is None else " ".join(f"{value:.9g}" for value in values))
        for stage in model.input.conditioning:
            yield f"input {stage!r}"
        if model.input.encoding is not None:
            yield f"input encoding {type(model.input.encoding).__name__} {_digest(*vars(model.input.encoding).values())}"
    for index, layer in enumerate(model.layers):
        constants = "".join(f" {name} {value:.9g}" for name, value in sorted(layer.constants.items()))
        surrogate = "" if layer.surrogate is None else f" {layer.surrogate!r}"
        yield f"layer{index} of {layer.neuron} neurons, reset {layer.reset}{constants}{surrogate}"
    for name, tensor in model.tensors():
        yield f"{name} {_shape(tensor)}"


def _shape(tensor: Tensor) -> str:
    if tensor.sparse is None:
        return str(list(tensor.values.shape))
    places = _digest(tensor.sparse.row_offsets, tensor.sparse.column_indices)
    return f"{list(tensor.sparse.shape)}, {tensor.sparse.count} elements at {places}"


def _digest(*parts: Any) -> str:
    """Sixteen hexadecimal digits of the SHA-256 of arrays, numbers and texts."""
    hashed = sha256()
    for part in parts:
        hashed.update(np.ascontiguousarray(part).tobytes() if isinstance(part, np.ndarray) else repr(part).encode())
    return hashed.hexdigest()[:16]
