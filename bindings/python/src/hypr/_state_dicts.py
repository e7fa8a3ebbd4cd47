"""The networks of two publications by the keys of their state dicts, in the terms of hypr's neuron models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats, shape_text
from hypr._chain import SHORTEST
from hypr.errors import (
    InvalidArgumentError,
    ModelUnsupportedError,
    NotFoundError,
    SizeMismatchError,
    UnknownTensorError,
    unknown,
)
from hypr.neurons import neuron_model


class Tensors:
    """Arrays by their keys, each read once: what is left over in the end was not understood."""

    def __init__(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        self._arrays = dict(arrays)
        self._unread = set(arrays)

    @property
    def modules(self) -> list[str]:
        """What the keys begin with, in their order."""
        return list(dict.fromkeys(key.partition(".")[0] for key in self._arrays))

    def __contains__(self, key: str) -> bool:
        return key in self._arrays

    def take(self, key: str, *shape: int | str) -> FloatArray:
        """An array that must be there, of this shape; names stand for any size."""
        return floats(self._read(key), key, *shape)

    def optional(self, key: str, *shape: int | str) -> FloatArray | None:
        """The same, None if it is not there."""
        return self.take(key, *shape) if key in self else None

    def number(self, key: str) -> float:
        """One number that must be there."""
        array = self._read(key)
        if array.size != 1:
            raise SizeMismatchError(f"{key} has the shape {shape_text(array.shape)}, expected one number")
        return float(array.reshape(-1)[0])

    def finish(self) -> None:
        """Raises if a key was not read."""
        for key in self._arrays:
            if key in self._unread:
                known = ", ".join(key for key in self._arrays if key not in self._unread)
                raise ModelUnsupportedError(f"the key {key} is not one of this network, which has {known}")

    def _read(self, key: str) -> npt.NDArray[Any]:
        if key not in self._arrays:
            raise unknown(UnknownTensorError, "key", key, self._arrays)
        self._unread.discard(key)
        return self._arrays[key]


@dataclass
class Layer:
    """A layer's weights, and constants and parameters of its neuron model by name. `sparse` and `input_sparse`
    say which recurrent weights and input weights there are, False: all."""

    neuron: str
    input_weight: FloatArray
    recurrent_weight: FloatArray | None
    bias: FloatArray | None
    values: dict[str, Any]
    sparse: npt.NDArray[np.bool_] | bool = False
    input_sparse: npt.NDArray[np.bool_] | bool = False


@dataclass
class Readout:
    weight: FloatArray
    bias: FloatArray | None
    tau: FloatArray


@dataclass
class Network:
    """`trainable` says of tensors, by hypr's names, whether the published code trains them; of others it is as usual."""

    layers: list[Layer]
    readout: Readout
    trainable: dict[str, bool]


# ------------------------------------------------------------------------------------------------- Higuchi et al. 2024

def higuchi(tensors: Tensors, neuron: str | None, constants: Mapping[str, float], recurrent: bool,
            boundary_dt: float) -> Network | None:
    """`hidden` or `hidden1`, `hidden2`, ..., and `out`; None if the keys are others.

    The equations are hypr's; W and V lie in one matrix [N, n + N], and a mask may cut weights out of it.
    """
    places = _numbered(tensors.modules, "hidden") or [place for place in ("hidden",) if place in tensors.modules]
    if not places or set(tensors.modules) != {*places, "out"}:
        return None
    layers: list[Layer] = []
    for place in places:
        below = len(layers[-1].input_weight) if layers else None
        layers.append(_higuchi_layer(tensors, place, below, neuron, constants, recurrent, boundary_dt))
    weight = tensors.take("out.linear.weight", "outputs", len(layers[-1].input_weight))
    return Network(layers, Readout(weight, tensors.optional("out.linear.bias", len(weight)),
                                   _time_constants(tensors.take("out.tau_mem", len(weight)))), {})


