"""What governs a training where a model recommends how devices shall learn.

A model that was tuned for devices says in its metadata what it recommended for training before, in the order of the options:
``learning_rate=0.01 window=100``. Another training goes by that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypr.builder import ModelBuilder
from hypr.errors import InvalidArgumentError
from hypr.model import Model
from hypr.model_file import decode
from hypr.options import option_info, option_names

_KEY = "training_options"


def training_options(model: Model) -> dict[str, Any]:
    """What a training has to set so that a recommendation for devices does not govern it; {} if there is no such recommendation."""
    described = decode(model.data)
    if _KEY not in described.metadata:
        return {}
    own: dict[str, float] = {}
    for part in described.metadata[_KEY].split():
        name, _, value = part.partition("=")
        try:
            own[option_info(name).name] = float(value)
        except ValueError:
            raise InvalidArgumentError(f"the metadata entry {_KEY} of the model has {part!r}, expected option=number") from None
    # Where a schedule ends is the trainer's to say.
    named = {*own, *described.recommended_options} - ({"schedule_updates"} - own.keys())
    infos = [option_info(name) for name in option_names() if name in named]
    return {info.name: info.decode(own.get(info.name, info.default)) for info in infos}


def keep_training_options(builder: ModelBuilder, model: Model, loss: Mapping[str, Any]) -> None:
    """Writes down what is recommended now, with what a label teaches, unless an earlier tuning did: before a builder of the model
    recommends something for devices."""
    described = decode(model.data)
    if _KEY in described.metadata:
        return
    numbers = {**described.recommended_options, **{name: option_info(name).encode(value) for name, value in loss.items()}}
    builder.metadata(**{_KEY: " ".join(f"{name}={numbers[name]}" for name in option_names() if name in numbers)})
