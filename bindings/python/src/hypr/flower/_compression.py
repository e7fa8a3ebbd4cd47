"""Replies as small differences: a mod of Flower's, on the device."""

from __future__ import annotations

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MessageType
from flwr.clientapp.typing import ClientAppCallable

from hypr._arrays import FloatArray
from hypr.flower._difference import Difference, ValueType, _check_settings
from hypr.flower._messages import ARRAYS, BASE, DIFFERENCE, DIFFERENCE_TYPE, STRUCTURE, UPDATE

_RESIDUAL = "hypr.residual"


class Compression:
    """Sends what has changed instead of what is, in few bytes. The first of the mods: it comes after all others, such as those of
    differential privacy.

    Parameters
    ----------
    values : {"float32", "float16", "int8"}
    share : float, above 0 to 1
        Of each tensor's elements that are sent, those that changed most.
    error_feedback : bool
        Whether what rounding and leaving out have lost is added to the next difference (Seide et al. 2014; Karimireddy et al. 2019,
        arXiv 1901.09847). It is kept in the client's state.

    Examples
    --------
    >>> app = hypr.flower.client_app("watch.hypr", local, mods=[hypr.flower.Compression("int8", share=0.1)])
    """

    def __init__(self, values: ValueType = "int8", share: float = 1.0, error_feedback: bool = True) -> None:
        _check_settings(values, share)
        self.values: ValueType = values
        self.share, self.error_feedback = share, error_feedback

    def __call__(self, message: Message, context: Context, call_next: ClientAppCallable) -> Message:
        if message.metadata.message_type != MessageType.TRAIN:
            return call_next(message, context)
        base = {name: array.numpy().astype(np.float32) for name, array in message.content.array_records[ARRAYS].items()}
        reply = call_next(message, context)
        if reply.has_error():
            return reply
        arrays, update = reply.content.array_records[ARRAYS], reply.content.config_records[UPDATE]
        parts = [(array.numpy() - base[name]).reshape(-1) for name, array in arrays.items()]
        sizes, wanted = [part.size for part in parts], np.concatenate(parts, dtype=np.float32)
        if self.error_feedback:
            wanted = wanted + self._residual(context, wanted.size)
        data = Difference(str(update[STRUCTURE]), str(update[BASE]), wanted).encode(sizes, self.values, self.share)
        if self.error_feedback:
            lost = wanted - Difference.decode(data, sizes).values
            context.state.array_records[_RESIDUAL] = ArrayRecord({DIFFERENCE: Array(lost)})
        reply.content.array_records[ARRAYS] = ArrayRecord(
            {DIFFERENCE: Array(dtype="uint8", shape=(len(data),), stype=DIFFERENCE_TYPE, data=data)})
        return reply

    @staticmethod
    def _residual(context: Context, size: int) -> FloatArray:
        """What the last differences lost; nothing before the first one, or if other tensors were shared then."""
        if _RESIDUAL not in context.state.array_records:
            return np.zeros(size, np.float32)
        kept = context.state.array_records[_RESIDUAL][DIFFERENCE].numpy()
        return kept if kept.size == size else np.zeros(size, np.float32)

