"""How a fresh layer of a neuron model starts, as the authors of the model published it: the same as `hypr create`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from hypr._arrays import FloatArray

Family = Literal["xavier", "orthogonal", "gated"]


@dataclass(frozen=True)
class Uniform:
    """Between two numbers."""

    low: float
    high: float

    def draw(self, random: np.random.Generator, *shape: int) -> FloatArray:
        return random.uniform(self.low, self.high, shape).astype(np.float32)


@dataclass(frozen=True)
class Normal:
    """By mean and standard deviation."""

    mean: float
    deviation: float

    def draw(self, random: np.random.Generator, *shape: int) -> FloatArray:
        return random.normal(self.mean, self.deviation, shape).astype(np.float32)


Distribution = Uniform | Normal

_RESONATOR: Mapping[str, Distribution] = {"omega": Uniform(3, 5), "b_offset": Uniform(0.1, 1)}
_ADAPTIVE: Mapping[str, Distribution] = {"p_u": Uniform(0, 1), "p_w": Uniform(0, 1), "a": Uniform(0, 1), "b": Uniform(0, 2)}
# Potentials relative to a threshold of 1, as NIR and its simulators start.
_MEMBRANE: Mapping[str, Distribution] = {
    "tau_m": Normal(20, 0.5), "resistance": Uniform(1, 1), "leak_potential": Uniform(0, 0), "threshold": Uniform(1, 1),
    "reset_potential": Uniform(0, 0)}


@dataclass(frozen=True)
class Recipe:
    """Usual values of a neuron model's parameters, and the family of set-ups that it belongs to.

    xavier      resonators and threshold adaptation (Higuchi et al. 2024, arXiv 2402.14603): weights uniform within Xavier's
                limit, W and V counted as one matrix; no biases; time constants of the readout normal around 20 steps, trained
    orthogonal  adaptive LIF (Baronig et al. 2024, arXiv 2408.07517): W uniform within 1/sqrt(n), V orthogonal, biases that start
                at 0; a fixed time constant of the readout of 3 steps
    gated       gated cells (much as PyTorch does): weights and biases uniform within 1/sqrt(N); readout as orthogonal
    """

    family: Family
    parameters: Mapping[str, Distribution]
    gates: int = 1

    @property
    def has_bias(self) -> bool:
        return self.family != "xavier"

    def input_weight(self, random: np.random.Generator, inputs: int, neurons: int, recurrent: bool) -> FloatArray:
        """W [G N, n]."""
        return _within(self._limit(inputs, neurons, recurrent)).draw(random, self.gates * neurons, inputs)

    def recurrent_weight(self, random: np.random.Generator, inputs: int, neurons: int) -> FloatArray:
        """V [G N, N]."""
        if self.family == "orthogonal":
            return orthogonal(random, neurons)
        return _within(self._limit(inputs, neurons, True)).draw(random, self.gates * neurons, neurons)

    def bias(self, random: np.random.Generator, neurons: int) -> FloatArray:
        """b [G N]."""
        limit = 1 / sqrt(neurons) if self.family == "gated" else 0
        return _within(limit).draw(random, self.gates * neurons)

    def readout_weight(self, random: np.random.Generator, neurons: int, outputs: int) -> FloatArray:
        """[C, N] of a readout on top of such a layer."""
        limit = sqrt(6 / (neurons + outputs)) if self.family == "xavier" else 1 / sqrt(neurons)
        return _within(limit).draw(random, outputs, neurons)

    def readout_tau(self, tau: float | None) -> Distribution:
        """Time constants of such a readout; `tau` replaces the usual one."""
        if self.family == "xavier":
            return Normal(20 if tau is None else tau, 1)
        return Uniform(*(2 * (3 if tau is None else tau,)))

    @property
    def trains_readout_tau(self) -> bool:
        return self.family == "xavier"

    def _limit(self, inputs: int, neurons: int, recurrent: bool) -> float:
        if self.family == "xavier":
            return sqrt(6 / (inputs + (neurons if recurrent else 0) + neurons))
        return 1 / sqrt(inputs if self.family == "orthogonal" else neurons)


_RECIPES: Mapping[str, Recipe] = {
    "RF": Recipe("xavier", _RESONATOR),
    "BRF": Recipe("xavier", _RESONATOR),
    "BRFExponential": Recipe("xavier", _RESONATOR),
    "LIF": Recipe("xavier", {"tau_m": Normal(20, 0.5)}),
    "ALIF": Recipe("xavier", {"tau_m": Normal(20, 0.5), "tau_a": Normal(7, 0.2)}),
    "GeneralLIF": Recipe("xavier", _MEMBRANE),
    "CubaLIF": Recipe("xavier", {**_MEMBRANE, "tau_syn": Normal(5, 0.2)}),
    "CubaALIF": Recipe("xavier", {**_MEMBRANE, "tau_syn": Normal(5, 0.2), "tau_a": Normal(100, 5), "adaptation": Uniform(1, 1)}),
    "IF": Recipe("xavier", _MEMBRANE),
    "LI": Recipe("xavier", {"tau": Normal(20, 1)}),
    "GRU": Recipe("gated", {"candidate_bias": Uniform(0, 0)}, gates=3),
    "LSTM": Recipe("gated", {}, gates=4),
    "LIFHard": Recipe("orthogonal", {"p_u": Uniform(0, 1)}),
    "EFAdLIF": Recipe("orthogonal", _ADAPTIVE),
    "SEAdLIF": Recipe("orthogonal", _ADAPTIVE),
}


def recipe(neuron: str) -> Recipe:
    """That of a neuron model by its schema name; one without its own has `xavier` weights and no usual parameters."""
    return _RECIPES.get(neuron, Recipe("xavier", {}))


def orthogonal(random: np.random.Generator, size: int) -> FloatArray:
    """A matrix [size, size] drawn uniformly from all orthogonal ones: Q of the QR decomposition of a Gaussian matrix in which
    the diagonal of R is positive."""
    q, r = np.linalg.qr(random.normal(size=(size, size)))
    return np.asarray(q * np.sign(np.diag(r)), np.float32)


def _within(limit: float) -> Uniform:
    return Uniform(-limit, limit)
