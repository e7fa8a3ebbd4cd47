"""The results as a table in Markdown."""

from collections.abc import Sequence

from result import Result


def markdown(rows: Sequence[Sequence[str]], headers: Sequence[str], left: int = 2) -> str:
    """The first `left` columns are text, the others numbers."""
    rule = ["---" if column < left else "---:" for column in range(len(headers))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (headers, rule, *rows)) + "\n"


def results(found: dict[str, list[Result]]) -> str:
    """By the titles of the tasks; the best accuracy of each is bold."""
    rows = []
    for title, those in found.items():
        best = max(result.accuracy for result in those)
        for index, result in enumerate(those):
            accuracy = f"{result.accuracy:.1%}"
            rows.append(["" if index else title, result.learner, f"**{accuracy}**" if result.accuracy == best else accuracy,
                         seconds(result.seconds), size(result.memory), f"{result.parameters:,}",
                         "" if result.spikes is None else f"{result.spikes:.1%}"])
    return markdown(rows, ["data", "learner", "accuracy", "training", "memory", "parameters", "spikes"])


def seconds(number: float) -> str:
    return f"{number:.1f} s" if number < 10 else f"{number:.0f} s"


def size(number: int | None) -> str:
    if number is None:
        return ""
    return f"{number / 1e6:.1f} MB" if number >= 1e6 else f"{number / 1e3:.0f} kB"
