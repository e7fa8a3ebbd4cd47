"""Spike encoders, with the arithmetic of those that a .hypr file describes."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats
from hypr.errors import InvalidArgumentError, NotFiniteError, SizeMismatchError


class LevelCrossing:
    """Level-crossing (send-on-delta) encoder: a spike whenever a channel has moved by a threshold since its last spike.

    The same as the table ``LevelCrossing`` of hypr.fbs. Each channel keeps a reference r, set to the first sample of a
    sequence. In each step: x >= r + threshold: rising, r += threshold; otherwise x <= r - threshold: falling,
    r -= threshold; otherwise nothing. So there is at most one spike per channel and step, and r follows a jump one threshold
    at a time. All in float32.

    Parameters
    ----------
    thresholds : float or array_like [channels]
        Above 0, in the unit of the samples (in a model: of the scaled value).
    output : {"signed", "on_off"}
        One number per channel in {-1, 0, 1}, or two in {0, 1}, channel by channel: rising, falling.

    Examples
    --------
    >>> encode = hypr.datasets.LevelCrossing(0.1, "on_off")
    >>> spikes = encode(x)                                  # a whole sequence
    >>> encoded = data.map(encode)                          # all sequences of a data set
    >>> encode.reset(); spikes = encode.step(sample)        # a stream
    """

    def __init__(self, thresholds: npt.ArrayLike, output: Literal["signed", "on_off"] = "signed") -> None:
        self.thresholds = np.atleast_1d(np.asarray(thresholds, np.float32))
        valid = np.isfinite(self.thresholds) & (self.thresholds > 0)
        if valid.ndim != 1 or not valid.size or not valid.all():
            raise InvalidArgumentError(f"thresholds is {thresholds!r}, expected a number above 0, or one per channel")
        if output not in ("signed", "on_off"):
            raise InvalidArgumentError(f"output is {output!r}, expected 'signed' or 'on_off'")
        self.output = output
        self._reference: FloatArray | None = None

    def reset(self) -> None:
        """Begins a new sequence: the next sample is its first."""
        self._reference = None

    def step(self, sample: npt.ArrayLike) -> FloatArray:
        """The spikes of the next sample of a stream: [channels] to float32 [channels], or [2 channels] with "on_off"."""
        x = floats(np.atleast_1d(np.asarray(sample)), "sample", "channels")
        return np.asarray(self._encode(x[None])[0])

    def __call__(self, x: npt.ArrayLike) -> FloatArray:
        """The spikes of a whole sequence, from a fresh reference: [steps, channels] to [steps, channels or 2 channels]."""
        kept, self._reference = self._reference, None
        try:
            return self._encode(floats(x, "x", "steps", "channels"))
        finally:
            self._reference = kept

    def channel_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Names of what it gives, from those of the channels."""
        return names if self.output == "signed" else tuple(f"{name} {way}" for name in names for way in ("rising", "falling"))

    def _encode(self, x: FloatArray) -> FloatArray:
        steps, channels = x.shape
        if len(self.thresholds) not in (1, channels):
            raise SizeMismatchError(f"there are {len(self.thresholds)} thresholds for {channels} channels")
        if not np.isfinite(x).all():
            raise NotFiniteError("a sample is not finite")
        signed = np.zeros((steps, channels), np.float32)
        for index, sample in enumerate(x):
            if self._reference is None:
                self._reference = sample.copy()
            reference = self._reference
            if reference.shape != sample.shape:
                raise SizeMismatchError(f"the sample has {channels} channels, expected {len(reference)}: reset() begins anew")
            rising = sample >= reference + self.thresholds
            falling = ~rising & (sample <= reference - self.thresholds)
            signed[index] = rising.astype(np.float32) - falling
            self._reference = np.where(
                rising, reference + self.thresholds, np.where(falling, reference - self.thresholds, reference))
        if self.output == "signed":
            return signed
        return np.stack([signed > 0, signed < 0], axis=2).reshape(steps, 2 * channels).astype(np.float32)

    def __repr__(self) -> str:
        return f"LevelCrossing({self.thresholds.tolist()}, {self.output!r})"
