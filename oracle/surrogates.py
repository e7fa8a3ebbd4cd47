"""Spikes and their surrogate derivatives.

A spike is z = 1 where the membrane's excess over the threshold, x, is strictly positive. Its derivative does not
exist, so a surrogate psi(x) stands in for dz/dx. Each surrogate comes with its integral Psi: a net that emits Psi(x)
instead of the spike is smooth, has exactly the derivative psi, and so can be checked by finite differences.
"""

from collections.abc import Callable
from typing import NamedTuple

from float64 import jax, jnp


class Surrogate(NamedTuple):
    """psi and Psi, both functions of (excess, constants)."""

    derivative: Callable
    integral: Callable


# double_gaussian: psi(x) = 0.5 [1.15 N(x; 0, 0.5) - 0.30 N(x; 0, 3)], N(x; mean, standard deviation).
NARROW_WEIGHT, NARROW_DEVIATION = 0.5 * 1.15, 0.5
WIDE_WEIGHT, WIDE_DEVIATION = 0.5 * 0.30, 3.0


def normal_density(x, deviation):
    return jnp.exp(-0.5 * (x / deviation) ** 2) / (deviation * jnp.sqrt(2 * jnp.pi))


def normal_distribution(x, deviation):
    return 0.5 * (1 + jax.scipy.special.erf(x / (deviation * jnp.sqrt(2.0))))


def double_gaussian(x, constants):
    return (NARROW_WEIGHT * normal_density(x, NARROW_DEVIATION)
            - WIDE_WEIGHT * normal_density(x, WIDE_DEVIATION))


def double_gaussian_integral(x, constants):
    return (NARROW_WEIGHT * normal_distribution(x, NARROW_DEVIATION)
            - WIDE_WEIGHT * normal_distribution(x, WIDE_DEVIATION))


# slayer: psi(x) = c alpha / 2 exp(-alpha |x|), with the slope alpha and the scale c.
def slayer(x, constants):
    slope, scale = constants["surrogate_slope"], constants["surrogate_scale"]
    return scale * slope / 2 * jnp.exp(-slope * jnp.abs(x))


def slayer_integral(x, constants):
    slope, scale = constants["surrogate_slope"], constants["surrogate_scale"]
    tail = scale / 2 * jnp.exp(-slope * jnp.abs(x))
    return jnp.where(x > 0, scale - tail, tail)


# triangle: psi(x) = max(0, 1 - |x|).
def triangle(x, constants):
    return jnp.maximum(0.0, 1 - jnp.abs(x))


def triangle_integral(x, constants):
    inside = jnp.clip(x, -1, 1)
    return 0.5 + inside - 0.5 * inside * jnp.abs(inside)


# fast_sigmoid: psi(x) = k / (1 + s |x|)^2, with the slope s and the scale k.
def fast_sigmoid(x, constants):
    slope, scale = constants["surrogate_slope"], constants["surrogate_scale"]
    return scale / (1 + slope * jnp.abs(x)) ** 2


def fast_sigmoid_integral(x, constants):
    slope, scale = constants["surrogate_slope"], constants["surrogate_scale"]
    return scale / slope * (1 + slope * x / (1 + slope * jnp.abs(x)))


# arc_tangent: psi(x) = k / (1 + (pi/2 s x)^2), with the slope s and the scale k.
def arc_tangent(x, constants):
    slope, scale = constants["surrogate_slope"], constants["surrogate_scale"]
    return scale / (1 + (jnp.pi / 2 * slope * x) ** 2)


def arc_tangent_integral(x, constants):
    slope, scale = constants["surrogate_slope"], constants["surrogate_scale"]
    return scale / slope * (1 + 2 / jnp.pi * jnp.arctan(jnp.pi / 2 * slope * x))


# straight_through: psi(x) = k, with the scale k. Its slope is not used.
def straight_through(x, constants):
    return jnp.full_like(x, constants["surrogate_scale"])


def straight_through_integral(x, constants):
    return constants["surrogate_scale"] * x


SURROGATES = {
    "double_gaussian": Surrogate(double_gaussian, double_gaussian_integral),
    "slayer": Surrogate(slayer, slayer_integral),
    "triangle": Surrogate(triangle, triangle_integral),
    "fast_sigmoid": Surrogate(fast_sigmoid, fast_sigmoid_integral),
    "arc_tangent": Surrogate(arc_tangent, arc_tangent_integral),
    "straight_through": Surrogate(straight_through, straight_through_integral),
}


class Firing(NamedTuple):
    """How a neuron fires: `spike` maps the excess to z; `detach` stops the gradient where a model asks for it."""

    spike: Callable
    detach: Callable


def firing(constants: dict, smooth: bool) -> Firing:
    """The real net (step function, detached where defined so), or its smooth twin (Psi, nothing detached)."""
    surrogate = SURROGATES[constants["surrogate"]]

    @jax.custom_jvp
    def spike(excess):
        if smooth:
            return surrogate.integral(excess, constants)
        return (excess > 0).astype(excess.dtype)

    @spike.defjvp
    def spike_derivative(primals, tangents):
        (excess,), (tangent,) = primals, tangents
        return spike(excess), surrogate.derivative(excess, constants) * tangent

    return Firing(spike, (lambda z: z) if smooth else jax.lax.stop_gradient)
