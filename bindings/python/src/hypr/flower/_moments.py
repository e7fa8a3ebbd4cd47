"""What strategies such as FedAdam and FedAvgM remember from round to round, in a file beside the model's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from logging import WARNING
from pathlib import Path
from typing import Any

import numpy as np
from flwr.common.logger import log
from flwr.serverapp.strategy import FedAvgM, Strategy
from flwr.serverapp.strategy.fedopt import FedOpt

from hypr._files import replace_file

# Attributes of Flower's strategies: arrays by tensor name, or one after the other.
_REMEMBERED: dict[type[Any], tuple[str, ...]] = {FedOpt: ("m_t", "v_t"), FedAvgM: ("momentum_vector",)}


def save_moments(strategy: Strategy, model: Path, server_round: int) -> None:
    """Writes them, if the strategy has some. The file of the round before stays until the model file is that of this one."""
    arrays: dict[str, Any] = {}
    for inner, name in _remembered(strategy):
        value = getattr(inner, name)
        for key, values in (value.items() if isinstance(value, dict) else enumerate(value or ())):
            arrays[f"{name}/{key}"] = values
    if arrays:
        data = BytesIO()
        np.savez(data, **arrays)
        replace_file(_path(model, server_round), data.getvalue())


def load_moments(strategy: Strategy, model: Path, server_round: int) -> None:
    """Gives the strategy what it remembered after a round. Without the file it begins anew, and that is logged."""
    remembered = list(_remembered(strategy))
    if not remembered:
        return
    path = _path(model, server_round)
    if not path.exists():
        log(WARNING, "there is no %s: %s begins without what it remembered", path, type(remembered[0][0]).__name__)
        return
    with np.load(path, allow_pickle=False) as arrays:
        for inner, name in remembered:
            found = {key.split("/", 1)[1]: arrays[key] for key in arrays.files if key.startswith(f"{name}/")}
            setattr(inner, name, found if isinstance(inner, FedOpt) else [found[str(index)] for index in range(len(found))] or None)


def remove_old(model: Path, server_round: int) -> None:
    """Removes the files of earlier rounds."""
    for path in model.parent.glob(f"{model.name}.round-*.npz"):
        if path != _path(model, server_round):
            with suppress(FileNotFoundError):
                path.unlink()


def _path(model: Path, server_round: int) -> Path:
    return model.with_name(f"{model.name}.round-{server_round}.npz")


def _remembered(strategy: Strategy) -> Iterator[tuple[Any, str]]:
    """Strategies and attributes, also of those inside of others."""
    for inner in nested(strategy):
        for kind, names in _REMEMBERED.items():
            if isinstance(inner, kind):
                yield from ((inner, name) for name in names)


def nested(strategy: Strategy) -> Iterator[Any]:
    """A strategy, and those inside of it: differential privacy is one around another."""
    inner: Any = strategy
    while inner is not None:
        yield inner
        inner = getattr(inner, "strategy", None)
