"""Recurrent spiking networks: the forward pass, and gradients by automatic differentiation through time.

    I^t = W x^t + V z^{t-1} + b

Layers are named layer0, layer1, ... bottom to top, then readout. Parameters are a dict of dicts, layer name to
tensor name to array: input_weight [G N, n], recurrent_weight [G N, N] (may be absent), bias [G N] (may be absent), and
the neuron model's own [N]. G is one but for models with gates; the row of neuron m and gate g is g N + m. Of a sparse
weight some elements are not stored: whatever stands there, the net computes with zero, so it has no gradient. One
sequence at a time, no batch axis; all states and spikes start at zero.
"""

from functools import partial
from typing import NamedTuple

import numpy as np

from float64 import QUICK_TO_COMPILE, jax, jnp
from losses import LOSSES
from neurons import NEURONS, NeuronModel, decay_of
from surrogates import firing


class Network(NamedTuple):
    neurons: tuple[str, ...]  # models bottom to top, without the readout
    sizes: tuple[int, ...]  # inputs, layers, outputs
    constants: tuple[tuple[str, object], ...] = ()  # names and values, in place of the models' own in every layer
    sparse: tuple[tuple[str, float], ...] = ()  # weights, such as "layer0.input_weight", and the part that is stored

    def layers(self) -> dict[str, NeuronModel]:
        """Models by layer name, bottom to top, the readout last."""
        hidden = {f"layer{index}": NEURONS[name] for index, name in enumerate(self.neurons)}
        hidden = {name: model._replace(constants={**model.constants, **dict(self.constants)})
                  for name, model in hidden.items()}
        return {**hidden, "readout": NEURONS["li"]}

    def spiking_layers(self) -> list[str]:
        return [name for name, model in self.layers().items() if model.is_spiking]

    def losses(self) -> list[str]:
        """The losses that this net can have. A penalty needs a layer that fires."""
        return [name for name, loss in LOSSES.items() if loss.penalty is None or self.spiking_layers()]

    def stored(self, layer: str, weight: str, shape: tuple[int, int]):
        """Which elements of a weight are stored; None: all. The same at every call. One row (a neuron, or a gate of
        one) and one column of a sparse weight have none."""
        density = dict(self.sparse).get(f"{layer}.{weight}")
        if density is None:
            return None
        random = np.random.default_rng(list(f"{layer}.{weight}".encode()))
        stored = random.random(shape) < density
        stored[random.integers(shape[0])] = False
        stored[:, random.integers(shape[1])] = False
        return stored

    def without_absent(self, layer: str, tensors: dict) -> dict:
        """A layer's tensors, or their gradient, with zeros where a sparse weight is not stored."""
        masks = {name: self.stored(layer, name, array.shape) for name, array in tensors.items()}
        return {name: array if masks[name] is None else jnp.where(masks[name], array, 0)
                for name, array in tensors.items()}


class Trace(NamedTuple):
    """What a layer did at every step. T steps, n inputs, N neurons, k state variables, c currents per neuron."""

    inputs: object  # x^t [T, n]
    previous_state: object  # s^{t-1} [T, k, N]
    previous_spikes: object  # z^{t-1} [T, N]
    current: object  # I^t [T, c, N]
    state: object  # s^t [T, k, N]
    spikes: object  # z^t [T, N]; the outputs of the readout and of other analog layers
    excess: object  # membrane minus threshold [T, N]; None for analog layers


class Cuts(NamedTuple):
    """Where the gradient through the state and spikes that enter a step is cut."""

    here: object  # [T], true at these steps
    twin: Trace | None = None  # the layer goes on from what this trace had there; None: from its own, detached


def update(model: NeuronModel, parameters, state, current, smooth):
    """One step of a layer (or of one neuron): s [k, ...], I [c, ...]."""
    fire = firing(model.constants, smooth) if model.is_spiking else None
    current = current[0] if model.current_count == 1 else list(current)
    step = model.update(list(state), current, parameters, model.constants, fire)
    return jnp.stack(step.state), step.spike, step.excess


def no_cuts(inputs) -> Cuts:
    return Cuts(jnp.zeros(inputs.shape[0], bool))


def currents_from(rows, positions: tuple[int, ...], count: int):
    """Rows of all gates [..., G N] as currents [..., c, N]; positions gives the current of each gate."""
    gates = rows.reshape(*rows.shape[:-1], len(positions), -1)
    if positions == tuple(range(count)):
        return gates
    return jnp.zeros((*gates.shape[:-2], count, gates.shape[-1]), rows.dtype).at[..., positions, :].set(gates)


def detach_if(condition, signal):
    """Without a gradient if the condition, a bool or a traced one, is true."""
    if isinstance(condition, bool):
        return jax.lax.stop_gradient(signal) if condition else signal
    return jnp.where(condition, jax.lax.stop_gradient(signal), signal)


def run_layer(model: NeuronModel, parameters, inputs, detach_recurrent, smooth, cuts: Cuts) -> Trace:
    """Runs a layer over time. `detach_recurrent` stops the gradient through V z^{t-1}."""
    count = model.current_count
    feedforward = currents_from(inputs @ parameters["input_weight"].T, model.input_currents, count)
    if "bias" in parameters:
        feedforward = feedforward + currents_from(parameters["bias"], model.recurrent_currents, count)

    def advance(carry, step_inputs):
        state, spikes = carry
        current, cut, twin = step_inputs
        twin_state, twin_spikes = jax.lax.stop_gradient(carry) if twin is None else twin
        state = jnp.where(cut, twin_state, state)
        spikes = jnp.where(cut, twin_spikes, spikes)
        if "recurrent_weight" in parameters:
            rows = parameters["recurrent_weight"] @ detach_if(detach_recurrent, spikes)
            current = current + currents_from(rows, model.recurrent_currents, count)
        new_state, new_spikes, excess = update(model, parameters, state, current, smooth)
        return (new_state, new_spikes), (state, spikes, current, new_state, new_spikes, excess)

    size = feedforward.shape[-1]
    start = (jnp.zeros((len(model.state_names), size), inputs.dtype), jnp.zeros(size, inputs.dtype))
    twin = None if cuts.twin is None else (cuts.twin.previous_state, cuts.twin.previous_spikes)
    _, history = jax.lax.scan(advance, start, (feedforward, cuts.here, twin))
    return Trace(inputs, *history)


