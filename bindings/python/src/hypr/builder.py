"""Fresh models, and changed ones: layers by their neuron models, every array by its name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats
from hypr.description import (
    InputDescription,
    LayerDescription,
    ModelDescription,
    ReadoutDescription,
    Surrogate,
    Tensor,
)
from hypr.errors import InvalidArgumentError, NotFoundError, SizeMismatchError, UnknownTensorError, WrongStateError, unknown
from hypr.model import Model
from hypr.model_file import decode, encode
from hypr.options import option_info
from hypr.recipes import Distribution, Normal, Recipe, Uniform, recipe
from hypr.schema import enum_number
from hypr.schema import neuron as neuron_schema

if TYPE_CHECKING:
    from typing_extensions import Self

Values: TypeAlias = "float | tuple[float, float] | npt.ArrayLike | Distribution"


@dataclass
class _Layer:
    """A layer that is planned: what is not among the builder's arrays is drawn when a model is built."""

    neuron: str
    size: int
    recurrent: bool
    bias: bool
    name: str = ""
    reset: str = "model_default"
    surrogate: Surrogate | None = None
    constants: dict[str, float] = field(default_factory=dict)

    @property
    def recipe(self) -> Recipe:
        return recipe(self.neuron)


@dataclass
class _Readout:
    size: int
    bias: bool
    tau: float | None


