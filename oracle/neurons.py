"""Neuron models as state-space maps with feed-through.

    s^t = f(s^{t-1}, I^t; theta)        z^t = g(s^{t-1}, I^t; theta)

One function per model holds both f and g. It is written for arrays of any shape (one entry per neuron) and gets

    state       list of k arrays, the state after the previous step (a prime marks it in the equations below)
    current     the input current I^t; a list of them for a model with gates
    parameter   dict of the trainable neuron parameters theta
    constant    dict of the fixed constants
    firing      the spike function and the gradient stop (surrogates.py), written z = Theta(x) and sg below

and returns a Step. The spike comes from the membrane before the reset (u~), so it is no function of the new state.

The weights of a model with G gates have G N rows, one gate after the other. A row goes to one of the currents:
`input_currents` and `recurrent_currents` say to which, gate by gate, for W and for V and b. Elsewhere both are the
identity; in `gru` the candidate keeps W x and V z' + b apart.
"""

from collections.abc import Callable
from typing import NamedTuple

from float64 import jax, jnp


class Step(NamedTuple):
    state: list  # k arrays
    spike: object  # z^t; the output y^t of the readout
    excess: object  # membrane minus threshold, what the spike was decided on; None without a threshold


class NeuronModel(NamedTuple):
    state_names: tuple[str, ...]
    parameter_names: tuple[str, ...]
    constants: dict
    update: Callable[..., Step]
    input_currents: tuple[int, ...] = (0,)  # per gate, the current that its row of W goes to
    recurrent_currents: tuple[int, ...] = (0,)  # the same for V and b

    @property
    def current_count(self) -> int:
        return 1 + max(self.input_currents + self.recurrent_currents)

    @property
    def is_spiking(self) -> bool:
        return "surrogate" in self.constants


def decay_of(time_constant):
    """exp(-1/|tau|), tau in steps."""
    return jnp.exp(-1 / jnp.abs(time_constant))


def interpolated_decay(position, minimum, maximum):
    """exp(-1/tau) with tau = p tau_max + (1-p) tau_min, p in [0, 1]."""
    return jnp.exp(-1 / (position * maximum + (1 - position) * minimum))


def lif(state, current, parameter, constant, firing):
    """Leaky integrate-and-fire, soft reset: u~ = alpha u' + (1-alpha) I; u = u~ - z threshold."""
    (membrane,) = state
    decay = decay_of(parameter["tau_m"])
    membrane = decay * membrane + (1 - decay) * current
    excess = membrane - constant["threshold"]
    spike = firing.spike(excess)
    return Step([membrane - spike * constant["threshold"]], spike, excess)


def lif_hard(state, current, parameter, constant, firing):
    """Leaky integrate-and-fire, reset to zero: u~ = alpha u' + (1-alpha) I; u = u~ (1 - sg z)."""
    (membrane,) = state
    decay = interpolated_decay(parameter["p_u"], constant["tau_u_min"], constant["tau_u_max"])
    membrane = decay * membrane + (1 - decay) * current
    excess = membrane - constant["threshold"]
    spike = firing.spike(excess)
    return Step([membrane * (1 - firing.detach(spike))], spike, excess)


def alif(state, current, parameter, constant, firing):
    """Adaptive threshold: threshold = baseline + strength a; u~ = alpha u' + (1-alpha) I; u = u~ - z threshold.

    The adaptation of step t is a = rho a' + (1-rho) z', taken before the membrane. The state keeps it one step
    ahead, a_next = rho a + (1-rho) z, so that z' needs no state of its own.
    """
    membrane, adaptation = state
    decay = decay_of(parameter["tau_m"])
    adaptation_decay = decay_of(parameter["tau_a"])
    threshold = constant["baseline_threshold"] + constant["adaptation_strength"] * adaptation
    membrane = decay * membrane + (1 - decay) * current
    excess = membrane - threshold
    spike = firing.spike(excess)
    next_adaptation = adaptation_decay * adaptation + (1 - adaptation_decay) * spike
    return Step([membrane - spike * threshold, next_adaptation], spike, excess)


