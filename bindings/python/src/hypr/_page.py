"""What the page of a report is made of."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypr._optional import require

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Picture:
    """A PNG image as text, with its caption."""

    data: str
    caption: str
    width: int


@dataclass
class Section:
    """A heading with sentences, a text, a table and pictures under it; `head` names the columns of a table of several."""

    title: str
    text: str = ""
    sentences: Sequence[str] = ()
    head: Sequence[str] = ()
    table: dict[str, Sequence[str]] = field(default_factory=dict)
    pictures: list[Picture] = field(default_factory=list)


def one_column(facts: Mapping[str, str]) -> dict[str, Sequence[str]]:
    return {name: (value,) for name, value in facts.items()}


def picture(draw: Callable[[Axes], object], caption: str, width: float, height: float) -> Picture:
    """What a function draws, width and height in inches; without pyplot, so that nothing else is changed."""
    figure = require("matplotlib.figure", "a report").Figure(figsize=(width, height), layout="constrained")
    draw(figure.add_subplot())
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=150)
    return Picture(base64.b64encode(file.getvalue()).decode(), caption, round(96 * width))
