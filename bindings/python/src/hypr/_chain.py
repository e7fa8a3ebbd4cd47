"""A network as other libraries describe it, linear maps and neurons in turn, made into a model of hypr."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr.builder import ModelBuilder
from hypr.errors import ModelUnsupportedError
from hypr.neurons import neuron_model


def _bounds(parameter: str) -> tuple[float, float]:
    """Those of GeneralLIF, which the other models with such a parameter share."""
    quantity = neuron_model("GeneralLIF").parameters[parameter]
    return quantity.lower, quantity.upper


# exp(-1 / SHORTEST) is 0 next to 1 in float32: a leaky integrator with this time constant gives its input.
# exp(-1 / LONGEST) is the nearest to 1 that a time constant can give.
SHORTEST, LONGEST = _bounds("tau_m")
POTENTIAL = _bounds("reset_potential")
THRESHOLD = _bounds("threshold")


def time_constant(decay: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The time constant in steps whose decay per step, exp(-1/tau), is the one given: 0 to 1, 1 excluded."""
    decay = np.asarray(decay, np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.clip(-1 / np.log(np.maximum(decay, 1e-300)), SHORTEST, LONGEST))


def complement(tau: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """1 - exp(-1/tau) of a time constant as it is stored, in float32."""
    return -np.expm1(-1 / np.asarray(tau, np.float32).astype(np.float64))


@dataclass
class Linear:
    """y = weight x + bias; `frozen` names those of the two that learning may not change."""

    name: str
    weight: npt.NDArray[np.float64]  # [outputs, inputs]
    bias: npt.NDArray[np.float64] | None = None
    frozen: frozenset[str] = frozenset()

    def after(self, below: Linear) -> Linear:
        """Both in one, with `below` applied first; frozen is what is so in both."""
        bias = None if below.bias is None else self.weight @ below.bias
        frozen = self.frozen & below.frozen
        if self.bias is not None:
            bias = self.bias if bias is None else bias + self.bias
        if below.bias is None:
            frozen |= self.frozen & {"bias"}
        if self.bias is None:
            frozen |= below.frozen & {"bias"}
        return Linear(self.name, self.weight @ below.weight, bias, frozen)


@dataclass
class Neurons:
    """A layer of neurons whose input current is gain * (x + recurrent_weight z' + recurrent_bias) + offset.

    `values` are constants and parameters of the neuron model by name, parameters as one number or [size]; `gain` and `offset`
    are one number or [size]. `frozen` names parameters, "recurrent_weight" and "recurrent_bias" that learning may not change.
    """

    name: str
    neuron: str
    size: int
    values: dict[str, Any] = field(default_factory=dict)
    reset: str | None = None
    surrogate: Any = None
    recurrent_weight: npt.NDArray[np.float64] | None = None
    recurrent_bias: npt.NDArray[np.float64] | None = None
    gain: npt.ArrayLike = 1.0
    offset: npt.ArrayLike = 0.0
    frozen: frozenset[str] = frozenset()


def build(stages: list[Linear | Neurons], inputs: int | None = None, dt: float = 0.0, name: str = "") -> ModelBuilder:
    """A builder with the network of these stages, from the input up.

    Linear maps in a row become one, between neurons without one there is the identity. Leaky integrators at the end, without
    recurrent weights, become the readout; without them the readout passes on what comes, spikes or numbers.

    Raises
    ------
    ModelUnsupportedError
        If there is no layer of neurons below the readout, or sizes do not fit; with the name of the stage.
    """
    pairs: list[tuple[Linear | None, Neurons]] = []
    linear: Linear | None = None
    width = inputs
    for stage in stages:
        expected = stage.weight.shape[1] if isinstance(stage, Linear) else stage.size
        if width is not None and width != expected:
            raise ModelUnsupportedError(f"module {stage.name} takes {expected} inputs, and what is below it has {width} outputs")
        if isinstance(stage, Linear):
            linear = stage if linear is None else stage.after(linear)
            width = stage.weight.shape[0]
        else:
            pairs.append((linear, stage))
            linear, width = None, stage.size
    below_top, top = linear, None if width is None else Neurons("output", "LI", width, {"tau": SHORTEST})
    if linear is None and pairs and pairs[-1][1].neuron == "LI" and pairs[-1][1].recurrent_weight is None and len(pairs) > 1:
        below_top, top = pairs.pop()
    if top is None or not pairs:
        raise ModelUnsupportedError("there is no layer of neurons below the readout, and a network needs one")
    first = pairs[0]
    builder = ModelBuilder(first[1].size if first[0] is None else first[0].weight.shape[1], dt, name)
    for index, (below, neurons) in enumerate(pairs):
        weight, recurrent, bias = _weights(below, neurons)
        builder.layer(neurons.neuron, neurons.size, recurrent=recurrent is not None, bias=False if bias is None else bias,
                      name=neurons.name, reset=neurons.reset, surrogate=neurons.surrogate, input_weight=weight,
                      **({} if recurrent is None else {"recurrent_weight": recurrent}),
                      **_values(neurons))
        _freeze(builder, f"layer{index}", below, neurons, "input_weight")
    weight, _, bias = _weights(below_top, top)
    builder.readout(top.size, weight=weight, bias=False if bias is None else bias,
                    tau=np.broadcast_to(top.values["tau"], top.size))
    _freeze(builder, "readout", below_top, top, "weight")
    return builder


def _freeze(builder: ModelBuilder, place: str, below: Linear | None, neurons: Neurons, weight: str) -> None:
    """A bias that is the sum of several is frozen if all of them are."""
    frozen = set(neurons.frozen - {"recurrent_bias"})
    if below is not None and "weight" in below.frozen:
        frozen.add(weight)
    biases = [] if below is None or below.bias is None else ["bias" in below.frozen]
    biases += [] if neurons.recurrent_bias is None else ["recurrent_bias" in neurons.frozen]
    if biases and all(biases):
        frozen.add("bias")
    for name in frozen:
        if f"{place}.{name}" in builder.shapes:
            builder.set_trainable(f"{place}.{name}", False)


def _weights(below: Linear | None, neurons: Neurons) -> tuple[Any, Any, Any]:
    """Input weight, recurrent weight and bias, with the gain of the neurons in their rows."""
    gain = np.broadcast_to(np.asarray(neurons.gain, np.float64), neurons.size)
    offset = np.broadcast_to(np.asarray(neurons.offset, np.float64), neurons.size)
    weight = np.eye(neurons.size) if below is None else below.weight
    bias = np.zeros(neurons.size)
    biased = bool(np.any(offset))
    for part in (None if below is None else below.bias, neurons.recurrent_bias):
        if part is not None:
            bias, biased = bias + part, True
    recurrent = neurons.recurrent_weight
    return (gain[:, None] * weight, None if recurrent is None else gain[:, None] * recurrent,
            gain * bias + offset if biased else None)


def _values(neurons: Neurons) -> dict[str, Any]:
    """Parameters as arrays [size], constants as numbers."""
    parameters = neuron_model(neurons.neuron).parameters
    return {name: np.broadcast_to(np.asarray(value, np.float32), neurons.size) if name in parameters else float(value)
            for name, value in neurons.values.items()}
