"""Replies as small differences, on the device: what is done to them the library does, the same as for devices without Python."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MessageType
from flwr.clientapp.typing import ClientAppCallable, Mod

from hypr._arrays import FloatArray
from hypr._tensors import ElementType, element_number
from hypr.errors import InvalidArgumentError
from hypr.flower._messages import ARRAYS, DIFFERENCE, DIFFERENCE_TYPE
from hypr.flower._shared import SharedTensors
from hypr.session import Session

_RESIDUAL = "hypr.residual"


class Compression:
    """Sends what has changed instead of what is, in few bytes (``Session.get_update``). The first of the mods: it comes after all
    others, such as those of differential privacy.

    Parameters
    ----------
    element_type : {"float32", "float16", "int8"}
    share : float, above 0 to 1
        Of each tensor's elements that are sent, those that changed most.
    error_feedback : bool
        Whether what rounding and leaving out have lost is added to the next difference (Seide et al. 2014; Karimireddy et al. 2019,
        arXiv 1901.09847). It is kept in the client's state.

    Examples
    --------
    >>> app = hypr.flower.client_app("watch.hypr", local, mods=[hypr.flower.Compression("int8", share=0.1)])
    """

    def __init__(self, element_type: ElementType = "int8", share: float = 1.0, error_feedback: bool = True) -> None:
        element_number(element_type)
        if not 0 < share <= 1:
            raise InvalidArgumentError(f"share is {share}, expected above 0 to 1")
        self.element_type: ElementType = element_type
        self.share, self.error_feedback = share, error_feedback

    def of(self, tensors: SharedTensors) -> Mod:
        """The mod, for clients that share these tensors. ``client_app`` and ``gateway_app`` call this."""

        def compress(message: Message, context: Context, call_next: ClientAppCallable) -> Message:
            reply = call_next(message, context)
            if message.metadata.message_type != MessageType.TRAIN or reply.has_error():
                return reply
            base = tensors.values(message.content.array_records[ARRAYS])
            # What noise, such as that of differential privacy, has brought out of the bounds of neurons has no place in a session.
            values = tensors.within_bounds(tensors.values(reply.content.array_records[ARRAYS]))
            data = self._encoded(tensors, base, values, context)
            reply.content.array_records[ARRAYS] = ArrayRecord(
                {DIFFERENCE: Array(dtype="uint8", shape=(len(data),), stype=DIFFERENCE_TYPE, data=data)})
            return reply

        return compress

    def _encoded(self, tensors: SharedTensors, base: FloatArray, values: FloatArray, context: Context) -> bytes:
        with Session(tensors.merged(base), learning=False) as session:
            session.parameters.flat = tensors.placed(values, session.parameters.flat)
            if not self.error_feedback:
                return session.get_update(self.element_type, self.share, tensors=tensors.is_shared)
            residual = self._residual(context, tensors.model.parameter_count)
            data = session.get_update(self.element_type, self.share, tensors=tensors.is_shared, residual=residual)
        context.state.array_records[_RESIDUAL] = ArrayRecord({DIFFERENCE: Array(residual)})
        return data

    @staticmethod
    def _residual(context: Context, size: int) -> FloatArray:
        """What the last differences lost; nothing before the first one, or if it was another network then."""
        if _RESIDUAL not in context.state.array_records:
            return np.zeros(size, np.float32)
        kept = context.state.array_records[_RESIDUAL][DIFFERENCE].numpy()
        return np.array(kept, np.float32) if kept.size == size else np.zeros(size, np.float32)


def mods_of(mods: Iterable[Mod | Compression], tensors: SharedTensors) -> list[Mod]:
    """As Flower takes them."""
    return [mod.of(tensors) if isinstance(mod, Compression) else mod for mod in mods]
