"""One warning for each cause that keeps a network from working."""

from __future__ import annotations

import sys
import warnings

from hypr.errors import DiagnosisWarning
from hypr.session import Diagnosis, Finding


class Warner:
    """Warns of what was found, once of each finding."""

    def __init__(self) -> None:
        self._told = Finding(0)

    def tell(self, diagnosis: Diagnosis, but: Finding = Finding(0)) -> None:
        """Warns of findings that are new, and not among some that say nothing yet."""
        for finding, line in diagnosis:
            if not finding & (self._told | but):
                self._told |= finding
                warnings.warn(line, DiagnosisWarning, stacklevel=_outside())


def _outside() -> int:
    """How many frames above the caller the code of somebody else is: it is what a warning is about."""
    level = 1
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "hypr":
        frame, level = frame.f_back, level + 1
    return level
