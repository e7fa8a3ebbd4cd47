"""A network as plain values: everything that a .hypr file holds. Shapes, ranges and defaults are those of hypr.fbs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray

if TYPE_CHECKING:
    from hypr.conditioning import Stage
    from hypr.datasets.encoders import Encoder


@dataclass(frozen=True, eq=False)
class SparseRows:
    """Which elements of a matrix there are: row by row, columns ascending, as in compressed sparse rows.

    Attributes
    ----------
    shape : (int, int)
    row_offsets : ndarray of uint32, [rows + 1]
        Where the elements of each row begin among all.
    column_indices : ndarray of uint32, [count]
    """

    shape: tuple[int, int]
    row_offsets: npt.NDArray[np.uint32]
    column_indices: npt.NDArray[np.uint32]

    @classmethod
    def where(cls, chosen: npt.NDArray[np.bool_]) -> SparseRows:
        """The elements that are chosen, of an array [rows, columns]."""
        offsets = np.concatenate([[0], np.cumsum(chosen.sum(axis=1))])
        return cls((chosen.shape[0], chosen.shape[1]), offsets.astype(np.uint32), np.nonzero(chosen)[1].astype(np.uint32))

    @property
    def count(self) -> int:
        return len(self.column_indices)

    def elements(self, matrix: FloatArray) -> FloatArray:
        """Those of a matrix [rows, columns], [count]."""
        return matrix[np.repeat(np.arange(self.shape[0]), np.diff(self.row_offsets)), self.column_indices]


@dataclass
class Tensor:
    """An array of numbers, and whether learning may change it; of a sparse one `values` are the elements that there are."""

    values: FloatArray
    trainable: bool = True
    sparse: SparseRows | None = None

    def __init__(self, values: npt.ArrayLike, trainable: bool = True, sparse: SparseRows | None = None) -> None:
        self.values = np.require(values, np.float32, ["C", "A"])
        self.trainable, self.sparse = trainable, sparse


@dataclass(frozen=True)
class Surrogate:
    """The surrogate derivative of a spike; affects learning only.

    Parameters
    ----------
    kind : str
        "model_default", "double_gaussian", "slayer", "triangle", "fast_sigmoid", "arc_tangent", "straight_through".
    slope, scale : float, optional
        Above 0. Not given: the defaults of the kind.
    """

    kind: str = "model_default"
    slope: float | None = None
    scale: float | None = None


@dataclass
class InputDescription:
    """One sample: value = (sample - offset) * scale, then the stages of `conditioning`, then perhaps an encoding.

    Attributes
    ----------
    encoding : encoder of hypr.datasets, optional
    conditioning : list of hypr.HighPass and others
    trained_range : (lower, upper), ndarray [size] each, optional
        Of the conditioned values in training.
    """

    size: int
    channel_names: list[str] = field(default_factory=list)
    scale: FloatArray | None = None
    offset: FloatArray | None = None
    encoding: Encoder | None = None
    conditioning: list[Stage] = field(default_factory=list)
    trained_range: tuple[FloatArray, FloatArray] | None = None

    @property
    def columns(self) -> int:
        """Inputs of the first layer."""
        if self.encoding is None:
            return self.size
        return len(self.encoding.channel_names(("",) * self.size))


@dataclass
class LayerDescription:
    """A layer: input current W x + V z' + b, then the neuron model."""

    neuron: str
    input_weight: Tensor
    recurrent_weight: Tensor | None = None
    bias: Tensor | None = None
    parameters: dict[str, Tensor] = field(default_factory=dict)
    constants: dict[str, float] = field(default_factory=dict)
    name: str = ""
    surrogate: Surrogate | None = None
    reset: str = "model_default"


@dataclass
class ReadoutDescription:
    """Leaky integrators on top of the last layer."""

    weight: Tensor
    bias: Tensor | None
    tau: Tensor


@dataclass(frozen=True, eq=False)
class Exemplar:
    """A stretch of samples with what it teaches, which a model brings along for sessions to rehearse.

    Attributes
    ----------
    inputs : ndarray of float32, [steps, channels]
        As ``Session.step`` gets them; the file stores them in a byte each, or where they are spikes.
    targets : ndarray
        int32 [steps]: classes, -1: none. Or float32 [steps, outputs]: values, NaN: none.
    starts_sequence : bool
        Whether it begins from a fresh state; otherwise its first steps can only warm up.
    """

    inputs: FloatArray
    targets: npt.NDArray[Any]
    starts_sequence: bool


@dataclass
class ModelDescription:
    """A whole network."""

    layers: list[LayerDescription]
    readout: ReadoutDescription
    name: str = ""
    time_step: float = 0.0
    input: InputDescription | None = None
    class_labels: list[str] = field(default_factory=list)
    recommended_options: dict[str, float] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    exemplars: list[Exemplar] = field(default_factory=list)

    def tensors(self) -> Iterator[tuple[str, Tensor]]:
        """All tensors by the names that hypr.h gives them, in its order."""
        for index, layer in enumerate(self.layers):
            named = {"input_weight": layer.input_weight, "recurrent_weight": layer.recurrent_weight, "bias": layer.bias}
            for name, tensor in {**named, **layer.parameters}.items():
                if tensor is not None:
                    yield f"layer{index}.{name}", tensor
        for name in ("weight", "bias", "tau"):
            tensor = getattr(self.readout, name)
            if tensor is not None:
                yield f"readout.{name}", tensor
