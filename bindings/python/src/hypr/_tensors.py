"""Facts about parameter arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from hypr._library import ffi, text
from hypr.errors import InvalidArgumentError

ElementType = Literal["float32", "float16", "int8"]  # in the order of HYPR_ELEMENT_
ELEMENT_TYPES: tuple[ElementType, ...] = get_args(ElementType)


def element_number(element_type: str) -> int:
    """The constant of hypr.h."""
    for number, name in enumerate(ELEMENT_TYPES):
        if name == element_type:
            return number
    raise InvalidArgumentError(f"element_type is {element_type!r}, expected one of {', '.join(map(repr, ELEMENT_TYPES))}")


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
    element_type : {"float32", "float16", "int8"}
        How the model file stores its elements.
    """

    name: str
    shape: tuple[int, ...]
    offset: int
    size: int
    trainable: bool
    element_type: ElementType = "float32"


def tensor_infos(count: int, read: Callable[[int, Any], None]) -> tuple[TensorInfo, ...]:
    """All tensors of what `read(index, info)` tells about them."""
    info = ffi.new("hypr_tensor_info *", {"struct_size": ffi.sizeof("hypr_tensor_info")})
    found = []
    for index in range(count):
        read(index, info)
        found.append(TensorInfo(text(info.name), tuple(info.shape[0:info.rank]), info.offset, info.size,
                                bool(info.trainable), ELEMENT_TYPES[info.element_type]))
    return tuple(found)
