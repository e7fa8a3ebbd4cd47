"""From NIR graphs to networks of hypr."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._chain import LONGEST, POTENTIAL, SHORTEST, THRESHOLD, Linear, Neurons, build, complement, time_constant
from hypr._optional import require
from hypr.builder import ModelBuilder
from hypr.errors import InvalidArgumentError, ModelFileNotFoundError, ModelInvalidError, ModelUnsupportedError
from hypr.nir._dialects import Integration, Steps, steps_of, without_record
from hypr.nir._wiring import LINEAR, Stop, Wiring, kind

Doubles = npt.NDArray[np.float64]

_EVERYTHING = -float(np.finfo(np.float32).max), float(np.finfo(np.float32).max)


def read(path: str | os.PathLike[str], dt: float | None = None, *, dialect: str | None = None,
         integration: Integration | None = None, reset: str | None = None, name: str = "") -> ModelBuilder:
    """The network of a NIR file. See ``from_graph``.

    Raises
    ------
    ModelFileNotFoundError
        There is no such file.
    ModelInvalidError
        The package nir cannot read it.
    """
    nir = require("nir", "reading NIR files")
    if not os.path.exists(path):
        raise ModelFileNotFoundError(f"there is no NIR file {os.fspath(path)!r}")
    try:
        # Shapes are checked here, in words that name the node.
        graph = nir.read(path, type_check=False)
    except (AssertionError, AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise ModelInvalidError(f"the package nir cannot read {os.fspath(path)!r}: {error!r}") from error
    return from_graph(graph, dt, dialect=dialect, integration=integration, reset=reset, name=name)


def from_graph(graph: Any, dt: float | None = None, *, dialect: str | None = None, integration: Integration | None = None,
               reset: str | None = None, name: str = "") -> ModelBuilder:
    """A builder with the network of a NIR graph: ``build`` it, or add labels and options first.

    The graph is a chain of layers: LIF, CubaLIF, IF, LI, CubaLI or Threshold, with Affine, Linear and Scale between them, and
    perhaps a loop from the neurons of a layer back to them, straight or through Affine, Linear and Scale; a subgraph counts as
    its nodes. Parameters are arrays [neurons], or have one number for all. LI or CubaLI at the end become the readout; otherwise
    the outputs of the network are what comes to the graph's output, spikes or numbers.

    NIR's time is continuous. In steps, an input counts as constant during the step, spikes as well; a layer gets the spikes of
    the layer below of the same step, and through a loop its own of the step before, as NIR's simulators do it. CubaLIF uses the
    synaptic current of the step itself. Membranes and currents start at 0, or where those of the dialect do.

    What is given of dt, integration and reset counts; the rest is as the dialect has it. Without a dialect everything that makes
    a difference has to be given, but for graphs that hypr wrote, which say it themselves.

    Parameters
    ----------
    graph : nir.NIRGraph
    dt : float, optional
        Seconds per step, above 0.
    dialect : {"nir", "norse", "sinabs", "sinabs_single_spike", "snntorch", "spikingjelly"}, optional
        Which library wrote the graph: a graph does not say it, and each runs its graphs in another way. The dialect says dt,
        integration and reset where you do not, whether a potential that is equal to the threshold spikes, and at which one
        neurons begin. "nir": NIR's own equations, with a dt of your choice.
    integration : {"exponential", "euler"}, optional
        How a time constant becomes the decay per step: exp(-dt/tau), which is exact, or 1 - dt/tau, the forward Euler method
        of snnTorch, Norse and SpikingJelly. tau must not be below dt then.
    reset : {"set", "subtract", "delayed_subtract", "delayed_set", "none"}, optional
        What a spike does to the membrane of LIF, CubaLIF and IF. NIR says "set": to v_reset. Some simulators subtract the
        threshold whatever a graph says, and snnTorch does so one step later: "delayed_subtract". With a reset that does not
        use it, v_reset must be 0.
    name : str, optional
        Of the network, for people.

    Returns
    -------
    ModelBuilder
        With the graph's metadata as text. A layer has the path of its node as its name.

    Raises
    ------
    InvalidArgumentError
        Something is not given, or the dialect does not have it.
    ModelUnsupportedError
        A node or a connection that hypr does not have, a number out of its range, or one that the dialect does not write; the
        message names the node, such as ``rnn.lif``.

    Warns
    -----
    UserWarning
        The dialect is "sinabs", and neurons of sinabs may give several spikes in a step.
    """
    nir = require("nir", "reading NIR graphs")
    if not isinstance(graph, nir.NIRGraph):
        raise InvalidArgumentError(f"the graph is a {type(graph).__name__}, expected a nir.NIRGraph")
    wiring = Wiring(graph)
    metadata = graph.metadata or {}
    steps = steps_of(wiring.nodes, metadata, dialect, dt, integration, reset)
    stages = _Reader(wiring, steps).stages()
    scale = stages.pop(0) if len(stages) > 1 and _is_scaling(stages[0]) and isinstance(stages[1], Linear) else None
    builder = build(stages, dt=steps.dt, name=name)
    if isinstance(scale, Linear):
        factors = np.diag(scale.weight)
        builder.input(scale=factors, offset=None if scale.bias is None else -scale.bias / factors)
    return builder.metadata(**_texts(without_record(metadata)))


class _Reader:
    """Makes stages from the nodes along the way."""

    def __init__(self, wiring: Wiring, steps: Steps) -> None:
        self.wiring, self.way = wiring, steps
        self.dt, self.integration, self.reset = steps.dt, steps.integration, steps.reset

    def stages(self) -> list[Linear | Neurons]:
        first, *stops, last = self.wiring.way()
        shape = _shape(first.node)
        stages: list[Linear | Neurons] = []
        for stop in stops:
            if kind(stop.node) == "Flatten":
                shape = _flat(stop, shape)
                continue
            if len(shape) > 1:
                raise ModelUnsupportedError(
                    f"{stop.path} gets inputs of shape {shape}, expected one dimension, or a Flatten before")
            added = [self.linear(stop.path)] if kind(stop.node) in LINEAR else self.neurons(stop, *shape)
            for stage in added:
                takes = stage.weight.shape[1] if isinstance(stage, Linear) else stage.size
                if shape != (takes,):
                    raise ModelUnsupportedError(f"{stop.path} takes {takes} inputs and gets {_product(shape)}")
                shape = (stage.weight.shape[0] if isinstance(stage, Linear) else stage.size,)
            stages += added
        if len(shape) > 1:
            raise ModelUnsupportedError(f"{last.path} gets inputs of shape {shape}, expected one dimension")
        if not any(isinstance(stage, Neurons) for stage in stages):
            raise ModelUnsupportedError(f"there are no neurons between {first.path} and {last.path}, and a network needs some")
        return stages

    def linear(self, path: str) -> Linear:
        node = self.wiring.nodes[path]
        if kind(node) == "Scale":
            scale = self.array(path, "scale")
            if scale.ndim != 1:
                raise ModelUnsupportedError(f"scale of {path} has shape {scale.shape}, expected one dimension")
            return Linear(path, np.diag(scale))
        weight = self.array(path, "weight")
        if weight.ndim != 2:
            raise ModelUnsupportedError(f"weight of {path} has shape {weight.shape}, expected [outputs, inputs]")
        bias = None
        if kind(node) == "Affine":
            bias = self.array(path, "bias")
            if bias.shape not in ((), weight.shape[:1]):
                raise ModelUnsupportedError(f"bias of {path} has shape {bias.shape}, expected {weight.shape[:1]}")
            bias = np.broadcast_to(bias, weight.shape[:1])
        return Linear(path, weight, bias)

    def neurons(self, stop: Stop, width: int) -> list[Linear | Neurons]:
        """One layer; of CubaLI two, the synapses and the membranes."""
        path, which = stop.path, kind(stop.node)
        fields = [name for name in ("tau", "tau_syn", "tau_mem", "r", "v_leak", "w_in", "v_threshold", "v_reset", "threshold")
                  if hasattr(stop.node, name)]
        sizes = {name: self.size(path, name) for name in fields}
        size = max(sizes.values()) or width
        for name in fields:
            if sizes[name] not in (0, size):
                raise ModelUnsupportedError(f"{name} of {path} has {sizes[name]} values, expected {size}")

        def values(name: str, low: float = POTENTIAL[0], high: float = POTENTIAL[1]) -> Doubles:
            return np.broadcast_to(self.array(path, name, low, high), size)

        def steps(name: str) -> Doubles:
            return np.broadcast_to(self.steps(path, name), size)

        stages: list[Linear | Neurons]
        if which == "LI":
            tau, gain = steps("tau"), values("r")
            if "LI" in self.way.whole_inputs:
                gain = gain / complement(tau)
            stages = [Neurons(path, "LI", size, {"tau": tau}, gain=gain, offset=values("v_leak"))]
        elif which == "CubaLI":
            if stop.loop is not None:
                raise ModelUnsupportedError(
                    f"{path} is a CubaLI with a loop, which would go over two layers, synapses and membranes")
            stages = [
                Neurons(path, "LI", size, {"tau": steps("tau_syn")}, gain=values("w_in")),
                Neurons(path, "LI", size, {"tau": steps("tau_mem")}, gain=values("r"), offset=values("v_leak"))]
        elif which == "Threshold":
            # Without memory, and so without a reset.
            stages = [Neurons(path, "GeneralLIF", size, {
                "tau_m": SHORTEST, "resistance": 1, "leak_potential": 0, "threshold": values("threshold", *THRESHOLD),
                "reset_potential": 0}, "none")]
        else:
            # Potentials are counted from where they begin, as those of hypr begin at 0.
            counted = self.way.begins is not None and hasattr(stop.node, self.way.begins)
            begin = values(self.way.begins) if self.way.begins is not None and counted else 0.0
            membrane = {"threshold": values("v_threshold", *(POTENTIAL if counted else THRESHOLD)) - begin,
                        "reset_potential": values("v_reset") - begin}
            if np.any(membrane["threshold"] < THRESHOLD[0]):
                raise ModelUnsupportedError(f"v_threshold of {path} is not above {self.way.begins}, where its potentials begin")
            if self.way.at_threshold:
                # A neuron of hypr spikes above its threshold: the next number of single precision below it.
                membrane["threshold"] = np.nextafter(membrane["threshold"].astype(np.float32), np.float32(0)).astype(np.float64)
            if self.reset not in ("set", "delayed_set") and np.any(membrane["reset_potential"]):
                value = _first(membrane["reset_potential"] != 0, membrane["reset_potential"])
                raise ModelUnsupportedError(f"v_reset of {path} is {value:g}, and the reset {self.reset!r} does not use it")
            if which == "IF":
                stages = [Neurons(path, "IF", size, {**membrane, "resistance": values("r") * self.dt}, self.reset)]
            else:
                membrane.update(resistance=values("r"), leak_potential=values("v_leak") - begin)
                if which == "LIF":
                    stages = [Neurons(path, "GeneralLIF", size, {**membrane, "tau_m": steps("tau")}, self.reset)]
                else:
                    stages = [Neurons(path, "CubaLIF", size, {**membrane, "tau_m": steps("tau_mem"), "tau_syn": steps("tau_syn")},
                                      self.reset, gain=values("w_in"))]
        if stop.loop is not None:
            self.close(stop, stages[0])
        return stages

    def close(self, stop: Stop, neurons: Linear | Neurons) -> None:
        """Adds the loop of a layer to it."""
        assert isinstance(neurons, Neurons)
        total = Linear(stop.path, np.eye(neurons.size))
        for path in stop.loop or ():
            part = self.linear(path)
            if part.weight.shape[1] != total.weight.shape[0]:
                raise ModelUnsupportedError(f"{path} takes {part.weight.shape[1]} inputs and gets {total.weight.shape[0]}")
            total = part.after(total)
        if total.weight.shape[0] != neurons.size:
            raise ModelUnsupportedError(
                f"{stop.path} takes {neurons.size} inputs and gets {total.weight.shape[0]} from {total.name}")
        neurons.recurrent_weight, neurons.recurrent_bias = total.weight, total.bias

    def size(self, path: str, name: str) -> int:
        """Elements of a parameter; 0 for a single number, which holds for all neurons."""
        shape: tuple[int, ...] = np.shape(getattr(self.wiring.nodes[path], name))
        if len(shape) > 1:
            raise ModelUnsupportedError(f"{name} of {path} has shape {shape}, expected one dimension, the neurons")
        return 0 if shape in ((), (1,)) else int(np.prod(shape))

    def array(self, path: str, name: str, low: float = _EVERYTHING[0], high: float = _EVERYTHING[1]) -> Doubles:
        values = np.asarray(getattr(self.wiring.nodes[path], name), np.float64)
        wrong = ~((values >= low) & (values <= high))  # NaN is neither
        if wrong.any():
            raise ModelUnsupportedError(f"{name} of {path} is {_first(wrong, values):g}, expected {low:g} to {high:g}")
        return values

    def steps(self, path: str, name: str) -> Doubles:
        """A time constant in steps."""
        seconds = self.array(path, name)
        if np.any(seconds <= 0):
            raise ModelUnsupportedError(f"{name} of {path} is {_first(seconds <= 0, seconds):g}, expected seconds above 0")
        ratio = self.dt / seconds
        if self.integration == "euler":
            # A decay of 0 is stored as tau = dt, in single precision.
            if np.any(ratio > 1 + 1e-6):
                raise ModelUnsupportedError(
                    f"{name} of {path} is {_first(ratio > 1 + 1e-6, seconds):g} s, less than dt, {self.dt:g} s, and the forward "
                    f"Euler method would make it oscillate{self.way.advice}")
            steps = time_constant(1 - np.minimum(ratio, 1))
            wrong = ratio < 1 / LONGEST
        else:
            # The bounds themselves are not numbers of single precision.
            steps = np.clip(1 / ratio, SHORTEST, LONGEST)
            wrong = np.abs(steps * ratio - 1) > 1e-6
        if np.any(wrong):
            raise ModelUnsupportedError(
                f"{name} of {path} is {_first(wrong, seconds):g} s, {_first(wrong, 1 / ratio):g} steps of {self.dt:g} s; "
                f"expected {SHORTEST:g} to {LONGEST:g} steps")
        return steps


def _shape(node: Any) -> tuple[int, ...]:
    """That of the input, without dimensions of 1: exporters leave those of the batch in it."""
    shape = node.input_type["input"]
    if shape is None:
        raise ModelUnsupportedError("the input of the graph has no shape")
    return tuple(int(length) for length in np.atleast_1d(shape) if length != 1) or (1,)


def _flat(stop: Stop, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape after a Flatten that leaves one dimension: samples of more dimensions come in C order."""
    if len(shape) == 1:
        return shape
    given = stop.node.input_type["input"]
    if given is None:
        raise ModelUnsupportedError(f"{stop.path} does not say what shape it takes")
    full = [int(length) for length in given]
    flat = range(len(full))[int(stop.node.start_dim):]
    if stop.node.end_dim != -1:
        flat = range(len(full))[int(stop.node.start_dim):int(stop.node.end_dim) + 1]
    if any(length != 1 for place, length in enumerate(full) if place not in flat):
        raise ModelUnsupportedError(f"{stop.path} leaves more than one dimension of {tuple(full)}")
    return (_product(shape),)


def _product(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape))


def _is_scaling(stage: Linear | Neurons) -> bool:
    """Whether it is what `ModelBuilder.input` does, with scale and offset in single precision."""
    if not isinstance(stage, Linear) or stage.weight.shape[0] != stage.weight.shape[1]:
        return False
    factors = np.diag(stage.weight)
    if not np.array_equal(stage.weight, np.diag(factors)) or np.any(np.abs(factors) < np.finfo(np.float32).tiny):
        return False
    return stage.bias is None or bool(np.all(np.abs(stage.bias) <= _EVERYTHING[1] * np.abs(factors)))


def _first(wrong: npt.NDArray[np.bool_], values: Doubles) -> float:
    return float(np.atleast_1d(values)[np.atleast_1d(wrong)][0])


def _texts(metadata: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Metadata as text; that of groups within groups, as files have them, with ``/`` between the names."""
    texts: dict[str, str] = {}
    for key, value in metadata.items():
        if isinstance(value, Mapping):
            texts.update(_texts(value, f"{prefix}{key}/"))
        else:
            texts[f"{prefix}{key}"] = str(value)
    return texts