def run(network: Network, parameters, inputs, detach_recurrent=False, smooth=False) -> dict[str, Trace]:
    traces, signal = {}, inputs
    for name, model in network.layers().items():
        own = network.without_absent(name, parameters[name])
        traces[name] = run_layer(model, own, signal, detach_recurrent, smooth, no_cuts(inputs))
        signal = traces[name].spikes
    return traces


forward = jax.jit(run, static_argnames=("network", "detach_recurrent", "smooth"))


def outputs_and_spikes(network: Network, traces: dict[str, Trace]):
    """What the losses look at: the readout's outputs, and the spikes of the layers that fire."""
    return traces["readout"].spikes, {name: traces[name].spikes for name in network.spiking_layers()}


def starts_of_windows(steps: int, window_length: int):
    """[T], true at the first step of each window."""
    return np.arange(steps) % window_length == 0


@partial(jax.jit, static_argnames=("network",))
def loss_values(network: Network, traces, targets, starts) -> dict:
    seen = outputs_and_spikes(network, traces)
    return {loss: LOSSES[loss].total(*seen, targets, starts) for loss in network.losses()}


@partial(jax.jit, static_argnames=("network",))
def loss_signals(network: Network, traces, targets, starts) -> dict:
    seen = outputs_and_spikes(network, traces)
    return {loss: LOSSES[loss].signals(*seen, targets, starts) for loss in network.losses()}


@partial(jax.jit, static_argnames=("network", "detach_recurrent"))
def bptt_gradient(network: Network, parameters, inputs, targets, detach_recurrent=False):
    """Backpropagation of the cross-entropy through time: full, or local (recurrent spikes detached in all layers)."""

    def objective(parameters):
        outputs = forward(network, parameters, inputs, detach_recurrent)["readout"].spikes
        return LOSSES["cross_entropy"].total(outputs, {}, targets, None)

    return jax.grad(objective)(parameters)


def product(signals: dict, traces: dict):
    """sum_t l^t z^t over the layers that a loss looks at. With l = dL/dz held constant it has the gradient of L, so
    that a function compiled once serves every loss."""
    return sum((signals[name] * trace.spikes).sum() for name, trace in traces.items() if name in signals)


@partial(jax.jit, static_argnames=("network", "smooth"), compiler_options=QUICK_TO_COMPILE)
def bptt_of_signals(network: Network, parameters, inputs, signals, detach_recurrent, smooth=False):
    """BPTT, full or local, of the loss whose direct derivatives are `signals`."""

    def objective(parameters):
        return product(signals, run(network, parameters, inputs, detach_recurrent, smooth))

    return jax.grad(objective)(parameters)


def readout_with_filtered_gradient(parameters, trace: Trace, spikes, filtered) -> Trace:
    """The readout's trace, with the gradient that credit `filtered` lets through the y that enters a window.

    The gradient is that of f^t = mean(kappa) f^{t-1} + (1-kappa) W z^t: every output has its own gain, but they all
    forget alike.
    """
    decays = decay_of(parameters["tau"])
    drive = (1 - decays) * (spikes @ parameters["input_weight"].T)
    _, before = jax.lax.scan(lambda memory, added: (decays.mean() * memory + added, memory),
                             jnp.zeros_like(drive[0]), drive)
    before = detach_if(jnp.logical_not(filtered), before[:, None])
    return trace._replace(previous_state=trace.previous_state + (before - jax.lax.stop_gradient(before)))


@partial(jax.jit, static_argnames=("network",), compiler_options=QUICK_TO_COMPILE)
def cut_gradient(network: Network, parameters, inputs, signals, starts, detach_recurrent, filtered):
    """What HYPR computes, defined by automatic differentiation alone, for the loss with the derivatives `signals`.

    For the parameters of one layer: BPTT in which, at the first step of each window (starts [T] is true there), every
    layer above is cut, and the layer itself goes on from its twin: the same layer run alone over the whole sequence,
    on the inputs it had, with the recurrent spikes detached. Full BPTT defines the credit `recurrent`; local BPTT
    defines `window`, and with windows of one step `spatial`. In `filtered` the readout, where the layer is right below
    it, is not cut but goes on with the gradient of readout_with_filtered_gradient.
    """
    traces = run(network, parameters, inputs)
    layers = network.layers()
    names = list(layers)

    def gradient_of(name):
        def objective(own):
            own, signal = network.without_absent(name, own), traces[name].inputs
            twin = run_layer(layers[name], own, signal, detach_recurrent=True, smooth=False, cuts=no_cuts(signal))
            twins, ran, following = {name: twin}, {}, names[names.index(name):]
            if following[1:] == ["readout"]:
                twins["readout"] = readout_with_filtered_gradient(
                    parameters["readout"], traces["readout"], twin.spikes, filtered)
            for layer in following:
                ran[layer] = run_layer(layers[layer], own if layer == name else parameters[layer], signal,
                                       detach_recurrent, smooth=False, cuts=Cuts(starts, twins.get(layer)))
                signal = ran[layer].spikes
            return product(signals, ran)

        return jax.grad(objective)(parameters[name])

    return {name: gradient_of(name) for name in names}
