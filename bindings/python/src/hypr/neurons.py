"""The neuron models of the library, as they describe themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from hypr._library import check, ffi, lib, optional_text, text


@dataclass(frozen=True)
class NeuronModel:
    """What a neuron model says of itself.

    Attributes
    ----------
    name : str
        As the schema has it, such as ``"BRF"``.
    states : tuple of str
        State variables as docs/neuron-models.md names them, in the order of ``Session.layer_state``.
    spiking : bool
        Whether outputs are spikes (0 or 1).
    gates : int
        Weights per pair of neurons.
    has_reset : bool
        Whether the layer says what a spike does to the membrane potential.
    """

    name: str
    states: tuple[str, ...]
    spiking: bool
    gates: int
    has_reset: bool


@cache
def neuron_models() -> Mapping[str, NeuronModel]:
    """All neuron models of the library by name."""
    found = (_neuron_model(index) for index in range(lib.hypr_neuron_count()))
    return {model.name: model for model in found}


def _neuron_model(index: int) -> NeuronModel:
    facts = ffi.new("hypr_neuron *")
    facts.struct_size = ffi.sizeof("hypr_neuron")
    check(lib.hypr_neuron_info(index, facts), f"there is no neuron model {index}")
    states = tuple(optional_text(lib.hypr_neuron_state(index, state)) or "" for state in range(facts.state_count))
    return NeuronModel(text(facts.name), states, bool(facts.spiking), int(facts.gate_count), bool(facts.has_reset))
