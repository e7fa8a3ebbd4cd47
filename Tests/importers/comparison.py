"""What the tests of importers have in common: a network run by its own library, and by hypr, step by step."""

from dataclasses import dataclass

import numpy as np

import hypr

STEPS = 600
# Of potentials of about 1, in float32 and after so many steps.
TOLERANCE = 2e-5


@dataclass
class Layer:
    """What neurons did in their own library."""

    spikes: np.ndarray  # [steps, neurons]
    potentials: np.ndarray  # [steps, neurons], the state after each step
    margin: float  # the least distance of a potential from its threshold


def inputs(channels, seed=0, scale=1.0):
    """Samples [STEPS, channels], positive more often than not, so that networks spike."""
    return (np.random.default_rng(seed).normal(0.3, 1, (STEPS, channels)) * scale).astype(np.float32)


def reference(run, modules, channels=6, scale=1.0):
    """Samples, what the layers do by themselves, and their outputs: ``run(modules, x)``.

    Sums in another order are rounded differently: where a potential is as close to its threshold as that, spikes may differ.
    The samples are the first that lead to no such potential.
    """
    for seed in range(20):
        x = inputs(channels, seed, scale)
        layers, outputs = run(modules, x)
        if all(layer.margin > TOLERANCE * max(1, np.abs(layer.potentials).max() / 10) for layer in layers):
            return x, layers, outputs
    raise AssertionError("with all samples a potential comes too close to its threshold")


def record(builder, x):
    """A run of hypr; its layers that spike, in their order."""
    recording = hypr.record(hypr.Session(builder.build(), learning=False), x)
    return recording, [index for index in range(len(recording.layers)) if recording.has_spikes(index)]


def compare(builder, x, layers, outputs):
    """Spikes of every layer exactly, potentials and outputs as closely as float32 can; rates of 1 % to 50 %."""
    recording, spiking = record(builder, x)
    assert len(x) >= 500
    assert len(spiking) == len(layers)
    for index, layer in zip(spiking, layers, strict=True):
        rate = layer.spikes.mean()
        assert 0.01 <= rate <= 0.5, f"layer {index}: spike rate {rate:.3f}"
        different = int((recording.spikes[index] != layer.spikes).sum())
        assert different == 0, f"layer {index}: {different} of {layer.spikes.size} outputs differ"
        error = close(recording.membrane(index), layer.potentials)
        assert error < layer.margin, f"layer {index}: rounding may reach a threshold, {layer.margin:.1e} away"
    close(recording.outputs, outputs)
    return recording


def close(actual, expected):
    """Compares values, and gives the largest difference."""
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=TOLERANCE * max(1, np.abs(expected).max()))
    return np.abs(actual - expected).max()


def trainable(builder):
    """The names of the tensors that learning may change."""
    return {tensor.name for tensor in builder.build().tensors if tensor.trainable}
