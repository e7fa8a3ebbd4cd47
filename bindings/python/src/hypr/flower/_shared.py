"""Which parameters of a model travel: float32 arrays by tensor name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import sha256
from io import BytesIO
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from flwr.app import Array, ArrayRecord
from flwr.common.constant import SType

from hypr._arrays import FloatArray
from hypr._tensors import TensorInfo
from hypr.errors import InvalidArgumentError, NotFiniteError, SizeMismatchError, UnknownTensorError, unknown
from hypr.model import Model
from hypr.neurons import Quantity, neuron_model
from hypr.options import option_info
from hypr.session import Session


class SharedTensors:
    """The tensors of a model that travel, and those that never leave the device.

    Parameters
    ----------
    model : Model
    personal : iterable of str
        What stays: groups of tensors by the names of the option `train_mask`, such as ``"readout"`` or ``"neuron_parameters"``, or
        single tensors by their names.

    Attributes
    ----------
    shared, personal : tuple of TensorInfo
    sizes : tuple of int
        Elements of each of `shared`.
    is_shared : ndarray of bool, [tensors of the model]
    """

    def __init__(self, model: Model, personal: Iterable[str] = ()) -> None:
        groups = set(option_info("train_mask").choices) - {"all"}
        kept = {personal} if isinstance(personal, str) else set(personal)
        for name in sorted(kept):
            if name not in groups and all(name != tensor.name for tensor in model.tensors):
                raise unknown(UnknownTensorError, "tensor or group of tensors", name,
                              sorted(groups) + [tensor.name for tensor in model.tensors])
        stays = [bool(kept & {tensor.name, _group(tensor.name)}) for tensor in model.tensors]
        self.model = model
        self.shared = tuple(tensor for tensor, personal in zip(model.tensors, stays) if not personal)
        self.personal = tuple(tensor for tensor, personal in zip(model.tensors, stays) if personal)
        self.sizes = tuple(tensor.size for tensor in self.shared)
        self.is_shared = ~np.array(stays)
        if not self.shared:
            raise InvalidArgumentError("every tensor is personal: none is left that could be learned together")

    def arrays(self, flat: FloatArray) -> ArrayRecord:
        """What travels of all parameters [parameter_count]."""
        return _record(flat, self.shared)

    def of(self, flat: FloatArray) -> FloatArray:
        """The same one after the other, [sum of sizes]."""
        return np.concatenate([flat[tensor.offset:tensor.offset + tensor.size] for tensor in self.shared])

    def placed(self, values: FloatArray, flat: FloatArray) -> FloatArray:
        """The same the other way round: all parameters, with these in their places."""
        flat, start = flat.copy(), 0
        for tensor in self.shared:
            flat[tensor.offset:tensor.offset + tensor.size] = values[start:start + tensor.size]
            start += tensor.size
        return flat

    def personal_arrays(self, flat: FloatArray) -> ArrayRecord:
        """What stays of them."""
        return _record(flat, self.personal)

    def values(self, arrays: ArrayRecord) -> FloatArray:
        """The shared parameters one after the other, [sum of sizes].

        Raises
        ------
        SizeMismatchError
            A tensor is missing, too many, or has another shape or type.
        NotFiniteError
            An element is infinite or no number.
        """
        names = [tensor.name for tensor in self.shared]
        if missing := [name for name in names if name not in arrays]:
            raise SizeMismatchError(f"{missing[0]} is missing")
        if others := [name for name in arrays if name not in names]:
            raise SizeMismatchError(f"{others[0]} is not among the tensors that are shared")
        parts = []
        for tensor in self.shared:
            values = _numbers(arrays[tensor.name], tensor.shape)
            # What is announced need not be what was sent.
            if values.shape != tensor.shape:
                raise SizeMismatchError(f"{tensor.name} has the shape {list(values.shape)}, expected {list(tensor.shape)}")
            if values.dtype.kind != "f":
                raise SizeMismatchError(f"{tensor.name} has the type {values.dtype}, expected floating-point numbers")
            parts.append(values.astype(np.float32).reshape(-1))
            if not np.isfinite(parts[-1]).all():
                raise NotFiniteError(f"{tensor.name} has numbers that are not finite")
        return np.concatenate(parts)

    def record(self, values: FloatArray) -> ArrayRecord:
        """The same the other way round."""
        parts, places = {}, np.cumsum((0, *self.sizes))
        for tensor, start in zip(self.shared, places):
            parts[tensor.name] = Array(values[start:start + tensor.size].reshape(tensor.shape))
        return ArrayRecord(parts)

    def within_bounds(self, values: FloatArray) -> FloatArray:
        """The shared parameters, those of neurons moved to the nearest value that their model allows, as optimizers do it. An
        average of what devices have is within the bounds; what a server's optimizer, noise, or rounding makes of it need not be."""
        result, start = values.copy(), 0
        for tensor in self.shared:
            bounds = self._bounds(tensor.name)
            part = result[start:start + tensor.size]
            if bounds is not None and bounds.absolute:
                part[...] = np.copysign(np.clip(np.abs(part), bounds.lower, bounds.upper), part)
            elif bounds is not None:
                part[...] = np.clip(part, bounds.lower, bounds.upper)
            start += tensor.size
        return result

    def _bounds(self, name: str) -> Quantity | None:
        """Those of a parameter of a neuron model; None: a weight or bias."""
        part, kind = name.split(".", 1)
        neuron = "LI" if part == "readout" else self.model.layers[int(part.removeprefix("layer"))].neuron
        return neuron_model(neuron).parameters.get(kind)

    def merged(self, values: FloatArray, personal: Mapping[str, Array] | None = None) -> Model:
        """The model with the shared parameters [sum of sizes] that came, and with those that stayed, or otherwise its own.

        Raises
        ------
        InvalidArgumentError
            A parameter of a neuron is out of its model's bounds.
        """
        with Session(self.model, learning=False) as session:
            flat = self.placed(values, session.parameters.flat)
            if personal is not None:
                for tensor in self.personal:
                    flat[tensor.offset:tensor.offset + tensor.size] = personal[tensor.name].numpy().reshape(-1)
            session.parameters.flat = flat
            return Model(session.model_bytes())


