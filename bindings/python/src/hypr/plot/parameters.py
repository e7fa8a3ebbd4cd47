"""What it has learned: maps of weights, eligibility and gradients, distributions of parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from hypr.errors import NotFoundError, UnknownTensorError, unknown
from hypr.model import Model
from hypr.plot._style import COLOURS, figure_of, legend, new_axes, whole_numbers
from hypr.neurons import neuron_models
from hypr.session import Session

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Tensors: TypeAlias = "Model | Session | Mapping[str, npt.NDArray[np.float32]]"


def weight_map(tensors: Tensors, name: str, ax: Axes | None = None, *, label: str = "") -> Axes:
    """A matrix of weights as a map, symmetric about 0: postsynaptic neurons down, presynaptic ones across.

    Parameters
    ----------
    tensors : Model, Session, or mapping of str to ndarray
        Of a session, its present parameters.
    name : str
        Such as "layer0.recurrent_weight". One number per neuron is a map of one column.
    label : str, optional
        What the numbers are.
    """
    values = _tensor(tensors, name)
    matrix = values[:, None] if values.ndim == 1 else values
    axes = new_axes(ax)
    limit = float(np.abs(matrix).max()) or 1.0
    image = axes.imshow(matrix, cmap="PuOr_r", vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    axes.set(xlabel=_presynaptic(name), ylabel="output" if name.startswith("readout") else "neuron", title=name)
    whole_numbers(axes.xaxis, axes.yaxis)
    if values.ndim == 1:
        axes.set(xlabel="", xticks=[])
    figure_of(axes).colorbar(image, ax=axes, label=label or ("value" if values.ndim == 1 else "weight"))
    return axes


def gradient_map(session: Session, name: str, ax: Axes | None = None) -> Axes:
    """The gradient of a tensor that a session has gathered since its last update, as ``weight_map``.

    What the eligibility of the closed windows, times the errors that were taught, adds up to. With the update `window`, the
    default, none is left after a window: use `update="manual"` or "sequence", and look before ``apply``.
    """
    return weight_map(session.gradients, name, ax, label="gradient of the loss")


def eligibility_map(session: Session, name: str, ax: Axes | None = None, *, state: int = 0) -> Axes:
    """The eligibility of a tensor, as ``weight_map``: how much a state variable depends on each of its elements by now.

    Parameters
    ----------
    session : Session
        One that learns; as of the start of its first open window (``Session.eligibility``).
    state : int
        Which state variable, in the order of ``Session.layer_state``; of most neuron models 0 is the membrane potential.
    """
    values = session.eligibility(name)
    if not 0 <= state < len(values):
        raise NotFoundError(f"there is no state variable {state}, the neurons of {name} have {len(values)}")
    layer = name.partition(".")[0]
    neuron = "LI" if layer == "readout" else session.model.layers[int(layer.removeprefix("layer"))].neuron
    variable = neuron_models()[neuron].states[state]
    return weight_map({name: values[state]}, name, ax, label=f"derivative of {variable}")


def distribution(tensors: Tensors, name: str, ax: Axes | None = None, *, bins: int = 40) -> Axes:
    """A histogram of the elements of a tensor, such as weights or time constants; their mean is marked."""
    values = _tensor(tensors, name).ravel()
    axes = new_axes(ax)
    low, high = float(values.min()), float(values.max())
    if low == high:  # a histogram needs a width
        margin = abs(low) * 0.05 or 0.5
        low, high = low - margin, high + margin
    axes.hist(values, bins=min(bins, max(10, values.size // 4)), range=(low, high), color=COLOURS[0])
    axes.axvline(float(values.mean()), color=COLOURS[5], linewidth=1.2, linestyle="--", label=f"mean {values.mean():.3g}")
    axes.set(xlabel="value", ylabel=f"elements, {values.size:,} in all", title=name)
    whole_numbers(axes.yaxis)
    legend(axes)
    return axes


def _presynaptic(name: str) -> str:
    if name.endswith("recurrent_weight"):
        return "neuron, one step before"
    return "input" if name.startswith("layer0.") else "neuron of the layer below"


def _tensor(tensors: Tensors, name: str) -> npt.NDArray[np.float32]:
    parameters = tensors.parameters if isinstance(tensors, (Model, Session)) else tensors
    if name not in parameters:
        raise unknown(UnknownTensorError, "tensor", name, parameters)
    return parameters[name]
