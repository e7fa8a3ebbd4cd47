"""What the estimators for scikit-learn and River share: fresh networks from their constructor parameters."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from hypr._arrays import FloatArray, IntArray
from hypr.builder import ModelBuilder
from hypr.conditioning import Stage
from hypr.errors import WrongStateError
from hypr.trainer import drawn

SPIKE_RATE = 0.1  # per neuron and step before training: no neuron model was better with less on the bundled data (docs/choosing.md)


def network(inputs: int, outputs: int, neuron: str, hidden_layer_sizes: Sequence[int] | int, readout_tau: float | None,
            layer_values: Mapping[str, Any] | None, dt: float) -> ModelBuilder:
    """Layers of one neuron model, and a readout."""
    builder = ModelBuilder(inputs, dt)
    for size in (hidden_layer_sizes,) if isinstance(hidden_layer_sizes, (int, np.integer)) else hidden_layer_sizes:
        builder.layer(neuron, int(size), **(layer_values or {}))
    return builder.readout(outputs, tau=readout_tau)


def fit_input(builder: ModelBuilder, inputs: FloatArray, lengths: IntArray, conditioning: Iterable[Stage] | None, dt: float,
              scale: float | None, seed: int, validation: float) -> None:
    """Conditions the input and fits offset and scale to samples, as ``ModelBuilder.input(fit=...)`` does, so that values have the
    deviation `scale`. None: calibrates the network. What the trainer will hold out, a share of `validation`, is not looked at."""
    stages, samples = tuple(conditioning or ()), np.split(inputs, np.cumsum(lengths)[:-1])
    held_out = drawn(len(samples), validation, seed) if validation else np.zeros(len(samples), bool)
    if not held_out.all():
        samples = [part for part, is_held_out in zip(samples, held_out) if not is_held_out]
        inputs = np.concatenate(samples)
    # From a builder of its own: the range in training is for the trainer to say, who sees what is held out.
    probe = ModelBuilder(inputs.shape[1], dt).layer("lif", 1).readout(1).input(conditioning=stages, fit=samples)
    fitted = probe.description().input
    assert fitted is not None and fitted.scale is not None
    builder.input(conditioning=stages, offset=fitted.offset, scale=fitted.scale * (1 if scale is None else scale))
    mean, deviation = inputs.mean(axis=0, dtype=np.float64), inputs.std(axis=0, dtype=np.float64)
    # What varies by no more than rounding is constant, not noise to be amplified.
    if scale is not None or not (deviation > 1e-6 * np.maximum(np.abs(mean), 1e-30)).any():
        return
    try:
        builder.calibrate(samples, SPIKE_RATE, seed)
    except WrongStateError as reason:
        warnings.warn(f"the network is not calibrated: {reason}", stacklevel=4)
