"""Files of comma-separated values, and tables of pandas: a row per sample, cut into recordings and split by group or time."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from hypr._arrays import FloatArray, IntArray
from hypr.datasets._times import TimeUnit, parse_times, time_step
from hypr.datasets.dataset import Dataset, MissingDataError, Split
from hypr.errors import InvalidArgumentError

Table: TypeAlias = Any  # a path, or a pandas.DataFrame

_CHUNK = 4096  # rows that are converted at once
_NUMERIC = re.compile(r"[0-9+\-.eE]+")
_FRACTION = re.compile(r"([+-]?)(\d*)\.(\d*)")


def read_csv(source: Table, label: str | None, *, time: str | None = None, group: str | None = None,
             channels: Sequence[str] | None = None, time_unit: TimeUnit = "s", gap: float | None = None,
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
    time_unit : {"s", "ms", "us", "ns"}
        What numbers in the column of the time count.
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
        Names of the classes, such as those of a model; not given: the labels, numbers by value, names by their letters.
    name : str
        As in ``Dataset``; not given: that of the file.

    Raises
    ------
    MissingDataError
        There is no such file.
    InvalidArgumentError
        What is wrong, with line and column: a value that is missing or no number, a column that is not there.
    """
    roles = _Roles(label, time, group, tuple(channels) if channels is not None else None, time_unit, gap)
    if sequence_steps < 0:
        raise InvalidArgumentError(f"sequence_steps is {sequence_steps}, expected 0 or more")
    if gap is not None and not gap > 0:
        raise InvalidArgumentError(f"gap is {gap}, expected seconds above 0")
    recording = _read(source, roles)
    names = tuple(classes) if classes is not None else ordered_classes(recording.label_texts)
    if test_groups is not None:
        kept, words = _keep_groups(recording, list(map(str, test_groups)))
    elif isinstance(test, (int, float)) and not isinstance(test, bool):
        kept, words = _keep_share(recording, float(test))
    else:
        kept, words = np.zeros(len(recording.values), bool), ""
    learned, tested = recording.parts(kept)
    labels = recording.classes(names)
    train = recording.split(_pieces(learned, sequence_steps), labels)
    held_out = recording.split(tested, labels)
    source_text = recording.name
    if words:
        source_text += f"; {words} to test on"
    elif test is not None and test_groups is None:
        other = _read(test, _Roles(label, time, group, tuple(recording.channels), time_unit, gap))
        held_out = other.split(other.stretches, other.classes(names))
        source_text += f"; {other.name} to test on"
    return Dataset(name or Path(recording.name).stem, train, held_out, names, tuple(recording.channels), recording.time_step,
                   source_text)


def ordered_classes(labels: Sequence[str]) -> tuple[str, ...]:
    """Labels in the order of classes: numbers by value, else by the code of their letters."""
    if all(re.fullmatch(r"[+-]?\d+", label) for label in labels):
        return tuple(sorted(labels, key=int))
    return tuple(sorted(labels))


@dataclass(frozen=True)
class _Roles:
    """What columns are for."""

    label: str | None
    time: str | None
    group: str | None
    channels: tuple[str, ...] | None
    time_unit: TimeUnit
    gap: float | None

    def columns(self, header: Sequence[str], file: str) -> _Columns:
        places: dict[str, int] = {}
        repeated = {name for column, name in enumerate(header) if places.setdefault(name, column) != column}

        def place(name: str, what: str) -> int:
            if name not in places:
                raise InvalidArgumentError(f'{file} has no column "{name}"{what}; its columns are {", ".join(header)}')
            if name in repeated:
                raise InvalidArgumentError(f'{file} has two columns "{name}"')
            return places[name]

        label, time, group = (None if name is None else place(name, f" for the {what}") for name, what in (
            (self.label, "label"), (self.time, "time"), (self.group, "group")))
        taken = [column for column in (label, time, group) if column is not None]
        if self.channels is not None:
            channels = [place(name, "") for name in self.channels]
        else:
            channels = [column for column in range(len(header)) if column not in taken]
            for column in channels:
                if not header[column]:
                    raise InvalidArgumentError(f"{file}: column {column + 1} has no name, such as row numbers of a table; "
                                               "channels names the columns to use")
                place(header[column], "")
        used: set[int] = set()
        for column in channels + taken:
            if column in used:
                raise InvalidArgumentError(f'{file}: column "{header[column]}" has two roles, expected one of channel, label, '
                                           "time and group")
            used.add(column)
        if not channels:
            raise InvalidArgumentError(f"{file} has no columns for channels beside label, time and group")
        return _Columns(channels, label, time, group)


