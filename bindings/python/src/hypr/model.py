"""Models: networks as they stand in a .hypr file, immutable once loaded."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats, pointer
from hypr._facts import as_html, bytes_text, counted
from hypr._library import check, ffi, lib, made, optional_text, text
from hypr._tensors import TensorInfo, tensor_infos
from hypr.errors import FileError, ModelFileNotFoundError, ModelInvalidError, ModelUnsupportedError

if TYPE_CHECKING:
    from hypr.description import Exemplar


class LayerInfo(NamedTuple):
    """A hidden layer: its neuron model by the schema's name, such as ``"BRF"``, and how many neurons."""

    neuron: str
    size: int


class ExemplarInfo(NamedTuple):
    """Facts about an exemplar: its steps, those with a target, the bytes of the file that it takes at most, the class that it
    teaches last (None: its targets are values), and whether it begins from a fresh state."""

    steps: int
    taught_steps: int
    bytes: int
    label: int | None
    starts_sequence: bool


def checked_model(model: object) -> Model:
    """The model; TypeError for what is none, and how it is made one."""
    if isinstance(model, Model):
        return model
    advice = "its build() makes one" if hasattr(model, "build") else "hypr.Model.load(path) reads one"
    raise TypeError(f"model is a {type(model).__name__}, expected a hypr.Model: {advice}")


