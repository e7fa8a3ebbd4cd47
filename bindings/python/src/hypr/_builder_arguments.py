"""What a builder is told, as the library takes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from hypr._arrays import floats, pointer
from hypr._library import check, failure, ffi, lib
from hypr.description import SparseRows
from hypr.errors import InvalidArgumentError, SizeMismatchError
from hypr.schema import enum_number, union_members

_MESSAGE_SIZE = 512


def created(create: Any, subject: Any) -> Any:
    """A builder of the library."""
    handle, message = ffi.new("hypr_builder **"), ffi.new("char[]", _MESSAGE_SIZE)
    status = create(subject, handle, message, _MESSAGE_SIZE)
    if status:
        raise failure(status, message)
    return ffi.gc(handle[0], lib.hypr_builder_free)


def called(handle: Any, function: Any, *arguments: Any) -> None:
    check(function(handle, *arguments), lib.hypr_builder_message(handle))


def native_encoding(encoding: Any, kept: list[Any]) -> Any:
    """The library's struct for an encoder of hypr.datasets; `kept` gets what it points to."""
    name = type(encoding).__name__
    if name not in union_members("SpikeEncoding"):
        raise InvalidArgumentError(f"encoding is {encoding!r}, expected an encoder such as hypr.datasets.LevelCrossing")
    native = ffi.new("hypr_encoding *")
    native.struct_size = ffi.sizeof("hypr_encoding")
    native.kind = 1 + union_members("SpikeEncoding").index(name)
    arrays = {"thresholds": "threshold_count"}
    if name == "ReceptiveFields":
        arrays = {"centers": "center_count", "widths": "width_count"}
        native.fields = min(encoding.fields, 2**31 - 1)
        native.cutoff = encoding.cutoff or -1  # 0 is the library's default
        native.output = enum_number("ReceptiveFieldOutput", encoding.output, "output")
    else:
        native.output = enum_number("LevelCrossingOutput", encoding.output, "output")
    for field, count in arrays.items():
        values = floats(np.atleast_1d(getattr(encoding, field)).ravel(), field, "numbers")
        kept.append(values)
        setattr(native, field, pointer(values))
        setattr(native, count, values.size)
    return native


def c_texts(strings: Iterable[str]) -> list[Any]:
    """C strings, for an array of pointers to them, which keeps nothing alive."""
    return [ffi.new("char[]", utf8(string)) for string in strings]


def checked_size(value: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise InvalidArgumentError(f"{what} is {value!r}, expected a whole number from 1")
    return int(value)


def seed_of(seed: int | np.random.Generator) -> int:
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**64, dtype=np.uint64))
    if not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2**64:
        raise InvalidArgumentError(f"seed is {seed!r}, expected a whole number from 0 to 2**64 - 1, or a generator of NumPy")
    return int(seed)


def utf8(string: str) -> bytes:
    encoded = str(string).encode()
    if b"\0" in encoded:
        raise InvalidArgumentError(f"{string!r} has a NUL in it")
    return encoded


def is_flag(value: Any) -> bool:
    return isinstance(value, (bool, np.bool_))


def bias_choice(bias: Any) -> int:
    """Whether there is a bias, for the library; -1: as is usual."""
    if bias is None:
        return -1
    return int(bool(bias)) if is_flag(bias) else 1


def is_sparse(weights: Any) -> bool:
    return hasattr(weights, "tocsr")


def stored_rows(name: str, shape: tuple[int, ...], sparse: Any, weights: Any) -> tuple[SparseRows | None, Any]:
    """Which elements of a weight there are, None: all, and what was given for them."""
    rows, columns = shape
    if is_sparse(weights):
        if not is_flag(sparse):
            raise InvalidArgumentError(f"sparse and {name} both say which weights there are: give {name} as an array")
        matrix = weights.tocsr(copy=True)
        if matrix.shape != shape:
            raise SizeMismatchError(f"{name} has the shape {list(matrix.shape)}, expected {list(shape)}")
        matrix.sum_duplicates()
        return SparseRows((rows, columns), matrix.indptr, matrix.indices), matrix.data.astype(np.float32)
    if is_flag(sparse) and not sparse:
        return None, weights
    dense = floats(weights, name, *shape) if np.ndim(weights) > 1 else None
    if is_flag(sparse) and dense is None:
        raise InvalidArgumentError(f"sparse=True needs {name} as an array: which weights there are is taken from it")
    mask = np.asarray(dense != 0 if is_flag(sparse) else sparse)
    if mask.dtype != np.bool_ or mask.shape != shape:
        raise SizeMismatchError(f"sparse is {mask.dtype} {list(mask.shape)}, expected bool {list(shape)}")
    chosen = SparseRows.where(mask)
    return chosen, weights if dense is None else chosen.elements(dense)
