"""Which rows of a recording are kept to test on: never pieces at random, as neighbouring ones are alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from hypr._words import counted
from hypr.datasets._recordings import Recording
from hypr.errors import InvalidArgumentError


def keep_share(recording: Recording, share: float) -> tuple[npt.NDArray[np.bool_], str]:
    if not 0 < share < 1:
        raise InvalidArgumentError(f"test is {share}, expected a share between 0 and 1, a table, or None")
    if recording.groups:
        count = max(1, math.floor(share * len(recording.groups) + 0.5))
        if count >= len(recording.groups):
            raise InvalidArgumentError(
                f"{recording.name} has {counted(len(recording.groups), 'group')}: too few to keep {count} of them")
        return keep_groups(recording, recording.groups[-count:])
    rows = len(recording.values)
    end = rows - max(1, math.floor(share * rows + 0.5))
    percent = f"{share * 100:.3g} %"
    if end < 1:
        raise InvalidArgumentError(f"{recording.name} has {counted(rows, 'row')}: too few to keep {percent} of them")
    classes = len(recording.label_texts)
    every = np.bincount(recording.labels[recording.labels >= 0], minlength=classes)
    last = np.bincount(recording.labels[end:][recording.labels[end:] >= 0], minlength=classes)
    unfit = np.flatnonzero((last < every * share / 2) | (every - last < every * (1 - share) / 2))
    if not len(unfit):
        kept, words = np.arange(rows) >= end, f"the last {percent} of the recording"
    else:
        kept = _ends(recording, share)
        first = unfit[0]
        much = "nearly all" if every[first] - last[first] < every[first] * (1 - share) / 2 else "next to nothing"
        words = f'the last {percent} of each class (of "{recording.label_texts[first]}" the end of the recording has {much})'
    if not kept.any():
        raise InvalidArgumentError(f"{recording.name} has {counted(rows, 'row')}: too few to keep any, as no class has two")
    return kept, words + _nothing_left(recording, kept)


def keep_groups(recording: Recording, names: Sequence[str]) -> tuple[npt.NDArray[np.bool_], str]:
    for name in names:
        if name not in recording.groups:
            there = f"; there are {', '.join(recording.groups)}" if recording.groups else ": group names no column"
            raise InvalidArgumentError(f'{recording.name} has no group "{name}"{there}')
    chosen = np.array([group in names for group in recording.groups])
    if chosen.all():
        raise InvalidArgumentError(f"{recording.name}: no group is left to learn from")
    listed = ", ".join(group for group in recording.groups if group in names)
    kept = chosen[recording.row_groups]
    return kept, f"{len(names)} of {len(recording.groups)} groups ({listed})" + _nothing_left(recording, kept)


def _ends(recording: Recording, share: float) -> npt.NDArray[np.bool_]:
    """The last rows of each class; rows without a label go with the one before."""
    kept = np.zeros(len(recording.labels), bool)
    for number in range(len(recording.label_texts)):
        rows = np.flatnonzero(recording.labels == number)
        count = min(len(rows) - 1, max(1, math.floor(share * len(rows) + 0.5)))
        if count:
            kept[rows[-count:]] = True
    labelled = np.flatnonzero(recording.labels >= 0)
    before = np.searchsorted(labelled, np.arange(len(kept)), side="right") - 1
    return np.where(before >= 0, kept[labelled[np.maximum(before, 0)]], False)


def _nothing_left(recording: Recording, kept: npt.NDArray[np.bool_]) -> str:
    taught = set(np.unique(recording.labels[~kept]).tolist())
    if recording.label_texts and not (recording.labels[kept] >= 0).any():
        raise InvalidArgumentError(f"{recording.name}: none of the rows to keep has a label")
    missing = [text for number, text in enumerate(recording.label_texts) if number not in taught]
    return f"; nothing is left to learn of {', '.join(missing)}" if missing else ""
