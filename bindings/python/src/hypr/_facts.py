"""Facts by name, as people read them: in a terminal, a report, a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

__all__ = ["as_html", "as_text", "bytes_text", "counted", "value_text"]


def as_text(facts: Mapping[str, str]) -> str:
    """Facts as lines, the names in one column."""
    width = max(map(len, facts))
    return "\n".join(f"{name:{width}}  {value}" for name, value in facts.items())


def as_html(title: str, facts: Mapping[str, str]) -> str:
    """Facts as a table of HTML, as wide as its text, in the style of what is around it."""
    rows = "".join(f"<tr><th style='text-align: left'>{escape(name)}</th><td style='text-align: left'>{escape(value)}</td></tr>"
                   for name, value in facts.items())
    return f"<table><caption>{escape(title)}</caption>{rows}</table>"


def counted(count: int, names: Sequence[str]) -> str:
    """How many, and their names if they have some."""
    return f"{count}: {', '.join(names)}" if names else str(count)


def bytes_text(count: int) -> str:
    """A number of bytes."""
    return f"{count / 1024:,.1f} KiB" if count < 1 << 20 else f"{count / (1 << 20):,.1f} MiB"


def value_text(value: bool | int | float | str | tuple[str, ...]) -> str:
    """The value of an option."""
    if isinstance(value, tuple):
        return " ".join(value)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
