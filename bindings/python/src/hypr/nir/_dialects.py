"""What the libraries that write NIR graphs do not write into them: step, integration, reset, and how a potential begins."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from hypr.errors import InvalidArgumentError, ModelInvalidError, ModelUnsupportedError, unknown
from hypr.nir._wiring import kind
from hypr.schema import enum_members, enum_name, enum_number

Integration = Literal["exponential", "euler"]
_INTEGRATIONS = ("exponential", "euler")
# Tolerance of a step that a graph says in single precision.
_EQUAL = 1e-4
_MULTI_SPIKE = ("sinabs' MultiSpike, the default of its layers, gives several spikes in a step where a potential reaches a "
                "multiple of its threshold, and neurons of hypr give one")


class Steps(NamedTuple):
    """How a graph is run.

    `at_threshold`: whether a potential that is equal to the threshold spikes. `begins`: the parameter at which potentials
    begin, None: at 0. `whole_inputs`: types of nodes whose potentials take up all of an input, which their r does not say.
    `advice` is for people whose graph is refused.
    """

    dt: float
    integration: str
    reset: str
    at_threshold: bool = False
    begins: str | None = None
    whole_inputs: tuple[str, ...] = ()
    advice: str = ""


@dataclass(frozen=True)
class Dialect:
    """How a library runs the graphs that it writes.

    Attributes
    ----------
    dt : float or None
        Seconds per step, if no other is given; None: it has to be given.
    fixed_dt : bool
        Whether there can be no other.
    integrations, resets : tuple of str
        What its neurons may do, the usual first.
    told : mapping of str to tuple
        Of a type of node the pairs of a time constant and a gain that is this time constant in steps; None: one second in steps.
    at_threshold, begins, whole_inputs, advice
        As in ``Steps``.
    warning, refused : str
        What is said of graphs with spiking neurons; `refused`: instead of reading them.
    """

    dt: float | None
    integrations: tuple[str, ...]
    resets: tuple[str, ...]
    fixed_dt: bool = False
    told: Mapping[str, tuple[tuple[str | None, str], ...]] = field(default_factory=dict)
    at_threshold: bool = False
    begins: str | None = None
    whole_inputs: tuple[str, ...] = ()
    advice: str = ""
    warning: str = ""
    refused: str = ""


_SINABS: dict[str, Any] = {"dt": 1.0, "integrations": ("exponential",), "resets": ("subtract", "set"), "fixed_dt": True,
                           "told": {"IF": ((None, "r"),)}, "at_threshold": True,
                           "whole_inputs": ("LI",),  # ExpLeak with norm_input=False, its default
                           "advice": "sinabs writes time constants in steps"}

DIALECTS: Mapping[str, Dialect] = {
    "nir": Dialect(None, _INTEGRATIONS, ("set",)),
    "norse": Dialect(
        1e-3, ("euler",), ("set", "subtract"), told={"IF": ((None, "r"),), "CubaLIF": (("tau_syn", "w_in"),)}, begins="v_leak",
        advice="Norse multiplies time constants by the dt of its export: export with to_nir(net, sample, dt=1), or with dt=1000 "
               "for an IAFCell, which counts steps, and read with dt=1; of a LIFCell the export leaves a factor out, "
               "node.w_in = node.tau_syn / dt"),
    "sinabs": Dialect(
        **_SINABS, warning=f"{_MULTI_SPIKE}: both are the same as long as no potential reaches twice its threshold, or with "
                           "spike_fn=SingleSpike, which dialect='sinabs_single_spike' says"),
    "sinabs_single_spike": Dialect(**_SINABS),
    "sinabs_multi_spike": Dialect(
        **_SINABS, refused=f"{_MULTI_SPIKE}: train with spike_fn=sinabs.activation.SingleSpike and read with "
                           "dialect='sinabs_single_spike'; or if no potential reaches twice its threshold, with dialect='sinabs'"),
    "snntorch": Dialect(
        1e-4, ("euler",), ("delayed_subtract", "delayed_set", "set", "subtract", "none"), fixed_dt=True,
        told={"LIF": (("tau", "r"),), "CubaLIF": (("tau_mem", "r"), ("tau_syn", "w_in"))},
        advice="snnTorch writes 1e-4, whatever the data"),
    "spikingjelly": Dialect(
        1e-4, ("euler",), ("set",), told={"IF": ((None, "r"),), "CubaLIF": (("tau_mem", "r"), ("tau_syn", "w_in"))},
        at_threshold=True, begins="v_reset", advice="dt is that of SpikingJelly's export_to_nir, by default 1e-4"),
}

# How hypr's own graphs say it, in their metadata.
_RECORD = {"dt": "hypr.dt", "integration": "hypr.integration", "reset": "hypr.reset"}
_LEAKY = {"CubaLI", "CubaLIF", "LI", "LIF"}
_SPIKING = {"CubaLIF", "IF", "LIF"}


def record(dt: float, integration: str, reset: str) -> dict[str, str]:
    """Metadata by which ``steps_of`` knows a graph of hypr."""
    return dict(zip(_RECORD.values(), (repr(float(dt)), integration, reset)))


def without_record(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The rest of the metadata."""
    return {key: value for key, value in metadata.items() if key not in _RECORD.values()}


