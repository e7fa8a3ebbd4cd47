"""What a session's statistics say about why it does not work."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag
from math import isnan
from typing import Any

from hypr._library import ffi, lib, text
from hypr.session._handle import SessionHandle

_TEXT_SIZE = 4096


class Finding(IntFlag):
    """What can be found, the worst first; docs/troubleshooting.md says what comes of each, and what helps."""

    DIVERGED = lib.HYPR_FINDING_DIVERGED
    SILENT_LAYER = lib.HYPR_FINDING_SILENT_LAYER
    SATURATED_LAYER = lib.HYPR_FINDING_SATURATED_LAYER
    INPUT_FAR_OUTSIDE = lib.HYPR_FINDING_INPUT_FAR_OUTSIDE
    NO_CHANGE = lib.HYPR_FINDING_NO_CHANGE
    CHANCE = lib.HYPR_FINDING_CHANCE
    INPUT_OUTSIDE = lib.HYPR_FINDING_INPUT_OUTSIDE
    SILENT_NEURONS = lib.HYPR_FINDING_SILENT_NEURONS
    INPUT_SMALLER = lib.HYPR_FINDING_INPUT_SMALLER
    CANNOT_WORK = lib.HYPR_FINDINGS_CANNOT_WORK


@dataclass(frozen=True)
class Diagnosis:
    """What stands in the way of a session; true if there is anything.

    Attributes
    ----------
    findings : Finding
    lines : tuple of str
        One for each of them, the worst first.
    """

    findings: Finding
    lines: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.findings)

    def __iter__(self) -> Iterator[tuple[Finding, str]]:
        """Findings with their lines."""
        kinds = (Finding(1 << bit) for bit in range(32) if self.findings & 1 << bit)
        return zip(kinds, self.lines)

    def __str__(self) -> str:
        return "\n".join(self.lines)

    @property
    def cannot_work(self) -> bool:
        """Whether something was found that lets nothing come of it."""
        return bool(self.findings & Finding.CANNOT_WORK)


@dataclass(frozen=True)
class LayerActivity:
    """How busy the neurons of a hidden layer were, since the last ``clear_statistics``; zeros for layers without spikes.

    Attributes
    ----------
    neurons : int
    silent_neurons : int
        That never spiked.
    saturated_neurons : int
        That spiked in more than half of the steps: they mark no moment any more.
    spike_rate : float
        Spikes per neuron and step.
    """

    neurons: int
    silent_neurons: int
    saturated_neurons: int
    spike_rate: float


@dataclass(frozen=True)
class InputRange:
    """How far the values of an input channel reached, since the last ``clear_statistics``, as the network gets them: after scale,
    offset and conditioning, before they are encoded as spikes.

    Attributes
    ----------
    samples : int
        Looked at: of the first 64 steps, then of one in 2n with n channels, rounded up to a power of two, or one in 16; of batches
        each thread counts steps of its own.
    outside : int
        Of these, those outside of the range in training.
    lowest, highest : float
    trained_lower, trained_upper : float
        The range in training, as the model file has it; NaN: it does not say.
    """

    samples: int
    outside: int
    lowest: float
    highest: float
    trained_lower: float
    trained_upper: float

    @property
    def is_known(self) -> bool:
        """Whether the model says what there was in training."""
        return not isnan(self.trained_lower)

    @property
    def share_outside(self) -> float:
        """Of the samples, those outside of the range in training; 0 if that is not known."""
        return self.outside / self.samples if self.samples else 0.0


class Diagnosing(SessionHandle):
    """What the neurons and the inputs did, and what it means."""

    @property
    def activity(self) -> tuple[LayerActivity, ...]:
        """How busy the neurons of each hidden layer were."""
        return tuple(LayerActivity(**self._filled("hypr_layer_activity", lib.hypr_session_layer_activity, layer, LayerActivity))
                     for layer in range(self.model.layer_count))

    @property
    def input_ranges(self) -> tuple[InputRange, ...]:
        """How far the values of each input channel reached."""
        return tuple(InputRange(**self._filled("hypr_input_range", lib.hypr_session_input_range, channel, InputRange))
                     for channel in range(self.model.input_size))

    def diagnose(self) -> Diagnosis:
        """What stands in the way of a session that does not learn, or whose outputs are wrong, by its statistics since the last
        ``clear_statistics``: nothing before 100 steps, or in what is taught 100 taught steps and 20 updates.

        Examples
        --------
        >>> session.run(x)
        >>> for line in session.diagnose().lines:
        ...     print(line)
        """
        findings, words = ffi.new("uint32_t *"), ffi.new("char[]", _TEXT_SIZE)
        self._call(lib.hypr_session_diagnose, findings, words, _TEXT_SIZE)
        return Diagnosis(Finding(findings[0]), tuple(text(words).splitlines()))

    def _filled(self, kind: str, function: object, index: int, shape: type) -> dict[str, Any]:
        """The fields of a struct that the library fills about a layer or a channel."""
        values = ffi.new(f"{kind} *", {"struct_size": ffi.sizeof(kind)})
        self._call(function, index, values)
        return {name: getattr(values, name) for name in shape.__dataclass_fields__}  # type: ignore[attr-defined]
