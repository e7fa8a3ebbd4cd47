"""NumPy arrays as the C library wants them: float32 in C order, of the right shape, copied only if they are not so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hypr._library import FLOATS, ffi
from hypr.errors import InvalidArgumentError, NotFiniteError, SizeMismatchError

FloatArray: TypeAlias = npt.NDArray[np.float32]
IntArray: TypeAlias = npt.NDArray[np.int32]

FLOAT32 = np.dtype(np.float32)
LARGEST = float(np.finfo(np.float32).max)


def pointer(array: FloatArray) -> Any:
    """The array's memory as a C array of floats, without copying."""
    return ffi.from_buffer(FLOATS, array)


def shape_text(shape: Sequence[int | str]) -> str:
    return "[" + ", ".join(map(str, shape)) + "]"


def floats(values: npt.ArrayLike, what: str, *shape: int | str) -> FloatArray:
    """The values as float32 in C order: the array itself if it is so.

    `shape` names any size that is free, such as ``floats(x, "inputs", "steps", 4)``. Raises TypeError for what are no real
    numbers, SizeMismatchError for another shape.
    """
    given = values if isinstance(values, np.ndarray) else np.asarray(values)
    if given.dtype is FLOAT32 and given.shape == shape and given.flags.c_contiguous:
        return given
    if given.dtype.kind not in "fiub":
        raise TypeError(f"{what} has the type {given.dtype}, expected real numbers")
    _check_shape(given.shape, what, shape)
    return np.ascontiguousarray(given, np.float32)


def vector(values: npt.ArrayLike, what: str, size: int) -> FloatArray:
    """The same for [size]; one number will do for a size of 1."""
    if isinstance(values, np.ndarray) and values.ndim:
        return floats(values, what, size)
    return floats(np.atleast_1d(np.asarray(values)), what, size)


def number(value: Any, what: str) -> float:
    """One real number that float32 can hold. Raises TypeError for what is none, such as a text, and NotFiniteError."""
    if isinstance(value, (str, bytes)):
        raise TypeError(f"{what} is {value!r}, expected a number")
    try:
        real = float(value)
    except OverflowError:
        real = float("inf")
    except (TypeError, ValueError):
        raise TypeError(f"{what} is {value!r}, expected a number") from None
    if not -LARGEST <= real <= LARGEST:
        raise NotFiniteError(f"{what} is {value!r}, expected a finite number of single precision")
    return real


def whole_number(value: Any, what: str) -> int:
    """One whole number. Raises TypeError for what is none."""
    if not isinstance(value, (int, np.integer, np.bool_)):
        raise TypeError(f"{what} is {value!r}, expected a whole number")
    return int(value)


def labels(values: npt.ArrayLike, what: str, *shape: int | str) -> IntArray:
    """Classes as int32 in C order. Raises TypeError for what are no whole numbers."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu" and array.size:
        raise TypeError(f"{what} has the type {array.dtype}, expected whole numbers")
    _check_shape(array.shape, what, shape)
    limits = np.iinfo(np.int32)
    if array.size and (array.max() > limits.max or array.min() < limits.min):
        raise InvalidArgumentError(f"{what} has {array.max()}, which is no class")
    return np.ascontiguousarray(array, np.int32)


def destination(out: FloatArray, what: str, *shape: int) -> FloatArray:
    """An array that the library can write to; TypeError or SizeMismatchError if it cannot."""
    if not isinstance(out, np.ndarray) or out.dtype != FLOAT32 or not out.flags.c_contiguous or not out.flags.writeable:
        raise TypeError(f"{what} must be a writable float32 array in C order")
    _check_shape(out.shape, what, shape)
    return out


def _check_shape(shape: Sequence[int], what: str, expected: Sequence[int | str]) -> None:
    fits = len(shape) == len(expected) and all(
        isinstance(want, str) or size == want for size, want in zip(shape, expected))
    if not fits:
        raise SizeMismatchError(f"{what} has the shape {shape_text(shape)}, expected {shape_text(expected)}")
