"""Backpropagation through time in JAX, written by hand: automatic differentiation of a scan would add an outer product
as large as the weights to the gradient at every step, where one matrix product after the sequence does."""

from functools import partial

from jax_networks import Network, adam, error_of, forward, fresh_state, readout_adjoint
from jax_setup import jax, jnp


def gradient(network: Network, parameters, inputs, labels):
    """Of the mean cross-entropy over the sequence, from a fresh state."""
    neuron, size = network.neuron, network.size
    _, record = forward(network, parameters, fresh_state(network, parameters), inputs)
    of_drive, of_output = readout_adjoint(network, parameters, error_of(record.outputs, labels))
    signal = of_drive @ parameters["readout_weight"][:size].T
    coefficients, of_theta = jax.vjp(partial(neuron.coefficients, jnp.exp), network.theta(parameters))
    recurrent = network.recurrent(parameters).T

    def back(carry, step):
        adjoint, current = carry
        local, signal = step
        earlier, current = neuron.pull_back(coefficients, local, adjoint, signal + current @ recurrent)
        return (earlier, current), (current, adjoint[1])

    zeros = jnp.zeros(size)
    _, (current, second) = jax.lax.scan(back, ((zeros,) * neuron.state_count, zeros), (record.local, signal),
                                        reverse=True)
    sums = {name: values.sum(axis=0)
            for name, values in neuron.of_coefficients(coefficients, record.local, current, second).items()}
    result = {"weight": record.presynaptic.T @ current, **of_theta(sums)[0],
              "readout_weight": record.readout_input.T @ of_drive}
    if network.fixed_tau is None:
        tau, decay = parameters["readout_tau"], network.readout_decay(parameters)
        before = jnp.concatenate([jnp.zeros((1, len(decay))), record.outputs[:-1]])
        slope = decay * jnp.sign(tau) / tau ** 2 * (before - record.outputs) / (1 - decay)
        result["readout_tau"] = (of_output * slope).sum(axis=0)
    return result


def learn(network: Network, parameters, moments, inputs, labels, rate):
    """One sequence and one update."""
    return adam(network, parameters, moments, gradient(network, parameters, inputs, labels), rate)
