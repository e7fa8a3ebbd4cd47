"""PyTorch modules as importers see them: in the order of their use, each by its name, with its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._chain import LONGEST, POTENTIAL, Linear, Neurons, complement, time_constant
from hypr._surrogates import surrogate_of
from hypr.description import Surrogate
from hypr.errors import ModelUnsupportedError

Numbers = npt.NDArray[np.float64]

_LIBRARIES = ("torch", "snntorch", "norse")
_CONTAINERS = ("torch.Sequential", "torch.ModuleList", "norse.SequentialState", "norse.Lift")
# The largest decay per step that a time constant can give.
_LARGEST_DECAY = 1 - 1 / LONGEST


@dataclass(frozen=True)
class Placed:
    """A module, and its name in the network, such as ``"hidden.lif1"``."""

    name: str
    module: Any

    @property
    def kind(self) -> str:
        """Library and class, such as ``"torch.Linear"``; without the library for classes of others."""
        return _kind(type(self.module))

    def refusal(self, reason: str) -> ModelUnsupportedError:
        return ModelUnsupportedError(f"module {self.name} ({type(self.module).__name__}): {reason}")

    def numbers(self, what: str, value: Any, size: int | None = None, low: float = POTENTIAL[0],
                high: float = POTENTIAL[1]) -> Numbers:
        """A tensor or number as float64: one number [], or one per neuron [size]; finite, from `low` to `high`."""
        values = array(value).squeeze()
        shape = array(value).shape
        if values.ndim > 1 or (values.ndim == 1 and (values.size != shape[-1] or size not in (None, values.size))):
            raise self.refusal(f"{what} has the shape {list(shape)}, expected one number or one per neuron"
                               + ("" if size is None else f", [{size}]"))
        bad = values[~((values >= low) & (values <= high))]
        if bad.size:
            raise self.refusal(f"{what} is {bad.flat[0]:g}, supported are {low:g} to {high:g}")
        return values

    def leak(self, what: str, decay: Numbers) -> tuple[Numbers, Numbers]:
        """The time constant in steps of a decay per step, and 1 - decay as it follows from the time constant."""
        bad = decay[~((decay >= 0) & (decay <= _LARGEST_DECAY))]
        if bad.size:
            raise self.refusal(f"{what} gives a decay of {bad.flat[0]:.9g} per step, supported are 0 to {_LARGEST_DECAY}")
        tau = time_constant(decay)
        return tau, complement(tau)

    def size(self, width: int | None, *per_neuron: Any) -> int:
        """The number of neurons: that of the outputs below, or else that of values per neuron."""
        sizes = {array(value).size for value in per_neuron} - {1}
        if width is not None:
            return width
        if len(sizes) != 1:
            raise self.refusal("how many neurons it has cannot be seen, for there is no Linear below it: "
                               "say how many inputs the network has with inputs=...")
        return sizes.pop()

    def surrogate(self, step: Callable[[Any], Any]) -> Surrogate:
        """That of a step function which is differentiable by one."""
        try:
            found = surrogate_of(step)
        except Exception as error:
            raise self.refusal(f"its surrogate derivative cannot be evaluated ({error}); say which one to learn with by "
                               "surrogate=...") from error
        if found is None:
            raise self.refusal("its surrogate derivative has none of the shapes of hypr.Surrogate; say which one to learn with "
                               "by surrogate=...")
        return found


def array(value: Any) -> Numbers:
    """A tensor or a number as float64."""
    if hasattr(value, "detach"):
        value = value.detach().cpu().double().numpy()
    return np.array(value, np.float64)


def learns(value: Any) -> bool:
    """Whether a tensor is trained in its own library."""
    return bool(getattr(value, "requires_grad", False))


def frozen(**tensors: Any) -> frozenset[str]:
    """The names of those tensors that are not trained in their own library."""
    return frozenset(name for name, value in tensors.items() if not learns(value))


def in_order(modules: Any) -> list[Placed]:
    """The modules inside of a module or a sequence of modules that are no containers, in the order in which they are there."""
    if hasattr(modules, "_modules"):
        return list(_inside("", modules))
    return [placed for index, module in enumerate(modules) for placed in _inside(str(index), module)]


def stages(modules: Iterable[Placed], inputs: int | None, neurons: Callable[[Placed, int | None], list[Linear | Neurons]],
           supported: str) -> list[Linear | Neurons]:
    """The stages of a network.

    Parameters
    ----------
    modules : iterable of Placed
    inputs : int, optional
        Of the first module, if they are known.
    neurons : callable
        Makes stages of a module that is none of PyTorch's, with the number of outputs below it, if it is known.
    supported : str
        What is, for messages.
    """
    made: list[Linear | Neurons] = []
    seen: set[int] = set()
    width = inputs
    for placed in modules:
        library = placed.kind.partition(".")[0]
        if library == "torch":
            new = _torch(placed, supported)
        elif library not in _LIBRARIES:
            raise placed.refusal(f"it is of no class that is known; supported are {supported}")
        elif id(placed.module) in seen:
            raise placed.refusal("it is used twice, and its neurons cannot be in two places")
        else:
            seen.add(id(placed.module))
            new = neurons(placed, width)
            if made and new and isinstance(made[-1], Neurons) and isinstance(new[0], Neurons):
                made.append(identity(placed.name, new[0].size))
        made += new
        if new:
            width = new[-1].weight.shape[0] if isinstance(new[-1], Linear) else new[-1].size
    return made


def identity(name: str, size: int, bias: Numbers | None = None) -> Linear:
    """A connection that the original does not have as such, and so does not train."""
    return Linear(name, np.eye(size), bias, frozenset({"weight", "bias"}))


def _torch(placed: Placed, supported: str) -> list[Linear | Neurons]:
    module, kind = placed.module, placed.kind
    if kind == "torch.Linear":
        weight = array(module.weight)
        bias = None if module.bias is None else array(module.bias)
        if not (np.isfinite(weight).all() and (bias is None or np.isfinite(bias).all())):
            raise placed.refusal("its weight or bias is not finite")
        return [Linear(placed.name, weight, bias, frozen(weight=module.weight, bias=module.bias))]
    if kind == "torch.Identity":
        return []
    if kind == "torch.Flatten":
        if module.start_dim < 1 or module.end_dim != -1:
            raise placed.refusal(f"it flattens dimensions {module.start_dim} to {module.end_dim}, supported are those from 1 "
                                 "or higher to -1, within one sample")
        return []
    if kind == "torch.Dropout":
        if module.training and module.p > 0:
            raise placed.refusal("it drops values as long as it is in training mode; call eval() on the network first")
        return []
    raise placed.refusal(f"there is nothing like it here; supported are {supported}")


def _inside(name: str, module: Any) -> Iterator[Placed]:
    placed = Placed(name or "0", module)
    if not hasattr(module, "_modules"):
        raise placed.refusal("it is no module of PyTorch")
    if not _is_container(placed):
        yield placed
        return
    if not module._modules:
        raise placed.refusal("there are no modules in it")
    for child, inner in module._modules.items():
        yield from _inside(f"{name}.{child}" if name else child, inner)


def _is_container(placed: Placed) -> bool:
    if placed.kind.partition(".")[0] in _LIBRARIES:
        return placed.kind in _CONTAINERS
    for base in type(placed.module).__mro__[1:]:
        kind = _kind(base)
        if kind.partition(".")[0] in _LIBRARIES and kind not in ("torch.Module", *_CONTAINERS):
            raise placed.refusal(f"it is derived from {base.__name__}, and may do something else than that")
    if any(value is not None for value in placed.module._parameters.values()):
        raise placed.refusal("it has parameters of its own beside the modules in it; what it does with them cannot be seen")
    return True


def _kind(of: type) -> str:
    library = of.__module__.partition(".")[0]
    return f"{library}.{of.__name__}" if library in _LIBRARIES else of.__name__