@dataclass(frozen=True)
class _Columns:
    channels: list[int]
    label: int | None
    time: int | None
    group: int | None


_Stretch: TypeAlias = tuple[int, int, int]
"""First row, the row behind the last one, and the group."""


@dataclass
class _Recording:
    """The rows of a table."""

    name: str
    channels: list[str]
    values: FloatArray
    label_texts: list[str]
    labels: IntArray  # among label_texts; -1: none
    groups: list[str]
    row_groups: IntArray
    time_step: float = 0.0
    stretches: list[_Stretch] = field(default_factory=list)

    def cut(self, times: npt.NDArray[np.float64] | None, roles: _Roles) -> None:
        """Finds the stretches: a new one begins where the group changes, where time goes back, and after a gap."""
        rows = len(self.values)
        ends = np.zeros(rows, bool)
        if self.groups:
            ends[1:] = self.row_groups[1:] != self.row_groups[:-1]
            if ends.sum() > rows // 2:
                raise InvalidArgumentError(f'{self.name}: the group "{roles.group}" changes {ends.sum()} times in {rows} rows; '
                                           "sort them by group and time")
        if times is not None:
            self.time_step = time_step(times, ends, self.name)
            difference = np.diff(times, prepend=times[:1])
            gap = (3 * self.time_step if roles.gap is None else roles.gap) * 1.001
            ends |= difference < 0
            if gap > 0:
                ends |= difference > gap
        bounds = [0, *np.flatnonzero(ends).tolist(), rows]
        self.stretches = [(start, end, int(self.row_groups[start]) if self.groups else 0)
                          for start, end in zip(bounds, bounds[1:])]

    def classes(self, names: Sequence[str]) -> IntArray:
        """The classes of the rows; -1: none."""
        numbers = [_class_index(text, names, self.name) for text in self.label_texts]
        return np.array([*numbers, -1], np.int32)[self.labels]

    def parts(self, kept: npt.NDArray[np.bool_]) -> tuple[list[_Stretch], list[_Stretch]]:
        """The stretches of the rows that are not kept, and of those that are."""
        parts: tuple[list[_Stretch], list[_Stretch]] = ([], [])
        changes = np.flatnonzero(kept[1:] != kept[:-1]) + 1
        for start, end, group in self.stretches:
            bounds = [start, *changes[(changes > start) & (changes < end)].tolist(), end]
            for first, last in zip(bounds, bounds[1:]):
                parts[int(kept[first])].append((first, last, group))
        return parts

    def split(self, stretches: list[_Stretch], labels: IntArray) -> Split:
        return Split([self.values[start:end] for start, end, _ in stretches], [labels[start:end] for start, end, _ in stretches],
                     np.array([group for _, _, group in stretches], np.int32) if self.groups else None)


