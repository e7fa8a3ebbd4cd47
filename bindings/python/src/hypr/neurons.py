"""The neuron models of the library, as they describe themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypr._library import check, constants, ffi, lib, optional_text, text
from hypr.errors import NotFoundError, unknown
from hypr.schema import snake_case


@dataclass(frozen=True)
class Quantity:
    """A parameter of a neuron model, or a constant of a layer.

    Attributes
    ----------
    lower, upper : float
        Bounds, both allowed. Some of a parameter depend on constants: these are for the constants' defaults.
    default : float
        Of a constant that a file leaves out; of a parameter a value that is within its bounds.
    absolute : bool
        The model uses the magnitude; bounds hold for it, and the sign is kept.
    drawn : tuple of str, float and float, optional
        How first values are usually drawn: ``("uniform", from, to)`` or ``("normal", mean, standard deviation)``. None: a
        constant, or a parameter without usual values.
    """

    lower: float
    upper: float
    default: float
    absolute: bool
    drawn: tuple[str, float, float] | None


@dataclass(frozen=True)
class NeuronModel:
    """What a neuron model says of itself.

    Attributes
    ----------
    name : str
        As the schema has it, such as ``"BRF"``.
    states : tuple of str
        State variables as docs/neuron-models.md names them, in the order of ``Session.layer_state``.
    parameters : mapping of str to Quantity
        Trained, one number per neuron.
    constants : mapping of str to Quantity
        One number per layer; the reset is none of them.
    spiking : bool
        Whether outputs are spikes (0 or 1).
    gates : int
        Weights per pair of neurons.
    has_reset : bool
        Whether the layer says what a spike does to the membrane potential.
    surrogate : str
        That it was published with, such as ``"DoubleGaussian"``; "" if it does not spike.
    """

    name: str
    states: tuple[str, ...]
    parameters: Mapping[str, Quantity]
    constants: Mapping[str, Quantity]
    spiking: bool
    gates: int
    has_reset: bool
    surrogate: str


@cache
def neuron_models() -> Mapping[str, NeuronModel]:
    """All neuron models of the library by name."""
    found = (_neuron_model(index) for index in range(lib.hypr_neuron_count()))
    return {model.name: model for model in found}


def neuron_model(name: str) -> NeuronModel:
    """A neuron model by name, whatever its case and without regard to ``_`` and ``-``; NotFoundError."""
    index = ffi.new("size_t *")
    if lib.hypr_neuron_find(name.encode(), index):
        raise unknown(NotFoundError, "neuron model", name, map(snake_case, neuron_models()))
    return list(neuron_models().values())[int(index[0])]


def _neuron_model(index: int) -> NeuronModel:
    facts = _filled("hypr_neuron", lib.hypr_neuron_info, index)
    states = tuple(optional_text(lib.hypr_neuron_state(index, state)) or "" for state in range(facts.state_count))
    return NeuronModel(
        text(facts.name), states, _quantities(lib.hypr_neuron_parameter, index, facts.parameter_count),
        _quantities(lib.hypr_neuron_constant, index, facts.constant_count), bool(facts.spiking), int(facts.gate_count),
        bool(facts.has_reset), text(facts.surrogate))


def _quantities(function: Any, neuron: int, count: int) -> Mapping[str, Quantity]:
    distributions = {number: name for name, number in constants("DISTRIBUTION").items()}
    found = {}
    for index in range(count):
        facts = _filled("hypr_quantity", function, neuron, index)
        kind = distributions[facts.distribution]
        found[text(facts.name)] = Quantity(
            facts.lower, facts.upper, facts.default_value, bool(facts.absolute),
            None if kind == "none" else (kind, facts.first, facts.second))
    return found


def _filled(kind: str, function: Any, *place: int) -> Any:
    """A struct of hypr.h that a function fills."""
    facts = ffi.new(f"{kind} *")
    facts.struct_size = ffi.sizeof(kind)
    check(function(*place, facts), f"the library lists a {kind} {place} that it does not have")
    return facts
