"""Files of comma-separated values, and tables of pandas: a row per sample, cut into recordings and split by group or time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from hypr.datasets._csv import read_csv_file
from hypr.datasets._frames import read_frame
from hypr.datasets._keeping import keep_groups, keep_share
from hypr.datasets._rare_classes import rare_classes
from hypr.datasets._recordings import Recording, Roles, ordered_classes, pieces
from hypr.datasets._times import TimeUnit
from hypr.datasets.dataset import Dataset, MissingDataError
from hypr.errors import InvalidArgumentError

Table: TypeAlias = Any  # a path, or a pandas.DataFrame


def read_csv(source: Table, label: str | None, *, time: str | None = None, group: str | None = None,
             channels: Sequence[str] | None = None, time_unit: TimeUnit | None = None, gap: float | None = None,
             test: float | Table | None = 0.2, test_groups: Sequence[str] | None = None, sequence_steps: int = 200,
             classes: Sequence[str] | None = None, name: str = "") -> Dataset:
    """A data set from a file of comma-separated values, or from a table of pandas.

    The file is as in RFC 4180, in UTF-8, with a line of names first; commas, semicolons or tabs divide it, and empty lines do not
    count. The command line tool reads it by the same rules (``hypr train --csv``).

    What is kept to test on is never drawn at random from neighbouring pieces, which are alike. With groups it is those that
    appear last. Without, it is the end of the recording; or, if a class would hardly be there or hardly be left, the end of what
    there is of each class. ``Dataset.source`` says which.

    Parameters
    ----------
    source : str, Path or pandas.DataFrame
    label : str, optional
        The column of the class of each row, a name or a whole number; empty: none. None: no row has a label.
    time : str, optional
        The column of the time: numbers, or dates such as 2025-06-01T08:30:00.02. The time step is the median of the differences;
        a new sequence begins where time goes back and after a gap.
    group : str, optional
        The column of who or what each row is of; a new sequence begins where it changes.
    channels : sequence of str, optional
        The columns of the channels; not given: all others.
    time_unit : {"s", "ms", "us", "ns"}, optional
        What numbers in the column of the time count; not given: what the last word of its name says, as in time_ms, "t (us)" and
        millis, or else seconds. ``Dataset.source`` says what was taken from the name, and a warning is given where whole seconds
        lie between rows and nothing says that these are seconds.
    gap : float, optional
        The longest time between two samples of a sequence, in seconds; not given: three time steps.
    test : float, str, Path or pandas.DataFrame, optional
        The share to test on, or another table like this one; None: all is to learn from.
    test_groups : sequence of str, optional
        Groups to test on, in place of a share.
    sequence_steps : int
        What is learned from is cut into pieces of at most so many rows, as equal as can be; 0: recordings stay whole, as those
        do that are tested on.
    classes : sequence of str, optional
        Names of the classes, such as those of a model; not given: the labels, numbers by value, names by their letters. Then
        a label in fewer than ten rows, if these are less than one in a hundred, is refused: most likely its name has a slip in it.
    name : str
        As in ``Dataset``; not given: that of the file.

    Raises
    ------
    MissingDataError
        There is no such file.
    InvalidArgumentError
        What is wrong, with line and column: a value that is missing or no number, a column that is not there.
    """
    roles = Roles(label, time, group, tuple(channels) if channels is not None else None, time_unit, gap)
    if sequence_steps < 0:
        raise InvalidArgumentError(f"sequence_steps is {sequence_steps}, expected 0 or more")
    if gap is not None and not gap > 0:
        raise InvalidArgumentError(f"gap is {gap}, expected seconds above 0")
    recording = _read(source, roles)
    if label is not None and classes is None and not recording.label_texts:
        raise InvalidArgumentError(f'{recording.name}: column "{label}" is empty in all rows, expected the class in some of them')
    if time is None and channels is None and (alike := recording.time_like_channel) is not None:
        warnings.warn(f'{recording.name}: column "{alike}" is a channel, and looks like the time: give time="{alike}", or channels '
                      "without it", stacklevel=2)
    time_words, is_unsure = recording.time_words
    if is_unsure:
        warnings.warn(f"{recording.name}: {time_words}", stacklevel=2)
    if classes is None:
        refusal, warned = rare_classes(recording, "if it is meant, name all of them: classes=[...]")
        for found in warned:
            warnings.warn(found, stacklevel=2)
        if refusal:
            raise InvalidArgumentError(refusal)
    names = tuple(classes) if classes is not None else ordered_classes(recording.label_texts)
    if test_groups is not None:
        kept, words = keep_groups(recording, list(map(str, test_groups)))
    elif isinstance(test, (int, float)) and not isinstance(test, bool):
        kept, words = keep_share(recording, float(test))
    else:
        kept, words = np.zeros(len(recording.values), bool), ""
    learned, tested = recording.parts(kept)
    labels = recording.classes(names)
    train = recording.split(pieces(learned, sequence_steps), labels)
    held_out = recording.split(tested, labels)
    source_text = recording.name
    if time_words and not is_unsure:
        source_text += f"; {time_words}"
    if words:
        source_text += f"; {words} to test on"
    elif test is not None and test_groups is None:
        other = _read(test, Roles(label, time, group, tuple(recording.channels), time_unit, gap))
        held_out = other.split(other.stretches, other.classes(names))
        source_text += f"; {other.name} to test on"
    return Dataset(name or Path(recording.name).stem, train, held_out, names, tuple(recording.channels), recording.time_step,
                   source_text)


def _read(source: Table, roles: Roles) -> Recording:
    if hasattr(source, "columns") and hasattr(source, "iloc"):
        return read_frame(source, roles)
    path = Path(source)
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            return read_csv_file(file, str(path), roles)
    except FileNotFoundError:
        raise MissingDataError(f"there is no file {str(path)!r}") from None
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"{path} is no text in UTF-8: {error.reason} at byte {error.start}") from None
