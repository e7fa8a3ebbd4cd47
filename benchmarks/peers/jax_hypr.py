"""Dense HYPR in JAX: learning online, window by window, with every eligibility of a layer as one dense array.

Let q be the adjoint of the neurons' states inside a window. It is followed back k + 1 times at once: in row 0 for the
loss, and in row 1 + i for the i-th state variable at the end of the window. Their currents' adjoints gI [steps, 1 + k, N]
times x̄, one matrix product, are then all that the window adds to the gradient (row 0) and to the eligibility (the other
rows), and the q that leave the window at its start weight the eligibility of what came before.
"""

from functools import partial
from typing import NamedTuple

from jax_networks import Network, State, adam, error_of, forward, readout_adjoint
from jax_setup import jax, jnp


class Traces(NamedTuple):
    """The eligibility: derivatives of the states of neurons and readout by their parameters."""

    weight: tuple  # k arrays [J, N]
    theta: dict  # by name, [k, N]
    readout_weight: object  # [N, C]
    readout_tau: object  # [C]


def fresh_traces(network: Network, parameters) -> Traces:
    count = network.neuron.state_count
    return Traces(tuple(jnp.zeros_like(parameters["weight"]) for _ in range(count)),
                  {name: jnp.zeros((count, network.size)) for name in network.neuron.bounds},
                  jnp.zeros_like(parameters["readout_weight"]), jnp.zeros(parameters["readout_weight"].shape[1]))


def units(count: int, size: int) -> tuple:
    """Adjoints at the end of a window, k arrays [1 + k, N]: none for the loss, one for each state variable."""
    return tuple(jnp.tile(row[:, None], (1, size)) for row in jnp.eye(count + 1)[1:])


def neurons_window(network: Network, parameters, traces: Traces, record, signal):
    """Gradient and new eligibility of the layer's parameters; `signal` [steps, N] is dL/dz."""
    neuron, theta = network.neuron, network.theta(parameters)
    count, rows = neuron.state_count, 1 + neuron.state_count
    coefficients, of_theta = jax.vjp(partial(neuron.coefficients, jnp.exp), theta)
    is_loss = jnp.eye(rows)[0][:, None]

    def back(adjoint, step):
        local, signal = step
        earlier, current = neuron.pull_back(coefficients, local, adjoint, is_loss * signal)
        return earlier, (current, adjoint[1])

    adjoint, (current, second) = jax.lax.scan(back, units(count, network.size), (record.local, signal), reverse=True)
    local = {name: values[:, None] for name, values in record.local.items()}
    sums = {name: values.sum(axis=0)
            for name, values in neuron.of_coefficients(coefficients, local, current, second).items()}
    event = record.presynaptic.T @ current.reshape(len(signal), -1)
    event = [event[:, row * network.size:(row + 1) * network.size] for row in range(rows)]
    weight = [event[row] + sum(q[row] * e for q, e in zip(adjoint, traces.weight)) for row in range(rows)]
    inside, = jax.vmap(of_theta)(sums)
    theta = {name: inside[name] + sum(q * e for q, e in zip(adjoint, traces.theta[name])) for name in inside}
    gradient = {"weight": weight[0], **{name: values[0] for name, values in theta.items()}}
    return gradient, tuple(weight[1:]), {name: values[1:] for name, values in theta.items()}


def readout_window(network: Network, parameters, traces: Traces, record, start, of_drive, of_output):
    """The same for the readout. Its unit adjoint is a power of its decay."""
    tau = parameters.get("readout_tau", network.fixed_tau)
    decay = network.readout_decay(parameters)
    steps = len(of_output)
    left = decay ** jnp.arange(steps - 1, -1, -1)[:, None]
    enters = decay * of_output[0], decay ** steps
    drive = jnp.concatenate([of_drive, (1 - decay) * left], axis=1)
    both = record.readout_input.T @ drive
    outputs = len(decay)
    gradient = {"readout_weight": both[:, :outputs] + enters[0] * traces.readout_weight}
    weight = both[:, outputs:] + enters[1] * traces.readout_weight
    if network.fixed_tau is not None:
        return gradient, weight, traces.readout_tau
    # dy/dtau = dkappa/dtau (y' - W z - b), with y = kappa y' + (1 - kappa) (W z + b)
    before = jnp.concatenate([start[None], record.outputs[:-1]])
    slope = decay * jnp.sign(tau) / tau ** 2 * (before - record.outputs) / (1 - decay)
    gradient["readout_tau"] = (of_output * slope).sum(axis=0) + enters[0] * traces.readout_tau
    return gradient, weight, (left * slope).sum(axis=0) + enters[1] * traces.readout_tau


def window(network: Network, parameters, state: State, traces: Traces, inputs, labels):
    """One window: gradient, state and eligibility at its end, and the outputs."""
    new_state, record = forward(network, parameters, state, inputs)
    of_drive, of_output = readout_adjoint(network, parameters, error_of(record.outputs, labels))
    signal = of_drive @ parameters["readout_weight"][:network.size].T
    gradient, weight, theta = neurons_window(network, parameters, traces, record, signal)
    readout, readout_weight, readout_tau = readout_window(network, parameters, traces, record, state.output,
                                                          of_drive, of_output)
    return {**gradient, **readout}, new_state, Traces(weight, theta, readout_weight, readout_tau)


def learn(network: Network, carry, inputs, labels, rate):
    """Windows [windows, steps, ...], each followed by an update. `carry`: parameters, moments, state and traces."""
    def one(carry, data):
        parameters, moments, state, traces = carry
        gradient, state, traces = window(network, parameters, state, traces, *data)
        parameters, moments = adam(network, parameters, moments, gradient, rate)
        return (parameters, moments, state, traces), None

    return jax.lax.scan(one, carry, (inputs, labels))[0]
