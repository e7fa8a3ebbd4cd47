"""Images as sequences: pixel by pixel, or row by row."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray
from hypr.errors import InvalidArgumentError, SizeMismatchError

Order = Literal["pixels", "rows"]


def image_sequences(images: npt.NDArray[np.uint8], order: Order = "pixels") -> list[FloatArray]:
    """Grey images [images, height, width] of 0 to 255 as sequences of 0 to 1.

    Parameters
    ----------
    images : ndarray of uint8
    order : {"pixels", "rows"}
        One pixel per step, row after row ([height width, 1], as in sequential MNIST), or one row per step ([height, width]).
    """
    if images.ndim != 3:
        raise SizeMismatchError(f"images has the shape {list(images.shape)}, expected [images, height, width]")
    if order not in ("pixels", "rows"):
        raise InvalidArgumentError(f"order is {order!r}, expected 'pixels' or 'rows'")
    values: FloatArray = np.asarray(np.ascontiguousarray(images, np.float32) / np.float32(255), np.float32)
    return list(values.reshape(len(images), -1, 1) if order == "pixels" else values)
