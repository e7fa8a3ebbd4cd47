"""The neuron models, for arrays of JAX and of PyTorch: one step, and its derivatives written by hand.

`coefficients` is what does not change from step to step, computed from the trained parameters theta. `advance` makes one
step, and `pull_back` goes one step back, from the adjoints of the new state and of the spike to those of the old state
and of the current. Whatever else the derivatives need is computed for many steps at once, from arrays [steps, N]: before
it goes back, `local`, and after it, `of_coefficients`. What goes back may have more axes in front, and local ones of
length 1 for them. `exp` is that of the arrays. The constants are the defaults of docs/neuron-models.md.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

THRESHOLD = 1.0


class Neuron(NamedTuple):
    state_count: int
    bounds: dict  # of the trained parameters, by name
    coefficients: Callable  # (exp, theta) -> dict
    advance: Callable  # (coefficients, state, spike, current) -> (state, spike)
    excess: Callable  # (old states, states) -> of the membrane over its threshold
    local: Callable  # (exp, coefficients, old states, old spike, excess) -> dict
    pull_back: Callable  # (coefficients, local, adjoint, signal) -> (adjoint, adjoint of the current)
    of_coefficients: Callable  # (coefficients, local, adjoint of the current, adjoint of the second state) -> dict


def spikes(excess):
    return (excess > 0) * 1.0


# ---- BRF, state u, v, q

TIME_STEP, REFRACTORY_DECAY = 0.01, 0.9


def double_gaussian(exp, excess):
    """0.5 [1.15 N(x; 0, 0.5) - 0.30 N(x; 0, 3)], N(x; mean, standard deviation)."""
    root = (2 * math.pi) ** 0.5
    return (0.5 * 1.15 / (0.5 * root) * exp(-2 * excess ** 2)
            - 0.5 * 0.30 / (3 * root) * exp(-excess ** 2 / 18))


def brf_coefficients(exp, theta):
    omega = abs(theta["omega"])
    sustained = ((1 - (TIME_STEP * omega) ** 2) ** 0.5 - 1) / TIME_STEP
    return {"turn": TIME_STEP * omega, "keep": 1 + TIME_STEP * (sustained - abs(theta["b_offset"]))}


def brf_advance(coefficients, state, spike, current):
    u, v, q = state
    turn, keep = coefficients["turn"], coefficients["keep"] - TIME_STEP * q
    new_u = keep * u - turn * v + TIME_STEP * current
    spike = spikes(brf_excess(state, (new_u,)))
    return (new_u, turn * u + keep * v, REFRACTORY_DECAY * q + spike), spike


def brf_excess(old, new):
    return new[0] - THRESHOLD - old[2]


def brf_local(exp, coefficients, old, old_spike, excess):
    u, v, q = old
    return {"u": u, "v": v, "keep": coefficients["keep"] - TIME_STEP * q, "surrogate": double_gaussian(exp, excess)}


def brf_pull_back(coefficients, local, adjoint, signal):
    to_u, to_v, to_q = adjoint
    through_spike = local["surrogate"] * (to_q + signal)
    to_u = to_u + through_spike
    turn, keep = coefficients["turn"], local["keep"]
    to_old_q = REFRACTORY_DECAY * to_q - through_spike - TIME_STEP * (local["u"] * to_u + local["v"] * to_v)
    return (keep * to_u + turn * to_v, keep * to_v - turn * to_u, to_old_q), TIME_STEP * to_u


def brf_of_coefficients(coefficients, local, to_current, to_v):
    to_u = to_current / TIME_STEP
    return {"turn": local["u"] * to_v - local["v"] * to_u, "keep": local["u"] * to_u + local["v"] * to_v}


# ---- SE-adLIF, state membrane before its reset and w

ADAPTATION_GAIN, SLOPE, SCALE = 120.0, 5.0, 0.2
MEMBRANE_TIMES, ADAPTATION_TIMES = (5.0, 25.0), (60.0, 300.0)


def slayer(exp, excess):
    return SCALE * SLOPE / 2 * exp(-SLOPE * abs(excess))


def se_adlif_coefficients(exp, theta):
    def decay(position, times):
        return exp(-1 / (position * times[1] + (1 - position) * times[0]))

    return {"membrane": decay(theta["p_u"], MEMBRANE_TIMES), "adaptation": decay(theta["p_w"], ADAPTATION_TIMES),
            "a": theta["a"], "b": theta["b"]}


def se_adlif_advance(coefficients, state, spike, current):
    membrane, w = state
    keep, hold = coefficients["membrane"], coefficients["adaptation"]
    membrane = keep * membrane * (1 - spike) + (1 - keep) * (current - w)
    spike = spikes(membrane - THRESHOLD)
    drive = coefficients["a"] * membrane * (1 - spike) + coefficients["b"] * spike
    return (membrane, hold * w + (1 - hold) * ADAPTATION_GAIN * drive), spike


def se_adlif_excess(old, new):
    return new[0] - THRESHOLD


def se_adlif_local(exp, coefficients, old, old_spike, excess):
    """With the derivatives of the membrane by its decay and of w by its own."""
    spike, membrane = spikes(excess), excess + THRESHOLD
    old_u, u = old[0] * (1 - old_spike), membrane * (1 - spike)
    return {"spike": spike, "surrogate": slayer(exp, excess), "u": u,
            "by_membrane": (old_u - membrane) / (1 - coefficients["membrane"]),
            "by_adaptation": old[1] - ADAPTATION_GAIN * (coefficients["a"] * u + coefficients["b"] * spike)}


def se_adlif_pull_back(coefficients, local, adjoint, signal):
    """The adjoint of the membrane is that of u, after the reset."""
    to_u, to_w = adjoint
    keep, hold = coefficients["membrane"], coefficients["adaptation"]
    to_drive = (1 - hold) * ADAPTATION_GAIN * to_w
    to_membrane = ((1 - local["spike"]) * (to_u + coefficients["a"] * to_drive)
                   + local["surrogate"] * (signal + coefficients["b"] * to_drive))
    to_current = (1 - keep) * to_membrane
    return (keep * to_membrane, hold * to_w - to_current), to_current


def se_adlif_of_coefficients(coefficients, local, to_current, to_w):
    to_drive = (1 - coefficients["adaptation"]) * ADAPTATION_GAIN * to_w
    return {"membrane": local["by_membrane"] * to_current / (1 - coefficients["membrane"]),
            "adaptation": local["by_adaptation"] * to_w, "a": local["u"] * to_drive, "b": local["spike"] * to_drive}


NEURONS = {
    "brf": Neuron(3, {"omega": (0, 0.9999 / TIME_STEP), "b_offset": (0, 1 / TIME_STEP)}, brf_coefficients,
                  brf_advance, brf_excess, brf_local, brf_pull_back, brf_of_coefficients),
    "se_adlif": Neuron(2, {"p_u": (0, 1), "p_w": (0, 1), "a": (0, 1), "b": (0, 2)}, se_adlif_coefficients,
                       se_adlif_advance, se_adlif_excess, se_adlif_local, se_adlif_pull_back,
                       se_adlif_of_coefficients),
}
