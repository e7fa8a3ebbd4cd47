"""Reading what devices have learned since a round began."""

from __future__ import annotations

from hypr._arrays import FloatArray
from hypr.flower._continuing import model_parameters
from hypr.flower._shared import SharedTensors
from hypr.model import Model
from hypr.session import Session


class UpdateReader:
    """Updates of one round, by ``Session.get_update`` or ``hypr_session_get_update``."""

    def __init__(self, tensors: SharedTensors, base: Model) -> None:
        self._tensors, self._session = tensors, Session(base, learning=False)
        self._base = model_parameters(base)

    def values(self, data: bytes) -> FloatArray:
        """The shared parameters [sum of sizes] of the session that gave an update. Raises what ``Session.apply_update`` does."""
        self._session.parameters.flat = self._base  # an update need not have all tensors
        self._session.apply_update(data)
        return self._tensors.of(self._session.parameters.flat)
