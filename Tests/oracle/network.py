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


class Restart(NamedTuple):
    """Steps at which a layer goes on from other values than its own."""

    here: object  # [T], true at these steps
    state: object  # s^{t-1} to go on from [T, k, N]
    spikes: object  # z^{t-1} to go on from [T, N]


def update(model: NeuronModel, parameters, state, current, smooth):
    """One step of a layer (or of one neuron): s [k, ...], I [...]."""
    fire = firing(model.constants, smooth) if "surrogate" in model.constants else None
    step = model.update(list(state), current, parameters, model.constants, fire)
    return jnp.stack(step.state), step.spike, step.excess


def run_layer(model: NeuronModel, parameters, inputs, detach_recurrent, smooth, restart: Restart | None) -> Trace:
    """Runs a layer over time. `detach_recurrent` stops the gradient through V z^{t-1}."""
    feedforward = inputs @ parameters["input_weight"].T + parameters.get("bias", 0.0)

    def advance(carry, step_inputs):
        state, spikes = carry
        feedforward_current, restart = step_inputs
        if restart is not None:
            state = jnp.where(restart.here, restart.state, state)
            spikes = jnp.where(restart.here, restart.spikes, spikes)
        current = feedforward_current
        if "recurrent_weight" in parameters:
            presynaptic = jax.lax.stop_gradient(spikes) if detach_recurrent else spikes
            current = current + parameters["recurrent_weight"] @ presynaptic
        new_state, new_spikes, excess = update(model, parameters, state, current, smooth)
        return (new_state, new_spikes), (state, spikes, current, new_state, new_spikes, excess)

    size = feedforward.shape[1]
    start = (jnp.zeros((len(model.state_names), size), inputs.dtype), jnp.zeros(size, inputs.dtype))
    _, history = jax.lax.scan(advance, start, (feedforward, restart))
    return Trace(inputs, *history)


@partial(jax.jit, static_argnames=("network", "detach_recurrent", "smooth"))
def forward(network: Network, parameters, inputs, detach_recurrent=False, smooth=False,
            restarts=None) -> dict[str, Trace]:
    """Runs the net; restarts maps names of layers to their Restart."""
    traces, signal = {}, inputs
    for name, model in network.layers().items():
        restart = (restarts or {}).get(name)
        traces[name] = run_layer(model, parameters[name], signal, detach_recurrent, smooth, restart)
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

    For the parameters of one layer: BPTT, in which at the first step of each window (where starts [T] is true) every
    layer above goes on from constants, and the layer itself from the state and spikes of its twin: the layer run
    alone over the whole sequence, on the inputs it had, with the recurrent spikes detached. Full BPTT defines the
    credit `recurrent`, local BPTT the credit `window`, and local BPTT with windows of one step `spatial`.
    """
    traces = forward(network, parameters, inputs)
    layers = network.layers()
    names = list(layers)

    def gradient_of(name):
        def objective(own):
            twin = run_layer(layers[name], own, traces[name].inputs, detach_recurrent=True, smooth=False, restart=None)
            sources = {name: twin, **{above: traces[above] for above in names[names.index(name) + 1:]}}
            restarts = {layer: Restart(starts, source.previous_state, source.previous_spikes)
                        for layer, source in sources.items()}
            moved = {**parameters, name: own}
            outputs = forward(network, moved, inputs, detach_recurrent, restarts=restarts)["readout"].spikes
            return LOSSES[network.loss].total(outputs, labels)

        return jax.grad(objective)(parameters[name])

    return {name: gradient_of(name) for name in names}
