"""What a session has learned since its model, in few bytes: for devices that learn together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, pointer
from hypr._library import ffi, lib
from hypr._tensors import ElementType, element_number
from hypr.errors import SizeMismatchError
from hypr.session._handle import SessionHandle

if TYPE_CHECKING:
    from typing_extensions import Buffer


class Updates(SessionHandle):
    """What goes to other sessions of a fleet."""

    def get_update(self, element_type: ElementType = "float32", share: float = 1.0, *, tensors: npt.ArrayLike | None = None,
                   residual: FloatArray | None = None) -> bytes:
        """What the session has learned since its model, in few bytes: the differences of its parameters, with the version of the
        format and checksums of the model's structure and values, so that they are not added to others (docs/fleets.md).

        Parameters
        ----------
        element_type : {"float32", "float16", "int8"}
            How a difference is written; int8 with a scale for each tensor, so that the largest is 127.
        share : float, above 0 to 1
            Of each tensor's elements that are sent: those that differ most, rounded up.
        tensors : array_like of bool, [tensors], optional
            Which of them are sent, in the order of ``tensors``; otherwise all.
        residual : ndarray of float32, [parameter_count], optional
            What updates have lost by rounding and leaving out, which this one makes up for; 0 before the first. It is written to:
            what is lost now.

        Raises
        ------
        NotFiniteError
            A difference is; the message names it.
        """
        settings = ffi.new("hypr_update_settings *")
        settings.struct_size = ffi.sizeof("hypr_update_settings")
        settings.element_type = element_number(element_type)
        settings.share = share
        if tensors is not None:
            sent, count = np.ascontiguousarray(np.asarray(tensors, bool), np.uint8), len(self.model.tensors)
            if sent.shape != (count,):
                raise SizeMismatchError(f"tensors has the shape {list(sent.shape)}, expected [{count}]")
            settings.tensors = ffi.from_buffer("uint8_t[]", sent)
        if residual is not None:
            count = self.model.parameter_count
            if residual.dtype != np.float32 or residual.shape != (count,) or not residual.flags.carray:
                raise SizeMismatchError(
                    f"residual is {residual.dtype} {list(residual.shape)}, expected float32 [{count}], in C order and writable")
            settings.residual = pointer(residual)
        size = ffi.new("size_t *")
        self._call(lib.hypr_session_update_size, settings, size)
        buffer = bytearray(size[0])
        self._call(lib.hypr_session_get_update, settings, ffi.from_buffer(buffer), len(buffer))
        return bytes(buffer)

    def apply_update(self, update: Buffer) -> None:
        """Takes the parameters that the session had which gave an update, as far as it says: those of this session's model, and the
        differences. Parameters of neurons that rounding has brought out of their bounds are moved to them; tensors that are not in
        the update stay. Open windows are closed first, without an optimizer's update.

        Raises
        ------
        InvalidArgumentError
            No update, cut short, or damaged.
        StateMismatchError
            Another version or structure, or stale: from other values than those of this model.
        NotFiniteError
            It leads to numbers that are not finite; the message names the first. Whatever is raised, nothing has changed.
        """
        data = ffi.from_buffer(update)
        self._call(lib.hypr_session_apply_update, data, len(data))
