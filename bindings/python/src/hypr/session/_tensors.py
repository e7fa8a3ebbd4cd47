"""Parameters, gradients and eligibility by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats, pointer
from hypr._library import ffi, lib
from hypr._tensors import TensorInfo, tensor_infos
from hypr.errors import UnknownTensorError, unknown
from hypr.session._handle import SessionHandle


class Gradients(Mapping[str, FloatArray]):
    """The gradient gathered from closed windows since the last update, by tensor name; ``flat`` has all of it.

    Reduced as the option `reduction` says, unclipped; 0 for tensors that are not trained. With the update `window` there is
    none left after a window. WrongStateError: the session does not learn. Arrays are copies and can only be read.
    """

    _get = lib.hypr_session_get_gradients

    def __init__(self, session: Tensors) -> None:
        self._session = session

    @property
    def flat(self) -> FloatArray:
        """All tensors one after the other, [parameter_count]."""
        flat = np.empty(self._session.model.parameter_count, np.float32)
        self._session._call(type(self)._get, pointer(flat), flat.size)
        flat.flags.writeable = False
        return flat

    def __getitem__(self, name: str) -> FloatArray:
        return self._part(self.flat, self._session._tensor(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._session._layout())

    def __len__(self) -> int:
        return len(self._session._layout())

    def items(self) -> Any:
        """All at once: the vector is read once."""
        flat = self.flat
        return {name: self._part(flat, tensor) for name, tensor in self._session._layout().items()}.items()

    def values(self) -> Any:
        return dict(self.items()).values()

    @staticmethod
    def _part(flat: FloatArray, tensor: TensorInfo) -> FloatArray:
        return flat[tensor.offset:tensor.offset + tensor.size].reshape(tensor.shape)

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {list(tensor.shape)}" for name, tensor in self._session._layout().items())
        return f"<{type(self).__name__.lower()}: {shapes}>"


class Parameters(Gradients, MutableMapping[str, FloatArray]):
    """A session's parameters by tensor name; assignment writes them, ``flat`` has all of them.

    Writing closes the open windows first, without an update, and keeps state, traces and optimizer. Arrays that are read are
    copies and can only be read: ``parameters["readout.bias"] = array`` is the way to change one, ``update({...})`` to change
    several at once.
    """

    _get = lib.hypr_session_get_parameters

    @property
    def flat(self) -> FloatArray:
        """All tensors one after the other, [parameter_count]; can be assigned."""
        return super().flat

    @flat.setter
    def flat(self, values: npt.ArrayLike) -> None:
        flat = floats(values, "parameters", self._session.model.parameter_count)
        self._session._call(lib.hypr_session_set_parameters, pointer(flat), flat.size)

    def __setitem__(self, name: str, values: npt.ArrayLike) -> None:
        self.update({name: values})

    def __delitem__(self, name: str) -> None:
        raise TypeError("parameters can be written, but not removed")

    def update(self, *others: Any, **named: Any) -> None:
        """Writes several tensors at once: all of them, or none if one does not fit."""
        flat = self.flat.copy()
        for name, values in dict(*others, **named).items():
            tensor = self._session._tensor(name)
            scalar = np.ndim(values) == 0
            array = np.full(tensor.shape, values, np.float32) if scalar else floats(values, name, *tensor.shape)
            self._part(flat, tensor)[...] = array
        self.flat = flat


class Tensors(SessionHandle):
    """Tensors of a session, their values, and whether they are trained."""

    _layout_cache: dict[str, TensorInfo] | None = None

    def _layout(self) -> dict[str, TensorInfo]:
        """Names and places never change; `trainable` is read by ``tensors``."""
        if self._layout_cache is None:
            self._layout_cache = {tensor.name: tensor for tensor in self.tensors}
        return self._layout_cache

    def _tensor(self, name: str) -> TensorInfo:
        if name not in self._layout():
            raise unknown(UnknownTensorError, "tensor", name, self._layout())
        return self._layout()[name]

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """Names, shapes and places of all parameters, and whether they are trained at present."""
        return tensor_infos(self._value(lib.hypr_session_tensor_count),
                            lambda index, info: self._call(lib.hypr_session_tensor_info, index, info))

    def set_trainable(self, name: str, trainable: bool = True) -> None:
        """Freezes one tensor, or lets it be trained again. What the model file or the options freeze stays frozen
        (InvalidArgumentError). The gradient that it has gathered until then is dropped."""
        self._tensor(name)
        index = ffi.new("size_t *")
        self._call(lib.hypr_session_find_tensor, name.encode(), index)
        self._call(lib.hypr_session_set_trainable, index[0], int(trainable))

    @property
    def parameters(self) -> Parameters:
        """The session's parameters by name; assignment writes."""
        return Parameters(self)

    @parameters.setter
    def parameters(self, values: Mapping[str, npt.ArrayLike]) -> None:
        Parameters(self).update(values)

    def eligibility(self, name: str) -> FloatArray:
        """The eligibility of a tensor at the start of the first open window (of the next one, if none is).

        The derivative of each state variable of an element's neuron by the element, inside the layer: what the gradients of later
        windows are made of. [k, shape of the tensor], variables in the order of ``layer_state``; the readout's k is 1.
        WrongStateError: the session does not learn.
        """
        tensor = self._tensor(name)
        index = list(self._layout()).index(name)
        values = np.empty(self._value(lib.hypr_session_eligibility_size, index), np.float32)
        self._call(lib.hypr_session_get_eligibility, index, pointer(values), values.size)
        values.flags.writeable = False
        return values.reshape(-1, *tensor.shape)

    @property
    def gradients(self) -> Gradients:
        """The gradient gathered since the last update, by name."""
        return Gradients(self)