def _higuchi_layer(tensors: Tensors, place: str, below: int | None, neuron: str | None, constants: Mapping[str, float],
                   recurrent: bool, boundary_dt: float) -> Layer:
    if f"{place}.tau_adp" in tensors:
        names, candidates = {"tau_m": "tau_mem", "tau_a": "tau_adp"}, ["ALIF"]
    elif f"{place}.tau_mem" in tensors:
        names, candidates = {"tau_m": "tau_mem"}, ["LIF"]
    elif f"{place}.omega" in tensors or f"{place}.b_offset" in tensors:
        names, candidates = {"omega": "omega", "b_offset": "b_offset"}, ["BRF", "RF"]
    else:
        raise UnknownTensorError(f"{place} has neither omega and b_offset (BRF, RF) nor tau_mem (LIF) and tau_adp (ALIF)")
    chosen = _chosen(place, neuron, candidates)
    key = f"{place}.linear.weight"
    weight = tensors.take(key, "neurons", "inputs")
    size, columns = weight.shape
    inputs = columns - size if recurrent else columns
    if inputs < 1 or below not in (None, inputs):
        expected = "inputs" if below is None else str(below)
        advice = "; a layer without recurrent weights needs recurrent=False" if recurrent else ""
        raise SizeMismatchError(f"{key} has the shape {shape_text(weight.shape)}, expected [{size}, {expected}"
                                f"{f' + {size}' if recurrent else ''}]{advice}")
    mask = tensors.optional(f"{place}.linear.mask", size, columns)
    sparse: npt.NDArray[np.bool_] | bool = False
    input_sparse: npt.NDArray[np.bool_] | bool = False
    if mask is not None:
        weight = weight * mask
        recurrent = bool(mask[:, inputs:].any())
        sparse, input_sparse = _partial(mask[:, inputs:]), _partial(mask[:, :inputs])
    values: dict[str, Any] = {name: tensors.take(f"{place}.{source}", size) for name, source in names.items()}
    values |= {name: _time_constants(values[name]) for name in names if name.startswith("tau")}
    values |= _checked(chosen, constants)
    if chosen == "BRF":
        own = float(values.get("dt", neuron_model(chosen).constants["dt"].default))
        if np.float32(own) != np.float32(boundary_dt):
            values["b_offset"] = _offset(place, values, own, boundary_dt)
    return Layer(chosen, weight[:, :inputs], weight[:, inputs:] if recurrent else None,
                 tensors.optional(f"{place}.linear.bias", size), values, sparse, input_sparse)