def _numbers(array: Array, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    """What was sent. NumPy parses the head of what it loads as Python; the usual one is known, and a round has thousands."""
    head = _head(shape)
    if array.stype == SType.NUMPY and array.data.startswith(head) and len(array.data) == len(head) + 4 * prod(shape):
        return np.frombuffer(array.data, "<f4", offset=len(head)).reshape(shape)
    values: npt.NDArray[Any] = array.numpy()
    return values


@cache
def _head(shape: tuple[int, ...]) -> bytes:
    """Of a float32 array in NumPy's format."""
    data = BytesIO()
    np.save(data, np.zeros(shape, "<f4"))
    return data.getvalue()[:-4 * prod(shape)]


def base_of(values: FloatArray) -> str:
    """What a difference is bound to: sixteen hexadecimal digits of the SHA-256 of the shared parameters."""
    return sha256(np.ascontiguousarray(values, "<f4").tobytes()).hexdigest()[:16]


def _record(flat: FloatArray, tensors: Iterable[TensorInfo]) -> ArrayRecord:
    return ArrayRecord({tensor.name: Array(flat[tensor.offset:tensor.offset + tensor.size].reshape(tensor.shape))
                        for tensor in tensors})


def _group(name: str) -> str:
    """The group of the option `train_mask` that a tensor is in."""
    part, kind = name.split(".", 1)
    if part == "readout":
        return "readout_tau" if kind == "tau" else "readout"
    return {"input_weight": "input_weights", "recurrent_weight": "recurrent_weights", "bias": "biases"}.get(
        kind, "neuron_parameters")
