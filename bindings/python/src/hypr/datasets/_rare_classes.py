"""Classes of a recording that are most likely none: a name with a slip in it, which would cost a network an output."""

from __future__ import annotations

import re

import numpy as np

from hypr._words import counted
from hypr.datasets._recordings import Recording

_FEW_ROWS, _FEW_SHARE = 10, 100  # fewer rows, if these are less than one in a hundred, cannot be both learned and tested
_UNLIKE_SHARE = 20  # less than this part of the rows of a class that is written almost alike: it may be the same


def rare_classes(recording: Recording, naming: str) -> tuple[str, list[str]]:
    """Why the classes are refused, or "", and what to warn of. `naming`: how somebody says that they are meant."""
    names = recording.label_texts
    rows = np.bincount(recording.labels[recording.labels >= 0], minlength=len(names)).tolist()
    labelled = sum(rows)
    refusal, warned = "", []
    for index, name in enumerate(names):
        near = _nearest(name, [other for other, count in zip(names, rows) if count > rows[index]])
        found = f'{recording.label_places[index]}: the class "{name}", which is there for the first time, has'
        likely = 0 if near is None else rows[names.index(near)]
        guess = "" if near is None else f'; did you mean "{near}", which has {likely}?'
        if rows[index] < _FEW_ROWS and rows[index] * _FEW_SHARE < labelled:
            refusal = refusal or (f"{found} {rows[index]} of {labelled} labelled rows, too few to learn and to validate it{guess}; "
                                  f"{naming}")
        elif rows[index] * _UNLIKE_SHARE < likely:
            warned.append(f"{found} {counted(rows[index], 'row')}{guess}")
    return refusal, warned


def _nearest(name: str, names: list[str]) -> str | None:
    """The name that differs by two letters at most; names that differ in numbers are different."""
    letters = re.sub(r"\d", "", name)
    near = [other for other in names if re.sub(r"\d", "", other) != letters and _distance(name.lower(), other.lower()) <= 2]
    return min(near, key=lambda other: _distance(name.lower(), other.lower())) if len(letters) >= 4 and near else None


def _distance(first: str, second: str) -> int:
    """Letters to change, add, leave out, or swap with their neighbour (optimal string alignment)."""
    before, row = list[int](), list(range(len(second) + 1))
    for i, letter in enumerate(first):
        following = [i + 1]
        for j, other in enumerate(second):
            best = min(row[j] + (letter != other), row[j + 1] + 1, following[j] + 1)
            if i and j and letter == second[j - 1] and first[i - 1] == other:
                best = min(best, before[j - 1] + 1)
            following.append(best)
        before, row = row, following
    return row[-1]
