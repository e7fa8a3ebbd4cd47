"""Which of the surrogates of hypr a differentiable step function has: its derivative is evaluated, and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._optional import require
from hypr.description import Surrogate

_Numbers = npt.NDArray[np.float64]

# Distances from the threshold: small enough for steep derivatives, large enough for flat ones.
_DISTANCES = np.geomspace(1e-5, 1e3, 161)


def surrogate_of(step: Callable[[Any], Any]) -> Surrogate | None:
    """The surrogate with which a step function is differentiable; None if its shape is none of hypr.fbs.

    Parameters
    ----------
    step : callable
        Gives spikes, 0 or 1, for a tensor with the distances from the threshold.

    Raises
    ------
    ValueError
        It is no step function, or has no derivative.
    Exception
        What `step` raises.
    """
    value, psi = _evaluate(step)
    distances = np.concatenate([-_DISTANCES[::-1], [0], _DISTANCES])
    if not np.array_equal(value, distances > 0):
        raise ValueError("it does not give 1 above the threshold and 0 elsewhere")
    peak, left, right = psi[len(_DISTANCES)], psi[: len(_DISTANCES)][::-1], psi[len(_DISTANCES) + 1 :]
    if not peak > 0 or not np.allclose(left, right, 1e-4, 1e-6 * peak):
        return None
    ratio = right / peak
    if np.allclose(ratio, 1):
        return Surrogate("straight_through", scale=float(peak))
    middle = int(np.argmin(np.abs(ratio - 0.5)))  # where the slope shows best
    r, v = ratio[middle], _DISTANCES[middle]
    if not 0 < r < 1:
        return None
    shapes: dict[str, tuple[float, Callable[[_Numbers], _Numbers]]] = {
        "arc_tangent": (2 / np.pi * np.sqrt(1 / r - 1) / v, lambda x: 1 / (1 + (np.pi / 2 * x) ** 2)),
        "fast_sigmoid": ((1 / np.sqrt(r) - 1) / v, lambda x: 1 / (1 + x) ** 2),
        "triangle": ((1 - r) / v, lambda x: np.maximum(0, 1 - x)),
        "slayer": (-np.log(r) / v, lambda x: np.exp(-x)),
    }
    for kind, (slope, shape) in shapes.items():
        if np.allclose(shape(slope * _DISTANCES), ratio, 1e-3, 1e-5):
            return Surrogate(kind, slope=float(slope), scale=float(2 * peak / slope if kind == "slayer" else peak))
    return None


def _evaluate(step: Callable[[Any], Any]) -> tuple[_Numbers, _Numbers]:
    """Its values and derivatives at -_DISTANCES, 0, _DISTANCES."""
    torch = require("torch", "evaluating a surrogate derivative")
    distances = torch.tensor(np.concatenate([-_DISTANCES[::-1], [0], _DISTANCES]), requires_grad=True)
    with torch.enable_grad():
        value = step(distances)
        if not value.requires_grad:
            raise ValueError("it has no derivative")
        value.sum().backward()
    return value.detach().double().numpy(), distances.grad.numpy()