class ModelBuilder:
    """Makes a model: an input, layers from the input up, a readout.

    Weights and neuron parameters that are not given are drawn as the authors of the neuron models published it, as
    ``hypr create`` does. Every array can be set by its name, before or after the layer is described by ``layer``.

    Parameters
    ----------
    inputs : int
        Channels of one sample.
    dt : float, optional
        Seconds between two samples; 0: not said. Information for the host (the network counts in steps), not the integration
        step of resonators, which is the constant `dt` of their layer.
    name : str, optional
        For people.

    Examples
    --------
    >>> builder = hypr.ModelBuilder(inputs=4, dt=0.004).layer("brf", 36, omega=(5, 30)).readout(6)
    >>> builder["readout.tau"] = np.full(6, 20)
    >>> builder.labels(["P", "PQ", "QR", "RS", "ST", "TP"]).recommend(learning_rate=0.003)
    >>> model = builder.build(seed=0)
    >>> builder.save("ecg.hypr", seed=0)
    """

    def __init__(self, inputs: int, dt: float = 0.0, name: str = "") -> None:
        self._inputs = _size(inputs, "inputs")
        self._time_step, self._name = dt, name
        self._input = InputDescription(self._inputs)
        self._layers: list[_Layer] = []
        self._readout: _Readout | None = None
        self._labels: list[str] = []
        self._options: dict[str, float] = {}
        self._metadata: dict[str, str] = {}
        self._arrays: dict[str, FloatArray] = {}
        self._distributions: dict[str, Distribution] = {}
        self._trainable: dict[str, bool] = {}

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """A builder with all that a model has: change arrays by name, then ``build`` or ``save``."""
        description = decode(model.data)
        builder = cls(model.input_size, description.time_step, description.name)
        if description.input is not None:
            builder._input = description.input
        for layer in description.layers:
            size = len(layer.input_weight.values) // recipe(layer.neuron).gates
            builder._layers.append(_Layer(
                layer.neuron, size, layer.recurrent_weight is not None, layer.bias is not None, layer.name, layer.reset,
                layer.surrogate, dict(layer.constants)))
        readout = description.readout
        builder._readout = _Readout(len(readout.weight.values), readout.bias is not None, None)
        builder._labels, builder._options = description.class_labels, description.recommended_options
        builder._metadata = description.metadata
        for name, tensor in description.tensors():
            builder._arrays[name] = tensor.values
            builder._trainable[name] = tensor.trainable
        return builder

    def input(self, scale: npt.ArrayLike | None = None, offset: npt.ArrayLike | None = None,
              names: Iterable[str] | None = None) -> Self:
        """What is done to a sample: value = (sample - offset) * scale.

        Parameters
        ----------
        scale, offset : float or array_like [inputs], optional
            Fresh networks are often nearly silent: raise the scale until there are spikes.
        names : iterable of str, optional
            One per channel.
        """
        if scale is not None:
            self._input.scale = self._per_channel(scale, "scale")
        if offset is not None:
            self._input.offset = self._per_channel(offset, "offset")
        if names is not None:
            self._input.channel_names = self._as_names(names, "channel names", self._inputs)
        return self

    def layer(self, neuron: str, size: int, *, recurrent: bool = True, bias: bool | npt.ArrayLike | None = None,
              name: str = "", reset: str | None = None, surrogate: str | Surrogate | None = None, **values: Values) -> Self:
        """Adds a layer on top.

        Parameters
        ----------
        neuron : str
            A neuron model, such as "brf", "se_adlif", "gru"; case, ``_`` and ``-`` do not matter.
        size : int
            Neurons.
        recurrent : bool
            Whether neurons hear the outputs of their own layer.
        bias : bool or array_like, optional
            Whether there is one; by default as is usual for the neuron model.
        name : str, optional
            For people.
        reset : {"none", "subtract", "set", "delayed_subtract", "delayed_set"}, optional
            What a spike does to the membrane of GeneralLIF, CubaLIF and IF.
        surrogate : str or Surrogate, optional
        **values
            Constants and parameters of the neuron model by name, and `input_weight`, `recurrent_weight`. A constant is one
            number, such as ``threshold=0.5``. A parameter is one number for all neurons, ``(low, high)`` to draw from, or an
            array [size]; so is a weight, with an array of its shape.
        """
        if self._readout is not None:
            raise WrongStateError("the readout is on top; add layers before it")
        schema = neuron_schema(neuron)
        layer = _Layer(schema.name, _size(size, "neurons"), recurrent, recipe(schema.name).has_bias, name)
        index = len(self._layers)
        if isinstance(bias, bool):
            layer.bias = bias
        elif bias is not None:
            layer.bias = True
            values["bias"] = bias
        if reset is not None:
            enum_number("ResetKind", reset, "reset")
            layer.reset = reset
        if surrogate is not None:
            layer.surrogate = surrogate if isinstance(surrogate, Surrogate) else Surrogate(surrogate)
            enum_number("SurrogateKind", layer.surrogate.kind, "surrogate")
        known = (*schema.constants, *schema.parameters, "input_weight", "recurrent_weight", "bias")
        for key, value in values.items():
            if key not in known:
                raise unknown(NotFoundError, f"constant or parameter of {schema.name}", key, known)
            if key in schema.constants:
                layer.constants[key] = float(cast(float, value))
        self._layers.append(layer)
        try:
            for key, value in values.items():
                if key not in schema.constants:
                    self._set(f"layer{index}.{key}", value)
        except Exception:
            self._layers.pop()
            raise
        return self

    def readout(self, outputs: int, *, bias: bool | npt.ArrayLike | None = None, tau: float | npt.ArrayLike | None = None,
                weight: Values | None = None) -> Self:
        """Adds the readout: leaky integrators on top of the last layer.

        Parameters
        ----------
        outputs : int
        bias : bool or array_like [outputs], optional
            Whether there is one; by default as is usual for the neuron model below.
        tau : float or array_like [outputs], optional
            Time constants in steps. By default around 20 and trained, or 3 and fixed, as is usual for the neuron model below.
        weight : array_like [outputs, neurons], optional
        """
        if not self._layers:
            raise WrongStateError("there is no layer below the readout; add layers first")
        if self._readout is not None:
            raise WrongStateError("there is a readout already")
        has_bias = bias if isinstance(bias, bool) else bias is not None or self._layers[-1].recipe.has_bias
        self._readout = _Readout(_size(outputs, "outputs"), has_bias, None)
        try:
            if bias is not None and not isinstance(bias, bool):
                self["readout.bias"] = bias
            if weight is not None:
                self._set("readout.weight", weight)
            if tau is not None and np.ndim(tau):
                self["readout.tau"] = tau
            elif tau is not None:
                self._readout.tau = float(cast(float, tau))
        except Exception:
            self._readout = None
            raise
        return self

    def labels(self, names: Iterable[str]) -> Self:
        """Names of the outputs, one each."""
        self._labels = self._as_names(names, "labels", self._top().size)
        return self

    def metadata(self, **entries: str) -> Self:
        """Free text about the model, such as ``licence="MIT"``."""
        self._metadata.update(entries)
        return self

    def recommend(self, **options: Any) -> Self:
        """Learning options that the file recommends to sessions, by name as for ``Session``."""
        for name, value in options.items():
            option = option_info(name)
            if name == "learning":
                raise InvalidArgumentError("whether a session learns is never taken from a file")
            number = option.encode(value)
            if not option.lower <= number <= option.upper:
                raise InvalidArgumentError(f"{name} is {number:g}, expected {option.lower:g} to {option.upper:g}")
            self._options[name] = number
        return self

    def set_trainable(self, name: str, trainable: bool = True) -> Self:
        """Whether sessions may train a tensor: options of a session can narrow it, not widen it."""
        self._shape(name)
        self._trainable[name] = trainable
        return self

    def __setitem__(self, name: str, values: npt.ArrayLike) -> None:
        """Sets an array by name, such as ``"layer0.omega"``: an array of its shape, or one number for all elements."""
        shape = self._shape(name)
        self._arrays[name] = (
            np.full(shape, values, np.float32) if np.ndim(values) == 0 else floats(values, name, *shape).copy())
        self._distributions.pop(name, None)

    def __getitem__(self, name: str) -> FloatArray:
        """An array that was set, as a copy; those that are drawn are in the model that ``build`` gives."""
        self._shape(name)
        if name not in self._arrays:
            raise UnknownTensorError(f"{name!r} is not set: it is drawn when the model is built")
        return self._arrays[name].copy()

    def __contains__(self, name: object) -> bool:
        return name in self._arrays

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of all arrays by name, set or not, in the order of hypr.h."""
        shapes: dict[str, tuple[int, ...]] = {}
        below = self._inputs
        for index, layer in enumerate(self._layers):
            rows = layer.recipe.gates * layer.size
            shapes[f"layer{index}.input_weight"] = rows, below
            if layer.recurrent:
                shapes[f"layer{index}.recurrent_weight"] = rows, layer.size
            if layer.bias:
                shapes[f"layer{index}.bias"] = (rows,)
            for name in neuron_schema(layer.neuron).parameters:
                shapes[f"layer{index}.{name}"] = (layer.size,)
            below = layer.size
        if self._readout is not None:
            outputs = self._readout.size
            shapes["readout.weight"] = outputs, below
            if self._readout.bias:
                shapes["readout.bias"] = (outputs,)
            shapes["readout.tau"] = (outputs,)
        return shapes

    def build(self, seed: int | np.random.Generator = 0) -> Model:
        """The model. What was not set is drawn from the seed: equal builders and seeds give equal models.

        Raises
        ------
        ModelInvalidError
            A number is out of its range; the message names it.
        """
        return Model(encode(self.description(seed)))

    def save(self, path: str | os.PathLike[str], seed: int | np.random.Generator = 0) -> Model:
        """Builds the model and writes it to a file, which is replaced atomically."""
        model = self.build(seed)
        model.save(path)
        return model

    def description(self, seed: int | np.random.Generator = 0) -> ModelDescription:
        """The network as plain values."""
        random = np.random.default_rng(seed)
        readout = self._top()
        layers = []
        below = self._inputs
        for index, layer in enumerate(self._layers):
            layers.append(self._describe_layer(index, layer, below, random))
            below = layer.size
        usual = self._layers[-1].recipe
        top = ReadoutDescription(
            weight=self._tensor("readout.weight", lambda: usual.readout_weight(random, below, readout.size), random),
            bias=self._tensor("readout.bias", lambda: np.zeros(readout.size, np.float32), random) if readout.bias else None,
            tau=self._tensor("readout.tau", lambda: usual.readout_tau(readout.tau).draw(random, readout.size), random,
                             usual.trains_readout_tau))
        sample = self._input
        described = bool(sample.channel_names) or sample.scale is not None or sample.offset is not None
        return ModelDescription(
            layers, top, self._name, self._time_step, sample if described else None, list(self._labels), dict(self._options),
            dict(self._metadata))

    def _describe_layer(self, index: int, layer: _Layer, below: int, random: np.random.Generator) -> LayerDescription:
        usual, place, size = layer.recipe, f"layer{index}", layer.size

        def parameter(name: str) -> Tensor:
            if name not in usual.parameters and f"{place}.{name}" not in {**self._arrays, **self._distributions}:
                raise WrongStateError(f"{layer.neuron} has no usual values for {name}: set {place}.{name}")
            return self._tensor(f"{place}.{name}", lambda: usual.parameters[name].draw(random, size), random)

        return LayerDescription(
            neuron=layer.neuron,
            input_weight=self._tensor(f"{place}.input_weight",
                                      lambda: usual.input_weight(random, below, size, layer.recurrent), random),
            recurrent_weight=self._tensor(f"{place}.recurrent_weight",
                                          lambda: usual.recurrent_weight(random, below, size), random)
            if layer.recurrent else None,
            bias=self._tensor(f"{place}.bias", lambda: usual.bias(random, size), random) if layer.bias else None,
            parameters={name: parameter(name) for name in neuron_schema(layer.neuron).parameters},
            constants=dict(layer.constants), name=layer.name, surrogate=layer.surrogate, reset=layer.reset)

    def _tensor(self, name: str, usual: Any, random: np.random.Generator, trainable: bool = True) -> Tensor:
        """The array that was set, or one from the distribution that was set, or the usual one."""
        if name in self._arrays:
            values = self._arrays[name]
        elif name in self._distributions:
            values = self._distributions[name].draw(random, *self._shape(name))
        else:
            values = usual()
        return Tensor(values, self._trainable.get(name, trainable))

    def _set(self, name: str, values: Values) -> None:
        if isinstance(values, tuple) and len(values) == 2 and not np.ndim(values[0]):
            low, high = float(values[0]), float(values[1])
            if not low <= high:
                raise InvalidArgumentError(f"{name} is from {low:g} to {high:g}, expected (low, high)")
            values = Uniform(low, high)
        if isinstance(values, (Uniform, Normal)):
            self._shape(name)
            self._arrays.pop(name, None)
            self._distributions[name] = values
        else:
            self[name] = cast("npt.ArrayLike", values)

    def _shape(self, name: str) -> tuple[int, ...]:
        shapes = self.shapes
        if name not in shapes:
            raise unknown(UnknownTensorError, "tensor", name, shapes)
        return shapes[name]

    def _top(self) -> _Readout:
        if self._readout is None:
            raise WrongStateError("the model has no readout; add one with readout(outputs)")
        return self._readout

    def _per_channel(self, values: npt.ArrayLike, what: str) -> FloatArray:
        if np.ndim(values) == 0:
            return np.full(self._inputs, values, np.float32)
        return floats(values, what, self._inputs).copy()

    @staticmethod
    def _as_names(names: Iterable[str], what: str, count: int) -> list[str]:
        found: Sequence[str] = list(names)
        if len(found) != count:
            raise SizeMismatchError(f"{len(found)} {what}, expected {count}")
        return [str(name) for name in found]

    def __repr__(self) -> str:
        layers = [f"{layer.size} {layer.neuron}" for layer in self._layers]
        readout = [str(self._readout.size)] if self._readout else []
        return f"<hypr.ModelBuilder: {' - '.join([str(self._inputs), *layers, *readout])}>"


def _size(value: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise InvalidArgumentError(f"{what} is {value!r}, expected a whole number from 1")
    return int(value)
