"""Facts about parameter arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypr._library import ffi, text


@dataclass(frozen=True)
class TensorInfo:
    """A parameter array of a model or a session.

    Attributes
    ----------
    name : str
        Such as ``"layer0.input_weight"``.
    shape : tuple of int
    offset, size : int
        Its first element in the flat vector of all parameters, and how many.
    trainable : bool
        Of a model: whether its file allows to train it. Of a session: whether it does.
    """

    name: str
    shape: tuple[int, ...]
    offset: int
    size: int
    trainable: bool


def tensor_infos(count: int, read: Callable[[int, Any], None]) -> tuple[TensorInfo, ...]:
    """All tensors of what `read(index, info)` tells about them."""
    info = ffi.new("hypr_tensor_info *", {"struct_size": ffi.sizeof("hypr_tensor_info")})
    found = []
    for index in range(count):
        read(index, info)
        found.append(TensorInfo(text(info.name), tuple(info.shape[0:info.rank]), info.offset, info.size,
                                bool(info.trainable)))
    return tuple(found)
