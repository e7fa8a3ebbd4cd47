"""Recurrent spiking networks: the forward pass, and gradients by automatic differentiation through time.

    I^t = W x^t + V z^{t-1} + b

Layers are named layer0, layer1, ... bottom to top, then readout. Parameters are a dict of dicts, layer name to
tensor name to array: input_weight [N, n], recurrent_weight [N, N] (may be absent), bias [N] (may be absent), and the
neuron model's own [N]. One sequence at a time, no batch axis; all states and spikes start at zero.
"""

from functools import partial
from typing import NamedTuple

from float64 import jax, jnp
from losses import LOSSES
from neurons import NEURONS, NeuronModel
from surrogates import firing


class Network(NamedTuple):
    neurons: tuple[str, ...]  # models bottom to top, without the readout
    sizes: tuple[int, ...]  # inputs, layers, outputs
    loss: str = "cross_entropy"

    def layers(self) -> dict[str, NeuronModel]:
        """Models by layer name, bottom to top, the readout last."""
        hidden = {f"layer{index}": NEURONS[name] for index, name in enumerate(self.neurons)}
        return {**hidden, "readout": NEURONS["li"]}


class Trace(NamedTuple):
    """What a layer did at every step. T steps, n inputs, N neurons, k state variables."""

    inputs: object  # x^t [T, n]
    previous_state: object  # s^{t-1} [T, k, N]
    previous_spikes: object  # z^{t-1} [T, N]
    current: object  # I^t [T, N]
    state: object  # s^t [T, k, N]
    spikes: object  # z^t [T, N]; the readout's outputs
    excess: object  # membrane minus threshold [T, N]; None for the readout


class Cuts(NamedTuple):
    """Where the gradient through the state and spikes that enter a step is cut."""

    here: object  # [T], true at these steps
    twin: Trace | None = None  # the layer goes on from what this trace had there; None: from its own, detached


def update(model: NeuronModel, parameters, state, current, smooth):
    """One step of a layer (or of one neuron): s [k, ...], I [...]."""
    fire = firing(model.constants, smooth) if "surrogate" in model.constants else None
    step = model.update(list(state), current, parameters, model.constants, fire)
    return jnp.stack(step.state), step.spike, step.excess


def no_cuts(inputs) -> Cuts:
    return Cuts(jnp.zeros(inputs.shape[0], bool))


def run_layer(model: NeuronModel, parameters, inputs, detach_recurrent, smooth, cuts: Cuts) -> Trace:
    """Runs a layer over time. `detach_recurrent` stops the gradient through V z^{t-1}."""
    feedforward = inputs @ parameters["input_weight"].T + parameters.get("bias", 0.0)

    def advance(carry, step_inputs):
        state, spikes = carry
        feedforward_current, cut, twin = step_inputs
        twin_state, twin_spikes = jax.lax.stop_gradient(carry) if twin is None else twin
        state = jnp.where(cut, twin_state, state)
        spikes = jnp.where(cut, twin_spikes, spikes)
        current = feedforward_current
        if "recurrent_weight" in parameters:
            presynaptic = jax.lax.stop_gradient(spikes) if detach_recurrent else spikes
            current = current + parameters["recurrent_weight"] @ presynaptic
        new_state, new_spikes, excess = update(model, parameters, state, current, smooth)
        return (new_state, new_spikes), (state, spikes, current, new_state, new_spikes, excess)

    size = feedforward.shape[1]
    start = (jnp.zeros((len(model.state_names), size), inputs.dtype), jnp.zeros(size, inputs.dtype))
    twin = None if cuts.twin is None else (cuts.twin.previous_state, cuts.twin.previous_spikes)
    _, history = jax.lax.scan(advance, start, (feedforward, cuts.here, twin))
    return Trace(inputs, *history)


@partial(jax.jit, static_argnames=("network", "detach_recurrent", "smooth"))
def forward(network: Network, parameters, inputs, detach_recurrent=False, smooth=False, cuts=None) -> dict[str, Trace]:
    """Runs the net; cuts maps names of layers to their Cuts."""
    traces, signal = {}, inputs
    for name, model in network.layers().items():
        layer_cuts = (cuts or {}).get(name, no_cuts(inputs))
        traces[name] = run_layer(model, parameters[name], signal, detach_recurrent, smooth, layer_cuts)
        signal = traces[name].spikes
    return traces


@partial(jax.jit, static_argnames=("network", "smooth"))
def loss_value(network: Network, parameters, inputs, labels, smooth=False):
    outputs = forward(network, parameters, inputs, smooth=smooth)["readout"].spikes
    return LOSSES[network.loss].total(outputs, labels)


@partial(jax.jit, static_argnames=("network", "detach_recurrent", "smooth"))
def bptt_gradient(network: Network, parameters, inputs, labels, detach_recurrent=False, smooth=False):
    """Backpropagation through time: full, or local (recurrent spikes detached in all layers)."""

    def objective(parameters):
        outputs = forward(network, parameters, inputs, detach_recurrent, smooth)["readout"].spikes
        return LOSSES[network.loss].total(outputs, labels)

    return jax.grad(objective)(parameters)


@partial(jax.jit, static_argnames=("network", "detach_recurrent"))
def cut_gradient(network: Network, parameters, inputs, labels, starts, detach_recurrent):
    """What HYPR computes, defined by automatic differentiation alone.

    For the parameters of one layer: BPTT in which, at the first step of each window (starts [T] is true there), every
    layer above is cut, and the layer itself goes on from its twin: the same layer run alone over the whole sequence,
    on the inputs it had, with the recurrent spikes detached. Full BPTT defines the credit `recurrent`; local BPTT
    defines `window`, and with windows of one step `spatial`.
    """
    traces = forward(network, parameters, inputs)
    layers = network.layers()
    names = list(layers)

    def gradient_of(name):
        def objective(own):
            seen = traces[name].inputs
            twin = run_layer(layers[name], own, seen, detach_recurrent=True, smooth=False, cuts=no_cuts(seen))
            cuts = {above: Cuts(starts) for above in names[names.index(name) + 1:]}
            cuts[name] = Cuts(starts, twin)
            outputs = forward(network, {**parameters, name: own}, inputs, detach_recurrent, cuts=cuts)["readout"].spikes
            return LOSSES[network.loss].total(outputs, labels)

        return jax.grad(objective)(parameters[name])

    return {name: gradient_of(name) for name in names}
