"""Spike encoders, with the arithmetic of those that a .hypr file describes."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, floats
from hypr.errors import InvalidArgumentError, NotFiniteError, SizeMismatchError


class Encoder:
    """What all encoders share: a state per channel that a sequence begins anew."""

    def __init__(self) -> None:
        self._state: npt.NDArray[Any] | None = None

    def reset(self) -> None:
        """Begins a new sequence: the next sample is its first."""
        self._state = None

    def step(self, sample: npt.ArrayLike) -> FloatArray:
        """What the next sample of a stream becomes: [channels] to float32 [outputs]."""
        x = floats(np.atleast_1d(np.asarray(sample)), "sample", "channels")
        return np.asarray(self._encode(x[None])[0])

    def __call__(self, x: npt.ArrayLike) -> FloatArray:
        """What a whole sequence becomes, from a fresh state: [steps, channels] to [steps, outputs]."""
        kept, self._state = self._state, None
        try:
            return self._encode(floats(x, "x", "steps", "channels"))
        finally:
            self._state = kept

    def channel_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Names of what it gives, from those of the channels."""
        raise NotImplementedError

    def _encode(self, x: FloatArray) -> FloatArray:
        self._check(x.shape[1])
        if not np.isfinite(x).all():
            raise NotFiniteError("a sample is not finite")
        outputs = []
        for sample in x:
            if self._state is None:
                self._state = self._first(sample)
            if len(self._state) != len(sample):
                raise SizeMismatchError(
                    f"the sample has {len(sample)} channels, expected {len(self._state)}: reset() begins anew")
            output, self._state = self._next(sample, self._state)
            outputs.append(output)
        return np.asarray(outputs, np.float32).reshape(len(x), -1)

    def _check(self, channels: int) -> None:
        """Refuses samples with another number of channels than there are parameters for."""
        raise NotImplementedError

    def _first(self, sample: FloatArray) -> npt.NDArray[Any]:
        """The state before the first sample of a sequence."""
        raise NotImplementedError

    def _next(self, sample: FloatArray, state: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """What a sample becomes, and the state after it."""
        raise NotImplementedError


class ThresholdEncoder(Encoder):
    """An encoder that gives at most one spike per channel and step, rising or falling.

    Parameters
    ----------
    thresholds : float or array_like [channels]
        Above 0, in the unit of the samples (in a model: of the conditioned value).
    output : {"signed", "on_off"}
        One number per channel in {-1, 0, 1}, or two in {0, 1}, channel by channel: rising, falling.
    """

    def __init__(self, thresholds: npt.ArrayLike, output: Literal["signed", "on_off"] = "signed") -> None:
        super().__init__()
        self.thresholds: FloatArray = np.atleast_1d(np.asarray(thresholds, np.float32))
        valid = np.isfinite(self.thresholds) & (self.thresholds > 0)
        if valid.ndim != 1 or not valid.size or not valid.all():
            raise InvalidArgumentError(f"thresholds is {thresholds!r}, expected a number above 0, or one per channel")
        if output not in ("signed", "on_off"):
            raise InvalidArgumentError(f"output is {output!r}, expected 'signed' or 'on_off'")
        self.output = output

    def channel_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return names if self.output == "signed" else tuple(f"{name} {way}" for name in names for way in ("rising", "falling"))

    def _check(self, channels: int) -> None:
        if len(self.thresholds) not in (1, channels):
            raise SizeMismatchError(f"there are {len(self.thresholds)} thresholds for {channels} channels")

    def _encode(self, x: FloatArray) -> FloatArray:
        signed = super()._encode(x)
        if self.output == "signed":
            return signed
        return np.stack([signed > 0, signed < 0], axis=2).reshape(len(x), 2 * x.shape[1]).astype(np.float32)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.thresholds.tolist()}, {self.output!r})"


