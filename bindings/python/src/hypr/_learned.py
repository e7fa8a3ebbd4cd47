"""What a session has learned, as a model."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypr.model import Model
from hypr.session import Session


def learned_model(session: Session) -> Model:
    """The session's model with its parameters. The library writes models to files only, so it passes through one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "learned.hypr")
        session.save_model(path)
        return Model.load(path)
