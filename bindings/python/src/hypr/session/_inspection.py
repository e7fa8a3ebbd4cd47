"""What a session has done, what is in it, and what it takes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats, pointer
from hypr._facts import bytes_text, value_text
from hypr._library import ffi, lib
from hypr.errors import InvalidArgumentError, NotFoundError
from hypr.options import option_info, option_names
from hypr.session._handle import SessionHandle

if TYPE_CHECKING:
    from typing_extensions import Buffer


@dataclass(frozen=True)
class Statistics:
    """What a session has done since the last ``clear_statistics``; updates, skipped and unchanged updates, gradient norm and
    learning rate are not cleared by it.

    Attributes
    ----------
    steps : int
        Steps made.
    taught_steps : int
        Steps with a target in closed windows; a target of all steps together counts as one.
    correct_steps : int
        Those taught a class, the largest output being of that class.
    updates : int
        Optimizer steps since the session was created or its optimizer reset.
    skipped_updates : int
        Updates left out because the gradient was not finite, or so long that parameters or moments might not have stayed so.
    unchanged_updates : int
        Of `updates`, those that left every parameter as it was: there was no gradient, or the learning rate or a clip is too
        small for it.
    mean_loss : float
        Of the targets (cross-entropy in nats), weighted as the classes are; 0 if there are none.
    gradient_norm : float
        Of the last update, before clipping.
    learning_rate : float
        That the next update will use.
    chance_loss : float
        What `mean_loss` would be if always the frequencies of the classes taught were said, with their weights and label smoothing:
        their entropy in nats; or the means of the values taught: their variance. 0 if nothing was taught, or both, or something
        else.
    spike_rates : ndarray of float32, [layers]
        Spikes per neuron and step; 0 for layers without spikes.
    """

    steps: int
    taught_steps: int
    correct_steps: int
    updates: int
    skipped_updates: int
    unchanged_updates: int
    mean_loss: float
    gradient_norm: float
    learning_rate: float
    chance_loss: float
    spike_rates: FloatArray

    @property
    def accuracy(self) -> float:
        """Share of the taught steps that were right before they were taught; NaN if nothing was taught."""
        return self.correct_steps / self.taught_steps if self.taught_steps else float("nan")


@dataclass(frozen=True)
class Guard:
    """How a session that learns stands beside its reference: means over what was compared in the horizon.

    Attributes
    ----------
    reference_ahead : bool
        Whether the reference is better, and what the session answers with if the option `guard_answer` is set.
    loss, reference_loss : float
        Of the network that learns and of the reference; 0 before the first compared step.
    accuracy, reference_accuracy : float
        Share of the compared steps whose largest output was the label's.
    compared_steps : int
        Since the session was created.
    returns : int
        How often the parameters went back to those of the reference.
    last_return : int
        `compared_steps` at the last of them.
    """

    reference_ahead: bool
    loss: float
    reference_loss: float
    accuracy: float
    reference_accuracy: float
    compared_steps: int
    returns: int
    last_return: int


@dataclass(frozen=True)
class MemoryReport:
    """Where the bytes of a session go.

    Attributes
    ----------
    parameters : int
        Parameters and what is derived from them.
    state : int
        State and outputs of the neurons.
    traces : int
        Eligibility.
    history : int
        What is kept of the open windows.
    optimizer : int
        Gradient and moments.
    scratch : int
        Everything else.
    reference : int
        The reference network: its parameters, state and outputs of the open windows.
    total : int
    rehearsal : int
        Stretches, and the state, history and eligibility that they are rehearsed with.
    """

    parameters: int
    state: int
    traces: int
    history: int
    optimizer: int
    scratch: int
    reference: int
    total: int
    rehearsal: int


class Inspection(SessionHandle):
    """Statistics, options, layers, memory, saving."""

    @property
    def statistics(self) -> Statistics:
        """What the session has done, as it is now."""
        rates = np.zeros(self.model.layer_count, np.float32)
        values = ffi.new("hypr_statistics *", {
            "struct_size": ffi.sizeof("hypr_statistics"), "spike_rates": pointer(rates), "spike_rate_count": rates.size})
        self._call(lib.hypr_session_statistics, values)
        numbers = {name: getattr(values, name) for name in Statistics.__dataclass_fields__ if name != "spike_rates"}
        return Statistics(**numbers, spike_rates=rates)

    @property
    def guard(self) -> Guard:
        """Whether learning has made things better or worse. WrongStateError: the option `guard` is 0."""
        values = ffi.new("hypr_guard *", {"struct_size": ffi.sizeof("hypr_guard")})
        self._call(lib.hypr_session_guard, values)
        numbers = {name: getattr(values, name) for name in Guard.__dataclass_fields__}
        return Guard(**{**numbers, "reference_ahead": bool(values.reference_ahead)})

    def clear_statistics(self) -> None:
        """Counts from now on."""
        self._call(lib.hypr_session_clear_statistics)

    @property
    def options(self) -> dict[str, bool | int | float | str | tuple[str, ...]]:
        """Every option as it is in this session: what was set, what the model recommends, or the default."""
        return {name: option_info(name).decode(number) for name, number in self._option_numbers().items()}

    def _option_numbers(self) -> dict[str, float]:
        value = ffi.new("double *")
        numbers = {}
        for name in option_names():
            self._call(lib.hypr_session_get_option, option_info(name).key, value)
            numbers[name] = float(value[0])
        return numbers

    def spikes(self, layer: int | str = 0) -> FloatArray:
        """Outputs of a layer, or of the ``"readout"``, at the last step, [neurons]: spikes (0 or 1), or what LI, GRU, LSTM and the
        readout give."""
        index, neurons = self._layer(layer)
        out = np.empty(neurons, np.float32)
        self._call(lib.hypr_session_get_spikes, index, pointer(out), out.size)
        return out

    def layer_state(self, layer: int | str = 0) -> FloatArray:
        """State variables of a layer, or of the ``"readout"``, after the last step, [k, neurons], in the order of
        docs/neuron-models.md."""
        index, neurons = self._layer(layer)
        out = np.empty(self._value(lib.hypr_session_layer_state_size, index), np.float32)
        self._call(lib.hypr_session_get_layer_state, index, pointer(out), out.size)
        return out.reshape(-1, neurons)

    def set_spikes(self, layer: int | str, spikes: npt.ArrayLike) -> None:
        """Sets the outputs of a layer [neurons], which the next step's recurrent inputs are made of; as ``set_layer_state``."""
        index, neurons = self._layer(layer)
        values = floats(spikes, "spikes", neurons)
        self._call(lib.hypr_session_set_spikes, index, pointer(values), values.size)

    def set_layer_state(self, layer: int | str, state: npt.ArrayLike) -> None:
        """Sets the state variables of a layer [k, neurons]: the next step starts from them.

        The open windows are closed first, without an update. The eligibility stays: ``reset("traces")`` forgets it. A GRU or
        LSTM has its output in its state too: set both. NotFiniteError, SizeMismatchError.
        """
        index, neurons = self._layer(layer)
        values = floats(state, "state", self._value(lib.hypr_session_layer_state_size, index) // neurons, neurons)
        self._call(lib.hypr_session_set_layer_state, index, pointer(values), values.size)

    def _layer(self, layer: int | str) -> tuple[int, int]:
        """The index of a layer, or of the readout, and its neurons."""
        count = self.model.layer_count
        if layer == "readout":
            return count, self.output_size
        if not isinstance(layer, (int, np.integer)) or not 0 <= layer < count:
            numbers = "0" if count == 1 else f"0 to {count - 1}"
            raise NotFoundError(f"there is no layer {layer!r}; layers go by numbers, {numbers}, and the last is the 'readout'")
        return int(layer), self.model.layers[layer].size

    def reset_layer(self, layer: int | str) -> None:
        """State and traces of one layer to zero, after closing the open windows.

        Parameters
        ----------
        layer : int or "readout"
            Or the number after the last layer's, which is the readout.
        """
        count = self.model.layer_count
        self._call(lib.hypr_session_reset_layer, count if layer == count else self._layer(layer)[0])

    @property
    def memory_report(self) -> MemoryReport:
        """Where the bytes of the session go."""
        report = ffi.new("hypr_memory_report *", {"struct_size": ffi.sizeof("hypr_memory_report")})
        self._call(lib.hypr_session_memory_report, report)
        return MemoryReport(**{name: getattr(report, name) for name in MemoryReport.__dataclass_fields__})

    def save_model(self, path: str | os.PathLike[str]) -> None:
        """Writes the model with the session's parameters as a .hypr file, which is replaced atomically."""
        self._call(lib.hypr_session_save_model, os.fsencode(path))

    def model_bytes(self) -> bytes:
        """The bytes that ``save_model`` writes: ``Model(session.model_bytes())`` is the model as it has been trained."""
        size = ffi.new("size_t *")
        self._call(lib.hypr_session_model_size, size)
        buffer = bytearray(size[0])
        self._call(lib.hypr_session_save_model_buffer, ffi.from_buffer(buffer), len(buffer))
        return bytes(buffer)

    def save_state(self) -> bytes:
        """Everything that the session has become: parameters, optimizer, traces, state, open windows, class weights, frozen
        tensors, statistics, stretches that are rehearsed. ``load_state`` continues from it bit for bit."""
        size = ffi.new("size_t *")
        self._call(lib.hypr_session_state_size, size)
        buffer = bytearray(size[0])
        self._call(lib.hypr_session_save_state, ffi.from_buffer(buffer), len(buffer))
        return bytes(buffer)

    def load_state(self, state: Buffer) -> None:
        """Continues from a state saved by a session of the same model file with the same learning, window, label_delay,
        credit, optimizer, and bytes, steps, stretch and lead-in of rehearsal, and with guard and hold_untaught on or off as
        before. Everything is checked before anything is changed: StateMismatchError, InvalidArgumentError."""
        data = ffi.from_buffer(state)
        self._call(lib.hypr_session_load_state, data, len(data))

    def transfer(self, from_session: SessionHandle) -> None:
        """Goes on where another session is, though its model or its options are others: parameters by tensor name, state, traces,
        optimizer, class weights, frozen tensors, statistics and stretches that are rehearsed.

        This session's model has the same layers and tensors; outputs, neurons, input channels and stored weights may be more, those
        of the other come first. New parameters stay as they are, new neurons begin at rest. The other's open windows are closed as
        by ``flush``, those of this session are dropped. hypr.h says what depends on the options of both.

        Parameters
        ----------
        from_session : Session

        Raises
        ------
        StateMismatchError
            Something of the other has no place here; the message names it. Both are as they were.

        Examples
        --------
        >>> larger = hypr.ModelBuilder.from_model(session.model).grow_readout(session.output_size + 1).build()
        >>> grown = hypr.Session(larger)
        >>> grown.transfer(session)
        """
        self._call_with(lib.hypr_session_transfer, from_session)

    def copy_parameters(self, from_session: SessionHandle) -> None:
        """Takes all parameters of another session as they are now: of one that learns late, for one that predicts now.

        Much faster than ``parameters.flat = from_session.parameters.flat``, with the same effect: state, traces and optimizer stay, and
        the open windows are closed first, without an update. Nothing of the other session changes.

        Parameters
        ----------
        from_session : Session
            Of the same model, or of one with as many layers of the same neuron models, and tensors of the same names and shapes.

        Raises
        ------
        StateMismatchError
            The other's tensors are not those of this session; the message names what differs. Nothing was copied.

        Examples
        --------
        >>> predictor = hypr.Session(session.model, learning=False)
        >>> predictor.copy_parameters(session)
        """
        self._call_with(lib.hypr_session_copy_parameters, from_session)

    def _call_with(self, function: Any, from_session: SessionHandle) -> None:
        """A call that is given another session, which nobody else may use meanwhile."""
        if not isinstance(from_session, SessionHandle):
            raise TypeError(f"from_session is a {type(from_session).__name__}, expected a hypr.Session")
        if from_session is self:
            raise InvalidArgumentError("from_session is the session itself, expected another one")
        handle = from_session._take()
        try:
            self._call(function, handle)
        finally:
            from_session._idle.append(handle)

    def _facts(self) -> dict[str, str]:
        """What it takes and has done, by name; the options are those that are not at their defaults."""
        options = self.options
        chosen = {name: value for name, value in options.items() if value != option_info(name).decode(option_info(name).default)}
        facts = {"memory": bytes_text(self.memory_report.total)}
        facts["options"] = ", ".join(f"{name} {value_text(value)}" for name, value in chosen.items()) or "the defaults"
        statistics = self.statistics
        facts["steps"] = f"{statistics.steps:,}"
        if statistics.taught_steps:
            facts["taught steps"] = f"{statistics.taught_steps:,}, {statistics.accuracy:.1%} of them right"
            facts["mean loss"] = f"{statistics.mean_loss:.4g}"
        if options["learning"]:
            facts["updates"] = f"{statistics.updates:,}, {statistics.skipped_updates:,} skipped"
        for index, rate in enumerate(statistics.spike_rates):
            facts[f"spike rate of layer {index}"] = f"{rate:.4f} per neuron and step"
        return facts
