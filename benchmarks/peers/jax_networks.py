"""A network in JAX, as hypr's benchmark has it: one recurrent spiking layer and a readout of leaky integrators.

Trained parameters are a dict of

    weight [J, N]           of x̄ = [x; z'; 1]: input, recurrent and, if there is one, bias
    omega, p_u, ... [N]     theta of the neuron model
    readout_weight [N, C]   with one more row for the bias, if there is one
    readout_tau [C]         only where the model trains it

`Network` holds what does not change. Sequences are arrays [steps, ...]; there is no batch axis.
"""

from typing import NamedTuple

from jax_setup import jax, jnp
from neurons import NEURONS, Neuron, spikes


class Network(NamedTuple):
    neuron_name: str
    inputs: int
    size: int
    has_bias: bool
    readout_has_bias: bool
    fixed_tau: object  # [C], or None where it is trained

    @property
    def neuron(self) -> Neuron:
        return NEURONS[self.neuron_name]

    def recurrent(self, parameters):
        return parameters["weight"][self.inputs:self.inputs + self.size]

    def readout_decay(self, parameters):
        return jnp.exp(-1 / jnp.abs(parameters.get("readout_tau", self.fixed_tau)))

    def theta(self, parameters):
        return {name: parameters[name] for name in self.neuron.bounds}


class State(NamedTuple):
    neurons: tuple  # k arrays [N]
    spike: object  # [N]
    output: object  # [C]


class Record(NamedTuple):
    """What a forward pass leaves for the derivatives."""

    presynaptic: object  # x̄ [steps, J]
    local: dict  # as in jax_neurons, arrays [steps, N]
    readout_input: object  # [steps, N], or N + 1
    outputs: object  # [steps, C]


def fresh_state(network: Network, parameters) -> State:
    zeros, outputs = jnp.zeros(network.size), parameters["readout_weight"].shape[1]
    return State((zeros,) * network.neuron.state_count, zeros, jnp.zeros(outputs))


def with_ones(values, wanted):
    return jnp.concatenate([values, jnp.ones((len(values), 1))], axis=1) if wanted else values


def leaky_sum(decay, values, start):
    """y of y = decay y' + value at every step [steps, C], by doubling: one step after the other takes longer."""
    values = values.at[0].add(decay * start)
    reach = 1
    while reach < len(values):
        values = values + decay * jnp.pad(values[:-reach], ((reach, 0), (0, 0)))
        reach, decay = 2 * reach, decay * decay
    return values


def shifted(first, values):
    """The values one step later."""
    return jnp.concatenate([first[None], values[:-1]])


def forward(network: Network, parameters, state: State, inputs):
    """Runs over the inputs [steps, n]; returns the state after them and the record."""
    neuron, recurrent = network.neuron, network.recurrent(parameters)
    coefficients = neuron.coefficients(jnp.exp, network.theta(parameters))
    drive = inputs @ parameters["weight"][:network.inputs]
    if network.has_bias:
        drive = drive + parameters["weight"][-1]

    def advance(carry, drive):
        neurons, spike = neuron.advance(coefficients, *carry, drive + carry[1] @ recurrent)
        return (neurons, spike), neurons

    (neurons, spike), new = jax.lax.scan(advance, (state.neurons, state.spike), drive)
    old = [shifted(*pair) for pair in zip(state.neurons, new)]
    excess = neuron.excess(old, new)
    fired = spikes(excess)
    old_spike = shifted(state.spike, fired)
    readout_input = with_ones(fired, network.readout_has_bias)
    decay = network.readout_decay(parameters)
    outputs = leaky_sum(decay, (1 - decay) * (readout_input @ parameters["readout_weight"]), state.output)
    presynaptic = with_ones(jnp.concatenate([inputs, old_spike], axis=1), network.has_bias)
    local = neuron.local(jnp.exp, coefficients, old, old_spike, excess)
    return State(neurons, spike, outputs[-1]), Record(presynaptic, local, readout_input, outputs)


def error_of(outputs, labels):
    """The derivative by the outputs of the cross-entropy, the mean over the steps.

    The scatter keeps XLA from taking the loop over windows for a small one (jax_setup), in which products are slow.
    """
    return jax.nn.softmax(outputs).at[jnp.arange(len(labels)), labels].add(-1) / len(outputs)


def readout_adjoint(network: Network, parameters, error):
    """Of the readout's drive W z + b, [steps, C], and of the sums y, from the error at every step."""
    decay = network.readout_decay(parameters)
    of_output = leaky_sum(decay, error[::-1], jnp.zeros_like(decay))[::-1]
    return (1 - decay) * of_output, of_output


# ---- Adam

class Moments(NamedTuple):
    count: object
    mean: dict
    square: dict


def fresh_moments(parameters) -> Moments:
    def zeros():
        return jax.tree.map(jnp.zeros_like, parameters)

    return Moments(jnp.zeros((), jnp.int32), zeros(), zeros())


def adam(network: Network, parameters, moments: Moments, gradient, rate):
    """One update. hypr also limits the norm of the gradient; that is left out here, as it takes time."""
    count = moments.count + 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, moments.mean, gradient)
    square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, moments.square, gradient)
    rate, scale = rate / (1 - 0.9 ** count), 1 / (1 - 0.999 ** count)
    updated = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v * scale) + 1e-8), parameters, mean, square)
    clamped = {name: jnp.clip(updated[name], *bounds) for name, bounds in network.neuron.bounds.items()}
    return {**updated, **clamped}, Moments(count, mean, square)
