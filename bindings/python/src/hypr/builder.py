"""Fresh models, and changed ones: layers by their neuron models, every array by its name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats
from hypr._plan import GivenTensors, LayerPlan, ReadoutPlan, Values
from hypr.description import InputDescription, LevelCrossingDescription, ModelDescription, SparseRows, Surrogate
from hypr.errors import InvalidArgumentError, NotFoundError, SizeMismatchError, UnknownTensorError, WrongStateError, unknown
from hypr.model import Model
from hypr.model_file import decode, encode
from hypr.options import option_info
from hypr.recipes import recipe
from hypr.schema import enum_number
from hypr.schema import neuron as neuron_schema

if TYPE_CHECKING:
    from hypr.datasets.encoders import LevelCrossing
    from typing_extensions import Self

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
        self._layers: list[LayerPlan] = []
        self._readout: ReadoutPlan | None = None
        self._labels: list[str] = []
        self._options: dict[str, float] = {}
        self._metadata: dict[str, str] = {}
        self._given = GivenTensors()

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """A builder with all that a model has: change arrays by name, then ``build`` or ``save``."""
        description = decode(model.data)
        builder = cls(model.input_size, description.time_step, description.name)
        if description.input is not None:
            builder._input = description.input
        for layer in description.layers:
            size = len(layer.input_weight.values) // recipe(layer.neuron).gates
            recurrent = layer.recurrent_weight
            builder._layers.append(LayerPlan(
                layer.neuron, size, recurrent is not None, layer.bias is not None, layer.name, layer.reset, layer.surrogate,
                dict(layer.constants), None if recurrent is None else recurrent.sparse))
        readout = description.readout
        builder._readout = ReadoutPlan(len(readout.weight.values), readout.bias is not None)
        builder._labels, builder._options = description.class_labels, description.recommended_options
        builder._metadata = description.metadata
        for name, tensor in description.tensors():
            builder._given.arrays[name] = tensor.values
            builder._given.trainable[name] = tensor.trainable
        return builder

    def input(self, scale: npt.ArrayLike | None = None, offset: npt.ArrayLike | None = None,
              names: Iterable[str] | None = None, encoding: LevelCrossing | None = None) -> Self:
        """What is done to a sample: value = (sample - offset) * scale, then perhaps an encoding as spikes.

        Parameters
        ----------
        scale, offset : float or array_like [inputs], optional
            Fresh networks are often nearly silent: raise the scale until there are spikes.
        names : iterable of str, optional
            One per channel.
        encoding : hypr.datasets.LevelCrossing, optional
            The network then gets the spikes that this encoder makes of the values; with "on_off" two per channel. Before the
            first layer, whose inputs they are.
        """
        if encoding is not None:
            if not (hasattr(encoding, "thresholds") and hasattr(encoding, "output")):
                raise InvalidArgumentError(f"encoding is {encoding!r}, expected a hypr.datasets.LevelCrossing")
            if self._layers:
                raise WrongStateError("there are layers already; describe the encoding of the input before them")
            if len(encoding.thresholds) not in (1, self._inputs):
                raise SizeMismatchError(f"{len(encoding.thresholds)} thresholds, expected 1 or {self._inputs}")
            self._input.encoding = LevelCrossingDescription(encoding.thresholds.copy(), encoding.output)
        if scale is not None:
            self._input.scale = self._per_channel(scale, "scale")
        if offset is not None:
            self._input.offset = self._per_channel(offset, "offset")
        if names is not None:
            self._input.channel_names = self._as_names(names, "channel names", self._inputs)
        return self

    def layer(self, neuron: str, size: int, *, recurrent: bool = True, recurrent_density: float = 1.0,
              sparse: bool | npt.ArrayLike = False, bias: bool | npt.ArrayLike | None = None, name: str = "",
              reset: str | None = None, surrogate: str | Surrogate | None = None, **values: Values) -> Self:
        """Adds a layer on top.

        Parameters
        ----------
        neuron : str
            A neuron model, such as "brf", "se_adlif", "gru"; case, ``_`` and ``-`` do not matter.
        size : int
            Neurons.
        recurrent : bool
            Whether neurons hear the outputs of their own layer.
        recurrent_density : float
            Which part of the recurrent weights there is: each is kept with this probability, drawn when a model is built. Only
            what is kept is stored, takes memory and time, and is trained.
        sparse : bool or array_like of bool, [G N, N]
            Which recurrent weights there are; True: those of `recurrent_weight` that are not 0. The array
            ``"layer0.recurrent_weight"`` then has just these, row by row.
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
            array [size]; so is a weight, with an array of its shape. `recurrent_weight` may be a matrix of scipy.sparse, of
            which what is stored is stored.
        """
        if self._readout is not None:
            raise WrongStateError("the readout is on top; add layers before it")
        schema = neuron_schema(neuron)
        layer = LayerPlan(schema.name, _size(size, "neurons"), recurrent, recipe(schema.name).has_bias, name)
        index = len(self._layers)
        if isinstance(bias, (bool, np.bool_)):
            layer.bias = bool(bias)
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
        if not 0 < recurrent_density <= 1:
            raise InvalidArgumentError(f"recurrent_density is {recurrent_density}, expected above 0 and at most 1")
        layer.synapses, weights = _sparse(layer, sparse, values.get("recurrent_weight"))
        if (layer.synapses is not None or recurrent_density < 1) and not recurrent:
            raise InvalidArgumentError("a layer with recurrent=False has no recurrent weights that could be sparse")
        if layer.synapses is not None and recurrent_density < 1:
            raise InvalidArgumentError("which recurrent weights there are is given: it is not drawn with a recurrent_density")
        layer.density = float(recurrent_density)
        if weights is not None:
            values["recurrent_weight"] = weights
        self._layers.append(layer)
        try:
            for key, value in values.items():
                if key not in schema.constants:
                    place = f"layer{index}.{key}"
                    self._given.set(place, value, self._shape(place))
        except Exception:
            self._layers.pop()
            self._given.forget(f"layer{index}")
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
        is_flag = isinstance(bias, (bool, np.bool_))
        has_bias = bool(bias) if is_flag else bias is not None or self._layers[-1].recipe.has_bias
        self._readout = ReadoutPlan(_size(outputs, "outputs"), has_bias)
        try:
            if bias is not None and not is_flag:
                self["readout.bias"] = bias
            if weight is not None:
                self._given.set("readout.weight", weight, self._shape("readout.weight"))
            if tau is not None and np.ndim(tau):
                self["readout.tau"] = tau
            elif tau is not None:
                self._readout.tau = float(cast(float, tau))
        except Exception:
            self._readout = None
            self._given.forget("readout")
            raise
        return self

    def labels(self, names: Iterable[str]) -> Self:
        """Names of the outputs, one each."""
        self._labels = self._as_names(names, "labels", self._top().size)
        return self

    def metadata(self, /, **entries: str) -> Self:
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
        self._given.trainable[name] = trainable
        return self

    def __setitem__(self, name: str, values: npt.ArrayLike) -> None:
        """Sets an array by name, such as ``"layer0.omega"``: an array of its shape, or one number for all elements."""
        shape = self._shape(name)
        self._given.set(name, values if np.ndim(values) == 0 else floats(values, name, *shape), shape)

    def __getitem__(self, name: str) -> FloatArray:
        """An array that was set, as a copy; those that are drawn are in the model that ``build`` gives."""
        self._shape(name)
        if name not in self._given.arrays:
            raise UnknownTensorError(f"{name!r} is not set: it is drawn when the model is built")
        return self._given.arrays[name].copy()

    def __contains__(self, name: object) -> bool:
        return name in self._given.arrays

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of all arrays by name, set or not, in the order of hypr.h. With a `recurrent_density` the recurrent weight
        has that of the matrix from which what is kept will be drawn."""
        shapes: dict[str, tuple[int, ...]] = {}
        below = self._input.columns
        for index, layer in enumerate(self._layers):
            shapes.update(layer.shapes(f"layer{index}", below))
            below = layer.size
        if self._readout is not None:
            shapes.update(self._readout.shapes(below))
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
        below = self._input.columns
        for index, layer in enumerate(self._layers):
            layers.append(layer.describe(f"layer{index}", below, self._given, random))
            below = layer.size
        top = readout.describe(self._layers[-1], self._given, random)
        sample = self._input
        described = bool(sample.channel_names) or any(
            part is not None for part in (sample.scale, sample.offset, sample.encoding))
        return ModelDescription(
            layers, top, self._name, self._time_step, sample if described else None, list(self._labels), dict(self._options),
            dict(self._metadata))

    def _shape(self, name: str) -> tuple[int, ...]:
        shapes = self.shapes
        if name not in shapes:
            raise unknown(UnknownTensorError, "tensor", name, shapes)
        return shapes[name]

    def _top(self) -> ReadoutPlan:
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