def steps_of(nodes: Mapping[str, Any], metadata: Mapping[str, Any], dialect: str | None, dt: float | None,
             integration: str | None, reset: str | None) -> Steps:
    """How a graph is run: as it is said, and for the rest as the dialect, or the graph's own metadata.

    Raises
    ------
    InvalidArgumentError
        What is said cannot be, or what is not said makes a difference; the message has the ways to say it.
    ModelUnsupportedError
        The graph is none of this dialect, or none that hypr can run.
    """
    dt = None if dt is None else checked_dt(dt)
    integration = None if integration is None else checked_integration(integration)
    reset = None if reset is None else checked_reset(reset)
    if dialect is not None:
        if dialect not in DIALECTS:
            raise unknown(InvalidArgumentError, "dialect", str(dialect), tuple(DIALECTS))
        return _spoken(dialect, DIALECTS[dialect], nodes, dt, integration, reset)
    recorded = _recorded(metadata)
    kinds = {kind(node) for node in nodes.values()}
    said = {"dt": (dt, kinds & (_LEAKY | _SPIKING)), "integration": (integration, kinds & _LEAKY),
            "reset": (reset, kinds & _SPIKING)}
    found: dict[str, Any] = {name: recorded.get(name) if value is None else value for name, (value, _) in said.items()}
    missing = [name for name, (_, needed) in said.items() if needed and found[name] is None]
    if missing:
        libraries = ", ".join(repr(name) for name in DIALECTS if name != "nir")
        raise InvalidArgumentError(
            f"a NIR graph does not say in which steps it is run, and its outputs depend on it: give {' and '.join(missing)}; or "
            f"the dialect of the library that wrote the graph, one of {libraries}; or dialect='nir' and dt for NIR's own equations")
    return Steps(float(found["dt"] or 0), found["integration"] or "exponential", found["reset"] or "set")


def checked_dt(dt: float) -> float:
    """Seconds per step, if they can be."""
    if isinstance(dt, bool) or not isinstance(dt, (int, float, np.integer, np.floating)) or not 0 < dt < float("inf"):
        raise InvalidArgumentError(f"dt is {dt!r}, expected seconds per step, above 0")
    return float(dt)


def checked_integration(integration: str) -> str:
    """The integration, if there is such a one."""
    if integration not in _INTEGRATIONS:
        raise InvalidArgumentError(f"integration is {integration!r}, expected 'exponential' or 'euler'")
    return integration


def checked_reset(reset: str) -> str:
    """The reset in the spelling of the schema, if there is such a one."""
    if isinstance(reset, str):
        reset = enum_name("ResetKind", enum_number("ResetKind", reset, "reset"))
    if not isinstance(reset, str) or reset == "model_default":
        raise InvalidArgumentError(f"reset is {reset!r}, expected one of {', '.join(list(enum_members('ResetKind'))[1:])}")
    return reset


def _spoken(name: str, dialect: Dialect, nodes: Mapping[str, Any], dt: float | None, integration: str | None,
            reset: str | None) -> Steps:
    advice = f" ({dialect.advice})" if dialect.advice else ""
    step = dialect.dt if dt is None else dt
    if step is None:
        raise InvalidArgumentError(f"the dialect {name!r} needs dt, seconds per step, such as dt=1e-3")
    if dialect.fixed_dt and step != dialect.dt:
        raise InvalidArgumentError(f"dt is {step:g}, and the dialect {name!r} has {dialect.dt:g}{advice}")
    for what, value, known in (("integration", integration, dialect.integrations), ("reset", reset, dialect.resets)):
        if value is not None and value not in known:
            raise InvalidArgumentError(f"{what} is {value!r}, and the dialect {name!r} has {' or '.join(map(repr, known))}; "
                                       "without a dialect dt, integration and reset are as you say")
    if any(kind(node) in _SPIKING for node in nodes.values()):
        if dialect.refused:
            raise ModelUnsupportedError(dialect.refused)
        if dialect.warning:
            warnings.warn(dialect.warning, UserWarning, stacklevel=_level())
    for path, node in nodes.items():
        for tau, gain in dialect.told.get(kind(node), ()):
            gains = np.asarray(getattr(node, gain), np.float64)
            in_steps = (1.0 if tau is None else np.asarray(getattr(node, tau), np.float64)) / step
            wrong = ~(np.abs(gains - in_steps) <= _EQUAL * np.abs(in_steps))  # of NaN as well
            if np.any(wrong):
                first, expected = (float(np.broadcast_to(values, wrong.shape)[wrong][0]) for values in (gains, in_steps))
                raise ModelUnsupportedError(
                    f"{gain} of {path} is {first:g}, and in the dialect {name!r} it is {tau or 'a second'} in steps, {expected:g} "
                    f"with a dt of {step:g}{advice}")
    return Steps(step, integration or dialect.integrations[0], reset or dialect.resets[0], dialect.at_threshold, dialect.begins,
                 dialect.whole_inputs, advice)


def _recorded(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What a graph of hypr says of itself; {} of another one."""
    texts = {name: metadata[key] for name, key in _RECORD.items() if key in metadata}
    if not texts:
        return {}
    try:
        return {"dt": checked_dt(float(texts["dt"])), "integration": checked_integration(texts["integration"]),
                "reset": checked_reset(texts["reset"])}
    except (InvalidArgumentError, KeyError, TypeError, ValueError) as error:
        raise ModelInvalidError(f"the metadata of the graph have {texts}, which hypr did not write: {error}") from error


def _level() -> int:
    """Where the package was called from, for warnings."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("hypr."):
        level, frame = level + 1, frame.f_back
    return level
