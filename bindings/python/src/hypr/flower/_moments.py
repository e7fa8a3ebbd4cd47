"""What FedAdam, FedYogi and FedAdagrad remember from round to round, in a file beside the model's."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from logging import WARNING
from pathlib import Path
from typing import Any

import numpy as np
from flwr.common.logger import log
from flwr.serverapp.strategy import Strategy
from flwr.serverapp.strategy.fedopt import FedOpt

from hypr._files import replace_file

_NAMES = ("m_t", "v_t")


def save_moments(strategy: Strategy, model: Path, server_round: int) -> None:
    """Writes them, if the strategy has some. The file of the round before stays until the model file is that of this one."""
    inner = _remembering(strategy)
    if inner is None or not inner.m_t:
        return
    arrays = {f"{name}/{tensor}": values for name in _NAMES for tensor, values in (getattr(inner, name) or {}).items()}
    data = BytesIO()
    np.savez(data, **arrays)
    replace_file(_path(model, server_round), data.getvalue())


def load_moments(strategy: Strategy, model: Path, server_round: int) -> None:
    """Gives the strategy what it remembered after a round. Without the file it begins anew, and that is logged."""
    inner = _remembering(strategy)
    if inner is None:
        return
    path = _path(model, server_round)
    if not path.exists():
        log(WARNING, "there is no %s: %s begins without what it remembered", path, type(inner).__name__)
        return
    found: dict[str, dict[str, Any]] = {name: {} for name in _NAMES}
    with np.load(path, allow_pickle=False) as arrays:
        for key in arrays.files:
            name, tensor = key.split("/", 1)
            found[name][tensor] = arrays[key]
    inner.m_t, inner.v_t = found["m_t"], found["v_t"]


def remove_old(model: Path, server_round: int) -> None:
    """Removes the files of earlier rounds."""
    for path in model.parent.glob(f"{model.name}.round-*.npz"):
        if path != _path(model, server_round):
            with suppress(FileNotFoundError):
                path.unlink()


def _path(model: Path, server_round: int) -> Path:
    return model.with_name(f"{model.name}.round-{server_round}.npz")


def _remembering(strategy: Strategy) -> FedOpt | None:
    """The strategy that remembers, which may be inside of others."""
    inner: Any = strategy
    while inner is not None and not isinstance(inner, FedOpt):
        inner = getattr(inner, "strategy", None)
    return inner
