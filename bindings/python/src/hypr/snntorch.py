"""Networks of snnTorch as models of hypr.

>>> network = nn.Sequential(nn.Linear(4, 20), snn.Leaky(beta=0.9, init_hidden=True), nn.Linear(20, 2),
...                         snn.Leaky(beta=0.95, reset_mechanism="none", init_hidden=True))
>>> model = hypr.snntorch.from_modules(network, readout="membrane").build()

As snnTorch 1.0.0 computes them (https://github.com/jeshraghian/snntorch). A neuron of it adds its whole input to the membrane,
one of hypr adds 1 - decay of it: the resistance 1/(1 - decay) makes up for that. Weights and their gradients so stay what they
were, and with them what learning rates and weight decay mean. A membrane that is read out has no resistance: its weights are
divided by 1 - decay.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from hypr._chain import THRESHOLD, Linear, Neurons, build
from hypr._modules import Numbers, Placed, array, frozen, identity, in_order, learns, stages
from hypr.description import Surrogate
from hypr.errors import InvalidArgumentError
from hypr.neurons import neuron_model

if TYPE_CHECKING:
    from hypr.builder import ModelBuilder

_NEURONS = ("Leaky", "RLeaky", "Synaptic", "RSynaptic", "Lapicque")
_SUPPORTED = f"Linear, Flatten, Dropout, Identity, {', '.join(_NEURONS)}"
_MECHANISMS = {"_base_sub": "subtract", "_base_zero": "zero", "_base_int": "none"}


def from_modules(modules: Any, *, readout: str = "spikes", inputs: int | None = None, dt: float = 0.0, name: str = "",
                 surrogate: str | Surrogate | None = None) -> ModelBuilder:
    """A network of PyTorch and snnTorch modules, as a builder that can be changed before a model is built.

    What snnTorch trains is trainable, and nothing else: weights and biases, beta (`tau_m`), alpha (`tau_syn`) and threshold if
    they are learnable. Sessions begin at rest, whatever the hidden states of the modules are.

    Parameters
    ----------
    modules : torch.nn.Module or iterable of torch.nn.Module
        The modules in the order of their use. A module of your own may be given if those in it are made in this order.
    readout : {"spikes", "membrane"}
        What the last neurons give: their spikes, or their membrane potential, for those with ``reset_mechanism="none"``.
    inputs : int, optional
        Of the network; needed if it begins with neurons that all have the same numbers.
    dt : float, optional
        Seconds between two samples, for the host; 0: not said.
    name : str, optional
        For people.
    surrogate : str or Surrogate, optional
        For all neurons, in place of their own.

    Raises
    ------
    ModelUnsupportedError
        For a module that hypr cannot compute: its name, its class, the reason, and what is supported.

    Warns
    -----
    UserWarning
        For ``reset_mechanism="subtract"`` with ``reset_delay=False``, which is the same as long as no potential exceeds twice
        its threshold. Above, the neuron has not fallen below its threshold, and snnTorch takes the threshold off a second
        time before it looks for a spike.
    """
    if readout not in ("spikes", "membrane"):
        raise InvalidArgumentError(f"readout is {readout!r}, expected 'spikes' or 'membrane'")
    placed = in_order(modules)
    last = [one for one in placed if one.kind not in ("torch.Flatten", "torch.Dropout", "torch.Identity")][-1:]
    if readout == "membrane" and last and not last[0].kind.startswith("snntorch."):
        raise last[0].refusal("it has no membrane; with readout='membrane' the last module is one of "
                              f"{', '.join(_NEURONS)}")

    def neurons(one: Placed, width: int | None) -> list[Linear | Neurons]:
        if one.kind not in [f"snntorch.{neuron}" for neuron in _NEURONS]:
            raise one.refusal(f"there is nothing like it here; supported are {_SUPPORTED}")
        return _neurons(one, width, readout == "membrane" and one is last[0], surrogate)

    return build(stages(placed, inputs, neurons, _SUPPORTED), inputs, dt, name)


def _neurons(placed: Placed, width: int | None, is_membrane: bool, surrogate: str | Surrogate | None) -> list[Linear | Neurons]:
    module = placed.module
    if module.inhibition:
        raise placed.refusal("inhibition, one spike per step in the whole layer, is not there; supported is inhibition=False")
    if module.state_quant:
        raise placed.refusal("state_quant, quantized states, is not there; supported is state_quant=False")
    recurrent = placed.kind in ("snntorch.RLeaky", "snntorch.RSynaptic")
    synaptic = placed.kind in ("snntorch.Synaptic", "snntorch.RSynaptic")
    per_neuron = ("threshold", "beta", "alpha", "graded_spikes_factor", "V", "R", "C")
    size = placed.size(width or getattr(module, "linear_features", None),
                       *(getattr(module, name) for name in per_neuron if hasattr(module, name)))
    if placed.kind == "snntorch.Lapicque":
        decay, gain = _lapicque(placed, size)
    else:
        decay, gain = _clamped(placed, "beta", size), np.ones(())
    reset = _reset(placed)
    if is_membrane:
        return _membrane(placed, size, decay, gain, reset, recurrent, synaptic)

    values: dict[str, Any] = {
        "resistance": gain, "reset_potential": 0,
        "threshold": placed.numbers("threshold", module.threshold, size, low=THRESHOLD[0])}
    is_learned = {"threshold": module.threshold}
    neuron = "IF"
    if synaptic or np.any(decay != 1):
        neuron = "GeneralLIF"
        values["leak_potential"] = 0
        values["tau_m"], rest = placed.leak("R C" if placed.kind == "snntorch.Lapicque" else "beta", decay)
        values["resistance"] = gain / rest
        is_learned["tau_m"] = None if placed.kind == "snntorch.Lapicque" else module.beta
    if synaptic:
        neuron = "CubaLIF"
        values["tau_syn"], rest = placed.leak("alpha", _clamped(placed, "alpha", size))
        values["resistance"] = values["resistance"] / rest
        is_learned["tau_syn"] = module.alpha
    highest = neuron_model(neuron).parameters["resistance"].upper
    if np.any(np.abs(values["resistance"]) > highest):
        raise placed.refusal(f"1 / ((1 - alpha) (1 - beta)) is {np.max(values['resistance']):g}, supported is up to "
                             + f"{highest:g}".replace("+0", ""))
    still = frozen(**is_learned, resistance=None, reset_potential=None, leak_potential=None)
    factor = placed.numbers("graded_spikes_factor", module.graded_spikes_factor, size)
    weight, bias, still_recurrent = _recurrence(placed, size, factor) if recurrent else (None, None, frozenset())
    made: list[Linear | Neurons] = [Neurons(
        placed.name, neuron, size, values, reset, surrogate or placed.surrogate(module.spike_grad), weight, bias,
        frozen=still | still_recurrent)]
    if np.any(factor != 1):
        made.append(Linear(placed.name, np.diag(np.broadcast_to(factor, size)),
                           frozen=frozen(weight=module.graded_spikes_factor)))
    return made


def _membrane(placed: Placed, size: int, decay: Numbers, gain: Numbers, reset: str, recurrent: bool,
              synaptic: bool) -> list[Linear | Neurons]:
    """Leaky integrators, which have the potential of neurons that are not reset."""
    if reset != "none":
        raise placed.refusal(f"its spikes reset the membrane (reset_mechanism={placed.module.reset_mechanism!r}), and a "
                             "membrane that is read out has no spikes; with readout='membrane' supported is "
                             "reset_mechanism='none'")
    if recurrent:
        raise placed.refusal("its spikes are fed back, and a membrane that is read out has no spikes; with readout='membrane' "
                             "supported are Leaky, Synaptic and Lapicque")
    made: list[Linear | Neurons] = []
    if synaptic:
        tau, rest = placed.leak("alpha", _clamped(placed, "alpha", size))
        made.append(Neurons(placed.name, "LI", size, {"tau": tau}, gain=1 / rest, frozen=frozen(tau=placed.module.alpha)))
        made.append(identity(placed.name, size))
    tau, rest = placed.leak("R C" if placed.kind == "snntorch.Lapicque" else "beta", decay)
    is_fixed = placed.kind == "snntorch.Lapicque" or not learns(placed.module.beta)
    made.append(Neurons(placed.name, "LI", size, {"tau": tau}, gain=gain / rest,
                        frozen=frozenset({"tau"} if is_fixed else ())))
    return made


def _clamped(placed: Placed, what: str, size: int) -> Numbers:
    return np.clip(placed.numbers(what, getattr(placed.module, what), size), 0, 1)


def _lapicque(placed: Placed, size: int) -> tuple[Numbers, Numbers]:
    """Its decay, which is 1 - time_step/(R C) and not beta, and what it multiplies its input by."""
    resistance, capacitance, step = (placed.numbers(what, getattr(placed.module, what), size)
                                     for what in ("R", "C", "time_step"))
    if np.any(capacitance == 0) or np.any(resistance == 0):
        raise placed.refusal("R or C is 0")
    return 1 - step / (resistance * capacitance), step / capacitance


def _reset(placed: Placed) -> str:
    module = placed.module
    mechanism = _MECHANISMS[module.state_function.__name__]
    if list(_MECHANISMS.values()).index(mechanism) != int(module.reset_mechanism_val):
        raise placed.refusal(f"it was made with reset_mechanism={mechanism!r}, which was changed afterwards: only a part of "
                             "its computation follows; make it with the mechanism that is meant")
    is_delayed = getattr(module, "reset_delay", True)
    if placed.kind == "snntorch.RSynaptic" and not is_delayed:
        raise placed.refusal("snnTorch 1.0.0 does not compute RSynaptic with reset_delay=False; supported is reset_delay=True")
    if mechanism == "none":
        return "none"
    if mechanism == "zero":
        # Leaky sets the potential that is left of the step before to 0, which is an immediate reset; others, the new one.
        return "set" if placed.kind == "snntorch.Leaky" or not is_delayed else "delayed_set"
    if is_delayed:
        return "delayed_subtract"
    warnings.warn(f"module {placed.name} ({type(module).__name__}) with reset_delay=False and reset_mechanism='subtract' is "
                  "the same in hypr as long as no potential exceeds twice its threshold", stacklevel=6)
    return "subtract"


def _recurrence(placed: Placed, size: int, factor: Numbers) -> tuple[Numbers, Numbers | None, frozenset[str]]:
    """Recurrent weight for spikes of 1, recurrent bias, and which of them learning may not change."""
    recurrent = placed.module.recurrent
    if hasattr(recurrent, "V"):
        # Trained, it would become a full matrix.
        one_to_one = np.diag(np.broadcast_to(placed.numbers("V", recurrent.V, size) * factor, size))
        return one_to_one, None, frozenset({"recurrent_weight"})
    if type(recurrent).__name__ != "Linear":
        raise placed.refusal(f"its spikes are fed back by {type(recurrent).__name__}, supported are linear_features=... and "
                             "all_to_all=False")
    weight = array(recurrent.weight)
    if weight.shape != (size, size):
        raise placed.refusal(f"its recurrent weight is {list(weight.shape)}, and {size} outputs are below it")
    bias = None if recurrent.bias is None else array(recurrent.bias)
    return weight * factor, bias, frozen(recurrent_weight=recurrent.weight, recurrent_bias=recurrent.bias)
