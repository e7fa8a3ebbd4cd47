"""What the estimators for scikit-learn and River share: fresh networks from their constructor parameters."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hypr._arrays import FloatArray, IntArray
from hypr.builder import ModelBuilder
from hypr.errors import WrongStateError

SPIKE_RATE = 0.1  # per neuron and step before training: no neuron model was better with less on the bundled data (docs/choosing.md)


def network(inputs: int, outputs: int, neuron: str, hidden_layer_sizes: Sequence[int] | int, readout_tau: float | None,
            layer_values: Mapping[str, Any] | None) -> ModelBuilder:
    """Layers of one neuron model, and a readout."""
    builder = ModelBuilder(inputs)
    for size in (hidden_layer_sizes,) if isinstance(hidden_layer_sizes, (int, np.integer)) else hidden_layer_sizes:
        builder.layer(neuron, int(size), **(layer_values or {}))
    return builder.readout(outputs, tau=readout_tau)


def standardise(builder: ModelBuilder, inputs: FloatArray, lengths: IntArray, scale: float | None, seed: int) -> None:
    """Gives every channel the mean 0 and the deviation `scale`. None: calibrates the network."""
    mean, deviation = inputs.mean(axis=0, dtype=np.float64), inputs.std(axis=0, dtype=np.float64)
    # What varies by no more than rounding is constant, not noise to be amplified.
    varies = deviation > 1e-6 * np.maximum(np.abs(mean), 1e-30)
    builder.input(scale=(1 if scale is None else scale) / np.where(varies, deviation, 1), offset=mean)
    if scale is not None or not varies.any():
        return
    try:
        builder.calibrate(np.split(inputs, np.cumsum(lengths)[:-1]), SPIKE_RATE, seed)
    except WrongStateError as reason:
        warnings.warn(f"the network is not calibrated: {reason}", stacklevel=4)
