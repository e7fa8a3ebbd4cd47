"""A difference of parameters in few bytes: versioned, checksummed, and bound to the structure and to the parameters it is from.

Layout, little-endian:

    bytes
    4       "HYPD"
    1       version, 1
    1       type of a value: 0 float32, 1 float16, 2 int8
    1       1: only some of the elements are in it; 0: all
    1       0
    8, 8    fingerprints of the structure and of the base
    4       elements n
    n / 8   which elements are in it, a bit each from the lowest, rounded up to bytes; only if not all are
    4 each  of int8: the scale of each tensor, float32; value = number * scale
            the values, tensor by tensor
    4       CRC-32 of everything before
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Literal
from zlib import crc32

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray
from hypr.errors import InvalidArgumentError, StateMismatchError

ValueType = Literal["float32", "float16", "int8"]
_TYPES: tuple[ValueType, ...] = ("float32", "float16", "int8")
_HEADER = struct.Struct("<4sBBBx8s8sI")
_CHECKSUM = struct.Struct("<I")
_MAGIC, _VERSION = b"HYPD", 1


class DifferenceError(StateMismatchError):
    """The bytes are no difference, are damaged, or belong to another structure or base."""


@dataclass(frozen=True)
class Difference:
    """What a device has learned since a base.

    Attributes
    ----------
    structure, base : str
        Fingerprints of sixteen hexadecimal digits each.
    values : ndarray of float32, [elements]
        To be added to the parameters of the base.
    """

    structure: str
    base: str
    values: FloatArray

    def encode(self, sizes: Sequence[int], values: ValueType = "float32", share: float = 1.0) -> bytes:
        """The bytes. What rounding and leaving out lose is `values` less those of ``decode``.

        Parameters
        ----------
        sizes : sequence of int
            Elements of each tensor.
        values : {"float32", "float16", "int8"}
            Of int8 the largest of a tensor is 127.
        share : float, above 0 to 1
            Of each tensor's elements that are in it: the largest by absolute value, rounded up.
        """
        _check_settings(values, share)
        if share < 1:
            chosen = _largest(self.values, sizes, share)
            places = np.packbits(chosen, bitorder="little").tobytes()
        else:
            chosen, places = np.ones(self.values.size, bool), b""
        parts = _split(self.values, sizes, chosen)
        if values == "int8":
            scales = np.array([np.abs(part).max(initial=0) / 127 for part in parts], "<f4")
            numbers = b"".join(np.rint(part / (scale or 1)).astype("i1").tobytes() for part, scale in zip(parts, scales))
            content = scales.tobytes() + numbers
        else:
            largest = np.finfo(values).max
            content = np.clip(np.concatenate(parts), -largest, largest).astype(np.dtype(values).newbyteorder("<")).tobytes()
        data = _HEADER.pack(_MAGIC, _VERSION, _TYPES.index(values), share < 1, bytes.fromhex(self.structure),
                            bytes.fromhex(self.base), self.values.size) + places + content
        return data + _CHECKSUM.pack(crc32(data))

    @classmethod
    def decode(cls, data: bytes, sizes: Sequence[int]) -> Difference:
        """The difference in some bytes, of tensors with `sizes` elements. Raises DifferenceError."""
        if len(data) < _HEADER.size + _CHECKSUM.size or data[:4] != _MAGIC:
            raise DifferenceError(f"{len(data)} bytes are no difference, which begins with {_MAGIC.decode()!r}")
        _, version, kind, some, structure, base, count = _HEADER.unpack_from(data)
        if version != _VERSION:
            raise DifferenceError(f"a difference of version {version}, expected {_VERSION}")
        if _CHECKSUM.unpack(data[-4:])[0] != crc32(data[:-4]):
            raise DifferenceError("a damaged difference: its checksum is another one")
        if kind >= len(_TYPES) or some > 1:
            raise DifferenceError(f"a difference of the type {kind}, expected 0 to {len(_TYPES) - 1}")
        if count != sum(sizes):
            raise DifferenceError(f"a difference of {count} elements, expected {sum(sizes)}")
        chosen, start = np.ones(count, bool), _HEADER.size
        if some:
            bits = np.frombuffer(data, np.uint8, min(ceil(count / 8), len(data) - start - 4), start)
            chosen = np.unpackbits(bits, bitorder="little")[:count].astype(bool)
            start += ceil(count / 8)
        type_name = _TYPES[kind]
        scale_bytes = 4 * len(sizes) if type_name == "int8" else 0
        expected = start + scale_bytes + int(chosen.sum()) * np.dtype(type_name).itemsize + _CHECKSUM.size
        if len(data) != expected or len(chosen) != count:
            raise DifferenceError(f"a difference of {len(data)} bytes, expected {expected}")
        numbers: npt.NDArray[Any] = np.frombuffer(data[start + scale_bytes:-4], np.dtype(type_name).newbyteorder("<"))
        values = np.zeros(count, np.float32)
        values[chosen] = numbers
        if type_name == "int8":
            values *= np.repeat(np.frombuffer(data, "<f4", len(sizes), start), sizes)
        return cls(structure.hex(), base.hex(), values)


def _check_settings(values: str, share: float) -> None:
    if values not in _TYPES:
        raise InvalidArgumentError(f"values is {values!r}, expected one of {', '.join(map(repr, _TYPES))}")
    if not 0 < share <= 1:
        raise InvalidArgumentError(f"share is {share}, expected above 0 to 1")


def _largest(values: FloatArray, sizes: Sequence[int], share: float) -> npt.NDArray[np.bool_]:
    """The largest elements of each tensor: small tensors, whose changes are of another size, have theirs."""
    chosen, start = np.zeros(values.size, bool), 0
    for size in sizes:
        count = ceil(share * size)
        part = np.abs(values[start:start + size])
        chosen[start + np.argpartition(-part, count - 1)[:count]] = True
        start += size
    return chosen


def _split(values: FloatArray, sizes: Sequence[int], chosen: npt.NDArray[np.bool_]) -> list[FloatArray]:
    """The chosen values of each tensor."""
    ends = np.cumsum(sizes)
    return [values[end - size:end][chosen[end - size:end]] for size, end in zip(sizes, ends)]
