"""Neuron models as state-space maps with feed-through.

    s^t = f(s^{t-1}, I^t; theta)        z^t = g(s^{t-1}, I^t; theta)

One function per model holds both f and g. It is written for arrays of any shape (one entry per neuron) and gets

    state       list of k arrays, the state after the previous step (a prime marks it in the equations below)
    current     the input current I^t
    parameter   dict of the trainable neuron parameters theta
    constant    dict of the fixed constants
    firing      the spike function and the gradient stop (surrogates.py), written z = Theta(x) and sg below

and returns a Step. The spike comes from the membrane before the reset (u~), so it is no function of the new state.
"""

from collections.abc import Callable
from typing import NamedTuple

from float64 import jnp


class Step(NamedTuple):
    state: list  # k arrays
    spike: object  # z^t; the output y^t of the readout
    excess: object  # membrane minus threshold, what the spike was decided on; None without a threshold


class NeuronModel(NamedTuple):
    state_names: tuple[str, ...]
    parameter_names: tuple[str, ...]
    constants: dict
    update: Callable[..., Step]


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


def li(state, current, parameter, constant, firing):
    """Leaky integrator, the readout: y = kappa y' + (1-kappa) I, kappa = exp(-1/|tau|). Its output is y itself."""
    (output,) = state
    decay = decay_of(parameter["tau"])
    output = decay * output + (1 - decay) * current
    return Step([output], output, None)


SLAYER = {"surrogate": "slayer", "surrogate_slope": 5.0, "surrogate_scale": 0.2}
DOUBLE_GAUSSIAN = {"surrogate": "double_gaussian"}
TRIANGLE = {"surrogate": "triangle"}
MEMBRANE_RANGE = {"tau_u_min": 5.0, "tau_u_max": 25.0}
ADAPTATION_RANGE = {"tau_w_min": 60.0, "tau_w_max": 300.0}
ADLIF = {"threshold": 1.0, **MEMBRANE_RANGE, **ADAPTATION_RANGE, **SLAYER}

NEURONS = {
    "lif": NeuronModel(("u",), ("tau_m",), {"threshold": 1.0, **TRIANGLE}, lif),
    "lif_hard": NeuronModel(("u",), ("p_u",), {"threshold": 1.0, **MEMBRANE_RANGE, **SLAYER}, lif_hard),
    "alif": NeuronModel(("u", "a_next"), ("tau_m", "tau_a"),
                        {"baseline_threshold": 0.01, "adaptation_strength": 1.8, **DOUBLE_GAUSSIAN}, alif),
    "ef_adlif": NeuronModel(("u_unreset", "w"), ("p_u", "p_w", "a", "b"), {"adaptation_gain": 60.0, **ADLIF}, ef_adlif),
    "se_adlif": NeuronModel(("u", "w"), ("p_u", "p_w", "a", "b"), {"adaptation_gain": 120.0, **ADLIF}, se_adlif),
    "rf": NeuronModel(("u", "v"), ("omega", "b_offset"), {"dt": 0.01, "threshold": 1.0, **DOUBLE_GAUSSIAN}, rf),
    "brf": NeuronModel(("u", "v", "q"), ("omega", "b_offset"),
                       {"dt": 0.01, "threshold": 1.0, "refractory_decay": 0.9, **DOUBLE_GAUSSIAN}, brf),
    "li": NeuronModel(("y",), ("tau",), {}, li),
}
