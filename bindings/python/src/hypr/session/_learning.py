"""Targets and updates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, IntArray, array_of, destination, floats, pointer, shape_text, vector, whole_number
from hypr._arrays import labels as class_labels
from hypr._library import ffi, lib
from hypr.errors import InvalidArgumentError, SizeMismatchError
from hypr.model import Model
from hypr.options import NativeOptions
from hypr.session._running import CONVERT, Running

_teach_class = lib.hypr_session_teach_class


class Learning(Running):
    """Step, then teach the step just made. A step without a target teaches nothing."""

    def __init__(self, model: Model, options: NativeOptions, memory: Any | None) -> None:
        super().__init__(model, options, memory)
        target = np.zeros(self.output_size, np.float32)
        self._target: Any = target.data
        self._target_pointer = pointer(target)

    def teach(self, target: int | npt.ArrayLike, steps_ago: int = 0) -> None:
        """The target of the last step, or of an earlier one; it replaces the target before.

        Parameters
        ----------
        target : int, or array_like [output_size]
            A whole number is a class: softmax cross-entropy, over two outputs or more. An array has values for the outputs:
            mean squared error; of one output also a single floating-point number.
        steps_ago : int
            Which step of the open windows, 0 the last. The option `label_delay` says how far back there always is one.

        Raises
        ------
        InvalidArgumentError
            There is no such class, or the model has one output: teach 0.0 or 1.0, not 0 or 1.
        WrongStateError
            The session does not learn, or the step is not in an open window any more.
        """
        if isinstance(target, (int, np.integer, np.bool_)) and not steps_ago:
            try:
                handle = self._idle.pop()
            except IndexError:
                raise self._unavailable() from None
            except BaseException:
                self._put_back()
                raise
            try:
                try:
                    status = _teach_class(handle, int(target))
                except OverflowError:
                    status = _teach_class(handle, _label(target))
                if status:
                    raise self._failure(status, handle)
            finally:
                self._idle.append(handle)
        elif isinstance(target, (int, np.integer, np.bool_)):
            self._call(lib.hypr_session_teach_class_at, steps_ago, _label(target))
        elif isinstance(target, np.ndarray) and target.ndim == 0 and target.dtype.kind in "iub":
            self.teach(int(target), steps_ago)
        elif isinstance(target, (type(None), str, bytes)):
            raise TypeError(f"target is {target!r}, expected {self._expected(target)}")
        elif isinstance(target, (float, np.floating)) and self.output_size > 1:
            raise SizeMismatchError(f"target is {target}, expected a class, which is an integer, or the {self.output_size} values "
                                    "of the outputs")
        else:
            self.teach_values(target, steps_ago)

    def _expected(self, target: object) -> str:
        if target is None:
            return "a class or values: make no call for what shall not be taught"
        names = self.model.class_labels
        if target in names:
            return f"a class by its number, here {names.index(str(target))}: model.class_labels.index({target!r})"
        return "a class, a whole number, or values, an array"

    def teach_class(self, label: int, steps_ago: int = 0) -> None:
        """Softmax cross-entropy with class `label`, as ``teach`` with a whole number."""
        self.teach(whole_number(label, "label"), steps_ago)

    def teach_values(self, target: npt.ArrayLike, steps_ago: int = 0) -> None:
        """Mean squared error of a step: the mean over the outputs of (output - target)². target [output_size]."""
        self._per_output(lib.hypr_session_teach_values_at, target, "target", steps_ago)

    def teach_error(self, dloss_doutput: npt.ArrayLike, steps_ago: int = 0) -> None:
        """Your own loss, or a reward: its derivative by the outputs of a step, [output_size]."""
        self._per_output(lib.hypr_session_teach_error_at, dloss_doutput, "dloss_doutput", steps_ago)

    def teach_sequence(self, label: int) -> None:
        """One label for all steps since the last reset, taught as the option `loss` says. In a stream, call it when the
        sequence is over: what the loss needs must still be in the open windows (WrongStateError)."""
        self._call(lib.hypr_session_teach_sequence, _label(whole_number(label, "label")))

    def set_class_weights(self, weights: npt.ArrayLike) -> None:
        """Factors on the loss of later targets that are classes, [output_size], 0 or 1e-6 to 1e6; 1 at first."""
        self._per_output(lib.hypr_session_set_class_weights, weights, "weights")

    def learn_sequence(self, x: npt.ArrayLike, labels: npt.ArrayLike, out: FloatArray | None = None) -> float:
        """A whole sequence with a label per step, from a fresh state. Other Python threads run meanwhile.

        Parameters
        ----------
        x : array_like, [steps, input_size]
            Not copied if it is float32 in C order.
        labels : array_like of int, [steps]
            Negative: no target at that step. Not copied if it is int32.
        out : ndarray of float32, [steps, output_size], optional
            Receives the outputs.

        Returns
        -------
        float
            Mean cross-entropy over the labelled steps in nats; 0 if there are none.
        """
        inputs = floats(x, "x", "steps", self.input_size)
        targets = class_labels(labels, "labels", len(inputs))
        return self._learn(inputs, np.array([len(inputs)], np.uintp), out, labels=_ints(targets))

    def learn_batch(self, x: npt.ArrayLike | Sequence[npt.ArrayLike], labels: npt.ArrayLike | Sequence[npt.ArrayLike],
                    lengths: npt.ArrayLike | None = None, out: FloatArray | None = None) -> float:
        """Several sequences with a label per step, each from a fresh state.

        With the update `sequence` one update on the mean over all their labelled steps follows at the end.

        Parameters
        ----------
        x : array_like [sequences, steps, input_size], a list of sequences [steps, input_size] of any lengths, or, with
            `lengths`, all of them one after the other [total, input_size]
        labels : array_like of int, with the same steps: [sequences, steps], a list of [steps], or [total]
            Negative: no target at that step.
        lengths : array_like of int, [sequences], optional
        out : ndarray of float32, [total, output_size], optional

        Returns
        -------
        float
            Mean cross-entropy over all labelled steps in nats.
        """
        inputs, steps = self._sequences(x, lengths)
        if isinstance(labels, (list, tuple)) and any(np.ndim(part) for part in labels):
            parts = [class_labels(part, f"labels[{index}]", int(count))
                     for index, (part, count) in enumerate(_zip(labels, steps, "labels"))]
            targets = np.concatenate(parts)
        else:
            targets = array_of(labels, "labels")
            if targets.ndim > 1 and targets.shape != (len(steps), steps[0]):
                raise SizeMismatchError(f"labels has the shape {shape_text(targets.shape)}, expected [{len(steps)}, {steps[0]}], "
                                        "the sequences and steps of x")
            targets = targets.reshape(-1)
        return self._learn(inputs, steps, out, labels=_ints(class_labels(targets, "labels", len(inputs))))

    def learn_labelled(self, x: npt.ArrayLike | Sequence[npt.ArrayLike], labels: npt.ArrayLike,
                       lengths: npt.ArrayLike | None = None, out: FloatArray | None = None) -> float:
        """The same with one label per sequence, taught as the option `loss` says.

        Parameters
        ----------
        x, lengths, out
            As ``learn_batch``.
        labels : array_like of int, [sequences]
            Negative: the sequence teaches nothing.
        """
        inputs, steps = self._sequences(x, lengths)
        return self._learn(inputs, steps, out, sequence_labels=_ints(class_labels(labels, "labels", len(steps))))

    def learn(self, x: npt.ArrayLike | Sequence[npt.ArrayLike], *, labels: npt.ArrayLike | None = None,
              sequence_labels: npt.ArrayLike | None = None, values: npt.ArrayLike | None = None,
              weights: npt.ArrayLike | None = None, lengths: npt.ArrayLike | None = None,
              out: FloatArray | None = None) -> float:
        """The general form: several sequences with targets of one kind, and weights. Other Python threads run meanwhile.

        Ctrl-C ends it soon, between two steps: KeyboardInterrupt, or whatever the handler of a signal raises, has the attribute
        `steps_done`. What the steps until then were taught is kept: ``reset()``, or learning the next batch, makes the update of a
        batch as if it had ended there; ``reset("optimizer")`` drops what was gathered.

        Parameters
        ----------
        x, lengths, out
            As ``learn_batch``.
        labels : array_like of int, [total]
            A class for every step, negative: no target.
        sequence_labels : array_like of int, [sequences]
            A class for every sequence, taught as the option `loss` says; negative: no target.
        values : array_like, [total, output_size]
            Every step is taught as by ``teach_values``.
        weights : array_like, [total], or [sequences] with `sequence_labels`, optional
            The weight of each target's loss, beside that of its class: 0 or 1e-6 to 1e6. 0: no target; a step's values then do
            not count, and may be NaN.

        Returns
        -------
        float
            Mean loss over the targets, weighted as they are.

        Raises
        ------
        InvalidArgumentError
            There are not targets of one kind, or a label or a weight is out of its bounds.
        """
        inputs, steps = self._sequences(x, lengths)
        total = len(inputs)
        arrays: dict[str, Any] = {}  # in a struct, whose fields keep nothing alive
        if labels is not None:
            arrays["labels"] = _ints(class_labels(labels, "labels", total))
        if sequence_labels is not None:
            arrays["sequence_labels"] = _ints(class_labels(sequence_labels, "sequence_labels", len(steps)))
        if values is not None:
            arrays["values"] = pointer(floats(values, "values", total, self.output_size))
        if weights is not None:
            count = total if sequence_labels is None else len(steps)
            arrays["weights"] = pointer(floats(weights, "weights", count))
        return self._learn(inputs, steps, out, **arrays)

    def flush(self) -> None:
        """Closes the open windows now; with the update `window` the parameters are updated after each."""
        self._call(lib.hypr_session_flush)

    def apply(self) -> None:
        """With the update `manual`: closes the open windows and makes one optimizer step on the gradient gathered."""
        self._call(lib.hypr_session_apply)

    def work(self, budget: int | None = None) -> int:
        """With the option `deferred`: does some of the end of the last full window between two steps, which then have less to do.
        Results do not depend on it, bit for bit.

        Parameters
        ----------
        budget:
            About how many multiply-adds, at least a piece of the work unless it is 0; None: all.

        Returns
        -------
        About how many multiply-adds are left; 0: nothing.
        """
        left = ffi.new("uint64_t *")
        self._call(lib.hypr_session_work, 2**64 - 1 if budget is None else whole_number(budget, "budget"), left)
        return int(left[0])

    def accept(self) -> None:
        """Accepts what was learned: the network as it is now becomes the reference that the options `guard` and `hold_untaught`
        compare with. WrongStateError: neither has an effect in this session."""
        self._call(lib.hypr_session_accept)

    def _per_output(self, function: Any, values: npt.ArrayLike, what: str, *before: int) -> None:
        """A call with one number per output, copied for the reason that a sample is; `before` are the arguments before them."""
        handle = self._take()
        try:
            try:
                self._target[:] = values
            except CONVERT:
                self._target[:] = vector(values, what, self.output_size)
            status = function(handle, *before, self._target_pointer, self.output_size)
            if status:
                raise self._failure(status, handle)
        except OverflowError:  # as in _call
            raise InvalidArgumentError(f"a number is out of its range: {before}") from None
        finally:
            self._idle.append(handle)

    def _learn(self, inputs: FloatArray, steps: npt.NDArray[np.uintp], out: FloatArray | None, **arrays: Any) -> float:
        """`arrays` are the fields of hypr_batch that are not inputs and steps."""
        arrays |= {"inputs": pointer(inputs), "steps": ffi.from_buffer("size_t[]", steps)}
        batch = ffi.new("hypr_batch *", {"struct_size": ffi.sizeof("hypr_batch"), "sequences": len(steps), **arrays})
        outputs = ffi.NULL if out is None else pointer(destination(out, "out", len(inputs), self.output_size))
        loss = ffi.new("double *")
        self._make_steps(lib.hypr_session_learn, batch, outputs, loss)
        return float(loss[0])

    def _sequences(self, x: Any, lengths: npt.ArrayLike | None) -> tuple[FloatArray, npt.NDArray[np.uintp]]:
        """All sequences one after the other, [total, input_size], and their lengths."""
        if lengths is not None:
            inputs = floats(x, "x", "total", self.input_size)
            counts = class_labels(lengths, "lengths", "sequences")
            if (counts < 0).any() or counts.sum(dtype=np.int64) != len(inputs):
                raise SizeMismatchError(f"lengths add up to {counts.sum(dtype=np.int64)}, expected {len(inputs)} steps in x")
            return inputs, counts.astype(np.uintp)
        if isinstance(x, (list, tuple)):
            parts = [floats(part, f"x[{index}]", "steps", self.input_size) for index, part in enumerate(x)]
            if not parts:
                raise SizeMismatchError("x has no sequences")
            return np.concatenate(parts), np.array([len(part) for part in parts], np.uintp)
        inputs = floats(x, "x", "sequences", "steps", self.input_size)
        return inputs.reshape(-1, self.input_size), np.full(len(inputs), inputs.shape[1], np.uintp)


def _label(label: Any) -> int:
    """A class as the library takes it, which says of a small negative number what is wrong."""
    if not -2**31 <= label < 2**32:
        raise InvalidArgumentError(f"label is {label}, which is no class")
    return int(label) & 0xFFFFFFFF


def _ints(array: IntArray) -> Any:
    return ffi.from_buffer("int32_t[]", array)


def _zip(parts: Sequence[Any], steps: npt.NDArray[np.uintp], what: str) -> Iterable[tuple[Any, np.uintp]]:
    if len(parts) != len(steps):
        raise SizeMismatchError(f"{what} has {len(parts)} sequences, expected {len(steps)}")
    return zip(parts, steps)
