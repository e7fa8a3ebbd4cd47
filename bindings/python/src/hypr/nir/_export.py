"""From networks of hypr to NIR graphs."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._chain import SHORTEST
from hypr._optional import require
from hypr.description import InputDescription, LayerDescription, ModelDescription, ReadoutDescription, Tensor
from hypr.errors import FileError, InvalidArgumentError, ModelUnsupportedError
from hypr.model import Model
from hypr.model_file import decode
from hypr.neurons import neuron_model
from hypr.nir._dialects import Integration, checked_integration, checked_reset, record


def write(model: Model, path: str | os.PathLike[str], dt: float | None = None, *, integration: Integration = "exponential",
          reset: str = "set") -> None:
    """Writes the network of a model to a NIR file. See ``to_graph``.

    Raises
    ------
    FileError
        The file cannot be written.
    """
    nir = require("nir", "writing NIR files")
    graph = to_graph(model, dt, integration=integration, reset=reset)
    try:
        nir.write(path, graph)
    except OSError as error:
        raise FileError(f"{os.fspath(path)!r} cannot be written: {error}") from error


def to_graph(model: Model, dt: float | None = None, *, integration: Integration = "exponential", reset: str = "set") -> Any:
    """The network of a model as a NIR graph: ``from_graph`` gives its outputs again, as metadata say in which steps it is run.

    GeneralLIF, LIF and LIFHard become LIF (a GeneralLIF that was a Threshold, Threshold again); CubaLIF without lag, IF and LI
    what NIR calls so; the readout LI, or nothing if it passes on what it gets (time constants of 0.01 steps). Weights are Affine
    where there is a bias and Linear where there is none, scale and offset of the input a Scale or an Affine. A recurrent layer
    is a subgraph of the nodes input, neurons, w_rec and output, the form that snnTorch reads. Metadata go with it. Class labels,
    channel names, recommended options, surrogates and what is trainable have no place in NIR.

    Parameters
    ----------
    model : Model
    dt : float, optional
        Seconds per step, above 0. By default the model's `time_step`; an error if it says none.
    integration : {"exponential", "euler"}
        How readers of the graph turn a time constant into a decay per step: exp(-dt/tau), or 1 - dt/tau as snnTorch and Norse.
    reset : str
        The reset that readers of the graph apply. "set" is NIR's own; with another one, as in ``from_graph``, the readers have
        to be told, for NIR cannot say it.

    Returns
    -------
    nir.NIRGraph
        With arrays of single precision, in seconds.

    Raises
    ------
    ModelUnsupportedError
        NIR cannot describe a layer or the input, or a layer has another reset; the message names it.
    """
    require("nir", "making NIR graphs")
    checked_integration(integration)
    reset = checked_reset(reset)
    step = model.time_step if dt is None else dt
    if not 0 < step < float("inf"):
        raise InvalidArgumentError(
            "the model does not say its time step: give dt, seconds per step" if dt is None
            else f"dt is {dt!r}, expected seconds per step, above 0")
    description = decode(model.data)
    if description.input is not None and description.input.encoding is not None:
        name = type(description.input.encoding).__name__
        raise ModelUnsupportedError(f"the input has the encoding {name}, which NIR does not have")
    if description.input is not None and description.input.conditioning:
        raise ModelUnsupportedError(f"the input has the stage {description.input.conditioning[0]}, which NIR does not have")
    for index, layer in enumerate(description.layers):
        if layer.recurrent_weight is not None and layer.recurrent_weight.sparse is not None:
            raise ModelUnsupportedError(f"layer{index} has sparse recurrent weights, which NIR does not have")
    return _Writer(step, integration, reset).graph(description)


class _Writer:
    """Makes nodes, in a row, and the graph of them."""

    def __init__(self, dt: float, integration: Integration, reset: str) -> None:
        self.nir = require("nir", "making NIR graphs")
        self.dt, self.integration, self.reset = dt, integration, reset
        self.nodes: dict[str, Any] = {}

    def graph(self, model: ModelDescription) -> Any:
        inputs = model.layers[0].input_weight.values.shape[1]
        self.nodes["input"] = self.nir.Input(np.array([inputs]))
        if model.input is not None:
            self.scaling(model.input)
        for index, layer in enumerate(model.layers):
            self.layer(index, layer)
        self.readout(model.readout)
        self.nodes["output"] = self.nir.Output(np.array([len(model.readout.weight.values)]))
        names = list(self.nodes)
        return self.nir.NIRGraph(self.nodes, list(zip(names, names[1:])),
                                 {**model.metadata, **record(self.dt, self.integration, self.reset)})

    def scaling(self, description: InputDescription) -> None:
        scale = np.ones(description.size) if description.scale is None else description.scale
        if description.offset is not None:
            self.nodes["input_scale"] = self.nir.Affine(_single(np.diag(scale)), _single(-scale * description.offset))
        elif description.scale is not None:
            self.nodes["input_scale"] = self.nir.Scale(_single(scale))

    def layer(self, index: int, layer: LayerDescription) -> None:
        name, inner = self.names(index, layer)
        self.nodes[f"layer{index}_weight"] = self.linear(layer.input_weight, layer.bias)
        neurons = self.neurons(index, layer)
        if layer.recurrent_weight is None:
            self.nodes[name] = neurons
            return
        size = np.array([len(layer.recurrent_weight.values)])
        self.nodes[name] = self.nir.NIRGraph(
            {"input": self.nir.Input(size), inner: neurons, "w_rec": self.linear(layer.recurrent_weight, None),
             "output": self.nir.Output(size)},
            [("input", inner), (inner, "w_rec"), ("w_rec", inner), (inner, "output")])

    def names(self, index: int, layer: LayerDescription) -> tuple[str, str]:
        """A layer's own name if it can be that of a node; of a recurrent one those of subgraph and neurons, at the last dot."""
        outer, dot, inner = layer.name.rpartition(".")
        if layer.recurrent_weight is None or not dot:
            outer, inner = layer.name, "lif"
        reserved = outer in self.nodes or outer.startswith(("input", "layer", "output", "readout"))
        if not outer or "/" in layer.name or reserved or inner in ("", "input", "output", "w_rec"):
            return f"layer{index}", "lif"
        return outer, inner

    def linear(self, weight: Tensor, bias: Tensor | None) -> Any:
        if bias is None:
            return self.nir.Linear(_single(weight.values))
        return self.nir.Affine(_single(weight.values), _single(bias.values))

    def neurons(self, index: int, layer: LayerDescription) -> Any:
        values = {name: np.asarray(tensor.values, np.float64) for name, tensor in layer.parameters.items()}
        defaults = {name: constant.default for name, constant in neuron_model(layer.neuron).constants.items()}
        constants = {**defaults, **layer.constants}
        one = np.ones(len(layer.input_weight.values), np.float32)

        def membrane(reset: str) -> dict[str, Any]:
            used = reset if layer.reset == "model_default" else layer.reset
            if used != self.reset:
                raise ModelUnsupportedError(
                    f"layer{index}, {layer.neuron}, has the reset {used!r}, but readers of the graph apply {self.reset!r}"
                    + (", which is NIR's; if yours do not, say so by reset=" if self.reset == "set" else ""))
            threshold = values["threshold"] if "threshold" in values else constants["threshold"] * one
            return {"v_threshold": _single(threshold),
                    "v_reset": _single(values.get("reset_potential", 0 * one))}

        def leaky(tau: Any) -> dict[str, Any]:
            return {"tau": self.seconds(tau), "r": _single(values.get("resistance", one)),
                    "v_leak": _single(values.get("leak_potential", 0 * one))}

        if layer.neuron == "GeneralLIF" and layer.reset == "none" and _is_threshold(values):
            return self.nir.Threshold(_single(values["threshold"]))
        if layer.neuron == "GeneralLIF":
            return self.nir.LIF(**leaky(values["tau_m"]), **membrane("set"))
        if layer.neuron == "LIF":
            return self.nir.LIF(**leaky(values["tau_m"]), **membrane("subtract"))
        if layer.neuron == "LIFHard":
            p = values["p_u"]
            tau = p * constants["tau_u_max"] + (1 - p) * constants["tau_u_min"]
            return self.nir.LIF(**leaky(tau), **membrane("set"))
        if layer.neuron == "CubaLIF":
            if constants["synaptic_lag"]:
                raise ModelUnsupportedError(f"layer{index}, CubaLIF, has a synaptic_lag, which NIR does not have")
            parts = leaky(values["tau_m"])
            return self.nir.CubaLIF(tau_mem=parts.pop("tau"), tau_syn=self.seconds(values["tau_syn"]), w_in=one, **parts,
                                    **membrane("set"))
        if layer.neuron == "IF":
            return self.nir.IF(r=_single(values["resistance"] / self.dt), **membrane("set"))
        if layer.neuron == "LI":
            return self.nir.LI(**leaky(values["tau"]))
        raise ModelUnsupportedError(f"layer{index} is of {layer.neuron} neurons, which NIR does not have")

    def readout(self, readout: ReadoutDescription) -> None:
        weight, tau = readout.weight.values, np.asarray(readout.tau.values, np.float64)
        passes_on = _forgets(tau)
        if not (passes_on and readout.bias is None and np.array_equal(weight, np.eye(*weight.shape))):
            self.nodes["readout_weight"] = self.linear(readout.weight, readout.bias)
        if not passes_on:
            one = np.ones(len(weight), np.float32)
            self.nodes["readout"] = self.nir.LI(tau=self.seconds(tau), r=one, v_leak=0 * one)

    def seconds(self, steps: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """A time constant in seconds."""
        tau = np.abs(steps)
        return _single(self.dt / -np.expm1(-1 / tau) if self.integration == "euler" else self.dt * tau)


def _forgets(tau: npt.NDArray[np.float64]) -> bool:
    """Whether the decays are 0: nothing is left of the step before."""
    return bool(np.all(np.abs(tau) <= np.float32(SHORTEST)))


def _is_threshold(values: dict[str, npt.NDArray[np.float64]]) -> bool:
    """Whether a GeneralLIF is what `from_graph` makes of a Threshold."""
    return _forgets(values["tau_m"]) and bool(np.all(values["resistance"] == 1) and np.all(values["leak_potential"] == 0))


def _single(values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    return np.array(values, np.float32)