def ef_adlif(state, current, parameter, constant, firing):
    """Adaptive LIF, Euler-forward: w = alpha_w w' + (1-alpha_w) q (a u' + b z'), with the old u and z;
    u~ = alpha_u u' + (1-alpha_u) (I - w'), u' = u~' (1 - sg z').

    The state keeps u~, the membrane before its reset, so that z' is a function of the state.
    """
    unreset_membrane, adaptation = state
    decay = interpolated_decay(parameter["p_u"], constant["tau_u_min"], constant["tau_u_max"])
    adaptation_decay = interpolated_decay(parameter["p_w"], constant["tau_w_min"], constant["tau_w_max"])
    old_spike = firing.spike(unreset_membrane - constant["threshold"])
    old_membrane = unreset_membrane * (1 - firing.detach(old_spike))
    drive = parameter["a"] * old_membrane + parameter["b"] * old_spike
    next_adaptation = adaptation_decay * adaptation + (1 - adaptation_decay) * constant["adaptation_gain"] * drive
    membrane = decay * old_membrane + (1 - decay) * (current - adaptation)
    excess = membrane - constant["threshold"]
    return Step([membrane, next_adaptation], firing.spike(excess), excess)


def se_adlif(state, current, parameter, constant, firing):
    """Adaptive LIF, symplectic Euler: u~ = alpha_u u' + (1-alpha_u) (I - w'); u = u~ (1 - sg z);
    w = alpha_w w' + (1-alpha_w) q (a u + b z), with the new u and z.
    """
    membrane, adaptation = state
    decay = interpolated_decay(parameter["p_u"], constant["tau_u_min"], constant["tau_u_max"])
    adaptation_decay = interpolated_decay(parameter["p_w"], constant["tau_w_min"], constant["tau_w_max"])
    membrane = decay * membrane + (1 - decay) * (current - adaptation)
    excess = membrane - constant["threshold"]
    spike = firing.spike(excess)
    membrane = membrane * (1 - firing.detach(spike))
    drive = parameter["a"] * membrane + parameter["b"] * spike
    adaptation = adaptation_decay * adaptation + (1 - adaptation_decay) * constant["adaptation_gain"] * drive
    return Step([membrane, adaptation], spike, excess)


def oscillate(u, v, damping, omega, current, dt):
    """u = u' + dt (damping u' - omega v' + I); v = v' + dt (omega u' + damping v'), with the old u in v."""
    return (u + dt * (damping * u - omega * v + current),
            v + dt * (omega * u + damping * v))


def rf(state, current, parameter, constant, firing):
    """Resonate-and-fire: damping = -|b_offset|, omega = |omega|, no reset."""
    u, v = state
    damping = -jnp.abs(parameter["b_offset"])
    u, v = oscillate(u, v, damping, jnp.abs(parameter["omega"]), current, constant["dt"])
    excess = u - constant["threshold"]
    return Step([u, v], firing.spike(excess), excess)


def brf(state, current, parameter, constant, firing):
    """Balanced resonate-and-fire: damping = p(omega) - |b_offset| - q', p(omega) = (-1 + sqrt(1 - (dt omega)^2)) / dt;
    z = Theta(u - threshold - q'); q = gamma q' + z.
    """
    u, v, refractory = state
    dt, omega = constant["dt"], jnp.abs(parameter["omega"])
    sustained = (-1 + jnp.sqrt(1 - (dt * omega) ** 2)) / dt
    damping = sustained - jnp.abs(parameter["b_offset"]) - refractory
    u, v = oscillate(u, v, damping, omega, current, dt)
    excess = u - constant["threshold"] - refractory
    spike = firing.spike(excess)
    return Step([u, v, constant["refractory_decay"] * refractory + spike], spike, excess)


def brf_exponential(state, current, parameter, constant, firing):
    """Balanced resonate-and-fire, exponential Euler. With x = u + i v:
    x = exp(dt (-|b_offset| - q' + i |omega|)) x' + dt I; z = Theta(u - threshold - q'); q = gamma q' + z.
    """
    u, v, refractory = state
    dt = constant["dt"]
    shrink = jnp.exp(dt * (-jnp.abs(parameter["b_offset"]) - refractory))
    angle = dt * jnp.abs(parameter["omega"])
    u, v = (shrink * (jnp.cos(angle) * u - jnp.sin(angle) * v) + dt * current,
            shrink * (jnp.sin(angle) * u + jnp.cos(angle) * v))
    excess = u - constant["threshold"] - refractory
    spike = firing.spike(excess)
    return Step([u, v, constant["refractory_decay"] * refractory + spike], spike, excess)


