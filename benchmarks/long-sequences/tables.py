"""The results as tables in Markdown, each from the files of one part or two; a cell that nobody has measured is empty."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import plan
import records
import trials
from table import markdown, seconds, size

Record = dict[str, Any]


def percent(values: Iterable[float]) -> str:
    """Mean, and deviation of several, with how many there are."""
    numbers = 100 * np.array(list(values))
    if not len(numbers):
        return ""
    if len(numbers) == 1:
        return f"{numbers[0]:.1f} (1)"
    return f"{numbers.mean():.1f} ± {numbers.std(ddof=1):.1f} ({len(numbers)})"


def by(found: Iterable[Record], *names: str) -> dict[tuple[Any, ...], list[Record]]:
    groups: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    for record in found:
        groups[tuple(record["run"][name] for name in names)].append(record)
    return groups


def in_order(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """The names that are there, as they come in what is known, others after them."""
    there, places = set(names), {name: place for place, name in enumerate(known)}
    return sorted(there, key=lambda name: (places.get(name, len(places)), name))


def accuracies(part: str) -> Callable[[Path], str]:
    """Test accuracy of networks (rows) and methods (columns); processor seconds of a training in a second table."""
    def table(results: Path) -> str:
        groups = by(records.every(results, part), "network", "method")
        planned = list(plan.PARTS[part](1))
        networks = in_order((network for network, _ in groups), (run.network for run in planned))
        methods = in_order((method for _, method in groups), (run.method for run in planned))

        def rows(cell: Callable[[list[Record]], str]) -> str:
            return markdown([[network, *(cell(groups.get((network, method), [])) for method in methods)] for network in networks],
                            ["", *methods], left=1)

        def time(those: list[Record]) -> str:
            known = [record["processor seconds"] for record in those if record["processor seconds"] is not None]
            return seconds(float(np.mean(known))) if known else ""

        return (rows(lambda those: percent(record["test accuracy"] for record in those)) + "\nProcessor time of a training\n\n"
                + rows(time) + "\nMemory of a session\n\n" + rows(lambda those: size(those[0]["memory"]) if those else ""))

    return table


def tried(part: str) -> Callable[[Path], str]:
    """Validation accuracy at the best epoch of everything that was tried (rows), by network (columns)."""
    def table(results: Path) -> str:
        groups = by(records.every(results, part), "network", "method")
        planned = list(trials.PARTS[part](1))
        networks = in_order((network for network, _ in groups), (run.network for run in planned))
        methods = in_order((method for _, method in groups), (run.method for network in networks for run in planned
                                                              if run.network == network))
        return markdown([[method, *(percent(record["validation accuracy"] for record in groups.get((network, method), []))
                                    for network in networks)] for method in methods], ["", *networks], left=1)

    return table


def memory(results: Path) -> str:
    found = {(record["run"]["method"], record["run"]["steps"]): record for record in records.every(results, "memory")}
    methods, lengths = in_order((method for method, _ in found), plan.cue_methods(1000)), sorted({steps for _, steps in found})

    def cell(method: str, steps: int) -> str:
        record = found[method, steps]
        return f"{size(record['memory'])}, {1e3 * record['seconds of a sequence']:.1f} ms"

    rows = [[f"{steps:,}", *(cell(method, steps) for method in methods)] for steps in lengths]
    if len(lengths) > 1:
        rows.append([f"memory at {lengths[-1]:,} over that at {lengths[0]:,}",
                     *(f"{found[method, lengths[-1]]['memory'] / found[method, lengths[0]]['memory']:.2f}" for method in methods)])
    return markdown(rows, ["steps", *methods], left=1)


def threads(results: Path) -> str:
    rows = []
    for record in records.every(results, "threads"):
        one, two = record["seconds with one thread"], record["seconds with two"]
        rows.append([record["run"]["call"], f"{one:.3f} s", f"{two:.3f} s", f"{one / two:.2f}"])
    return markdown(rows, ["", "one thread", "two threads", "times as fast"], left=1)


TABLES: dict[str, Callable[[Path], str]] = {
    "ecg": accuracies("ecg"),
    **{part.replace("-", " "): tried(part) for part in trials.PARTS},
    **{part.replace("-", " "): accuracies(part) for part in plan.PARTS if part != "ecg"},
    "memory": memory,
    "threads": threads,
}
