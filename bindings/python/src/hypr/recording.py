"""What happens inside a network during a run: inputs, spikes, state variables and outputs of every step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats
from hypr._atomic import put_back
from hypr.errors import InvalidArgumentError
from hypr.model import LayerInfo
from hypr.neurons import neuron_models
from hypr.session import Session


@dataclass(frozen=True)
class Recording:
    """A run of a session, step by step.

    Attributes
    ----------
    inputs : ndarray of float32, [steps, channels]
        Samples as they were given.
    spikes : tuple of ndarray of float32, [steps, neurons]
        Outputs of every hidden layer: spikes (0 or 1), or numbers of models that do not spike.
    states : tuple of ndarray of float32, [steps, k, neurons]
        State variables of every hidden layer after each step; a membrane potential is that after the reset, if there is one.
    outputs : ndarray of float32, [steps, outputs]
        Of the readout; no softmax.
    layers : tuple of LayerInfo
    time_step : float
        Seconds per step; 0: not known.
    output_names : tuple of str
        Names of the outputs; () if they have none.
    """

    inputs: FloatArray
    spikes: tuple[FloatArray, ...]
    states: tuple[FloatArray, ...]
    outputs: FloatArray
    layers: tuple[LayerInfo, ...]
    time_step: float = 0.0
    output_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.inputs)

    def variables(self, layer: int = 0) -> tuple[str, ...]:
        """Names of the state variables of a layer, as docs/neuron-models.md has them."""
        return neuron_models()[self.layers[layer].neuron].states

    def state(self, variable: str, layer: int = 0) -> FloatArray:
        """One state variable by its name, [steps, neurons]."""
        names = self.variables(layer)
        if variable not in names:
            raise InvalidArgumentError(f"{self.layers[layer].neuron} has no state {variable!r}, but {', '.join(names)}")
        return self.states[layer][:, names.index(variable)]

    def membrane(self, layer: int = 0) -> FloatArray:
        """The variable that is compared with the threshold, [steps, neurons]; the only or first one of models without."""
        names = self.variables(layer)
        return self.state("u" if "u" in names else names[0], layer)

    def has_spikes(self, layer: int = 0) -> bool:
        """Whether the layer's outputs are spikes."""
        return neuron_models()[self.layers[layer].neuron].spiking

    @property
    def spike_rates(self) -> tuple[float, ...]:
        """Spikes per neuron and step of every layer; 0 for layers without spikes."""
        return tuple(float(z.mean()) if self.has_spikes(layer) and z.size else 0.0 for layer, z in enumerate(self.spikes))


def record(session: Session, x: npt.ArrayLike) -> Recording:
    """Runs a session step by step, and keeps what is in it after every one.

    The session goes on from the state that it has: ``session.reset()`` before begins a new sequence. Several times slower
    than ``Session.run``. If it raises, the session is as it was.

    Parameters
    ----------
    session : Session
    x : array_like, [steps, input_size]

    Examples
    --------
    >>> recording = hypr.record(hypr.Session(model, learning=False), x)
    >>> hypr.plot.raster(recording.spikes)
    """
    if not isinstance(session, Session):
        raise TypeError(f"session is a {type(session).__name__}, expected a hypr.Session, such as Session(model, learning=False)")
    model = session.model
    inputs = floats(x, "x", "steps", model.input_size)
    steps, layers = len(inputs), range(model.layer_count)
    outputs = np.empty((steps, model.output_size), np.float32)
    spikes = tuple(np.empty((steps, model.layers[layer].size), np.float32) for layer in layers)
    states = tuple(np.empty((steps, *session.layer_state(layer).shape), np.float32) for layer in layers)
    with put_back(session):
        for t, sample in enumerate(inputs):
            outputs[t] = session.step(sample)
            for layer in layers:
                spikes[layer][t] = session.spikes(layer)
                states[layer][t] = session.layer_state(layer)
    return Recording(inputs, spikes, states, outputs, model.layers, model.time_step, model.class_labels)