def fire_and_reset(membrane, old_membrane, parameter, constant, firing):
    """z = Theta(m - threshold), and the membrane u after it:

        none        u = m
        subtract    u = m - z threshold, with the gradient through z and the threshold
        set         u = m (1 - sg z) + reset_potential sg z

    The delayed kinds, delayed_subtract and delayed_set, act before that on m, with sg z', z' = Theta(u' - threshold),
    in the place of z; then u = m. Returns u, z and the excess m - threshold.
    """
    if constant["reset"].startswith("delayed"):
        fired = firing.detach(firing.spike(old_membrane - parameter["threshold"]))
        if constant["reset"] == "delayed_subtract":
            membrane = membrane - fired * parameter["threshold"]
        else:
            membrane = membrane * (1 - fired) + parameter["reset_potential"] * fired
    excess = membrane - parameter["threshold"]
    spike = firing.spike(excess)
    if constant["reset"] == "subtract":
        membrane = membrane - spike * parameter["threshold"]
    elif constant["reset"] == "set":
        fired = firing.detach(spike)
        membrane = membrane * (1 - fired) + parameter["reset_potential"] * fired
    return membrane, spike, excess


def general_lif(state, current, parameter, constant, firing):
    """Leaky integrate-and-fire with everything trainable: m = alpha u' + (1-alpha) (leak_potential + resistance I);
    z and u by fire_and_reset.
    """
    (old_membrane,) = state
    decay = decay_of(parameter["tau_m"])
    drive = parameter["leak_potential"] + parameter["resistance"] * current
    membrane = decay * old_membrane + (1 - decay) * drive
    membrane, spike, excess = fire_and_reset(membrane, old_membrane, parameter, constant, firing)
    return Step([membrane], spike, excess)


def cuba_lif(state, current, parameter, constant, firing):
    """Current-based leaky integrate-and-fire: i = alpha_s i' + (1-alpha_s) I;
    m = alpha_m u' + (1-alpha_m) (leak_potential + resistance ((1-lag) i + lag i')); z and u by fire_and_reset.

    With a synaptic_lag of 1, z^t does not depend on I^t.
    """
    old_synapse, old_membrane = state
    synapse, membrane = synapse_and_membrane(old_synapse, old_membrane, current, parameter, constant)
    membrane, spike, excess = fire_and_reset(membrane, old_membrane, parameter, constant, firing)
    return Step([synapse, membrane], spike, excess)


def synapse_and_membrane(old_synapse, old_membrane, current, parameter, constant):
    """i and m of cuba_lif and cuba_alif."""
    synaptic_decay = decay_of(parameter["tau_syn"])
    decay = decay_of(parameter["tau_m"])
    synapse = synaptic_decay * old_synapse + (1 - synaptic_decay) * current
    lag = constant["synaptic_lag"]
    drive = parameter["resistance"] * ((1 - lag) * synapse + lag * old_synapse)
    return synapse, decay * old_membrane + (1 - decay) * (parameter["leak_potential"] + drive)


def cuba_alif(state, current, parameter, constant, firing):
    """cuba_lif with an adaptive threshold: i and m likewise; z = Theta(m - threshold - rho a');
    u = m (1 - sg z) + reset_potential sg z; a = rho a' + adaptation z.
    """
    old_synapse, old_membrane, adaptation = state
    synapse, membrane = synapse_and_membrane(old_synapse, old_membrane, current, parameter, constant)
    decayed = decay_of(parameter["tau_a"]) * adaptation
    excess = membrane - parameter["threshold"] - decayed
    spike = firing.spike(excess)
    fired = firing.detach(spike)
    membrane = membrane * (1 - fired) + parameter["reset_potential"] * fired
    return Step([synapse, membrane, decayed + parameter["adaptation"] * spike], spike, excess)


def integrate_and_fire(state, current, parameter, constant, firing):
    """Integrate-and-fire without a leak: m = u' + resistance I; z and u by fire_and_reset."""
    (old_membrane,) = state
    membrane = old_membrane + parameter["resistance"] * current
    membrane, spike, excess = fire_and_reset(membrane, old_membrane, parameter, constant, firing)
    return Step([membrane], spike, excess)


def li(state, current, parameter, constant, firing):
    """Leaky integrator, the readout: y = kappa y' + (1-kappa) I, kappa = exp(-1/|tau|). Its output is y itself.

    In a hidden layer, too, z = y: an analog output instead of a spike.
    """
    (output,) = state
    decay = decay_of(parameter["tau"])
    output = decay * output + (1 - decay) * current
    return Step([output], output, None)


def gru(state, current, parameter, constant, firing):
    """Gated recurrent unit, gates r, u, n. With I_x = W x, I_h = V z' + b:

        r = sigmoid(I_x,r + I_h,r)      u = sigmoid(I_x,u + I_h,u)      n = tanh(candidate_bias + I_x,n + r I_h,n)
        h = (1-u) n + u h'              z = h

    Its four currents are the sums for r and u, then I_x,n and I_h,n.
    """
    (hidden,) = state
    reset, update, candidate, recurrent_candidate = current
    reset, update = jax.nn.sigmoid(reset), jax.nn.sigmoid(update)
    candidate = jnp.tanh(parameter["candidate_bias"] + candidate + reset * recurrent_candidate)
    hidden = (1 - update) * candidate + update * hidden
    return Step([hidden], hidden, None)


