"""One step of inference in JAX, to be called sample by sample.

Most of its time goes into the call, per array that it takes and gives: the parameters are constants of the compiled
function, and the whole state is one array, whose memory the next state takes over.
"""

from jax_networks import Network
from jax_setup import jax, jnp


def fresh_state(network: Network, parameters):
    """[k N + N + C]: states of the neurons, spikes, outputs."""
    outputs = parameters["readout_weight"].shape[1]
    return jnp.zeros((network.neuron.state_count + 1) * network.size + outputs)


def step(network: Network, parameters):
    """The compiled function (state, sample) -> (state, outputs)."""
    neuron, size = network.neuron, network.size
    coefficients = neuron.coefficients(jnp.exp, network.theta(parameters))
    decay = network.readout_decay(parameters)
    of_input, recurrent = parameters["weight"][:network.inputs], network.recurrent(parameters)
    of_spikes = (1 - decay) * parameters["readout_weight"]
    bias = parameters["weight"][-1] if network.has_bias else 0
    readout_bias = of_spikes[-1] if network.readout_has_bias else 0

    def advance(state, sample):
        *neurons, spike = jnp.split(state[:(neuron.state_count + 1) * size], neuron.state_count + 1)
        current = sample @ of_input + spike @ recurrent + bias
        neurons, spike = neuron.advance(coefficients, neurons, spike, current)
        output = decay * state[-len(decay):] + spike @ of_spikes[:size] + readout_bias
        return jnp.concatenate([*neurons, spike, output]), output

    return jax.jit(advance, donate_argnums=0)
