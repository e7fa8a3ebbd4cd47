"""A session that goes on from round to round, though a client may be a new process every time: it lies in the client's state."""

from __future__ import annotations

import numpy as np
from flwr.app import ConfigRecord, Context

from hypr._arrays import FloatArray
from hypr.model import Model
from hypr.options import SessionOptions
from hypr.session import Session

_SESSION = "hypr.session"


def go_on(session: Session, context: Context, options: SessionOptions) -> None:
    """Gives a fresh session of the fleet's model what the client's last one had but its parameters: the optimizer's moments, state,
    traces, stretches that are rehearsed. In the first round there is nothing.

    Raises
    ------
    StateMismatchError
        It was another network, or `options` are others than when it was kept.
    """
    kept = context.state.config_records.get(_SESSION)
    if kept is None:
        return
    before = Session(Model(_bytes(kept["model"])), **options)
    before.load_state(_bytes(kept["state"]))
    session.transfer(before)
    session.parameters.flat = model_parameters(session.model)


def keep(session: Session, context: Context) -> None:
    """Keeps what ``go_on`` will need."""
    context.state.config_records[_SESSION] = ConfigRecord({"model": session.model.data, "state": session.save_state()})


def model_parameters(model: Model) -> FloatArray:
    """All parameters of a model, one after the other."""
    return np.concatenate([values.reshape(-1) for values in model.parameters.values()])


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"the client's state has a {type(value).__name__}, expected bytes")
    return value
