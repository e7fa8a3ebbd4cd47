"""What the estimators for scikit-learn and River share: fresh networks from their constructor parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, IntArray
from hypr._sequences import run_all
from hypr.builder import ModelBuilder
from hypr.session import Session

USUAL_SPIKE_RATE = 0.05  # spikes per neuron and step that an automatic scale aims at


def network(inputs: int, outputs: int, neuron: str, hidden_layer_sizes: Sequence[int] | int, readout_tau: float | None,
            layer_values: Mapping[str, Any] | None) -> ModelBuilder:
    """Layers of one neuron model, and a readout."""
    builder = ModelBuilder(inputs)
    for size in (hidden_layer_sizes,) if isinstance(hidden_layer_sizes, (int, np.integer)) else hidden_layer_sizes:
        builder.layer(neuron, int(size), **(layer_values or {}))
    return builder.readout(outputs, tau=readout_tau)


def standardise(builder: ModelBuilder, inputs: FloatArray, lengths: IntArray, scale: float | None, seed: int) -> None:
    """Gives every channel the mean 0 and the deviation `scale`. None: the first power of two from 1 at which the first
    layer's neurons spike in 5 % of the steps, as fresh networks are often nearly silent."""
    mean, deviation = inputs.mean(axis=0, dtype=np.float64), inputs.std(axis=0, dtype=np.float64)
    # What varies by no more than rounding is constant, not noise to be amplified.
    unit = 1 / np.where(deviation > 1e-6 * np.maximum(np.abs(mean), 1e-30), deviation, 1)
    if scale is not None:
        builder.input(scale=unit * scale, offset=mean)
        return
    some = lengths[:32]
    rates: list[float] = []
    gains = 2.0 ** np.arange(11)
    for gain in gains:
        builder.input(scale=unit * gain, offset=mean)
        session = Session(builder.build(seed), learning=False)
        run_all(session, inputs[:some.sum()], some)
        rates.append(float(session.statistics.spike_rates[0]))
        if rates[-1] >= USUAL_SPIKE_RATE or not _spikes(session):
            return
    builder.input(scale=unit * gains[int(np.argmax(rates))], offset=mean)


def _spikes(session: Session) -> bool:
    """Whether the first layer gives spikes, not values."""
    outputs: npt.NDArray[Any] = session.spikes(0)
    return bool(np.isin(outputs, (0, 1)).all())
