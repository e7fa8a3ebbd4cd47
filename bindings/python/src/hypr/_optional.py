"""Packages that only some parts of hypr need: imported when they are used, with advice if they are not there."""

from __future__ import annotations

import re
from importlib import import_module, metadata
from typing import Any

_DISTRIBUTIONS = {"sklearn": "scikit-learn"}  # of packages that are installed by another name


def require(module: str, purpose: str) -> Any:
    """A module, or a ModuleNotFoundError that says what it is for and how it is installed.

    Parameters
    ----------
    module : str
        Its name, such as ``"scipy.io"``; the package is installed by the part before the first dot.
    purpose : str
        What needs it, such as ``"reading .mat files"``.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # it is there, but something that it needs is not
        raise ModuleNotFoundError(f"{purpose} needs the package {package}: pip install {_advice(package)}", name=module) from None


def _advice(package: str) -> str:
    """What pip installs it by: the extra of hypr that has it, or its own name."""
    name = _DISTRIBUTIONS.get(package, package)
    try:
        needed = metadata.requires("hypr") or []
    except metadata.PackageNotFoundError:
        needed = []  # hypr runs from its sources
    for requirement in needed:
        extra = re.fullmatch(rf"{re.escape(name)}\b(?!-).*extra == ['\"](\w+)['\"]", requirement)
        if extra:
            return f'"hypr[{extra[1]}]"'
    return name
