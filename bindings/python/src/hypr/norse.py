"""Networks of Norse as models of hypr.

>>> network = norse.torch.SequentialState(nn.Linear(4, 20), norse.torch.LIFCell(), nn.Linear(20, 2), norse.torch.LICell())
>>> model = hypr.norse.from_modules(network).build()

As Norse 1.1.0 computes them (https://github.com/norse/norse), by the forward Euler method: in a step of dt a variable with the
inverse time constant r keeps 1 - dt r of itself. An input adds to the synaptic current of Norse as a whole, and 1 - decay of it
to that of hypr: the resistance 1/(1 - decay) makes up for that. Networks of Norse begin at the leak potential and those of hypr
at 0, so potentials are counted from the leak potential.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from hypr._chain import POTENTIAL, THRESHOLD, Linear, Neurons, build
from hypr._modules import Numbers, Placed, array, frozen, identity, in_order, learns, stages
from hypr._optional import require
from hypr.description import Surrogate
from hypr.errors import ModelUnsupportedError
from hypr.neurons import neuron_model

if TYPE_CHECKING:
    from hypr.builder import ModelBuilder

_SUPPORTED = ("Linear, Flatten, Dropout, Identity, Lift, SequentialState, and LIF, LSNN, IAF, LI with their cells, recurrent "
              "or not, LIFBoxCell, LILinearCell, LIBoxCell")


def from_modules(modules: Any, *, inputs: int | None = None, name: str = "",
                 surrogate: str | Surrogate | None = None) -> ModelBuilder:
    """A network of PyTorch and Norse modules, as a builder that can be changed before a model is built.

    The time step is that of the modules. What requires a gradient is trainable, and nothing else: weights and biases, and the
    parameters of neurons that are torch.nn.Parameter. The gradient of a recurrent weight has its diagonal, which Norse leaves
    out unless there are autapses.

    Parameters
    ----------
    modules : torch.nn.Module or iterable of torch.nn.Module
        The modules in the order of their use. A module of your own may be given if those in it are made in this order.
    inputs : int, optional
        Of the network; needed if it begins with neurons that have no weights.
    name : str, optional
        For people.
    surrogate : str or Surrogate, optional
        For all neurons, in place of their own.

    Raises
    ------
    ModelUnsupportedError
        For a module that hypr cannot compute: its name, its class, the reason, and what is supported. Also if the time steps of
        two modules differ.
    """
    steps: dict[float, Placed] = {}

    def neurons(one: Placed, width: int | None) -> list[Linear | Neurons]:
        convert = _converter(one)
        if convert is not _integrate_and_fire:  # it has a time step, which it does not use
            steps.setdefault(float(one.numbers("dt", one.module.dt)), one)
        below: list[Linear | Neurons] = []
        weight = getattr(one.module, "input_weights", None)
        if weight is not None:
            below.append(Linear(one.name, array(weight), frozen=frozen(weight=weight)))
            width = array(weight).shape[0]
        parameters = one.module.p
        size = one.size(width, *(getattr(parameters, field) for field in _NAMES if hasattr(parameters, field)))
        return below + convert(_Cell(one, size, surrogate))

    made = stages(in_order(modules), inputs, neurons, _SUPPORTED)
    if len(steps) > 1:
        (first, one), (second, other) = list(steps.items())[:2]
        raise ModelUnsupportedError(f"module {one.name} ({type(one.module).__name__}) has a time step of {first:g}, and module "
                                    f"{other.name} ({type(other.module).__name__}) of {second:g}; supported is one for all")
    return build(made, inputs, next(iter(steps), 0.0), name)


# Parameters that may have one value per neuron.
_NAMES = ("tau_syn_inv", "tau_mem_inv", "tau_adapt_inv", "v_leak", "v_th", "v_reset", "beta")


class _Cell:
    """A module of Norse with neurons, and their parameters."""

    def __init__(self, placed: Placed, size: int, surrogate: str | Surrogate | None) -> None:
        self.placed, self.size = placed, size
        self._given = surrogate

    def parameter(self, name: str, low: float = POTENTIAL[0]) -> Numbers:
        return self.placed.numbers(name, getattr(self.placed.module.p, name), self.size, low)

    def learned(self, name: str) -> Any:
        return getattr(self.placed.module.p, name)

    def leak(self, name: str) -> tuple[Numbers, Numbers]:
        """Time constant in steps, and 1 - decay, of an inverse time constant."""
        step = self.placed.numbers("dt", self.placed.module.dt)
        return self.placed.leak(f"dt {name}", 1 - step * self.parameter(name))

    def potential(self, name: str, origin: Numbers, low: float = POTENTIAL[0]) -> Numbers:
        """Counted from the potential that neurons begin at."""
        return self.placed.numbers(f"{name} above the first potential", self.parameter(name) - origin, self.size, low)

    @property
    def surrogate(self) -> str | Surrogate:
        if self._given is not None:
            return self._given
        parameters = self.placed.module.p
        threshold = require("norse.torch.functional.threshold", "reading networks of Norse").threshold
        return self.placed.surrogate(lambda distance: threshold(distance, parameters.method, parameters.alpha))

    def spiking(self, neuron: str, values: dict[str, Any], learned: dict[str, str], origin: Numbers,
                reset: str | None = "set") -> list[Linear | Neurons]:
        """Neurons with threshold and reset. `learned`: parameters of hypr by those of Norse; all others are frozen."""
        values = {"threshold": self.potential("v_th", origin, low=THRESHOLD[0]),
                  "reset_potential": self.potential("v_reset", origin), **values}
        learned = {"v_th": "threshold", "v_reset": "reset_potential", **learned}
        still = frozenset(values) - {ours for theirs, ours in learned.items() if learns(self.learned(theirs))}
        weight = getattr(self.placed.module, "recurrent_weights", None)
        if weight is not None:
            still |= frozen(recurrent_weight=weight)
        return [Neurons(self.placed.name, neuron, self.size, values, reset, self.surrogate,
                        None if weight is None else array(weight), frozen=still)]


def _converter(placed: Placed) -> Callable[[_Cell], list[Linear | Neurons]]:
    """Found by the function that computes a step, which is that of the module with time and of its cell alike."""
    if placed.kind == "norse.LILinearCell":
        return _leaky_integrator
    step = getattr(getattr(placed.module, "activation", None), "__name__", "")
    if step not in _CONVERTERS:
        raise placed.refusal(f"there is nothing like {step or 'it'} here; supported are {_SUPPORTED}")
    return _CONVERTERS[step]


def _current_based(cell: _Cell) -> list[Linear | Neurons]:
    tau_syn, synapse = cell.leak("tau_syn_inv")
    tau_m, _ = cell.leak("tau_mem_inv")
    return cell.spiking("CubaLIF", {"tau_syn": tau_syn, "tau_m": tau_m, "resistance": 1 / synapse, "leak_potential": 0},
                        {"tau_syn_inv": "tau_syn", "tau_mem_inv": "tau_m", "v_leak": "leak_potential"},
                        cell.parameter("v_leak"))


def _adaptive(cell: _Cell) -> list[Linear | Neurons]:
    """The membrane of LSNN gets the synaptic current of the step before. Its threshold b is v_th + a here."""
    tau_syn, synapse = cell.leak("tau_syn_inv")
    tau_m, _ = cell.leak("tau_mem_inv")
    tau_a, _ = cell.leak("tau_adapt_inv")
    adaptation = cell.parameter("beta", low=neuron_model("CubaALIF").parameters["adaptation"].lower)
    return cell.spiking("CubaALIF", {"tau_syn": tau_syn, "tau_m": tau_m, "resistance": 1 / synapse, "leak_potential": 0,
                                     "tau_a": tau_a, "adaptation": adaptation, "synaptic_lag": 1},
                        {"tau_syn_inv": "tau_syn", "tau_mem_inv": "tau_m", "v_leak": "leak_potential",
                         "tau_adapt_inv": "tau_a", "beta": "adaptation"}, cell.parameter("v_leak"), reset=None)


def _box(cell: _Cell) -> list[Linear | Neurons]:
    tau_m, _ = cell.leak("tau_mem_inv")
    origin = cell.parameter("v_leak")
    method = cell.placed.module.p.reset_method.__name__
    if method not in ("reset_value", "reset_subtract"):
        raise cell.placed.refusal(f"its reset_method is {method}, supported are reset_value and reset_subtract")
    if method == "reset_subtract" and np.any(origin != 0):
        raise cell.placed.refusal("with reset_subtract supported is v_leak = 0, from where potentials are counted")
    return cell.spiking("GeneralLIF", {"tau_m": tau_m, "resistance": 1, "leak_potential": 0},
                        {"tau_mem_inv": "tau_m", "v_leak": "leak_potential"}, origin,
                        "set" if method == "reset_value" else "subtract")


def _integrate_and_fire(cell: _Cell) -> list[Linear | Neurons]:
    return cell.spiking("IF", {"resistance": 1}, {}, cell.parameter("v_reset"))


def _leaky_integrator(cell: _Cell) -> list[Linear | Neurons]:
    """Two leaky integrators: the synaptic current, and the membrane."""
    tau, rest = cell.leak("tau_syn_inv")
    current = Neurons(cell.placed.name, "LI", cell.size, {"tau": tau}, gain=1 / rest,
                      frozen=frozen(tau=cell.learned("tau_syn_inv")))
    return [current, identity(cell.placed.name, cell.size), *_box_integrator(cell)]


def _box_integrator(cell: _Cell) -> list[Linear | Neurons]:
    """The leak potential is added to the output: the integrator itself begins at 0."""
    tau, _ = cell.leak("tau_mem_inv")
    made: list[Linear | Neurons] = [
        Neurons(cell.placed.name, "LI", cell.size, {"tau": tau}, frozen=frozen(tau=cell.learned("tau_mem_inv")))]
    leak = cell.parameter("v_leak")
    if np.any(leak != 0):
        made.append(identity(cell.placed.name, cell.size, np.broadcast_to(leak, cell.size)))
    return made


_CONVERTERS: dict[str, Callable[[_Cell], list[Linear | Neurons]]] = {
    "lif_step": _current_based, "lif_feed_forward_step": _current_based,
    "lsnn_step": _adaptive, "lsnn_feed_forward_step": _adaptive,
    "lsnn_adjoint_step": _adaptive, "lsnn_feed_forward_adjoint_step": _adaptive,  # the same but for their derivative
    "lif_box_feed_forward_step": _box, "iaf_feed_forward_step": _integrate_and_fire,
    "li_feed_forward_step": _leaky_integrator, "li_box_feed_forward_step": _box_integrator,
}
