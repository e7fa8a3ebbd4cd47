"""Fresh models, and changed ones: layers by their neuron models, every array by its name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats, pointer
from hypr._builder_arguments import (
    bias_choice,
    c_texts,
    called,
    checked_size,
    created,
    is_flag,
    is_sparse,
    native_encoding,
    seed_of,
    stored_rows,
    utf8,
)
from hypr._library import ffi, lib, text
from hypr._sequences import checked_targets, join
from hypr._tensors import ElementType, element_number
from hypr.conditioning import Stage
from hypr.description import ModelDescription, Surrogate
from hypr.errors import InvalidArgumentError, NotFoundError, UnknownTensorError, WrongStateError, unknown
from hypr.model import Model
from hypr.model_file import decode
from hypr.neurons import neuron_model
from hypr.options import option_info
from hypr.schema import enum_number

if TYPE_CHECKING:
    from collections.abc import Generator

    from hypr.datasets.encoders import Encoder
    from typing_extensions import Self

Values: TypeAlias = "float | tuple[float, float] | npt.ArrayLike"


class ModelBuilder:
    """Makes a model: an input, layers from the input up, a readout.

    Weights and neuron parameters that are not given are drawn as the authors of the neuron models published it, by the library: a
    seed gives the same file as with ``hypr create``. Every array can be set by its name after ``layer`` has described its layer.

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
        self._inputs = checked_size(inputs, "inputs")
        self._handle = created(lib.hypr_builder_create, self._inputs)
        self._call(lib.hypr_builder_set_time_step, dt)
        self._time_step = float(dt)
        self._call(lib.hypr_builder_set_name, utf8(name))
        self._parts: list[str] = []
        self._outputs: int | None = None

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """A builder with all that a model has: change arrays by name, then ``build`` or ``save``."""
        return cls._adopt(created(lib.hypr_builder_create_from, model._handle))

    @classmethod
    def _adopt(cls, handle: Any) -> Self:
        """A builder of the library, of a whole network."""
        builder = cls.__new__(cls)
        builder._handle = handle
        model = builder.build()
        builder._inputs, builder._outputs, builder._time_step = model.input_size, model.output_size, model.time_step
        builder._parts = [f"{layer.size} {layer.neuron}" for layer in model.layers]
        return builder

    def input(self, scale: npt.ArrayLike | None = None, offset: npt.ArrayLike | None = None,
              names: Iterable[str] | None = None, encoding: Encoder | None = None,
              conditioning: Iterable[Stage] | None = None, fit: Any = None,
              trained_range: tuple[npt.ArrayLike, npt.ArrayLike] | None = None) -> Self:
        """What is done to a sample: value = (sample - offset) * scale, then the stages of `conditioning` in their order, then
        perhaps an encoding. The file says so, and the library does it on every device.

        Parameters
        ----------
        scale, offset : float or array_like [inputs], optional
            Fresh networks are often nearly silent: raise the scale until there are spikes.
        names : iterable of str, optional
            One per channel.
        encoding : encoder of hypr.datasets, optional
            ``LevelCrossing``, ``Delta``, ``ThresholdAccumulation`` or ``ReceptiveFields``: the network then gets what this encoder
            makes of the values. Before the first layer, whose inputs they are.
        conditioning : iterable of stages, optional
            ``hypr.HighPass``, ``hypr.RunningNormalization``, ``hypr.Clip``, ``hypr.RectifiedDifference``; replaces all that there
            were. Time constants are in seconds, so the builder needs `dt`.
        fit : array_like [steps, inputs], [sequences, steps, inputs], or a sequence of [steps, inputs], optional
            Recorded samples from which offset, scale and trained range are set, so that conditioned values have mean 0 and
            deviation 1 (hypr_builder_fit_input says what that means for stages with units). Not with `scale` or `offset`.
        trained_range : (lower, upper), array_like [inputs] each, optional
            The range of conditioned values in training; ``fit`` sets it, too.

        Examples
        --------
        >>> builder = hypr.ModelBuilder(3, dt=0.01).input(conditioning=[hypr.HighPass(0.5), hypr.Clip(-4, 4)], fit=recordings)
        """
        if fit is not None and not (scale is None and offset is None):
            raise InvalidArgumentError("fit sets scale and offset: give either it or them")
        kept: list[Any] = []
        calls: list[tuple[Any, ...]] = []
        if encoding is not None:
            native = native_encoding(encoding, kept)
            # The first, as it is the one that layers forbid.
            if native.kind == lib.HYPR_ENCODING_LEVEL_CROSSING:
                calls.append((lib.hypr_builder_set_level_crossing, native.thresholds, native.threshold_count, native.output))
            else:
                calls.append((lib.hypr_builder_set_encoding, native))
        for what, values, call in (("scale", scale, lib.hypr_builder_set_input_scale),
                                   ("offset", offset, lib.hypr_builder_set_input_offset)):
            if values is not None:
                numbers = floats(np.atleast_1d(np.asarray(values)), what, 1 if np.ndim(values) == 0 else self._inputs)
                calls.append((call, pointer(numbers), numbers.size))
        if names is not None:
            texts = c_texts(names)
            calls.append((lib.hypr_builder_set_input_names, ffi.new("char *[]", texts), len(texts)))
        if conditioning is not None:
            calls.append((lib.hypr_builder_clear_conditioning,))
            for stage in conditioning:
                if not isinstance(stage, Stage):
                    raise InvalidArgumentError(f"conditioning has {stage!r}, expected stages such as hypr.HighPass(0.5)")
                described, arrays = stage._native()
                kept.append(arrays)
                calls.append((lib.hypr_builder_add_conditioning, described))
        if fit is not None:
            samples, lengths = join(fit, self._inputs)
            steps = ffi.new("size_t[]", lengths.tolist())
            calls.append((lib.hypr_builder_fit_input, pointer(samples), steps, len(lengths)))
        if trained_range is not None:
            lower, upper = (floats(np.asarray(values), "trained_range", self._inputs) for values in trained_range)
            calls.append((lib.hypr_builder_set_trained_range, pointer(lower), pointer(upper), lower.size))
        self._call_all(calls)
        return self

    def widen_trained_range(self, x: Any) -> Self:
        """Widens the range of the inputs in training so that it holds the samples of `x` ([steps, inputs], [sequences, steps,
        inputs], or a sequence of [steps, inputs]), with the scale, offset and conditioning that the input has now. ``Trainer`` does
        this."""
        samples, lengths = join(x, self._inputs)
        self._call(lib.hypr_builder_widen_trained_range, pointer(samples), ffi.new("size_t[]", lengths.tolist()), len(lengths))
        return self

    def layer(self, neuron: str, size: int, *, recurrent: bool = True, recurrent_density: float = 1.0,
              input_density: float = 1.0, sparse: bool | npt.ArrayLike = False, input_sparse: bool | npt.ArrayLike = False,
              bias: bool | npt.ArrayLike | None = None, name: str = "", reset: str | None = None,
              surrogate: str | Surrogate | None = None, **values: Values) -> Self:
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
        input_density : float
            The same of the weights from the input, or from the layer below.
        sparse : bool or array_like of bool, [G N, N]
            Which recurrent weights there are; True: those of `recurrent_weight` that are not 0. The array
            ``"layer0.recurrent_weight"`` then has just these, row by row.
        input_sparse : bool or array_like of bool, [G N, n]
            The same of the input weights.
        bias : bool or array_like, optional
            Whether there is one; by default as is usual for the neuron model.
        name : str, optional
            For people.
        reset : {"none", "subtract", "set", "delayed_subtract", "delayed_set"}, optional
            What a spike does to the membrane, of models that leave a choice.
        surrogate : str or Surrogate, optional
        **values
            Constants and parameters of the neuron model by name, and `input_weight`, `recurrent_weight`. A constant is one
            number, such as ``threshold=0.5``. A parameter is one number for all neurons, ``(low, high)`` to draw from, or an
            array [size]; so is a weight, with an array of its shape. A weight may be a matrix of scipy.sparse, of which what is
            stored is stored.
        """
        model = neuron_model(neuron)
        known = (*model.constants, *model.parameters, "input_weight", "recurrent_weight", "bias")
        for key in values:
            if key not in known:
                raise unknown(NotFoundError, f"constant or parameter of {model.name}", key, known)
        thins = recurrent_density < 1 or not isinstance(sparse, (bool, np.bool_)) or bool(sparse)
        if not recurrent and (thins or is_sparse(values.get("recurrent_weight"))):
            raise InvalidArgumentError("a layer with recurrent=False has no recurrent weights that could be sparse")
        settings = ffi.new("hypr_layer_settings *")
        settings.struct_size = ffi.sizeof("hypr_layer_settings")
        text_of_name = ffi.new("char[]", utf8(name))
        settings.name = text_of_name
        settings.recurrent, settings.bias = bool(recurrent), bias_choice(bias)
        settings.input_density, settings.recurrent_density = input_density, recurrent_density
        settings.reset = 0 if reset is None else enum_number("ResetKind", reset, "reset")
        if surrogate is not None:
            described = surrogate if isinstance(surrogate, Surrogate) else Surrogate(surrogate)
            settings.surrogate = enum_number("SurrogateKind", described.kind, "surrogate")
            for what, number in (("slope", described.slope), ("scale", described.scale)):
                if number is not None:
                    if not number > 0:
                        raise InvalidArgumentError(f"the surrogate's {what} is {number}, expected above 0")
                    setattr(settings, f"surrogate_{what}", number)
        if bias is not None and not is_flag(bias):
            values["bias"] = bias
        self._call(lib.hypr_builder_add_layer, utf8(model.name), checked_size(size, "neurons"), settings)
        with self._taken_back():
            place = f"layer{len(self._parts)}"
            self._set_weight(f"{place}.input_weight", input_sparse, values.pop("input_weight", None))
            if recurrent:
                self._set_weight(f"{place}.recurrent_weight", sparse, values.pop("recurrent_weight", None))
            for key, value in values.items():
                if key in model.constants:
                    self._call(lib.hypr_builder_set_constant, utf8(f"{place}.{key}"), float(cast(float, value)))
                else:
                    self._set(f"{place}.{key}", value)
        self._parts.append(f"{size} {model.name}")
        return self

    def readout(self, outputs: int, *, bias: bool | npt.ArrayLike | None = None, tau: float | npt.ArrayLike | None = None,
                weight: Values | None = None, sparse: bool | npt.ArrayLike = False) -> Self:
        """Adds the readout: leaky integrators on top of the last layer.

        Parameters
        ----------
        outputs : int
        bias : bool or array_like [outputs], optional
            Whether there is one; by default there is.
        tau : float or array_like [outputs], optional
            Time constants in steps. By default around 20 and trained, or 3 and fixed, as is usual for the neuron model below.
        weight : array_like [outputs, neurons], optional
            Or a matrix of scipy.sparse, of which what is stored is stored.
        sparse : bool or array_like of bool, [outputs, neurons]
            Which weights there are; True: those of `weight` that are not 0.
        """
        number = float(cast(float, tau)) if tau is not None and not np.ndim(tau) else 0.0
        self._call(lib.hypr_builder_set_readout, checked_size(outputs, "outputs"), bias_choice(bias), number)
        with self._taken_back():
            self._set_weight("readout.weight", sparse, weight)
            for name, values in (("bias", None if is_flag(bias) else bias), ("tau", tau)):
                if values is not None and (name != "tau" or np.ndim(cast("npt.ArrayLike", values))):
                    self._set(f"readout.{name}", values)
        self._outputs = int(outputs)
        return self

    def grow_readout(self, outputs: int, seed: int | np.random.Generator = 0) -> Self:
        """More outputs. Those that there are stay and come first; weights and biases of new ones are drawn from the seed, and their
        time constant is the mean of the others. Labels and exemplars go: give them anew.

        Parameters
        ----------
        outputs : int
            All of them.
        seed : int or numpy.random.Generator
            As for ``build``; draws also what was not set of the readout that there is.
        """
        old = self.description(seed).readout
        count = len(old.tau.values)
        if checked_size(outputs, "outputs") <= count:
            raise InvalidArgumentError(f"outputs is {outputs}, expected more than the {count} that there are")
        self._call(lib.hypr_builder_remove_top)
        fresh = self.readout(outputs, bias=old.bias is not None).description(seed).readout
        weight, stored = fresh.weight.values.copy(), np.ones(fresh.weight.values.shape, np.bool_)
        if old.weight.sparse is None:
            weight[:count] = old.weight.values
        else:
            rows = old.weight.sparse
            places = np.repeat(np.arange(count), np.diff(rows.row_offsets)), rows.column_indices
            stored[:count] = False
            stored[places], weight[places] = True, old.weight.values
        bias: Any = False
        if old.bias is not None and fresh.bias is not None:
            bias = np.concatenate([old.bias.values, fresh.bias.values[count:]])
        tau = np.concatenate([old.tau.values, np.full(outputs - count, old.tau.values.mean())])
        self._call(lib.hypr_builder_remove_top)
        self.readout(outputs, bias=bias, tau=tau, weight=weight, sparse=False if old.weight.sparse is None else stored)
        for name, tensor in (("weight", old.weight), ("bias", old.bias), ("tau", old.tau)):
            if tensor is not None:
                self.set_trainable(f"readout.{name}", tensor.trainable)
        return self

    def labels(self, names: Iterable[str]) -> Self:
        """Names of the outputs, one each."""
        texts = c_texts(names)
        self._call(lib.hypr_builder_set_class_labels, ffi.new("char *[]", texts), len(texts))
        return self

    def metadata(self, /, **entries: str) -> Self:
        """Free text about the model, such as ``licence="MIT"``."""
        self._call_all([(lib.hypr_builder_set_metadata, utf8(key), utf8(value)) for key, value in entries.items()])
        return self

    def recommend(self, **options: Any) -> Self:
        """Learning options that the file recommends to sessions, by name as for ``Session``."""
        chosen = [(option_info(name), value) for name, value in options.items()]
        self._call_all([(lib.hypr_builder_recommend, option.key, option.encode(value)) for option, value in chosen])
        return self

    def exemplars(self, x: Any, y: Any, *, starts_sequence: bool = True) -> Self:
        """Adds stretches of samples, with what they teach, that the file brings along for sessions to rehearse.

        They are stored in a byte per number, with a scale and an offset per channel of each stretch; zero stays zero. Where all
        samples are 0 or 1 and it is smaller, only those that are 1 are stored.

        Parameters
        ----------
        x : array_like [stretches, steps, inputs], or a list of arrays [steps, inputs]
            Samples as ``Session.step`` gets them; 1 to 65536 steps each.
        y : array_like, or a list of arrays
            Classes are whole numbers, [stretches] or with the steps of `x`, negative: none. Values are floating-point numbers,
            with one more axis for the outputs, NaN: none.
        starts_sequence : bool
            Whether each begins from a fresh state; otherwise its first steps can only warm up.
        """
        if self._outputs is None:
            raise WrongStateError("the model has no readout, expected one before exemplars, whose targets are for it")
        inputs, lengths = join(x, self._inputs)
        targets, per_step = checked_targets(y, lengths, self._outputs)
        if not per_step:
            targets = np.repeat(targets, lengths, axis=0)
        ends = np.cumsum(lengths, dtype=np.intp)
        taught = np.asarray(targets >= 0 if targets.ndim == 1 else np.isfinite(targets).all(axis=1))
        for index, (end, length) in enumerate(zip(ends, lengths)):
            if length > 65536:
                raise InvalidArgumentError(f"x[{index}] has {length} steps, expected at most 65536")
            if not taught[end - length:end].any():
                raise InvalidArgumentError(f"y[{index}] has no target")
        classes = targets.ndim == 1
        if not classes:
            targets = np.where(taught[:, None], targets, np.float32(np.nan))
        for end, length in zip(ends, lengths):
            part = np.ascontiguousarray(targets[end - length:end])
            labels, values = (ffi.from_buffer("int32_t[]", part), ffi.NULL) if classes else (ffi.NULL, pointer(part))
            self._call(lib.hypr_builder_add_exemplar, pointer(inputs[end - length:end]), length, labels, values,
                       bool(starts_sequence))
        return self

    def keep_exemplars(self, size: int, seed: int | np.random.Generator = 0) -> Self:
        """Keeps as many exemplars as take at most `size` bytes of the file: drawn from a seed, the next one always of the class
        that is taught for the fewest steps so far."""
        self._call(lib.hypr_builder_keep_exemplars, checked_size(size, "size"), seed_of(seed))
        return self

    def clear_exemplars(self) -> Self:
        """Takes all exemplars away, those of ``from_model`` too."""
        self._call(lib.hypr_builder_clear_exemplars)
        return self

    def calibrate(self, x: Any, rate: float = 0.05, seed: int | np.random.Generator = 0, *, given: bool = False) -> Self:
        """Makes layers as slow as suits samples, and scales what they get until their neurons spike often enough.

        Time constants and omega of a layer of which none was set follow from how many steps samples are alike behind the
        conditioning (docs/choosing.md); then what every layer that spikes gets is scaled, from the input up.

        Fresh networks are often nearly silent, and what never spikes cannot learn. For the first layer that is the scale of the
        input, if nothing behind it has a unit of its own (running normalization, clip, an encoding); otherwise its input
        weights, as for all other layers. Neurons that stay silent or spike all the time are helped by themselves. What was not set
        is then set: as the seed draws it, and scaled; ``build`` gives this network whatever its seed.

        Parameters
        ----------
        x : array_like [sequences, steps, inputs] or [steps, inputs], or a list of arrays [steps, inputs]
            Samples as ``Session.step`` gets them. Rates are tried on at most about 8192 steps of them, evenly spread.
        rate : float
            Spikes per neuron and step, above 0 and at most 0.5.
        seed : int or numpy.random.Generator
            As for ``build``.
        given : bool
            Whether layers whose input weights were set are scaled, too; those of ``from_model`` all were. Otherwise they stay.

        Raises
        ------
        InvalidArgumentError
            All samples are the same.
        WrongStateError
            A layer cannot reach the rate; the message says which, and how near it comes.
        """
        inputs, lengths = join(x, self._inputs)
        steps = ffi.from_buffer("size_t[]", np.ascontiguousarray(lengths, np.uintp))
        self._call(lib.hypr_builder_calibrate, pointer(inputs), steps, len(lengths), float(rate), seed_of(seed), bool(given))
        return self

    def set_trainable(self, name: str, trainable: bool = True) -> Self:
        """Whether sessions may train a tensor: options of a session can narrow it, not widen it."""
        self._shape(name)
        self._call(lib.hypr_builder_set_trainable, utf8(name), bool(trainable))
        return self

    def set_element_type(self, element_type: ElementType, name: str | None = None) -> Self:
        """How the file stores a weight, or all weights that there are: "float32", "float16" or "int8" (docs/quantization.md)."""
        number = element_number(element_type)
        if name is not None:
            self._shape(name)
        self._call(lib.hypr_builder_set_element_type, ffi.NULL if name is None else utf8(name), number)
        return self

    def __setitem__(self, name: str, values: npt.ArrayLike) -> None:
        """Sets an array by name, such as ``"layer0.omega"``: an array of its shape, or one number for all elements."""
        shape = self._shape(name)
        array = np.full(shape, values, np.float32) if np.ndim(values) == 0 else floats(values, name, *shape)
        self._call(lib.hypr_builder_set_tensor, utf8(name), pointer(array), array.size)

    def __getitem__(self, name: str) -> FloatArray:
        """An array that was set, as a copy; those that are drawn are in the model that ``build`` gives."""
        values = np.empty(self._shape(name), np.float32)
        try:
            self._call(lib.hypr_builder_get_tensor, utf8(name), pointer(values), values.size)
        except WrongStateError:
            raise UnknownTensorError(f"{name!r} is not set: it is drawn when the model is built") from None
        return values

    def __contains__(self, name: object) -> bool:
        try:
            self[cast(str, name)]
        except UnknownTensorError:
            return False
        return True

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """The shapes of all arrays by name, set or not, in the order of hypr.h. With a density below 1 a weight has that of the
        matrix from which what is kept will be drawn."""
        shapes: dict[str, tuple[int, ...]] = {}
        info = ffi.new("hypr_tensor_info *", {"struct_size": ffi.sizeof("hypr_tensor_info")})
        for index in range(lib.hypr_builder_tensor_count(self._handle)):
            self._call(lib.hypr_builder_tensor_info, index, info)
            shapes[text(info.name)] = tuple(int(size) for size in info.shape[0:info.rank])
        return shapes

    def build(self, seed: int | np.random.Generator = 0) -> Model:
        """The model. What was not set is drawn from the seed: equal builders and seeds give equal models.

        Parameters
        ----------
        seed : int or numpy.random.Generator
            From 0 to below 2**64; a generator gives one.

        Raises
        ------
        ModelInvalidError
            A number is out of its range; the message names it.
        """
        size = ffi.new("size_t *")
        self._call(lib.hypr_builder_build, seed_of(seed), size)
        data = bytearray(int(size[0]))
        self._call(lib.hypr_builder_copy_file, ffi.from_buffer(data), len(data))
        return Model(bytes(data))

    def save(self, path: str | os.PathLike[str], seed: int | np.random.Generator = 0) -> Model:
        """Builds the model and writes it to a file, which is replaced atomically."""
        model = self.build(seed)
        self._call(lib.hypr_builder_save_file, os.fsencode(path))
        return model

    def description(self, seed: int | np.random.Generator = 0) -> ModelDescription:
        """The network as plain values."""
        return decode(self.build(seed).data)

    def _call(self, function: Any, *arguments: Any) -> None:
        called(self._handle, function, *arguments)

    def _call_all(self, calls: list[tuple[Any, ...]]) -> None:
        """Several calls, or none if one is refused: they are tried on an empty builder before."""
        if len(calls) > 1:
            trial = created(lib.hypr_builder_create, self._inputs)
            called(trial, lib.hypr_builder_set_time_step, self._time_step)
            for call in calls:
                called(trial, *call)
        for call in calls:
            self._call(*call)

    @contextmanager
    def _taken_back(self) -> Generator[None, None, None]:
        """Takes away the part that was added last if what is said of it is refused."""
        try:
            yield
        except BaseException:
            self._call(lib.hypr_builder_remove_top)
            raise

    def _shape(self, name: str) -> tuple[int, ...]:
        shapes = self.shapes
        if name not in shapes:
            raise unknown(UnknownTensorError, "tensor", name, shapes)
        return shapes[name]

    def _set(self, name: str, values: Values) -> None:
        """One number, an array of the shape, or ``(low, high)`` to draw from."""
        if isinstance(values, tuple) and len(values) == 2 and not np.ndim(values[0]):
            self._shape(name)
            bounds: tuple[Any, Any] = values
            self._call(lib.hypr_builder_draw_tensor, utf8(name), float(bounds[0]), float(bounds[1]))
        else:
            self[name] = cast("npt.ArrayLike", values)

    def _set_weight(self, name: str, sparse: Any, values: Any) -> None:
        """Which elements of a weight there are, and their values."""
        rows, values = stored_rows(name.partition(".")[2], self._shape(name), sparse, values)
        if rows is not None:
            offsets, columns = (np.ascontiguousarray(part, np.uint32) for part in (rows.row_offsets, rows.column_indices))
            self._call(lib.hypr_builder_set_tensor_rows, utf8(name), ffi.from_buffer("uint32_t[]", offsets), offsets.size,
                       ffi.from_buffer("uint32_t[]", columns), columns.size)
        if values is not None:
            self._set(name, values)

    def __repr__(self) -> str:
        readout = [] if self._outputs is None else [str(self._outputs)]
        return f"<hypr.ModelBuilder: {' - '.join([str(self._inputs), *self._parts, *readout])}>"