def lstm(state, current, parameter, constant, firing):
    """Long short-term memory, gates i, f, g, o: i, f, o = sigmoid(I), g = tanh(I); c = f c' + i g; z = o tanh(c)."""
    (cell,) = state
    admit, forget, candidate, emit = current
    admit, forget, emit = jax.nn.sigmoid(admit), jax.nn.sigmoid(forget), jax.nn.sigmoid(emit)
    cell = forget * cell + admit * jnp.tanh(candidate)
    return Step([cell], emit * jnp.tanh(cell), None)


SLAYER = {"surrogate": "slayer", "surrogate_slope": 5.0, "surrogate_scale": 0.2}
DOUBLE_GAUSSIAN = {"surrogate": "double_gaussian"}
TRIANGLE = {"surrogate": "triangle"}
ARC_TANGENT = {"surrogate": "arc_tangent", "surrogate_slope": 1.0, "surrogate_scale": 1.0}
MEMBRANE_RANGE = {"tau_u_min": 5.0, "tau_u_max": 25.0}
ADAPTATION_RANGE = {"tau_w_min": 60.0, "tau_w_max": 300.0}
ADLIF = {"threshold": 1.0, **MEMBRANE_RANGE, **ADAPTATION_RANGE, **SLAYER}
RESONATOR = {"dt": 0.01, "threshold": 1.0}
RESET_PARAMETERS = ("threshold", "reset_potential")
LEAK_PARAMETERS = ("tau_m", "resistance", "leak_potential")

NEURONS = {
    "lif": NeuronModel(("u",), ("tau_m",), {"threshold": 1.0, **TRIANGLE}, lif),
    "lif_hard": NeuronModel(("u",), ("p_u",), {"threshold": 1.0, **MEMBRANE_RANGE, **SLAYER}, lif_hard),
    "alif": NeuronModel(("u", "a_next"), ("tau_m", "tau_a"),
                        {"baseline_threshold": 0.01, "adaptation_strength": 1.8, **DOUBLE_GAUSSIAN}, alif),
    "ef_adlif": NeuronModel(("u_unreset", "w"), ("p_u", "p_w", "a", "b"), {"adaptation_gain": 60.0, **ADLIF}, ef_adlif),
    "se_adlif": NeuronModel(("u", "w"), ("p_u", "p_w", "a", "b"), {"adaptation_gain": 120.0, **ADLIF}, se_adlif),
    "rf": NeuronModel(("u", "v"), ("omega", "b_offset"), {**RESONATOR, **DOUBLE_GAUSSIAN}, rf),
    "brf": NeuronModel(("u", "v", "q"), ("omega", "b_offset"),
                       {**RESONATOR, "refractory_decay": 0.9, **DOUBLE_GAUSSIAN}, brf),
    "brf_exponential": NeuronModel(("u", "v", "q"), ("omega", "b_offset"),
                                   {**RESONATOR, "refractory_decay": 0.9, **DOUBLE_GAUSSIAN}, brf_exponential),
    "general_lif": NeuronModel(("u",), LEAK_PARAMETERS + RESET_PARAMETERS,
                               {"reset": "set", **ARC_TANGENT}, general_lif),
    "cuba_lif": NeuronModel(("i", "u"), ("tau_syn",) + LEAK_PARAMETERS + RESET_PARAMETERS,
                            {"synaptic_lag": 0.0, "reset": "set", **ARC_TANGENT}, cuba_lif),
    "cuba_alif": NeuronModel(("i", "u", "a"),
                             ("tau_syn",) + LEAK_PARAMETERS + RESET_PARAMETERS + ("tau_a", "adaptation"),
                             {"synaptic_lag": 0.0, **ARC_TANGENT}, cuba_alif),
    "if": NeuronModel(("u",), ("resistance",) + RESET_PARAMETERS, {"reset": "set", **ARC_TANGENT}, integrate_and_fire),
    "li": NeuronModel(("y",), ("tau",), {}, li),
    "gru": NeuronModel(("h",), ("candidate_bias",), {}, gru, (0, 1, 2), (0, 1, 3)),
    "lstm": NeuronModel(("c",), (), {}, lstm, (0, 1, 2, 3), (0, 1, 2, 3)),
}