def _partial(mask: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | bool:
    """Which weights there are; False: all, or none, which a file has as zeros."""
    kept = mask != 0
    return kept if kept.any() and not kept.all() else False


def _time_constants(values: FloatArray) -> FloatArray:
    """Magnitudes of at least SHORTEST, as hypr has them: below, exp(-1 / tau) is 0 next to 1 as well."""
    return np.where(np.abs(values) < SHORTEST, np.copysign(np.float32(SHORTEST), values), values)


def _offset(place: str, values: Mapping[str, Any], own: float, boundary_dt: float) -> FloatArray:
    """The b_offset with which p(omega) of the layer's own dt damps as that of boundary_dt does."""
    omega = np.abs(values["omega"].astype(np.float64))
    if not boundary_dt > 0:
        raise InvalidArgumentError(f"boundary_dt is {boundary_dt}, expected a number above 0")
    if (omega * max(own, boundary_dt) > 1).any():
        raise InvalidArgumentError(
            f"{place}.omega is up to {omega.max():g}, there is a p(omega) up to {1 / max(own, boundary_dt):g}")
    ours, theirs = ((np.sqrt(1 - (omega * dt) ** 2) - 1) / dt for dt in (own, boundary_dt))
    offset = np.abs(values["b_offset"]) + ours - theirs
    if (offset < 0).any():
        worst = int(offset.argmin())
        raise ModelUnsupportedError(
            f"{place}.b_offset[{worst}] would have to be {offset[worst]:g} to make up for a p(omega) computed with "
            f"{boundary_dt:g} instead of dt {own:g}, and it cannot be negative")
    return np.asarray(offset, np.float32)


# ------------------------------------------------------------------------------------------------- Baronig et al. 2024

def baronig(tensors: Tensors, neuron: str | None, constants: Mapping[str, float]) -> Network | None:
    """`l1`, `l2`, ..., `out_layer`, or `0`, `1`, ... of which the last is the readout; None if the keys are others.

    The equations are hypr's. A time constant is trained as a fraction of a range, or drawn and fixed in steps; both are the
    `weight` of a trainer beside which `tau_min` and `tau_max` lie.
    """
    places = _numbered(tensors.modules, "l")
    top = "out_layer"
    if not places and len(tensors.modules) > 1:
        *places, top = _numbered(tensors.modules, "") or [""]
    if not places or set(tensors.modules) != {*places, top}:
        return None
    layers: list[Layer] = []
    trainable: dict[str, bool] = {}
    for index, place in enumerate(places):
        adaptive = f"{place}.a" in tensors or f"{place}.b" in tensors
        chosen = _chosen(place, neuron, ["SEAdLIF", "EFAdLIF"] if adaptive else ["LIFHard"])
        weight = tensors.take(f"{place}.weight", "neurons", len(layers[-1].input_weight) if layers else "inputs")
        size = len(weight)
        values = _checked(chosen, constants)
        for name, parameter in (("tau_u", "p_u"), ("tau_w", "p_w"))[:2 if adaptive else 1]:
            span = _span(tensors, f"{place}.{name}_trainer", constants, chosen, name)
            trained, fractions = _fractions(tensors, f"{place}.{name}_trainer", size, span)
            values |= {parameter: fractions, f"{name}_min": span[0], f"{name}_max": span[1]}
            trainable[f"layer{index}.{parameter}"] = trained
        for name in ("a", "b") if adaptive else ():
            values[name] = tensors.take(f"{place}.{name}", size)
            bounds = neuron_model(chosen).parameters[name]
            _check_range(f"{place}.{name}", values[name], bounds.lower, bounds.upper)
        layers.append(Layer(chosen, weight, tensors.optional(f"{place}.recurrent", size, size),
                            tensors.optional(f"{place}.bias", size), values))
    weight = tensors.take(f"{top}.weight", "outputs", len(layers[-1].input_weight))
    trained, tau = _readout_tau(tensors, f"{top}.tau_u_trainer", len(weight))
    trainable["readout.tau"] = trained
    return Network(layers, Readout(weight, tensors.optional(f"{top}.bias", len(weight)), tau), trainable)


def _readout_tau(tensors: Tensors, trainer: str, size: int) -> tuple[bool, FloatArray]:
    """Whether the readout's time constants are trained, and these in steps."""
    weight = tensors.take(f"{trainer}.weight", size)
    if f"{trainer}.tau_min" not in tensors and f"{trainer}.tau_max" not in tensors and (weight > 1).any():
        return False, weight  # steps, as fractions are not above 1
    low, high = (tensors.number(f"{trainer}.tau_{end}") for end in ("min", "max"))
    trained, fractions = _fractions(tensors, trainer, size, (low, high))
    return trained, fractions * np.float32(high) + (1 - fractions) * np.float32(low) if trained else weight


def _span(tensors: Tensors, trainer: str, constants: Mapping[str, float], neuron: str, name: str) -> tuple[float, float]:
    """The range of a time constant: from the state dict, the constants or the publication, whose are the defaults."""
    ends = []
    for end in ("min", "max"):
        published = neuron_model(neuron).constants[f"{name}_{end}"].default
        key, given = f"{trainer}.tau_{end}", constants.get(f"{name}_{end}")
        stored = tensors.number(key) if key in tensors else None
        if stored is not None and given is not None and not np.isclose(stored, given):
            raise InvalidArgumentError(f"{name}_{end} is {given:g}, but {key} is {stored:g}")
        ends.append(stored if stored is not None else published if given is None else float(given))
    return ends[0], ends[1]


def _fractions(tensors: Tensors, trainer: str, size: int, span: tuple[float, float]) -> tuple[bool, FloatArray]:
    """Whether a time constant is trained, as a fraction of its range, or fixed in steps; and the fraction."""
    key = f"{trainer}.weight"
    weight = tensors.take(key, size)
    low, high = span
    is_fraction = bool(((weight >= 0) & (weight <= 1)).all())
    is_steps = bool(((weight >= np.float32(low)) & (weight <= np.float32(high))).all())
    if is_fraction and is_steps:
        raise ModelUnsupportedError(f"{key} can be a fraction from 0 to 1 as well as steps from {low:g} to {high:g}")
    if is_fraction:
        return True, weight
    if not is_steps:
        worst = weight[int(np.maximum(low - weight, weight - high).argmax())]
        raise InvalidArgumentError(f"{key} has {worst:g}, expected fractions from 0 to 1 or steps from {low:g} to {high:g}")
    return False, np.clip((weight - low) / (high - low), 0, 1) if high > low else np.zeros_like(weight)


# ---------------------------------------------------------------------------------------------------------- What both need

def _numbered(modules: Iterable[str], stem: str) -> list[str]:
    """Those that are the stem and a number, by their numbers."""
    return sorted((module for module in modules if re.fullmatch(rf"{stem}\d+", module)), key=lambda name: int(name[len(stem):]))


def _chosen(place: str, neuron: str | None, candidates: list[str]) -> str:
    """The neuron model of a layer, whose keys leave these open."""
    named = " or ".join(candidates)
    if neuron is not None:
        name = neuron_model(neuron).name
        if name not in candidates:
            raise InvalidArgumentError(f"neuron is {neuron!r}, but the keys of {place} are those of {named}")
        return name
    if len(candidates) > 1:
        raise InvalidArgumentError(f"the keys of {place} are those of {named}: say which with neuron=")
    return candidates[0]


def _checked(neuron: str, constants: Mapping[str, float]) -> dict[str, Any]:
    """Constants that the neuron model has."""
    known = neuron_model(neuron).constants
    for name in constants:
        if name not in known:
            raise unknown(NotFoundError, f"constant of {neuron}", name, known)
    return dict(constants)


def _check_range(key: str, values: FloatArray, low: float, high: float) -> None:
    if not ((values >= low) & (values <= high)).all():
        raise InvalidArgumentError(f"{key} is from {values.min():g} to {values.max():g}, expected {low:g} to {high:g}")
