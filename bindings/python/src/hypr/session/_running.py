"""Steps: samples in, outputs out."""

from __future__ import annotations

from sys import getrefcount
from typing import Any

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, destination, floats, pointer, vector
from hypr._library import constants, ffi, lib
from hypr.errors import InvalidArgumentError, NotFoundError, unknown
from hypr.model import Model
from hypr.options import NativeOptions
from hypr.session._handle import SessionHandle

_make_step = lib.make_step  # hypr_session_step with arguments that are kept
_step_spikes = lib.hypr_session_step_spikes

# What a memoryview of floats says of something that is no array of as many floats.
CONVERT = (TypeError, ValueError, NotImplementedError, BufferError)


class Running(SessionHandle):
    """Steps, runs and resets."""

    def __init__(self, model: Model, options: NativeOptions, memory: Any | None) -> None:
        super().__init__(model, options, memory)
        # What a step needs is made once: memory for a sample, and arrays for outputs, each with the arguments of its step.
        sample = np.zeros(self.input_size, np.float32)
        self._sample: Any = sample.data
        self._sample_pointer = pointer(sample)
        self._next, self._last, self._spare = (self._kept(np.zeros(self.output_size, np.float32)) for _ in range(3))
        self._references = getrefcount(self._next[0])
        self._out = self._spare

    def _kept(self, output: FloatArray) -> tuple[FloatArray, Any, Any]:
        """An array, and a step that writes its outputs there; their memory."""
        target = pointer(output)
        step = ffi.new("kept_step *", (self._owner, self._sample_pointer, self.input_size, target, self.output_size))
        return output, step, target

    def step(self, x: npt.ArrayLike, out: FloatArray | None = None) -> FloatArray:
        """One step: feeds one sample, gives the outputs of the readout.

        Parameters
        ----------
        x : array_like, [input_size]
            Raw values: the model's scale and offset are applied inside. Fastest as float32.
        out : ndarray of float32, [output_size], optional
            Receives the outputs. Fastest if it is the same array at every step.

        Returns
        -------
        ndarray of float32, [output_size]
            Logits, no softmax; `out` if it was given.

        Raises
        ------
        SizeMismatchError, NotFiniteError
            The step was not made.
        """
        try:
            handle = self._idle.pop()
        except IndexError:
            raise self._unavailable() from None
        except BaseException:
            self._put_back()
            raise
        try:
            # One copy of one sample checks type and shape as well, and is cheaper than a pointer to it.
            try:
                self._sample[:] = x
            except CONVERT:
                self._sample[:] = vector(x, "x", self.input_size)
            if out is None:
                # The output of the step before the last, if nobody holds it: that saves an allocation.
                self._next, self._last = self._last, self._next
                output, step, _ = self._next if getrefcount(self._next[0]) == self._references else self._spare
            else:
                if out is not self._out[0]:
                    self._out = self._kept(destination(out, "out", self.output_size))
                output, step, _ = self._out
            status = _make_step(step)
            if status:
                raise self._failure(status, handle)
            return output.copy() if output is self._spare[0] else output
        finally:
            self._idle.append(handle)

    def look_ahead(self, x: npt.ArrayLike, out: FloatArray | None = None) -> FloatArray:
        """The outputs that ``step`` would give, with the parameters as they are; nothing changes.

        If a window is due, the step itself would close it first, and with the update `window` use the parameters after the update:
        ``flush`` before, and both give the same.

        Parameters
        ----------
        x : array_like, [input_size]
        out : ndarray of float32, [output_size], optional
        """
        sample = vector(x, "x", self.input_size)
        output = np.empty(self.output_size, np.float32) if out is None else destination(out, "out", self.output_size)
        self._call(lib.hypr_session_look_ahead, pointer(sample), sample.size, pointer(output), output.size)
        return output

    def condition(self, x: npt.ArrayLike) -> FloatArray:
        """What the first layer would get for samples as a sequence of their own, after scale, conditioning and encoding:
        [steps, input_size] to [steps, inputs of the first layer]. The session stays as it is.

        Raises
        ------
        NotFiniteError
            A sample is not finite, or too large for the scale; the message names step and channel.
        """
        samples = floats(x, "x", "steps", self.input_size)
        values = np.empty((len(samples), int(lib.hypr_model_first_layer_inputs(self.model._handle))), np.float32)
        self._call(lib.hypr_session_condition, pointer(samples), len(samples), pointer(values))
        return values

    def step_spikes(self, indices: npt.ArrayLike, out: FloatArray | None = None) -> FloatArray:
        """The same for a sparse binary sample: 1 at the channels in `indices`, which rise strictly, 0 elsewhere.

        Parameters
        ----------
        indices : array_like of int
            Fastest as uint32.
        out : ndarray of float32, [output_size], optional
        """
        channels = np.asarray(indices)
        if channels.dtype != np.uint32 or not channels.flags.c_contiguous:
            channels = self._channels(channels)
        output = np.empty(self.output_size, np.float32) if out is None else destination(out, "out", self.output_size)
        self._call(_step_spikes, ffi.from_buffer("uint32_t[]", channels), channels.size, pointer(output), output.size)
        return output

    def _channels(self, channels: npt.NDArray[Any]) -> npt.NDArray[np.uint32]:
        if channels.size and channels.dtype.kind not in "iu":
            raise TypeError(f"indices have the type {channels.dtype}, expected whole numbers")
        beyond = (channels < 0) | (channels >= self.input_size) if channels.size else np.zeros(0, bool)
        if beyond.any():
            raise InvalidArgumentError(f"indices has {channels[beyond][0]}, expected channels below {self.input_size}")
        return np.ascontiguousarray(channels, np.uint32)

    def run(self, x: npt.ArrayLike, out: FloatArray | None = None) -> FloatArray:
        """Many steps in a row. Other Python threads run meanwhile.

        Ctrl-C ends it soon, between two steps: KeyboardInterrupt, or whatever the handler of a signal raises, has the attribute
        `steps_done`. The session is as after a run of so many steps, and `out` has their outputs.

        Parameters
        ----------
        x : array_like, [steps, input_size]
            Not copied if it is float32 in C order.
        out : ndarray of float32, [steps, output_size], optional
            Receives the outputs.

        Returns
        -------
        ndarray of float32, [steps, output_size]

        Raises
        ------
        NotFiniteError
            The steps before the one that the message names were made.
        """
        inputs = floats(x, "x", "steps", self.input_size)
        steps = len(inputs)
        outputs = np.empty((steps, self.output_size), np.float32) if out is None else out
        destination(outputs, "out", steps, self.output_size)
        self._make_steps(lib.hypr_session_run, pointer(inputs), steps, pointer(outputs))
        return outputs

    def reset(self, *parts: str) -> None:
        """Ends the sequence and begins a new one, or resets only the parts that are named.

        The open windows are closed first, and with the update `window` (without parts also `sequence`) the parameters are updated.

        Parameters
        ----------
        *parts : {"state", "traces", "optimizer"}
            Nothing: state and traces, the beginning of a sequence. Otherwise these parts of the session.
        """
        if not parts:
            return self._call(lib.hypr_session_reset)
        known = constants("RESET")
        for part in parts:
            if part not in known:
                raise unknown(NotFoundError, "part of a session", part, known)
        self._call(lib.hypr_session_reset_parts, sum(known[part] for part in set(parts)))
