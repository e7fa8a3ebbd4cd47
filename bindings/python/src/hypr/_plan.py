"""What a builder has planned: layers and a readout. What was not set is drawn from the recipes of the neuron models."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats
from hypr.description import LayerDescription, ReadoutDescription, SparseRows, Surrogate, Tensor
from hypr.errors import InvalidArgumentError, WrongStateError
from hypr.recipes import Distribution, Normal, Recipe, Uniform, recipe
from hypr.schema import neuron as neuron_schema

Shape: TypeAlias = tuple[int, ...]
Values: TypeAlias = "float | tuple[float, float] | npt.ArrayLike | Distribution"


@dataclass
class GivenTensors:
    """What was set of tensors by their names: values, distributions to draw from, and whether learning may change them."""

    arrays: dict[str, FloatArray] = field(default_factory=dict)
    distributions: dict[str, Distribution] = field(default_factory=dict)
    trainable: dict[str, bool] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.arrays or name in self.distributions

    def set(self, name: str, values: Values, shape: Shape) -> None:
        """One number, an array of the shape, ``(low, high)`` or a distribution."""
        if isinstance(values, tuple) and len(values) == 2 and not np.ndim(values[0]):
            low, high = float(values[0]), float(values[1])
            if not low <= high:
                raise InvalidArgumentError(f"{name} is from {low:g} to {high:g}, expected (low, high)")
            values = Uniform(low, high)
        if isinstance(values, (Uniform, Normal)):
            self.arrays.pop(name, None)
            self.distributions[name] = values
        else:
            given = cast("npt.ArrayLike", values)
            self.arrays[name] = np.full(shape, given, np.float32) if np.ndim(given) == 0 else floats(given, name, *shape).copy()
            self.distributions.pop(name, None)

    def forget(self, place: str) -> None:
        """Nothing was set of a layer."""
        for table in (self.arrays, self.distributions, self.trainable):
            for name in [name for name in table if name.startswith(f"{place}.")]:
                del table[name]

    def tensor(self, name: str, shape: Shape, usual: Callable[[], FloatArray], random: np.random.Generator,
               trainable: bool = True) -> Tensor:
        """The array that was set, or one from the distribution that was set, or the usual one."""
        if name in self.arrays:
            values = self.arrays[name]
        elif name in self.distributions:
            values = self.distributions[name].draw(random, *shape)
        else:
            values = usual()
        return Tensor(values, self.trainable.get(name, trainable))


@dataclass
class LayerPlan:
    """A layer. `synapses` are the recurrent weights that there are, None: all; below a `density` of 1 they are drawn."""

    neuron: str
    size: int
    recurrent: bool
    bias: bool
    name: str = ""
    reset: str = "model_default"
    surrogate: Surrogate | None = None
    constants: dict[str, float] = field(default_factory=dict)
    synapses: SparseRows | None = None
    density: float = 1.0

    @property
    def recipe(self) -> Recipe:
        return recipe(self.neuron)

    @property
    def rows(self) -> int:
        """Those of the weights: gates times neurons."""
        return self.recipe.gates * self.size

    def shapes(self, place: str, below: int) -> Mapping[str, Shape]:
        """Of all tensors by name, with so many inputs."""
        shapes: dict[str, Shape] = {f"{place}.input_weight": (self.rows, below)}
        if self.recurrent:
            shapes[f"{place}.recurrent_weight"] = (self.rows, self.size) if self.synapses is None else (self.synapses.count,)
        if self.bias:
            shapes[f"{place}.bias"] = (self.rows,)
        return {**shapes, **{f"{place}.{name}": (self.size,) for name in neuron_schema(self.neuron).parameters}}

    def describe(self, place: str, below: int, given: GivenTensors, random: np.random.Generator) -> LayerDescription:
        usual, shapes = self.recipe, self.shapes(place, below)

        def tensor(name: str, draw: Callable[[], FloatArray]) -> Tensor:
            return given.tensor(f"{place}.{name}", shapes[f"{place}.{name}"], draw, random)

        def recurrent_weight() -> Tensor:
            def draw() -> FloatArray:
                weights = usual.recurrent_weight(random, below, self.size)
                return weights if self.synapses is None else self.synapses.elements(weights)

            weights = tensor("recurrent_weight", draw)
            if self.synapses is not None:
                return Tensor(weights.values, weights.trainable, self.synapses)
            if self.density == 1:
                return weights
            chosen = SparseRows.where(random.uniform(size=weights.values.shape) < self.density)
            return Tensor(chosen.elements(weights.values), weights.trainable, chosen)

        def parameter(name: str) -> Tensor:
            if name not in usual.parameters and f"{place}.{name}" not in given:
                raise WrongStateError(f"{self.neuron} has no usual values for {name}: set {place}.{name}")
            return tensor(name, lambda: usual.parameters[name].draw(random, self.size))

        return LayerDescription(
            neuron=self.neuron,
            input_weight=tensor("input_weight", lambda: usual.input_weight(random, below, self.size, self.recurrent)),
            recurrent_weight=recurrent_weight() if self.recurrent else None,
            bias=tensor("bias", lambda: usual.bias(random, self.size)) if self.bias else None,
            parameters={name: parameter(name) for name in neuron_schema(self.neuron).parameters},
            constants=dict(self.constants), name=self.name, surrogate=self.surrogate, reset=self.reset)


@dataclass
class ReadoutPlan:
    """The readout; `tau` replaces the usual time constant of the layer below."""

    size: int
    bias: bool
    tau: float | None = None

    def shapes(self, below: int) -> Mapping[str, Shape]:
        """Of all tensors by name, with so many neurons below."""
        bias: dict[str, Shape] = {"readout.bias": (self.size,)} if self.bias else {}
        return {"readout.weight": (self.size, below), **bias, "readout.tau": (self.size,)}

    def describe(self, below: LayerPlan, given: GivenTensors, random: np.random.Generator) -> ReadoutDescription:
        usual, shapes = below.recipe, self.shapes(below.size)

        def tensor(name: str, draw: Callable[[], FloatArray], trainable: bool = True) -> Tensor:
            return given.tensor(name, shapes[name], draw, random, trainable)

        return ReadoutDescription(
            weight=tensor("readout.weight", lambda: usual.readout_weight(random, below.size, self.size)),
            bias=tensor("readout.bias", lambda: np.zeros(self.size, np.float32)) if self.bias else None,
            tau=tensor("readout.tau", lambda: usual.readout_tau(self.tau).draw(random, self.size), usual.trains_readout_tau))