def _pieces(stretches: list[_Stretch], steps: int) -> list[_Stretch]:
    """Stretches in pieces of at most `steps` rows, as equal as can be."""
    if steps == 0:
        return stretches
    pieces = []
    for start, end, group in stretches:
        rows = end - start
        count = -(-rows // steps)
        pieces += [(start + rows * i // count, start + rows * (i + 1) // count, group) for i in range(count)]
    return pieces


# ---- What is kept to test on

def _keep_share(recording: _Recording, share: float) -> tuple[npt.NDArray[np.bool_], str]:
    if not 0 < share < 1:
        raise InvalidArgumentError(f"test is {share}, expected a share between 0 and 1, a table, or None")
    if recording.groups:
        count = max(1, math.floor(share * len(recording.groups) + 0.5))
        if count >= len(recording.groups):
            raise InvalidArgumentError(f"{recording.name} has {len(recording.groups)} groups: too few to keep {count} of them")
        return _keep_groups(recording, recording.groups[-count:])
    rows = len(recording.values)
    end = rows - max(1, math.floor(share * rows + 0.5))
    percent = f"{share * 100:.3g} %"
    if end < 1:
        raise InvalidArgumentError(f"{recording.name} has {rows} rows: too few to keep {percent} of them")
    classes = len(recording.label_texts)
    every = np.bincount(recording.labels[recording.labels >= 0], minlength=classes)
    last = np.bincount(recording.labels[end:][recording.labels[end:] >= 0], minlength=classes)
    unfit = np.flatnonzero((last < every * share / 2) | (every - last < every * (1 - share) / 2))
    if not len(unfit):
        kept, words = np.arange(rows) >= end, f"the last {percent} of the recording"
    else:
        kept = _ends(recording, share)
        words = (f'the last {percent} of each class (of "{recording.label_texts[unfit[0]]}" the end of the recording has too '
                 "many or too few)")
    return kept, words + _nothing_left(recording, kept)


def _keep_groups(recording: _Recording, names: Sequence[str]) -> tuple[npt.NDArray[np.bool_], str]:
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


def _ends(recording: _Recording, share: float) -> npt.NDArray[np.bool_]:
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


def _nothing_left(recording: _Recording, kept: npt.NDArray[np.bool_]) -> str:
    taught = set(np.unique(recording.labels[~kept]).tolist())
    missing = [text for number, text in enumerate(recording.label_texts) if number not in taught]
    return f"; nothing is left to learn of {', '.join(missing)}" if missing else ""


# ---- Labels

def _class_index(label: str, names: Sequence[str], file: str) -> int:
    """By its name, or else by its number, unless that could be taken for a name."""
    if label in names:
        return list(names).index(label)
    if re.fullmatch(r"\d+", label) and int(label) < len(names) and not all(re.fullmatch(r"[+-]?\d+", name) for name in names):
        return int(label)
    raise InvalidArgumentError(f'{file}: a label is "{label}", expected {", ".join(names)}, or nothing for no label')


def _plain(label: str, place: str) -> str:
    """A label as it is compared: whole numbers without a fraction. Refuses other fractions."""
    match = _FRACTION.fullmatch(label)
    if match is None or not match[2] + match[3]:
        return label
    if not match[2] or match[3].strip("0"):
        raise InvalidArgumentError(f"{place} is {label}, expected a class: a whole number or a name")
    return match[1] + match[2]


def _interned(texts: Sequence[str], known: dict[str, int]) -> list[int]:
    """Numbers in the order in which texts appear; -1 for empty ones."""
    return [known.setdefault(text, len(known)) if text else -1 for text in texts]


# ---- Files

def _read(source: Table, roles: _Roles) -> _Recording:
    if hasattr(source, "columns") and hasattr(source, "iloc"):
        return _read_frame(source, roles)
    path = Path(source)
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as file:
            return _read_file(file, str(path), roles)
    except FileNotFoundError:
        raise MissingDataError(f"there is no file {str(path)!r}") from None
    except UnicodeDecodeError as error:
        raise InvalidArgumentError(f"{path} is no text in UTF-8: {error.reason} at byte {error.start}") from None


def _lines(file: IO[str], name: str) -> Iterator[str]:
    for number, line in enumerate(file, 1):
        if "\0" in line:
            raise InvalidArgumentError(f"{name}, line {number} has a zero byte, expected text in UTF-8")
        yield line


def _read_file(file: IO[str], name: str, roles: _Roles) -> _Recording:
    lines = _lines(file, name)
    blank = 0
    for first in lines:
        if first.strip("\r\n"):
            break
        blank += 1
    else:
        raise InvalidArgumentError(f"{name} is empty, expected a line with the names of the columns")
    delimiter = _delimiter(first)

    def chained() -> Iterator[str]:
        yield first
        yield from lines

    reader = csv.reader(chained(), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows = _records(reader, name, blank)
    line, header = next(rows)
    if all(_is_number(text) for text in header):
        raise InvalidArgumentError(f"{name}, line {line} holds numbers, expected a line with the names of the columns")
    columns = roles.columns(header, name)
    collected = _Collected(name, header, columns, roles)
    for line, row in rows:
        if len(row) != len(header):
            hint = "; decimal commas are not read" if delimiter == "," and len(row) > len(header) else ""
            raise InvalidArgumentError(f"{name}, line {line} has {len(row)} fields, the header has {len(header)}{hint}")
        collected.add(line, row)
    return collected.recording()


def _records(reader: Any, name: str, blank: int) -> Iterator[tuple[int, list[str]]]:
    """Records that are not empty, with the line on which they begin."""
    while True:
        line = reader.line_num + blank + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InvalidArgumentError(f"{name}, line {line}: {_words(str(error))}") from None
        if row:
            yield line, [text.strip(" \t") for text in row]


def _words(error: str) -> str:
    """What the csv module says, as the tool says it."""
    if "unexpected end of data" in error or "field larger" in error:
        return "a quote is opened and not closed"
    if "expected after" in error:
        return "there is text after a closing quote"
    return f"a carriage return inside, expected lines that end in LF or CR LF ({error})"


def _delimiter(line: str) -> str:
    """What there is most of outside of quotes; the first of equals."""
    outside = "".join(line.split('"')[::2])
    return max(",;\t", key=outside.count)


def _is_number(text: str) -> bool:
    if not _NUMERIC.fullmatch(text):
        return False
    try:
        float(text)
    except ValueError:
        return False
    return True


class _Collected:
    """What was read so far, converted chunk by chunk."""

    def __init__(self, name: str, header: list[str], columns: _Columns, roles: _Roles) -> None:
        self.name, self.header, self.columns, self.roles = name, header, columns, roles
        self.lines: list[int] = []
        self.rows: list[list[str]] = []
        self.values: list[FloatArray] = []
        self.labels: list[int] = []
        self.groups: list[int] = []
        self.times: list[str] = []
        self.time_lines: list[int] = []
        self.label_numbers: dict[str, int] = {}
        self.group_numbers: dict[str, int] = {}

    def add(self, line: int, row: list[str]) -> None:
        self.lines.append(line)
        self.rows.append(row)
        if len(self.rows) == _CHUNK:
            self.convert()

    def place(self, index: int, column: int) -> str:
        return f'{self.name}, line {self.lines[index]}, column "{self.header[column]}"'

    def convert(self) -> None:
        if not self.rows:
            return
        self.values.append(self.numbers())
        columns = self.columns
        if columns.label is not None:
            texts = []
            for index, row in enumerate(self.rows):
                text = row[columns.label]
                texts.append(_plain(text, self.place(index, columns.label)) if "." in text else text)
            self.labels += _interned(texts, self.label_numbers)
        if columns.group is not None:
            names = [row[columns.group] for row in self.rows]
            if "" in names:
                raise InvalidArgumentError(f"{self.place(names.index(''), columns.group)}: the group is missing")
            self.groups += _interned(names, self.group_numbers)
        if columns.time is not None:
            self.times += [row[columns.time] for row in self.rows]
            self.time_lines += self.lines
        self.lines, self.rows = [], []

    def numbers(self) -> FloatArray:
        texts = [[row[column] for column in self.columns.channels] for row in self.rows]
        try:
            if not all(_NUMERIC.fullmatch("".join(row)) and all(row) for row in texts):
                raise ValueError
            values = np.array(texts, np.float64)
        except ValueError:
            raise self.no_number() from None
        with np.errstate(over="ignore"):
            single = values.astype(np.float32)
        if not np.isfinite(single).all():
            index, channel = np.argwhere(~np.isfinite(single))[0]
            column = self.columns.channels[channel]
            raise InvalidArgumentError(f"{self.place(index, column)} is {texts[index][channel]}, too large for single precision")
        return single

    def no_number(self) -> InvalidArgumentError:
        index, column = next((index, column) for index, row in enumerate(self.rows) for column in self.columns.channels
                             if not _is_number(row[column]))
        text, place = self.rows[index][column], self.place(index, column)
        if not text:
            return InvalidArgumentError(f"{place}: the value is missing; fill it in, or leave the row out")
        decimal = " with a point: decimal commas are not read" if re.fullmatch(r"[+-]?\d+,\d+", text) else ""
        return InvalidArgumentError(f'{place} is "{text}", expected a number{decimal}')

    def recording(self) -> _Recording:
        self.convert()
        if not self.values:
            raise InvalidArgumentError(f"{self.name} has no rows below the header")
        values = np.concatenate(self.values)
        labels = self.labels if self.columns.label is not None else [-1] * len(values)
        recording = _Recording(self.name, [self.header[column] for column in self.columns.channels], values,
                               list(self.label_numbers), np.array(labels, np.int32), list(self.group_numbers),
                               np.array(self.groups, np.int32))
        times = None
        if self.columns.time is not None:
            def place(index: int) -> str:
                return f'{self.name}, line {self.time_lines[index]}, column "{self.roles.time}"'
            times = parse_times(self.times, self.roles.time_unit, place)
        recording.cut(times, self.roles)
        return recording


# ---- Tables of pandas

def _read_frame(frame: Any, roles: _Roles) -> _Recording:
    """The same of a DataFrame; rows are counted from 0."""
    name = "the table"
    header = [str(column) for column in frame.columns]
    columns = roles.columns(header, name)
    if not len(frame):
        raise InvalidArgumentError(f"{name} has no rows")

    def place(row: int, column: int) -> str:
        return f'{name}, row {row}, column "{header[column]}"'

    values = np.empty((len(frame), len(columns.channels)), np.float32)
    for channel, column in enumerate(columns.channels):
        series = frame.iloc[:, column]
        missing = np.flatnonzero(series.isna().to_numpy())
        if len(missing):
            raise InvalidArgumentError(f"{place(missing[0], column)}: the value is missing; fill it in, or leave the row out")
        if series.dtype.kind not in "fiub":
            row = next((row for row, value in enumerate(series) if not _is_number(str(value))), 0)
            raise InvalidArgumentError(f'{place(row, column)} is "{series.iloc[row]}", expected a number')
        with np.errstate(over="ignore"):
            values[:, channel] = series.to_numpy(np.float64)
        endless = np.flatnonzero(~np.isfinite(values[:, channel]))
        if len(endless):
            raise InvalidArgumentError(f"{place(endless[0], column)} is {series.iloc[endless[0]]}, too large for single precision")

    def texts(column: int) -> list[str]:
        series = frame.iloc[:, column]
        return ["" if missing else str(value).strip(" \t") for value, missing in zip(series, series.isna())]

    label_numbers: dict[str, int] = {}
    group_numbers: dict[str, int] = {}
    labels = [-1] * len(frame)
    if columns.label is not None:
        labels = _interned([_plain(text, place(row, columns.label)) for row, text in enumerate(texts(columns.label))],
                           label_numbers)
    groups: list[int] = []
    if columns.group is not None:
        names = texts(columns.group)
        if "" in names:
            raise InvalidArgumentError(f"{place(names.index(''), columns.group)}: the group is missing")
        groups = _interned(names, group_numbers)
    recording = _Recording(name, [header[column] for column in columns.channels], values, list(label_numbers),
                           np.array(labels, np.int32), list(group_numbers), np.array(groups, np.int32))
    times = None
    if columns.time is not None:
        series = frame.iloc[:, columns.time]
        time_column = columns.time
        if series.dtype.kind == "M":
            if series.isna().any():
                raise InvalidArgumentError(f"{place(int(np.argmax(series.isna())), time_column)}: the time is missing")
            times = (series - series.iloc[0]).dt.total_seconds().to_numpy(np.float64)
        else:
            times = parse_times(texts(time_column), roles.time_unit, lambda row: place(row, time_column))
    recording.cut(times, roles)
    return recording
