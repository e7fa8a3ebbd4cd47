"""Slow weights: the average of a training's parameters over its batches."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hypr._arrays import FloatArray


@dataclass
class ParameterAverage:
    """An exponential moving average that begins fast, so that the first parameters are soon forgotten.

    Attributes
    ----------
    decay : float
        What stays of the average at a batch, above 0 and below 1; in the first batches (1 + n) / (10 + n) where that is less, n
        being the number of batches before, as in TensorFlow's ``ExponentialMovingAverage``.
    values : ndarray of float32, [parameters]
        The average; at first the parameters that training begins with.
    batches : int
        How many it is over.
    """

    decay: float
    values: FloatArray
    batches: int = 0

    def add(self, parameters: FloatArray) -> None:
        """The parameters after one more batch."""
        weight = 1 - min(self.decay, (1 + self.batches) / (10 + self.batches))
        self.values = np.asarray(self.values + weight * (parameters - self.values), np.float32)
        self.batches += 1
