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
    given = array_of(values, what)
    if given.dtype is FLOAT32 and given.shape == shape and given.flags.c_contiguous:
        return given
    if given.dtype.kind not in "fiub":
        raise TypeError(f"{_content(given, what)}, expected real numbers")
    _check_shape(given.shape, what, shape)
    return np.ascontiguousarray(given, np.float32)


def vector(values: npt.ArrayLike, what: str, size: int) -> FloatArray:
    """The same for [size]; one number will do for a size of 1."""
    if isinstance(values, np.ndarray) and values.ndim:
        return floats(values, what, size)
    return floats(np.atleast_1d(array_of(values, what)), what, size)


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
    """Classes as int32 in C order. Raises TypeError for what are no whole numbers; truth values are 0 and 1."""
    array = array_of(values, what)
    if array.dtype.kind not in "iub" and array.size:
        raise no_classes(array, what)
    _check_shape(array.shape, what, shape)
    limits = np.iinfo(np.int32)
    if array.size and (array.max() > limits.max or array.min() < limits.min):
        raise InvalidArgumentError(f"{what} has {array.max()}, which is no class")
    return np.ascontiguousarray(array, np.int32)


def no_classes(given: npt.NDArray[Any], what: str) -> TypeError:
    """What is said of an array that does not hold classes, and how it would."""
    if given.dtype.kind != "f":
        return TypeError(f"{_content(given, what)}, expected whole numbers: a class is the place of its name in "
                         "model.class_labels, from 0")
    advice = f"{what}.astype(int)"
    if np.isnan(given).any():
        advice = f"numpy.nan_to_num({what}, nan=-1).astype(int), where negative means no label"
    return TypeError(f"{what} has the type {given.dtype}, expected whole numbers, as classes are integers: give {advice}")


def array_of(values: Any, what: str) -> npt.NDArray[Any]:
    """An array of what was given. Raises TypeError or SizeMismatchError if there can be none."""
    if isinstance(values, np.ndarray):
        return values
    try:
        return np.asarray(values)
    except ValueError:
        raise SizeMismatchError(f"{what} has rows of unequal lengths, which are no array; sequences of unequal lengths are a list "
                                "of arrays [steps, channels]") from None
    except (TypeError, RuntimeError) as error:  # such as tensors of PyTorch, which say what to do
        raise TypeError(f"{what} is a {type(values).__name__} that is no array: {error}") from None


def _content(given: npt.NDArray[Any], what: str) -> str:
    """What is in an array that does not hold numbers, for messages."""
    for place, value in np.ndenumerate(given):
        if not isinstance(value, (int, float, complex, np.number, np.bool_)):
            shown = "None" if value is None else repr(str(value)) if isinstance(value, str) else f"a {type(value).__name__}"
            return f"{what}{shape_text(place) if place else ''} is {shown}"
    return f"{what} has the type {given.dtype}"


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
        raise SizeMismatchError(f"{what} has the shape {shape_text(shape)}, expected {shape_text(expected)}"
                                f"{_advice(shape, what, expected)}")


def _advice(shape: Sequence[int], what: str, expected: Sequence[int | str]) -> str:
    """How an array of another shape would fit, where that can be seen."""
    last, named = expected[-1], isinstance(expected[0], str)
    if len(expected) > 1 and len(shape) == len(expected) and shape[-1] != last and shape[-2] == last:
        return f"; {'channels come last' if named else 'it is transposed'}: give {what}.swapaxes(-1, -2)"
    if named and len(shape) == len(expected) - 1 and len(expected) > 1:
        if last == 1:
            return f"; of a single channel give {what}[..., None]"
        if shape and shape[-1] == last:
            return f"; of a single {'sequence' if len(expected) == 3 else 'sample'} give {what}[None]"
    if named and len(shape) == len(expected) + 1 and shape[-1] == last:
        return "; this takes one sequence at a time"
    return ""