def _sparse(layer: LayerPlan, sparse: Any, weights: Any) -> tuple[SparseRows | None, Any]:
    """Which recurrent weights of a layer there are, None: all, and what was given for them."""
    shape, is_flag = (layer.rows, layer.size), isinstance(sparse, (bool, np.bool_))
    if hasattr(weights, "tocsr"):
        if not is_flag:
            raise InvalidArgumentError("sparse and recurrent_weight both say which weights there are: give recurrent_weight as "
                                       "an array")
        rows = weights.tocsr(copy=True)
        if rows.shape != shape:
            raise SizeMismatchError(f"recurrent_weight has the shape {list(rows.shape)}, expected {list(shape)}")
        rows.sum_duplicates()
        return SparseRows(shape, rows.indptr.astype(np.uint32), rows.indices.astype(np.uint32)), rows.data.astype(np.float32)
    if is_flag and not sparse:
        return None, weights
    dense = floats(weights, "recurrent_weight", *shape) if np.ndim(weights) > 1 else None
    if is_flag and dense is None:
        raise InvalidArgumentError("sparse=True needs recurrent_weight as an array: which weights there are is taken from it")
    mask = np.asarray(dense != 0 if is_flag else sparse)
    if mask.dtype != np.bool_ or mask.shape != shape:
        raise SizeMismatchError(f"sparse is {mask.dtype} {list(mask.shape)}, expected bool {list(shape)}")
    chosen = SparseRows.where(mask)
    return chosen, weights if dense is None else chosen.elements(dense)
