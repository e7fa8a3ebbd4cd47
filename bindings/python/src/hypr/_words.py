"""Words for numbers."""

from __future__ import annotations


def counted(count: int, noun: str, many: str = "") -> str:
    """How many of something there are: "1 stream", "8 streams". `many`: where it is not the noun with an s."""
    return f"1 {noun}" if count == 1 else f"{count} {many or noun + 's'}"