class LevelCrossing(ThresholdEncoder):
    """Level-crossing (send-on-delta) encoder: a spike whenever a channel has moved by a threshold since its last spike.

    The same as the table ``LevelCrossing`` of hypr.fbs. Each channel keeps a reference r, set to the first sample of a
    sequence. In each step: x >= r + threshold: rising, r += threshold; otherwise x <= r - threshold: falling,
    r -= threshold; otherwise nothing. So there is at most one spike per channel and step, and r follows a jump one threshold
    at a time. All in float32.

    Parameters
    ----------
    thresholds : float or array_like [channels]
        Above 0, in the unit of the samples (in a model: of the conditioned value).
    output : {"signed", "on_off"}
        One number per channel in {-1, 0, 1}, or two in {0, 1}, channel by channel: rising, falling.

    Examples
    --------
    >>> encode = hypr.datasets.LevelCrossing(0.1, "on_off")
    >>> spikes = encode(x)                                  # a whole sequence
    >>> encoded = data.map(encode)                          # all sequences of a data set
    >>> encode.reset(); spikes = encode.step(sample)        # a stream
    """

    def _first(self, sample: FloatArray) -> npt.NDArray[Any]:
        return sample.copy()

    def _next(self, sample: FloatArray, state: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        rising = sample >= state + self.thresholds
        falling = ~rising & (sample <= state - self.thresholds)
        reference = np.where(rising, state + self.thresholds, np.where(falling, state - self.thresholds, state))
        return rising.astype(np.float32) - falling, reference


class Delta(ThresholdEncoder):
    """A spike whenever a channel moves by a threshold from one step to the next: the table ``Delta`` of hypr.fbs.

    ``|x - x'| >= threshold``, with the sign of ``x - x'``; nothing in the first step of a sequence. In float32.
    Parameters as those of ``LevelCrossing``.
    """

    def _first(self, sample: FloatArray) -> npt.NDArray[Any]:
        return sample.copy()

    def _next(self, sample: FloatArray, state: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        with np.errstate(over="ignore"):
            difference = sample - state
        return (difference >= self.thresholds).astype(np.float32) - (difference <= -self.thresholds), sample.copy()


class ThresholdAccumulation(ThresholdEncoder):
    """Rate coding: spikes as many as the value is large, the table ``ThresholdAccumulation`` of hypr.fbs.

    a = a' + x, 0 before a sequence. a >= threshold: a positive spike, a -= threshold; otherwise a <= -threshold: a negative one,
    a += threshold. Then a is limited to -threshold to threshold. In float64.
    Parameters as those of ``LevelCrossing``.
    """

    def _first(self, sample: FloatArray) -> npt.NDArray[Any]:
        return np.zeros(len(sample))

    def _next(self, sample: FloatArray, state: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        thresholds = self.thresholds.astype(np.float64)
        total = state + sample
        spikes = (total >= thresholds).astype(np.float64) - (total <= -thresholds)
        return spikes, np.clip(total - spikes * thresholds, -thresholds, thresholds)


class ReceptiveFields(Encoder):
    """Population coding: each channel excites several fields, the table ``ReceptiveFields`` of hypr.fbs.

    activation = exp(-((x - center) / width)^2 / 2), 0 if that is below `cutoff`.

    Parameters
    ----------
    centers : array_like [fields] or [channels, fields]
        The same for all channels, or each its own, in the unit of the samples (in a model: of the conditioned value).
    widths : float or array_like, as centers
        Above 0.
    cutoff : float
        0 to 1.
    output : {"graded", "spikes"}
        The activation, or spikes in {0, 1}: activations are summed up, and a spike takes 1 away.

    Examples
    --------
    >>> encode = hypr.datasets.ReceptiveFields(np.linspace(-2, 2, 5), 0.5)
    """

    def __init__(self, centers: npt.ArrayLike, widths: npt.ArrayLike, cutoff: float = 0.01,
                 output: Literal["graded", "spikes"] = "graded") -> None:
        super().__init__()
        self.centers: FloatArray = np.asarray(centers, np.float32)
        self.widths: FloatArray = np.asarray(widths, np.float32)
        if self.centers.ndim not in (1, 2) or not self.centers.size or not np.isfinite(self.centers).all():
            raise InvalidArgumentError(f"centers is {centers!r}, expected finite numbers [fields] or [channels, fields]")
        if self.widths.shape not in ((), self.centers.shape) or not (np.isfinite(self.widths) & (self.widths > 0)).all():
            raise InvalidArgumentError(f"widths is {widths!r}, expected a number above 0, or one per center")
        if not 0 <= cutoff <= 1:
            raise InvalidArgumentError(f"cutoff is {cutoff!r}, expected 0 to 1")
        if output not in ("graded", "spikes"):
            raise InvalidArgumentError(f"output is {output!r}, expected 'graded' or 'spikes'")
        self.cutoff: float = float(cutoff)
        self.output: Literal["graded", "spikes"] = output

    @property
    def fields(self) -> int:
        """Of each channel."""
        return int(self.centers.shape[-1])

    def channel_names(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{name} {field}" for name in names for field in range(self.fields))

    def _check(self, channels: int) -> None:
        if self.centers.ndim == 2 and len(self.centers) != channels:
            raise SizeMismatchError(f"there are centers for {len(self.centers)} channels, and {channels} channels")

    def _first(self, sample: FloatArray) -> npt.NDArray[Any]:
        return np.zeros((len(sample), self.fields))

    def _next(self, sample: FloatArray, state: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        distance = (sample.astype(np.float64)[:, None] - self.centers) / self.widths.astype(np.float64)
        activation = np.exp(-distance * distance / 2)
        activation[activation < np.float32(self.cutoff)] = 0
        if self.output == "graded":
            return activation, state
        total = state + activation
        return total >= 1, np.where(total >= 1, total - 1, total)

    def __repr__(self) -> str:
        return f"ReceptiveFields({self.centers.tolist()}, {self.widths.tolist()}, {self.cutoff}, {self.output!r})"