class Model:
    """A network, loaded and checked. Immutable: any number of threads and sessions may share it. Can be pickled.

    ``Model.load`` makes one from a file or its bytes, ``hypr.ModelBuilder`` a fresh one.

    Examples
    --------
    >>> model = hypr.Model.load("tone.hypr")
    >>> session = hypr.Session(model, learning=False)
    """

    def __init__(self, data: bytes) -> None:
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"data is a {type(data).__name__}, expected the bytes of a model file: hypr.Model.load(path) reads one")
        handle = made("hypr_model", lib.hypr_model_load_buffer, ffi.from_buffer(data), len(data))
        self._handle = ffi.gc(handle, lib.hypr_model_free)
        self._data = bytes(data)

    @classmethod
    def load(cls, source: str | os.PathLike[str] | bytes | bytearray | memoryview) -> Model:
        """Loads a model from a path, or from the bytes of a model file, which are copied.

        Raises
        ------
        ModelInvalidError
            Not a .hypr file, damaged, or it contradicts itself; the message names the field.
        ModelUnsupportedError
            It needs what this version does not have.
        ModelFileNotFoundError, FileError
            There is no such file, or it cannot be read.
        """
        if not isinstance(source, (str, os.PathLike)):
            if not isinstance(source, (bytes, bytearray, memoryview)):
                raise TypeError(f"source is a {type(source).__name__}, expected a path, or the bytes of a model file")
            return cls(bytes(source))
        try:
            with open(source, "rb") as file:
                data = file.read(8)
                if data[4:] == b"HYPR":  # of what is no model no more is read
                    data += file.read()
        except FileNotFoundError:
            raise ModelFileNotFoundError(f"there is no model file {os.fspath(source)!r}") from None
        except OSError as error:
            raise FileError(f"the model file {os.fspath(source)!r} cannot be read: {error.strerror}") from error
        try:
            return cls(data)
        except (ModelInvalidError, ModelUnsupportedError) as error:
            raise type(error)(f"{os.fspath(source)}: {error.message}") from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the model to a file, which is replaced atomically, as ``Session.save_model`` does."""
        session = made("hypr_session", lib.hypr_session_create, self._handle, ffi.NULL)
        try:
            check(lib.hypr_session_save_model(session, os.fsencode(path)), lib.hypr_session_message(session))
        finally:
            lib.hypr_session_free(session)

    @property
    def data(self) -> bytes:
        """The bytes of the model file."""
        return self._data

    @property
    def name(self) -> str:
        """For people; "" if it has none."""
        return text(lib.hypr_model_name(self._handle))

    @property
    def time_step(self) -> float:
        """Seconds per step; 0: not said."""
        return float(lib.hypr_model_time_step(self._handle))

    @cached_property
    def input_size(self) -> int:
        """Input channels."""
        return int(lib.hypr_model_input_size(self._handle))

    @cached_property
    def output_size(self) -> int:
        """Outputs (logits) per step."""
        return int(lib.hypr_model_output_size(self._handle))

    @property
    def layer_count(self) -> int:
        """Hidden layers, the readout not counted."""
        return int(lib.hypr_model_layer_count(self._handle))

    @property
    def parameter_count(self) -> int:
        """All parameters, trainable or not."""
        return int(lib.hypr_model_parameter_count(self._handle))

    @cached_property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The hidden layers, from the input up."""
        return tuple(
            LayerInfo(text(lib.hypr_model_layer_neuron(self._handle, layer)),
                      int(lib.hypr_model_layer_size(self._handle, layer)))
            for layer in range(self.layer_count))

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the channels; () if they have none."""
        return self._names(lib.hypr_model_input_name, self.input_size)

    @property
    def class_labels(self) -> tuple[str, ...]:
        """The names of the outputs; () if they have none."""
        return self._names(lib.hypr_model_class_label, self.output_size)

    @property
    def metadata(self) -> dict[str, str]:
        """Free text about the model."""
        return {
            text(lib.hypr_model_metadata_key(self._handle, index)): text(lib.hypr_model_metadata_value(self._handle, index))
            for index in range(lib.hypr_model_metadata_count(self._handle))}

    @cached_property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """Names, shapes and places of all parameters, and whether the model file allows to train them."""
        return tensor_infos(int(lib.hypr_model_tensor_count(self._handle)), self._tensor_info)

    @property
    def parameters(self) -> Mapping[str, FloatArray]:
        """All parameters by name, as arrays that can only be read."""
        return {tensor.name: self._values(index, tensor) for index, tensor in enumerate(self.tensors)}

    @cached_property
    def exemplar_infos(self) -> tuple[ExemplarInfo, ...]:
        """Facts about the exemplars, one for each."""
        infos, info = [], ffi.new("hypr_exemplar_info *", {"struct_size": ffi.sizeof("hypr_exemplar_info")})
        for index in range(lib.hypr_model_exemplar_count(self._handle)):
            check(lib.hypr_model_exemplar_info(self._handle, index, info), f"there is no exemplar {index}")
            infos.append(ExemplarInfo(int(info.steps), int(info.taught_steps), int(info.bytes),
                                      int(info.label) if info.label >= 0 else None, bool(info.starts_sequence)))
        return tuple(infos)

    @cached_property
    def exemplars(self) -> tuple[Exemplar, ...]:
        """Stretches of samples that the file brings along for sessions to rehearse."""
        if not self.exemplar_infos:
            return ()
        from hypr.model_file import decode

        return tuple(decode(self._data).exemplars)

    @cached_property
    def trained_range(self) -> tuple[FloatArray, FloatArray] | None:
        """The lowest and the largest conditioned value of each channel in training, [input_size] each; None: the file does not
        say."""
        lower, upper = (np.empty(self.input_size, np.float32) for _ in range(2))
        if lib.hypr_model_trained_range(self._handle, pointer(lower), pointer(upper), self.input_size):
            return None
        return lower, upper

    def condition(self, x: npt.ArrayLike) -> FloatArray:
        """What the first layer gets for a sequence of samples, after scale, conditioning and encoding:
        [steps, input_size] to [steps, inputs of the first layer]. As ``Session.condition``."""
        samples = floats(x, "x", "steps", self.input_size)
        values = np.empty((len(samples), lib.hypr_model_first_layer_inputs(self._handle)), np.float32)
        session = made("hypr_session", lib.hypr_session_create, self._handle, ffi.NULL)
        try:
            check(lib.hypr_session_condition(session, pointer(samples), len(samples), pointer(values)),
                  lib.hypr_session_message(session))
        finally:
            lib.hypr_session_free(session)
        return values

    def _tensor_info(self, index: int, info: Any) -> None:
        check(lib.hypr_model_tensor_info(self._handle, index, info), f"there is no tensor {index}")

    def _values(self, index: int, tensor: TensorInfo) -> FloatArray:
        values = np.empty(tensor.shape, np.float32)
        check(lib.hypr_model_tensor_values(self._handle, index, pointer(values), values.size), tensor.name)
        values.flags.writeable = False
        return values

    def _names(self, function: Any, count: int) -> tuple[str, ...]:
        names = (optional_text(function(self._handle, index)) for index in range(count))
        return tuple(name for name in names if name is not None)

    def __reduce__(self) -> tuple[Any, ...]:
        return Model, (self._data,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Model) and self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __repr__(self) -> str:
        sizes = [str(self.input_size), *(f"{layer.size} {layer.neuron}" for layer in self.layers), str(self.output_size)]
        name = f" {self.name!r}" if self.name else ""
        return f"<hypr.Model{name}: {' - '.join(sizes)}, {self.parameter_count} parameters>"

    def _repr_html_(self) -> str:
        """What notebooks show."""
        facts = {"name": self.name or "–", "inputs": counted(self.input_size, self.input_names)}
        facts |= {f"layer {index}": f"{layer.size} {layer.neuron}" for index, layer in enumerate(self.layers)}
        facts["outputs"] = counted(self.output_size, self.class_labels)
        facts["parameters"] = f"{self.parameter_count:,}"
        facts["time step"] = f"{self.time_step:g} s" if self.time_step else "not said"
        facts["size of the file"] = bytes_text(len(self._data))
        return as_html("hypr.Model", facts | {f"metadata: {key}": value for key, value in self.metadata.items()})
